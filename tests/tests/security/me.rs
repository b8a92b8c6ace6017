//! One's own data: shown, changed, and not changed over somebody else's change.

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use babyshield::passwords::Hasher;
use babyshield_tests::{
    functions::{Answered, Ask, CHEAP, auth_with},
    sandbox::Sandbox,
};
use serde_json::{Value, json};

const PASSWORD: &str = "tin lantern wobbles";

struct Person {
    auth: Router,
    token: String,
}

impl Person {
    async fn of(sandbox: &Sandbox) -> Self {
        let mut start = sandbox.http(sandbox.emulator(), &[]).await;
        let auth = auth_with(Hasher::with_cost(4, CHEAP), &mut start);
        let body = json!({"email": "ana@staff.example", "password": PASSWORD, "name": "Ana Silva", "locale": "fr"});
        let answer = Ask::post("/api/v1/auth/register", &body).send(&auth).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (201, "/api/v1/user/me")
        );
        let token = answer.data()["access_token"].as_str().unwrap().to_owned();
        Self { auth, token }
    }

    async fn send(&self, ask: Ask) -> Answered {
        ask.bearer(&self.token).send(&self.auth).await
    }

    async fn change(&self, method: &str, body: Value) -> Answered {
        self.send(Ask::new(method, "/api/v1/user/me").json(&body))
            .await
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_person_is_shown_with_what_older_clients_read() {
    let sandbox = Sandbox::new().await;
    let ana = Person::of(&sandbox).await;
    let me = ana.send(Ask::get("/api/v1/user/me")).await;
    let mut shown = me.data();
    let alias = ana.send(Ask::get("/auth/me")).await;
    assert_eq!(alias.data(), shown, "{}", alias.json());
    assert!(shown["id"].take().is_string());
    let now = "2026-11-20T12:00:00Z";
    assert_eq!(
        shown,
        json!({
            "id": null, "email": "ana@staff.example", "email_verified": false, "name": "Ana Silva",
            "first_name": "Ana Silva", "last_name": "", "locale": "fr", "is_active": true, "roles": ["user"],
            "subscription_tier": "free", "has_password": true, "created_at": now, "updated_at": now,
            "last_sign_in_at": now,
        }),
        "an address of a domain of administrators makes none until it is verified"
    );
    assert_eq!(me.header("cache-control"), "no-store");
    let again = Ask::get("/api/v1/user/me").header("if-none-match", me.header("etag"));
    assert_eq!(ana.send(again).await.status, 304);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn put_replaces_the_whole_and_patch_a_part() {
    let sandbox = Sandbox::new().await;
    let ana = Person::of(&sandbox).await;
    let put = ana
        .change("PUT", json!({"first_name": "Bea", "last_name": "Sousa"}))
        .await;
    assert_eq!(put.status, 200, "{}", put.json());
    assert_eq!(
        (put.data()["name"].clone(), put.data()["locale"].clone()),
        (json!("Bea Sousa"), json!("en"))
    );
    let patch = ana
        .change("PATCH", json!({"last_name": "Lima", "locale": null}))
        .await;
    assert_eq!(
        (patch.data()["name"].clone(), patch.data()["locale"].clone()),
        (json!("Bea Lima"), json!("en"))
    );
    assert_eq!(ana.change("PATCH", json!({})).await.data(), patch.data());
    let broken = ana
        .change("PUT", json!({"locale": "en_US", "email": "nobody"}))
        .await;
    let errors = broken.json()["errors"].take();
    let fields: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["/name", "/locale", "/email"]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_change_over_somebody_elses_is_refused_to_whoever_says_what_they_read() {
    let sandbox = Sandbox::new().await;
    let ana = Person::of(&sandbox).await;
    let read = ana.send(Ask::get("/api/v1/user/me")).await;
    sandbox.clock.advance(1);
    assert_eq!(
        ana.change("PATCH", json!({"name": "Bea"})).await.status,
        200
    );
    for method in ["PUT", "PATCH"] {
        let ask = Ask::new(method, "/api/v1/user/me").json(&json!({"name": "Cleo"}));
        let late = ana.send(ask.header("if-match", read.header("etag"))).await;
        assert_eq!(
            (late.status, late.code()),
            (412, "PRECONDITION_FAILED".into())
        );
    }
    let now = ana.send(Ask::get("/api/v1/user/me")).await;
    let ask = Ask::new("PATCH", "/api/v1/user/me").json(&json!({"name": "Cleo"}));
    let changed = ana.send(ask.header("if-match", now.header("etag"))).await;
    assert_eq!(changed.data()["name"], "Cleo");
    assert_eq!(
        changed.header("etag"),
        ana.send(Ask::get("/api/v1/user/me")).await.header("etag")
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn another_address_needs_the_password_and_is_written_to_before_it_counts() {
    let sandbox = Sandbox::new().await;
    let ana = Person::of(&sandbox).await;
    let missing = ana
        .change("PATCH", json!({"email": "bea@example.org"}))
        .await;
    assert_eq!(
        (missing.status, missing.json()["errors"][0]["field"].clone()),
        (422, json!("/current_password"))
    );
    let body = json!({"email": "bea@example.org", "current_password": "tin lantern wobbled"});
    for _ in 0..5 {
        assert_eq!(
            ana.change("PATCH", body.clone()).await.code(),
            "INVALID_CREDENTIALS"
        );
    }
    let body = json!({"email": "bea@example.org", "current_password": PASSWORD});
    let held = ana.change("PATCH", body.clone()).await;
    assert_eq!(
        (held.status, held.code()),
        (429, "TOO_MANY_ATTEMPTS".into()),
        "guessing on an open device"
    );
    sandbox.clock.advance(899);
    // The access token is about to end; it lasts for one more second.
    let one_more = ana.change("PATCH", body.clone()).await;
    assert_eq!(one_more.status, 429);
    let refreshed = Person::login(&sandbox, ana.auth.clone()).await;
    let asked = refreshed.change("PATCH", body.clone()).await;
    assert_eq!(asked.status, 200, "{}", asked.json());
    assert_eq!(
        asked.data()["email"],
        "ana@staff.example",
        "until the link is followed"
    );
    let items = sandbox.scan(&sandbox.accounts).await;
    let messages: Vec<Value> = items
        .iter()
        .filter_map(|item| match item.get("message")? {
            AttributeValue::S(body) => serde_json::from_str(body).ok(),
            _ => None,
        })
        .collect();
    let sent: Vec<_> = messages
        .iter()
        .filter(|message| message["to"] == "bea@example.org")
        .collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["template"], "change_email");
    // Not by the dozen: strangers are written to here.
    assert_eq!(
        refreshed.change("PATCH", body).await.code(),
        "RATE_LIMIT_EXCEEDED"
    );
    let own = json!({"email": "ANA@staff.example"});
    let spelled = refreshed.change("PATCH", own).await;
    assert_eq!(
        (spelled.status, spelled.data()["email"].clone()),
        (200, json!("ANA@staff.example"))
    );
}

impl Person {
    /// Signs the same person in on another device.
    async fn login(sandbox: &Sandbox, auth: Router) -> Self {
        sandbox.clock.advance(1);
        let body = json!({"email": "ana@staff.example", "password": PASSWORD});
        let answer = Ask::post("/api/v1/auth/login", &body).send(&auth).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let token = answer.data()["access_token"].as_str().unwrap().to_owned();
        Self { auth, token }
    }
}
