//! P8, J5 and Z3 of accounts: one address is one account, a new password ends what the old one opened, and
//! nobody writes what is not theirs to write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use axum::Router;
use babyshield::passwords::Hasher;
use babyshield_tests::{
    functions::{Answered, Ask, CHEAP, auth_with},
    sandbox::Sandbox,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

const PASSWORD: &str = "tin lantern wobbles";
const OTHER: &str = "seven herons on a quiet weir";

async fn auth(sandbox: &Sandbox) -> Router {
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    auth_with(Hasher::with_cost(4, CHEAP), &mut start)
}

async fn register(auth: &Router, email: &str, client: &str) -> Answered {
    let body =
        json!({"email": email, "password": PASSWORD, "first_name": "Ana", "last_name": "Silva"});
    let ask = Ask::post("/api/v1/auth/register", &body).from(client);
    ask.send(auth).await
}

async fn login(auth: &Router, password: &str) -> Answered {
    let body = json!({"email": "ana@example.org", "password": password});
    Ask::post("/api/v1/auth/login", &body).send(auth).await
}

async fn refresh(auth: &Router, answer: &Value) -> u16 {
    let body = json!({"refresh_token": answer["refresh_token"]});
    Ask::post("/api/v1/auth/refresh", &body)
        .send(auth)
        .await
        .status
}

async fn me(auth: &Router, answer: &Value) -> u16 {
    let token = answer["access_token"].as_str().unwrap();
    Ask::get("/api/v1/user/me")
        .bearer(token)
        .send(auth)
        .await
        .status
}

/// The spellings of one address, as sixteen people might write it.
fn spelling(round: usize, at: usize) -> String {
    let mailbox = match at % 4 {
        0 => "andr\u{e9}",
        1 => "andre\u{301}",
        2 => "ANDR\u{c9}",
        _ => "Andre\u{301}",
    };
    let domain = match at / 4 {
        0 => "b\u{fc}cher.example",
        1 => "B\u{dc}CHER.Example",
        2 => "xn--bcher-kva.example",
        _ => "bu\u{308}cher.EXAMPLE",
    };
    format!("{mailbox}+{round}@{domain}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p8_of_sixteen_who_register_one_address_at_once_one_has_it_however_it_is_written() {
    let sandbox = Sandbox::new().await;
    let auth = Arc::new(auth(&sandbox).await);
    let (begun, rounds) = (Instant::now(), crate::rounds());
    // Registrations that got as far as the one write that decides.
    let races = Arc::new(AtomicUsize::new(0));
    for round in 0..rounds {
        let all = (0..16).map(|at| {
            let (auth, races) = (Arc::clone(&auth), Arc::clone(&races));
            tokio::spawn(async move {
                let client = format!("10.{}.{}.{at}", round / 256, round % 256);
                let answer = register(&auth, &spelling(round, at), &client).await;
                races.fetch_add(usize::from(answer.status == 201), Ordering::Relaxed);
                answer
            })
        });
        let answers: Vec<_> = join_all(all)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let opened = answers.iter().filter(|answer| answer.status == 201).count();
        let others = answers
            .iter()
            .filter(|answer| answer.code() == "USER_EXISTS")
            .count();
        assert_eq!((opened, others), (1, 15), "round {round}");
    }
    assert_eq!(races.load(Ordering::Relaxed), rounds);
    let items = sandbox.scan(&sandbox.accounts).await;
    let with = |start: &str| {
        let keys = items.iter().filter_map(|item| item["pk"].as_s().ok());
        keys.filter(|key| key.starts_with(start)).count()
    };
    assert_eq!(with("EMAIL#"), rounds);
    let people = items
        .iter()
        .filter(|item| item.contains_key("account"))
        .count();
    assert_eq!(people, rounds);
    println!(
        "{rounds} rounds of 16 registrations in {:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_a_new_password_ends_every_other_session_and_a_deleted_account_all_of_them() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let own = register(&auth, "ana@example.org", "10.0.0.1").await.data();
    let other = login(&auth, PASSWORD).await.data();
    assert_eq!(me(&auth, &other).await, 200);
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let ask = Ask::post("/api/v1/auth/change-password", &body);
        ask.bearer(own["access_token"].as_str().unwrap())
            .send(&auth)
            .await
    };
    sandbox.clock.advance(1);
    assert_eq!(change(OTHER, OTHER).await.code(), "INVALID_CREDENTIALS");
    let weak = change(PASSWORD, "babyshield2026").await;
    assert_eq!(
        (weak.code(), weak.json()["errors"][0]["field"].clone()),
        ("WEAK_PASSWORD".into(), json!("/new_password"))
    );
    assert_eq!(
        refresh(&auth, &json!({"refresh_token": other["refresh_token"]})).await,
        200
    );
    let other = login(&auth, PASSWORD).await.data();
    let changed = change(PASSWORD, OTHER).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    // At once for what is new, within a minute for what is out.
    assert_eq!(refresh(&auth, &other).await, 401);
    assert_eq!(login(&auth, PASSWORD).await.status, 401);
    sandbox.clock.advance(60);
    assert_eq!(me(&auth, &other).await, 401);
    assert_eq!(me(&auth, &own).await, 200);
    assert_eq!(
        refresh(&auth, &own).await,
        200,
        "the session that changed it goes on"
    );

    let last = login(&auth, OTHER).await.data();
    let delete = async |body: Value| {
        let ask = Ask::new("DELETE", "/api/v1/user/me").json(&body);
        ask.bearer(last["access_token"].as_str().unwrap())
            .send(&auth)
            .await
    };
    assert_eq!(
        delete(json!({})).await.json()["errors"][0]["field"],
        "/current_password"
    );
    assert_eq!(
        delete(json!({"current_password": PASSWORD})).await.code(),
        "INVALID_CREDENTIALS"
    );
    assert_eq!(delete(json!({"current_password": OTHER})).await.status, 200);
    assert_eq!(refresh(&auth, &last).await, 401);
    assert_eq!(
        me(&auth, &last).await,
        401,
        "who has ended is shown no more at once"
    );
    // Like a wrong password; and an address that was never confirmed is free at once.
    assert_eq!(login(&auth, OTHER).await.code(), "INVALID_CREDENTIALS");
    let again = register(&auth, "ANA@example.org", "10.0.0.1").await;
    assert_eq!(again.status, 201, "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z3_fields_that_are_not_the_clients_to_set_are_refused_and_change_nothing() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let own = register(&auth, "ana@example.org", "10.0.0.1").await.data();
    let token = own["access_token"].as_str().unwrap();
    let before = sandbox.scan(&sandbox.accounts).await.len();
    let account = async || {
        let items = sandbox.scan(&sandbox.accounts).await;
        let account = items.into_iter().find(|item| item.contains_key("account"));
        format!("{:?}", account.unwrap()["account"])
    };
    let as_it_was = account().await;
    let writes = [
        (
            "POST",
            "/api/v1/auth/register",
            json!({"email": "eve@example.org", "password": PASSWORD, "name": "Eve"}),
        ),
        (
            "POST",
            "/api/v1/auth/login",
            json!({"email": "ana@example.org", "password": PASSWORD}),
        ),
        (
            "POST",
            "/api/v1/auth/change-password",
            json!({"current_password": PASSWORD, "new_password": OTHER}),
        ),
        ("PUT", "/api/v1/user/me", json!({"name": "Eve"})),
        ("PATCH", "/api/v1/user/me", json!({"name": "Eve"})),
        (
            "DELETE",
            "/api/v1/user/me",
            json!({"current_password": PASSWORD}),
        ),
    ];
    let not_theirs = [
        "role",
        "roles",
        "id",
        "user_id",
        "verified",
        "email_verified",
        "email_verified_at",
        "is_active",
        "active",
        "created_at",
        "updated_at",
        "subscription_tier",
        "tier",
        "password_hash",
        "standing",
        "version",
        "pk",
        "sk",
        "__proto__",
        "constructor",
    ];
    for (method, path, body) in &writes {
        for field in not_theirs {
            let mut body = body.clone();
            body[field] = json!("admin");
            let answer = Ask::new(method, path)
                .json(&body)
                .bearer(token)
                .send(&auth)
                .await;
            let errors = answer.json()["errors"].take();
            assert_eq!(
                answer.status,
                422,
                "{method} {path} {field}: {}",
                answer.json()
            );
            assert_eq!(errors[0]["field"], format!("/{field}"), "{method} {path}");
            assert_eq!(
                errors[0]["code"], "UNKNOWN_FIELD",
                "{method} {path} {field}"
            );
        }
    }
    assert_eq!(account().await, as_it_was);
    assert_eq!(sandbox.scan(&sandbox.accounts).await.len(), before);
}
