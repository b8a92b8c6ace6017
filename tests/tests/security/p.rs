//! P1 to P3: which passwords there may be, and how they are kept.

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use babyshield::{
    domain::account::Account,
    passwords::{Cost, Hasher},
    stores::accounts::{Accounts, Changes},
};
use babyshield_tests::{
    functions::{Answered, Ask, CHEAP, auth_with, router},
    sandbox::Sandbox,
};
use serde_json::json;

async fn auth(sandbox: &Sandbox, settings: &[(&str, &str)]) -> Router {
    let mut start = sandbox.http(sandbox.emulator(), settings).await;
    auth_with(Hasher::with_cost(4, CHEAP), &mut start)
}

async fn register(auth: &Router, email: &str, password: &str) -> Answered {
    let body = json!({"email": email, "password": password, "name": "Mirabel Okonkwo"});
    Ask::post("/api/v1/auth/register", &body).send(auth).await
}

async fn login(auth: &Router, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    Ask::post("/api/v1/auth/login", &body)
        .send(auth)
        .await
        .status
}

/// Returns the codes of what is wrong with `/password`, and the problem's own.
fn faults(answer: &Answered) -> (String, Vec<String>) {
    let errors = answer.json()["errors"].take();
    let errors = errors.as_array().into_iter().flatten();
    let of_password = errors.filter(|error| error["field"] == "/password");
    let codes = of_password.filter_map(|error| Some(error["code"].as_str()?.to_owned()));
    (answer.code(), codes.collect())
}

/// Returns the hash that the table holds for the one account that there is.
async fn stored(sandbox: &Sandbox) -> String {
    let items = sandbox.scan(&sandbox.accounts).await;
    let account = items.iter().find_map(|item| match item.get("account")? {
        AttributeValue::S(body) => serde_json::from_str::<Account>(body).ok(),
        _ => None,
    });
    account.unwrap().password.unwrap()
}

