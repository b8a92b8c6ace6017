//! Rows L: what the log may not hold, and what the trail must.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
};

use axum::Router;
use babyshield::{
    domain::account::{EventKind, Purpose, Role, UserId},
    runtime::log_lines,
    stores::accounts::{LinkKeys, Outgoing, Template},
};
use babyshield_tests::{
    functions::{Answered, Ask, router},
    people::{PASSWORD, People},
    sandbox::Sandbox,
    schema::Description,
};
use serde_json::{Value, json};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands in every field, and nowhere in the log.
const CANARY: &str = "canary";

/// Where it all comes from.
const ADDRESS: &str = "203.0.113.77";

/// Returns a body with a canary in every field that the description has, of the kind that fits.
fn canaries(description: &Description, schema: &Value) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(name) => {
            let name = name.rsplit('/').next().unwrap();
            &description.json()["components"]["schemas"][name]
        }
        None => schema,
    };
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let fields = properties.iter().map(|(name, schema)| {
        let value = match (name.as_str(), schema["type"].as_str()) {
            ("email", _) => json!(format!("{CANARY}@{CANARY}.example")),
            (_, Some("boolean")) => json!(true),
            (_, Some("integer")) => json!(1),
            (_, Some("array")) => json!([CANARY]),
            _ => json!(format!(
                "{CANARY}-{name}\r\n{{\"level\":\"ERROR\"}}\u{1b}[2J"
            )),
        };
        (name.clone(), value)
    });
    Value::Object(fields.collect())
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
#[expect(
    clippy::too_many_lines,
    reason = "one story, told in the order in which it is lived"
)]
async fn l1_no_address_password_token_or_name_reaches_the_log() {
    let sandbox = Sandbox::new().await;
    let log = Log::default();
    let made = log.clone();
    let lines = log_lines("debug,aws=off,hyper=off,h2=off,rustls=off", move || {
        made.clone()
    });
    // Where there is but one, the tests beside this one, which have none, would decide what is logged.
    let _other = tracing::Dispatch::new(log_lines("debug", std::io::sink));
    let logging = tracing::subscriber::set_default(lines);
    let auth = router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await);
    let people = People::of(&sandbox).await;
    let admin = people.token(Role::Admin).await;
    let canary_token = format!("{CANARY}.{CANARY}.{CANARY}");
    let canary_key = format!("bsk_{CANARY}");
    let master = format!("bsm_{CANARY}");
    let mut secrets = vec![admin.clone()];
    // Somebody whose every trait is a canary, and who does what people do.
    let email = format!("{CANARY}-person@example.org");
    let password = format!("{CANARY} lantern and two oars");
    let from = |ask: Ask| {
        ask.from(ADDRESS)
            .header("x-forwarded-for", ADDRESS)
            .header("user-agent", &format!("{CANARY}-agent"))
    };
    let send = async |ask: Ask| -> Answered { from(ask).send(&auth).await };
    let body = json!({"email": email, "password": password, "name": format!("{CANARY} name")});
    let registered = send(Ask::post("/api/v1/auth/register", &body)).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let text = |answer: &Answered, name: &str| answer.data()[name].as_str().unwrap().to_owned();
    let access = text(&registered, "access_token");
    let refresh = text(&registered, "refresh_token");
    secrets.extend([access.clone(), refresh.clone()]);
    for _ in 0..6 {
        let wrong = json!({"email": email, "password": format!("{CANARY} wrong")});
        send(Ask::post("/api/v1/auth/login", &wrong)).await;
    }
    for path in ["forgot-password", "magic-link", "verify-email"] {
        send(Ask::post(
            &format!("/api/v1/auth/{path}"),
            &json!({"email": email}),
        ))
        .await;
    }
    let change = json!({"current_password": password, "new_password": format!("{password} anew")});
    send(Ask::post("/api/v1/auth/change-password", &change).bearer(&access)).await;
    let key = json!({"name": format!("{CANARY} key"), "scopes": ["read"]});
    let key = send(Ask::post("/api/v1/auth/api-keys", &key).bearer(&access)).await;
    secrets.push(text(&key, "key"));
    let search = format!("/api/v1/admin/users?q={CANARY}");
    assert_eq!(send(Ask::get(&search).bearer(&admin)).await.status, 200);
    for _ in 0..2 {
        send(Ask::post(
            "/api/v1/auth/refresh",
            &json!({"refresh_token": refresh}),
        ))
        .await;
        sandbox.clock.advance(11);
    }
    // Every operation with a canary in every field, by everybody.
    let description = Description::read();
    for (path, operations) in description.json()["paths"].as_object().unwrap() {
        let own = ["/auth/", "/user/", "/security/", "/admin/", "/.well-known/"];
        if !own.iter().any(|part| path.contains(part)) {
            continue;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let asked = path.replace("{id}", &format!("{CANARY}-id"));
            let query = format!(
                "{asked}?q={CANARY}&email={CANARY}@example.org&token={CANARY}&cursor={CANARY}"
            );
            for place in [&asked, &query] {
                for token in ["", &*canary_token, &*canary_key, &*master, &*admin] {
                    let mut ask = Ask::new(&method.to_uppercase(), place);
                    if !token.is_empty() {
                        ask = ask.bearer(token);
                    }
                    if !schema.is_null() {
                        ask = ask.json(&canaries(&description, schema));
                    }
                    let answer = send(ask).await;
                    assert!(answer.status < 500, "{method} {place}: {answer:?}");
                }
            }
            let odd = Ask::new(&method.to_uppercase(), &asked);
            let odd = odd.header("content-type", "application/json");
            send(odd.body(format!("{{\"{CANARY}\": \r\n"))).await;
        }
    }
    drop(logging);
    let log = log.0.lock().unwrap().clone();
    let log = String::from_utf8(log).expect("a log is UTF-8");
    let mut requests = 0;
    for line in log.lines() {
        let said: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            said["timestamp"].is_string() && said["level"].is_string(),
            "{line}"
        );
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let spans = said["spans"].as_array().into_iter().flatten();
        let named = spans
            .chain([&said])
            .any(|part| part["request.id"].is_string());
        // What runs beside requests, in the background, belongs to none.
        assert!(named, "no request: {line}");
        requests += usize::from(said["message"] == "request served");
        assert!(!line.contains(CANARY), "{line}");
        assert!(!line.contains(ADDRESS), "{line}");
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{line}");
        }
    }
    assert!(
        requests > 100,
        "{requests} requests are logged by their identifier"
    );
}

