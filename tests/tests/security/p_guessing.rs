//! P4 to P6: whoever guesses at passwords learns nothing, gets few tries, and locks nobody out.

use std::sync::Arc;

use axum::Router;
use babyshield::{
    domain::account::Purpose,
    passwords::Hasher,
    stores::accounts::{Accounts, Changes, LinkKeys},
};
use babyshield_tests::{
    functions::{Answered, Ask, CHEAP, auth_with},
    meter::Meter,
    sandbox::Sandbox,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

const PASSWORD: &str = "tin lantern wobbles";

async fn auth(sandbox: &Sandbox, endpoint: &str, hasher: &Hasher) -> Router {
    let mut start = sandbox.http(endpoint, &[]).await;
    auth_with(hasher.clone(), &mut start)
}

async fn register(auth: &Router, email: &str) -> Answered {
    let body = json!({"email": email, "password": PASSWORD, "name": "Ana Silva"});
    let ask = Ask::post("/api/v1/auth/register", &body).from("198.51.100.7");
    let answer = ask.send(auth).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer
}

async fn login(auth: &Router, email: &str, password: &str, client: &str) -> Answered {
    let body = json!({"email": email, "password": password});
    let ask = Ask::post("/api/v1/auth/login", &body).from(client);
    ask.send(auth).await
}

/// What a stranger sees of an answer, but for what is new in each one.
fn seen(answer: &Answered) -> (u16, Vec<(String, String)>, Value) {
    let mut body = answer.json();
    body["request_id"].take();
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        })
        .collect();
    headers.sort();
    (answer.status, headers, body)
}