async fn set_hash(sandbox: &Sandbox, email: &str, hash: String) {
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let account = accounts.find_person(&email.parse().unwrap()).await.unwrap();
    let imported = Account {
        password: Some(hash),
        ..account.unwrap()
    };
    let mut changes = Changes::new();
    accounts.replace(&mut changes, &imported).unwrap();
    assert!(accounts.commit(changes).await.unwrap().is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p1_passwords_of_any_script_and_length_are_kept_whole() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox, &[]).await;
    let long: String = "tin lantern wobbles over 9 quiet weirs; ".repeat(4);
    let at_72 = &long[..72];
    let passwords = [
        ("short", "tin wobbles!".to_owned()),
        ("long", long[..128].to_owned()),
        ("longest", long.repeat(10).chars().take(1024).collect()),
        ("blanks", "   tin    wobbles   ".to_owned()),
        ("emoji", "\u{1f37c}\u{1f9f8}\u{1f319}\u{1f422}\u{1f3a0}\u{1fa81}\u{1f33b}\u{1f955}\u{1f980}\u{1f41d}\u{1f4ce}\u{1f9e9}".to_owned()),
        ("japanese", "\u{54fa}\u{4e73}\u{74f6}\u{3092}\u{6d17}\u{3046}\u{6c34}\u{66dc}\u{65e5}\u{306e}\u{591c}\u{306b}\u{9650}\u{308b}".to_owned()),
        ("bcrypts-end", at_72.to_owned()),
    ];
    for (name, password) in &passwords {
        let email = format!("{name}@example.org");
        let answer = register(&auth, &email, password).await;
        assert_eq!(answer.status, 201, "{name}: {}", answer.json());
        assert_eq!(login(&auth, &email, password).await, 200, "{name}");
        // One more, one fewer, and another case at the very end.
        for near in [
            format!("{password}x"),
            password
                .chars()
                .take(password.chars().count() - 1)
                .collect(),
        ] {
            assert_eq!(login(&auth, &email, &near).await, 401, "{name}");
        }
    }
    // Composed or not, it is the same password.
    let (composed, typed) = (
        "th\u{e9} \u{e0} la menthe sauvage",
        "the\u{301} a\u{300} la menthe sauvage",
    );
    assert_eq!(
        register(&auth, "menthe@example.org", composed).await.status,
        201
    );
    assert_eq!(login(&auth, "menthe@example.org", typed).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p1_lengths_are_settings_and_composition_is_only_asked_for_where_it_must_be() {
    let sandbox = Sandbox::new().await;
    let usual = auth(&sandbox, &[]).await;
    let answer = register(&usual, "ana@example.org", "tin wobbles").await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        faults(&answer),
        ("WEAK_PASSWORD".into(), vec!["TOO_SHORT".into()])
    );
    let long = "tin lantern wobbles ".repeat(52);
    let answer = register(&usual, "ana@example.org", &long).await;
    assert_eq!(faults(&answer).1, ["TOO_LONG"]);
    let fifteen = auth(&sandbox, &[("PASSWORD_MIN_LENGTH", "15")]).await;
    let answer = register(&fifteen, "ana@example.org", "tin wobbles aye").await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let answer = register(&fifteen, "bea@example.org", "tin wobbles ay").await;
    assert_eq!(faults(&answer).1, ["TOO_SHORT"]);
    let strict = auth(&sandbox, &[("PASSWORD_COMPLEXITY", "strict")]).await;
    let answer = register(&strict, "bea@example.org", "tin lantern wobbles").await;
    assert_eq!(faults(&answer).1, ["TOO_SIMPLE"]);
    let answer = register(&strict, "bea@example.org", "Tin lantern wobbles 9 times").await;
    assert_eq!(answer.status, 201);
    // Everything that is wrong at once, the password among it.
    let body = json!({"email": "nobody", "password": "x", "name": "", "locale": "en_US"});
    let answer = Ask::post("/api/v1/auth/register", &body).send(&usual).await;
    let errors = answer.json()["errors"].take();
    let fields: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(
        fields,
        ["/email", "/name", "/locale", "/password", "/password"]
    );
    assert_eq!(answer.code(), "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p1_bcrypt_takes_72_bytes_and_refuses_the_73rd() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox, &[]).await;
    let long: String = "tin lantern wobbles over 9 quiet weirs; ".repeat(2);
    let (at_72, at_73) = (&long[..72], &long[..73]);
    assert_eq!(register(&auth, "ana@example.org", at_73).await.status, 201);
    // What an old backend left that cut passwords off at 72 bytes.
    set_hash(&sandbox, "ana@example.org", bcrypt::hash(at_72, 4).unwrap()).await;
    assert_eq!(login(&auth, "ana@example.org", at_73).await, 401);
    assert_eq!(login(&auth, "ana@example.org", at_72).await, 200);
}

/// Common passwords of eight characters and more, of every kind that the lists have.
const COMMON: &str = "password 12345678 123456789 1234567890 baseball football sunshine iloveyou trustno1 \
    superman princess starwars whatever computer michelle jennifer corvette mercedes benjamin victoria \
    samantha charlotte alexander elizabeth nicholas butterfly chocolate liverpool manchester arsenal1 \
    qwertyuiop asdfghjkl zxcvbnm1 1qaz2wsx q1w2e3r4 qazwsxedc 1q2w3e4r5t abcd1234 abc12345 a1b2c3d4 password1 \
    passw0rd p@ssw0rd letmein1 welcome1 welcome123 admin123 changeme master12 dragon12 monkey123 shadow12 \
    michael1 jordan23 pokemon1 metallica slipknot blink182 ncc1701d rush2112 redskins steelers cowboys1 \
    11111111 00000000 88888888 99999999 12341234 11223344 87654321 123123123 aaaaaaaa qqqqqqqq zzzzzzzz \
    password123 Password1 Passw0rd1 PASSWORD iloveyou1 ILOVEYOU sunshine1 princess1 football1 baseball1 \
    superman1 batman123 spiderman swordfish cinderella mustang1 ferrari1 porsche911 yamaha01 harley11 \
    london12 america1 germany1 einstein newyork1 madison1 brandon1 jonathan christopher stephanie qwerty123";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p2_common_passwords_and_those_made_of_the_address_or_our_name_are_refused() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox, &[("PASSWORD_MIN_LENGTH", "8")]).await;
    let own = [
        "mirabel.okonkwo",
        "Okonkwo-1987",
        "mirabelokonkwo1",
        "quillabee.example",
        "BabyShield",
        "babyshield2026!",
        "Baby-Shield-1",
    ];
    let mut passed = Vec::new();
    for (at, password) in COMMON.split_whitespace().chain(own).enumerate() {
        // From everywhere, for registering is limited.
        let client = format!("10.0.{at}.1");
        let body = json!({
            "email": "mirabel.okonkwo@quillabee.example", "password": password, "name": "Mirabel Okonkwo",
        });
        let ask = Ask::post("/api/v1/auth/register", &body).from(&client);
        let answer = ask.send(&auth).await;
        let (code, codes) = faults(&answer);
        if answer.status != 422 || code != "WEAK_PASSWORD" || codes != ["TOO_COMMON"] {
            passed.push(password);
        }
    }
    assert!(passed.is_empty(), "{passed:?}");
    assert!(sandbox.scan(&sandbox.accounts).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p3_hashes_are_argon2id_with_a_salt_of_their_own_and_others_are_replaced_at_sign_in() {
    let sandbox = Sandbox::new().await;
    let password = "tin lantern wobbles";
    let production = router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await);
    assert_eq!(
        register(&production, "ana@example.org", password)
            .await
            .status,
        201
    );
    let first = stored(&sandbox).await;
    assert!(
        first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{first}"
    );
    let cheaper = Cost {
        memory_kib: 8 * 1024,
        ..Cost::STANDARD
    };
    let cheaper = Hasher::with_cost(1, cheaper).hash(password).await.unwrap();
    let bcrypt = bcrypt::hash(password, 4).unwrap();
    for old in [
        cheaper,
        bcrypt.replacen("$2b$", "$2a$", 1),
        bcrypt.replacen("$2b$", "$2y$", 1),
        bcrypt,
    ] {
        set_hash(&sandbox, "ana@example.org", old.clone()).await;
        assert_eq!(
            login(&production, "ana@example.org", "tin lantern wobble").await,
            401
        );
        assert_eq!(
            stored(&sandbox).await,
            old,
            "a wrong password changes nothing"
        );
        assert_eq!(login(&production, "ana@example.org", password).await, 200);
        let new = stored(&sandbox).await;
        assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
        assert_ne!(new, first, "a salt of its own");
        assert_eq!(login(&production, "ana@example.org", password).await, 200);
        assert_eq!(stored(&sandbox).await, new, "once is enough");
    }
}