/// Returns the token of the newest link of that kind to a person.
async fn token(sandbox: &Sandbox, user: &str, purpose: Purpose) -> String {
    let (signing, _) = sandbox.secrets().await;
    let start = sandbox.start(sandbox.emulator()).await;
    let keys = LinkKeys::new(&start.sdk, signing);
    let mut messages = Vec::new();
    for item in sandbox.scan(&sandbox.accounts).await {
        if let Some(Ok(text)) = item.get("message").map(|message| message.as_s()) {
            let message: Outgoing = serde_json::from_str(text).unwrap();
            messages.push(message);
        }
    }
    messages.sort_by_key(|message| message.id);
    let links = messages
        .iter()
        .rev()
        .filter(|message| message.user.to_string() == user);
    let mut links = links.filter_map(|message| match (&message.template, purpose) {
        (Template::VerifyEmail { link }, Purpose::VerifyEmail)
        | (Template::ChangeEmail { link }, Purpose::ChangeEmail)
        | (Template::ResetPassword { link }, Purpose::ResetPassword)
        | (Template::MagicLink { link }, Purpose::MagicLink) => Some(*link),
        _ => None,
    });
    let link = links.next().expect("a link was sent");
    let user: UserId = user.parse().unwrap();
    keys.get().await.unwrap().token(user, link, purpose)
}