/// What was asked of the stores: each call, what it met, and how much it wrote.
fn asked(meter: &Meter) -> Vec<(String, String, u16, usize)> {
    let calls = meter.take().into_iter();
    let shape = calls.map(|call| {
        let writes = call.request["TransactItems"].as_array().map_or(0, Vec::len);
        (call.service, call.operation, call.status, writes)
    });
    shape.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p4_an_unknown_address_is_answered_like_a_wrong_password_after_the_same_calls_and_hashes() {
    let sandbox = Sandbox::new().await;
    let meter = Meter::start(sandbox.emulator()).await;
    let hasher = Hasher::with_cost(4, CHEAP);
    let auth = auth(&sandbox, &meter.endpoint, &hasher).await;
    register(&auth, "known@example.org").await;
    let mut statuses = Vec::new();
    for at in 0..200 {
        // Slowly enough for the account; from the 101st on it has had a hundred in a row.
        sandbox.clock.advance(40);
        let mut both = Vec::new();
        for (email, net) in [("known@example.org", 1), ("nobody@example.org", 2)] {
            meter.take();
            let before = hasher.computed();
            let client = format!("10.{net}.{at}.9");
            let answer = login(&auth, email, "tin lantern wobbled", &client).await;
            both.push((seen(&answer), asked(&meter), hasher.computed() - before));
        }
        assert_eq!(both[0], both[1], "the {at}th");
        statuses.push(both[0].0.0);
    }
    assert_eq!(statuses[..100], [401; 100]);
    assert_eq!(statuses[100..], [429; 100]);
    // And from one client, until it is locked.
    for at in 0..7 {
        let mut both = Vec::new();
        // Two clients, for each has its own rate.
        for (email, client) in [
            ("known-2@example.org", "10.8.9.9"),
            ("nobody-2@example.org", "10.9.9.9"),
        ] {
            if at == 0 && email.starts_with("known") {
                register(&auth, email).await;
            }
            meter.take();
            let before = hasher.computed();
            let answer = login(&auth, email, "tin lantern wobbled", client).await;
            both.push((seen(&answer), asked(&meter), hasher.computed() - before));
        }
        assert_eq!(both[0], both[1], "the {at}th from one client");
        assert_eq!(both[0].0.0, if at < 5 { 401 } else { 429 });
    }
}

/// Returns how long the attack lasts: ten minutes, or the half hour of the row where all the rounds are
/// asked for.
fn seconds() -> u32 {
    if crate::rounds() < 500 { 600 } else { 1_800 }
}

/// Shows that an address is its person's: a link that shows it first takes away a password that may be a
/// stranger's.
async fn verify(sandbox: &Sandbox, email: &str) {
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let account = accounts.find_person(&email.parse().unwrap()).await.unwrap();
    let mut account = account.unwrap();
    account.email_verified_at = Some(account.created_at);
    let mut changes = Changes::new();
    accounts.replace(&mut changes, &account).unwrap();
    assert!(accounts.commit(changes).await.unwrap().is_done());
}

/// Lets one account be attacked, ten times a second from fifty addresses.
async fn attack(sandbox: &Sandbox, auth: &Router, seconds: u32) -> [u32; 2] {
    let mut met = [0, 0];
    for second in 0..seconds {
        sandbox.clock.advance(1);
        let ten = (0..10).map(|at| async move {
            let client = format!("10.66.{}.13", (second * 10 + at) % 50);
            let guess = format!("tin lantern wobbles {second} {at}");
            login(auth, "ana@example.org", &guess, &client).await
        });
        for answer in join_all(ten).await {
            match answer.status {
                401 => met[0] += 1,
                429 => {
                    assert!(!answer.header("retry-after").is_empty());
                    met[1] += 1;
                }
                other => panic!("{other}: {}", answer.json()),
            }
        }
    }
    met
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p5_an_attack_gets_few_guesses_and_the_owner_gets_in_by_one_step_more_at_most() {
    let sandbox = Sandbox::new().await;
    let hasher = Hasher::with_cost(4, CHEAP);
    let auth = auth(&sandbox, sandbox.emulator(), &hasher).await;
    let registered = register(&auth, "ana@example.org").await.data();
    verify(&sandbox, "ana@example.org").await;
    let before = hasher.computed();
    let seconds = seconds();
    let [wrong, refused] = attack(&sandbox, &auth, seconds).await;
    assert_eq!(wrong + refused, seconds * 10);
    assert_eq!(
        u64::from(wrong),
        hasher.computed() - before,
        "each guess that was looked at"
    );
    // Ten at once and one in forty seconds: 55 in half an hour, a hundred in a whole one.
    let most = 10 + seconds / 40;
    assert!(
        (most / 2..=most).contains(&wrong),
        "{wrong} guesses were looked at"
    );
    println!("{wrong} of {} guesses were looked at", seconds * 10);

    // The owner, on the device of the registration, from wherever: no step more.
    let device = registered["device_token"].as_str().unwrap();
    let body = json!({"email": "ana@example.org", "password": PASSWORD, "device_token": device});
    let answer = Ask::post("/api/v1/auth/login", &body)
        .from("192.0.2.1")
        .send(&auth)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let body = json!({"email": "ana@example.org", "password": PASSWORD});
    let ask = Ask::post("/api/v1/auth/login", &body).from("192.0.2.2");
    let answer = ask.header("x-device-token", device).send(&auth).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    // A token of another account's device is worth nothing here.
    let other = register(&auth, "eve@example.org").await.data();
    let body = json!({"email": "ana@example.org", "password": PASSWORD, "device_token": other["device_token"]});
    attack(&sandbox, &auth, 1).await;
    let answer = Ask::post("/api/v1/auth/login", &body)
        .from("192.0.2.3")
        .send(&auth)
        .await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() <= 40);

    // The owner, on a new device: one step, a link.
    let link = magic_link(&sandbox, &auth, "ana@example.org").await;
    let answer = Ask::post("/api/v1/auth/magic-link", &json!({"token": link}));
    let answer = answer.from("192.0.2.4").send(&auth).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let device = answer.data()["device_token"].as_str().map(str::to_owned);
    attack(&sandbox, &auth, 60).await;
    let body =
        json!({"email": "ana@example.org", "password": PASSWORD, "device_token": device.unwrap()});
    let answer = Ask::post("/api/v1/auth/login", &body)
        .from("192.0.2.5")
        .send(&auth)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

/// Asks for a link to sign in, and returns the token that the message would hold.
async fn magic_link(sandbox: &Sandbox, auth: &Router, email: &str) -> String {
    let asked = Ask::post("/api/v1/auth/magic-link", &json!({"email": email}));
    assert_eq!(asked.from("192.0.2.4").send(auth).await.status, 202);
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let user = accounts
        .find_by_email(&email.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let stored = accounts
        .once(user, Purpose::MagicLink)
        .await
        .unwrap()
        .unwrap();
    let start = sandbox.start(sandbox.emulator()).await;
    let keys = LinkKeys::new(&start.sdk, sandbox.secrets().await.0);
    keys.get()
        .await
        .unwrap()
        .token(user, stored.link.id, Purpose::MagicLink)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p5_a_hundred_failures_in_a_row_ask_for_a_link_and_tell_the_owner_once_a_day() {
    let sandbox = Sandbox::new().await;
    let hasher = Hasher::with_cost(4, CHEAP);
    let auth = auth(&sandbox, sandbox.emulator(), &hasher).await;
    register(&auth, "ana@example.org").await;
    let told = async || {
        let items = sandbox.scan(&sandbox.accounts).await;
        let messages = items
            .iter()
            .filter_map(|item| item.get("message")?.as_s().ok());
        messages
            .filter(|message| message.contains("many_failed_sign_ins"))
            .count()
    };
    let hundred = async || {
        for at in 0..100 {
            sandbox.clock.advance(40);
            let client = format!("10.0.{at}.1");
            let answer = login(&auth, "ana@example.org", "tin lantern wobbled", &client).await;
            assert_eq!(answer.status, 401, "{at}");
        }
    };
    hundred().await;
    assert_eq!(told().await, 1);
    sandbox.clock.advance(3_600);
    let answer = login(&auth, "ana@example.org", PASSWORD, "10.1.1.1").await;
    assert_eq!(
        (answer.status, answer.code()),
        (429, "TOO_MANY_ATTEMPTS".into())
    );
    let link = magic_link(&sandbox, &auth, "ana@example.org").await;
    let answer = Ask::post("/api/v1/auth/magic-link", &json!({"token": link}));
    assert_eq!(answer.send(&auth).await.status, 200);
    // A link is as good as a right password: the next guesses are counted anew.
    let answer = login(&auth, "ana@example.org", "tin lantern wobbled", "10.1.1.2").await;
    assert_eq!(answer.status, 401);
    let cleared =
        babyshield::stores::attempts::Attempts::new(sandbox.dynamo(), &sandbox.ledger, 5, 900);
    let digest = babyshield::stores::attempts::digest(&"ana@example.org".parse().unwrap());
    cleared.clear(&digest).await.unwrap();
    hundred().await;
    assert_eq!(told().await, 1, "a day has not passed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p5_five_failures_lock_one_client_for_a_quarter_of_an_hour_and_nobody_else() {
    let sandbox = Sandbox::new().await;
    let hasher = Hasher::with_cost(4, CHEAP);
    let auth = auth(&sandbox, sandbox.emulator(), &hasher).await;
    register(&auth, "ana@example.org").await;
    for _ in 0..5 {
        let answer = login(&auth, "ana@example.org", "tin lantern wobbled", "10.0.0.1").await;
        assert_eq!(answer.status, 401);
    }
    // The right password is refused from there too, or the lockout would tell which one it is.
    let answer = login(&auth, "ana@example.org", PASSWORD, "10.0.0.2").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "900"));
    assert_eq!(
        login(&auth, "ana@example.org", PASSWORD, "10.0.1.1")
            .await
            .status,
        200
    );
    sandbox.clock.advance(899);
    assert_eq!(
        login(&auth, "ana@example.org", PASSWORD, "10.0.0.1")
            .await
            .status,
        429
    );
    sandbox.clock.advance(1);
    assert_eq!(
        login(&auth, "ana@example.org", PASSWORD, "10.0.0.1")
            .await
            .status,
        200
    );
    // Success forgets the failures before it.
    for _ in 0..3 {
        for _ in 0..4 {
            let answer = login(&auth, "ana@example.org", "tin lantern wobbled", "10.0.0.1").await;
            assert_eq!(answer.status, 401);
        }
        assert_eq!(
            login(&auth, "ana@example.org", PASSWORD, "10.0.0.1")
                .await
                .status,
            200
        );
        sandbox.clock.advance(400);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p6_of_two_hundred_wrong_passwords_at_once_five_are_looked_at() {
    let sandbox = Sandbox::new().await;
    let hasher = Hasher::with_cost(4, CHEAP);
    let auth = Arc::new(auth(&sandbox, sandbox.emulator(), &hasher).await);
    register(&auth, "known@example.org").await;
    for email in ["known@example.org", "nobody@example.org"] {
        let before = hasher.computed();
        let all = (0..200).map(|at| {
            let auth = Arc::clone(&auth);
            tokio::spawn(async move {
                let guess = format!("tin lantern wobbled {at}");
                outcome(&login(&auth, email, &guess, "10.0.0.1").await)
            })
        });
        let mut statuses = Vec::new();
        for one in join_all(all).await {
            statuses.push(one.unwrap());
        }
        assert_looked_at(&statuses, hasher.computed() - before, 5);
    }
    // From as many networks at once, ten.
    let before = hasher.computed();
    let all = (0..200).map(|at| {
        let auth = Arc::clone(&auth);
        tokio::spawn(async move {
            let client = format!("10.7.{at}.1");
            outcome(&login(&auth, "third@example.org", "tin lantern wobbled", &client).await)
        })
    });
    let statuses = join_all(all).await;
    let statuses: Vec<_> = statuses.into_iter().map(Result::unwrap).collect();
    assert_looked_at(&statuses, hasher.computed() - before, 10);
}

/// Returns the status of an answer; 503 too where the store was too busy to count the request, and the
/// instance counted it by itself, strictly.
fn outcome(answer: &Answered) -> u16 {
    match answer.code().as_str() {
        "RATE_LIMIT_EXCEEDED" => 503,
        _ => answer.status,
    }
}

/// So many wrong passwords at once were looked at and no more, and every other was refused. Where the
/// store was too busy for one of two hundred at once, that one decided nothing.
fn assert_looked_at(statuses: &[u16], hashed: u64, most: usize) {
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let (looked_at, refused, busy) = (count(401), count(429), count(503));
    assert_eq!(looked_at + refused + busy, 200, "{statuses:?}");
    assert!(
        looked_at <= most && hashed <= most as u64,
        "{statuses:?}, {hashed} hashes"
    );
    if busy == 0 {
        assert_eq!((looked_at, hashed), (most, most as u64), "{statuses:?}");
    }
}