async fn ask(auth: &Router, expected: u16, ask: Ask) -> Value {
    let answer = ask.from(ADDRESS).send(auth).await;
    assert_eq!(answer.status, expected, "{answer:?}");
    answer.data()
}

/// Does everything that leaves an event.
#[expect(
    clippy::too_many_lines,
    reason = "one story, told in the order in which it is lived"
)]
async fn live(sandbox: &Sandbox, auth: &Router, people: &People<'_>) {
    let admin = people.token(Role::Admin).await;
    let person = people.signed_in(auth).await;
    let verify = token(sandbox, &person.id, Purpose::VerifyEmail).await;
    let verify = json!({"token": verify});
    ask(auth, 200, Ask::post("/api/v1/auth/verify-email", &verify)).await;
    let sign_in = |password: &str| {
        let body = json!({"email": person.email, "password": password});
        Ask::post("/api/v1/auth/login", &body)
    };
    for _ in 0..5 {
        ask(auth, 401, sign_in("what it is not, at length")).await;
    }
    ask(auth, 429, sign_in(PASSWORD)).await;
    let user = format!("/api/v1/admin/users/{}", person.id);
    ask(
        auth,
        200,
        Ask::new("POST", &format!("{user}/unlock")).bearer(&admin),
    )
    .await;
    let signed_in = ask(auth, 200, sign_in(PASSWORD)).await;
    let text = |data: &Value, name: &str| data[name].as_str().unwrap().to_owned();
    let access = text(&signed_in, "access_token");
    let out = json!({"refresh_token": text(&signed_in, "refresh_token")});
    ask(
        auth,
        200,
        Ask::post("/api/v1/auth/logout", &out).bearer(&access),
    )
    .await;
    // A refresh token that comes again after its grace.
    let again =
        json!({"refresh_token": text(&ask(auth, 200, sign_in(PASSWORD)).await, "refresh_token")});
    for expected in [200, 401] {
        ask(auth, expected, Ask::post("/api/v1/auth/refresh", &again)).await;
        sandbox.clock.advance(11);
    }
    let own = &person.access;
    ask(auth, 403, Ask::get("/api/v1/admin/users").bearer(own)).await;
    let name = json!({"name": "Ana Other"});
    ask(
        auth,
        200,
        Ask::new("PATCH", "/api/v1/user/me").json(&name).bearer(own),
    )
    .await;
    let key = person.api_key(auth).await;
    ask(
        auth,
        200,
        Ask::new("DELETE", &format!("/api/v1/auth/api-keys/{key}")).bearer(own),
    )
    .await;
    let email = json!({"email": format!("new-{}", person.email), "current_password": PASSWORD});
    ask(
        auth,
        200,
        Ask::new("PATCH", "/api/v1/user/me")
            .json(&email)
            .bearer(own),
    )
    .await;
    let change = json!({"token": token(sandbox, &person.id, Purpose::ChangeEmail).await});
    ask(auth, 200, Ask::post("/api/v1/auth/verify-email", &change)).await;
    let address = json!({"email": format!("new-{}", person.email)});
    ask(auth, 202, Ask::post("/api/v1/auth/magic-link", &address)).await;
    ask(
        auth,
        202,
        Ask::post("/api/v1/auth/forgot-password", &address),
    )
    .await;
    let reset = token(sandbox, &person.id, Purpose::ResetPassword).await;
    let reset = json!({"token": reset, "password": format!("{PASSWORD} anew")});
    ask(auth, 200, Ask::post("/api/v1/auth/reset-password", &reset)).await;
    let other = people.signed_in(auth).await;
    let session = format!("/api/v1/auth/sessions/{}", other.session);
    ask(
        auth,
        200,
        Ask::new("DELETE", &session).bearer(&other.access),
    )
    .await;
    let third = people.signed_in(auth).await;
    let change = json!({"current_password": PASSWORD, "new_password": format!("{PASSWORD} too")});
    ask(
        auth,
        200,
        Ask::post("/api/v1/auth/change-password", &change).bearer(&third.access),
    )
    .await;
    let fourth = people.signed_in(auth).await;
    ask(
        auth,
        200,
        Ask::new("DELETE", "/api/v1/auth/sessions").bearer(&fourth.access),
    )
    .await;
    let fifth = people.signed_in(auth).await;
    let ended = json!({"current_password": PASSWORD});
    ask(
        auth,
        200,
        Ask::new("DELETE", "/api/v1/user/me")
            .json(&ended)
            .bearer(&fifth.access),
    )
    .await;
    for body in [
        json!({"roles": ["viewer"]}),
        json!({"is_active": false}),
        json!({"is_active": true}),
    ] {
        ask(
            auth,
            200,
            Ask::new("PATCH", &user).json(&body).bearer(&admin),
        )
        .await;
    }
    let report = json!({"email": person.email, "success": true});
    ask(
        auth,
        200,
        Ask::post("/api/v1/security/login-attempt", &report).bearer(&admin),
    )
    .await;
}

/// Gives every order that leaves an event.
async fn order(sandbox: &Sandbox, auth: &Router) {
    let orders = sandbox.orders().await;
    let order = async |order: Value| orders.handle(order).await.unwrap();
    let network = format!("{ADDRESS}/32");
    let master =
        order(json!({"kind": "set_master_token", "addresses": [network], "days": 1})).await;
    let master = master["master_token"].as_str().unwrap();
    ask(auth, 200, Ask::get("/api/v1/admin/users").bearer(master)).await;
    let file = b"{\"email\": \"imported@example.org\"}".to_vec();
    sandbox.put_object("imports/users/one.ndjson", file).await;
    order(json!({"kind": "import_users", "key": "imports/users/one.ndjson"})).await;
    let rotated = order(json!({"kind": "rotate_keys"})).await;
    let set = ask(auth, 200, Ask::get("/.well-known/jwks.json?envelope=none")).await;
    drop((rotated, set));
    let keys = Ask::get("/.well-known/jwks.json").send(auth).await.json();
    let kid = keys["keys"][0]["kid"]
        .as_str()
        .expect("a key is published")
        .to_owned();
    order(json!({"kind": "revoke_key", "kid": kid})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn l2_everything_that_happens_to_accounts_is_in_the_trail_with_who_what_and_when() {
    let sandbox = Sandbox::new().await;
    let auth = router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await);
    let people = People::of(&sandbox).await;
    live(&sandbox, &auth, &people).await;
    order(&sandbox, &auth).await;
    let auditor = people.token(Role::Admin).await;
    let (mut kinds, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/admin/audit?per_page=100&cursor={cursor}");
        let page = ask(&auth, 200, Ask::get(&path).bearer(&auditor)).await;
        for event in page["items"].as_array().unwrap() {
            kinds.insert(event["kind"].as_str().unwrap().to_owned());
            let at = event["at"].as_str().unwrap();
            assert!(
                at.starts_with("2026-11-20T") && at.ends_with('Z'),
                "{event}"
            );
            assert!(!event["request_id"].as_str().unwrap().is_empty(), "{event}");
            let known = event["actor"] == "user";
            assert_eq!(known, event["actor_id"].is_string(), "{event}");
            let text = event.to_string();
            for hidden in ["@", ADDRESS, PASSWORD, "bsk_", "bsm_"] {
                assert!(!text.contains(hidden), "{hidden}: {event}");
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let all: BTreeSet<_> = EventKind::ALL
        .iter()
        .map(|kind| kind.as_str().to_owned())
        .collect();
    let missing: Vec<_> = all.difference(&kinds).collect();
    assert!(missing.is_empty(), "no event of the kinds {missing:?}");
}
