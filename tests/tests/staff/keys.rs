//! Keys of machines: shown once, never more than their owner may, at most twenty.

use babyshield::domain::account::{Role, UserId};
use babyshield_tests::functions::{Answered, Ask};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{Bench, column};

async fn make(bench: &Bench, token: &str, body: &Value) -> Answered {
    let ask = Ask::post("/api/v1/auth/api-keys", body).bearer(token);
    ask.send(&bench.auth).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_is_shown_once_works_is_listed_and_ends() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, token) = people.known(Role::Viewer).await;
    let body = json!({"name": " the till ", "scopes": ["staff", "read"], "expires_in_days": 7, "rate_limit": 50});
    let made = make(&bench, &token, &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let data = made.data();
    let (id, text) = (data["id"].as_str().unwrap(), data["key"].as_str().unwrap());
    assert_eq!(
        made.header("location"),
        format!("/api/v1/auth/api-keys/{id}")
    );
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(
        (&data["name"], &data["rate_limit"]),
        (&json!("the till"), &json!(50))
    );
    assert_eq!(data["expires_at"], "2026-11-27T12:00:00Z");
    assert!(text.starts_with(data["prefix"].as_str().unwrap()));
    let events = "/api/v1/security/events";
    let used = Ask::get(events)
        .header("x-api-key", text)
        .send(&bench.auth)
        .await;
    assert_eq!(used.status, 200, "{used:?}");
    let listed = Ask::get("/api/v1/auth/api-keys").bearer(&token);
    let listed = listed.send(&bench.auth).await;
    let (page, shown) = (listed.data(), &listed.data()["items"][0]);
    assert_eq!(
        (&page["total"], &page["per_page"], &page["has_more"]),
        (&json!(1), &json!(100), &json!(false))
    );
    assert_eq!(shown["last_used_at"], "2026-11-20T12:00:00Z");
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(text));
    for name in ["key", "hash", "user", "roles"] {
        assert!(shown[name].is_null(), "{name}");
    }
    // Nobody else ends it, and nobody is told that it is there.
    let (_, other) = people.known(Role::Admin).await;
    let path = format!("/api/v1/auth/api-keys/{id}");
    let end = async |token: &str, path: &str| {
        let ask = Ask::new("DELETE", path).bearer(token);
        ask.send(&bench.auth).await
    };
    assert_eq!(end(&other, &path).await.status, 404);
    assert_eq!(end(&token, &path).await.status, 200);
    assert_eq!(end(&token, &path).await.status, 404);
    bench.sandbox.clock.advance(60);
    let gone = Ask::get(events)
        .header("x-api-key", text)
        .send(&bench.auth)
        .await;
    assert_eq!(gone.status, 401);
    // The table never held the key.
    for item in bench.sandbox.scan(&bench.sandbox.accounts).await {
        assert!(!format!("{item:?}").contains(text));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn all_that_is_wrong_with_a_key_is_said_at_once() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, token) = people.known(Role::User).await;
    let body = json!({
        "name": "\u{7}", "scopes": ["staff"], "expires_in_days": 0, "expires_at": "2020-01-01T00:00:00Z",
        "rate_limit": 4_000_000,
    });
    let refused = make(&bench, &token, &body).await;
    assert_eq!(refused.status, 422);
    let errors = refused.json()["errors"].clone();
    let fields: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["/name", "/scopes", "/rate_limit", "/expires_at"]);
    for body in [
        json!({"name": "a", "scopes": []}),
        json!({"name": "a", "scopes": ["everything"]}),
        json!({"name": "a", "scopes": ["read"], "expires_in_days": 3651}),
        json!({"name": "a", "scopes": ["read"], "expires_at": "9999-12-31T23:59:59Z"}),
        json!({"name": "a", "scopes": ["read"], "rate_limit": 0}),
        json!({"name": "a", "scopes": ["read"], "roles": ["admin"]}),
        json!({"name": "a", "scopes": ["read"], "user": "somebody"}),
        json!({"scopes": ["read"]}),
    ] {
        assert_eq!(make(&bench, &token, &body).await.status, 422, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn one_has_at_most_twenty_keys_however_many_are_made_at_once() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (user, token) = people.known(Role::User).await;
    let body = json!({"name": "one of many", "scopes": ["read"], "expires_in_days": 1});
    for _ in 0..18 {
        assert_eq!(make(&bench, &token, &body).await.status, 201);
    }
    let made = join_all((0..6).map(|_| make(&bench, &token, &body))).await;
    let count = |status: u16| made.iter().filter(|answer| answer.status == status).count();
    // Whoever lost every race may ask again; nobody is let in beyond the twentieth.
    assert_eq!(count(201), 2, "{made:?}");
    assert_eq!(count(201) + count(409) + count(503), 6, "{made:?}");
    let keys = bench.sandbox.account_store();
    assert_eq!(keys.api_keys_of(user).await.unwrap().len(), 20);
    // What has ended by its time makes room.
    bench.sandbox.clock.advance(86_400);
    let (_, again) = (user, people.token_of(user).await);
    assert_eq!(make(&bench, &again, &body).await.status, 201);
    assert_eq!(keys.api_keys_of(user).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_key_never_does_more_than_its_owner_may() {
    let bench = Bench::new().await;
    let people = bench.people().await;
    let (_, admin) = people.known(Role::Admin).await;
    let (owner, token) = people.known(Role::Operator).await;
    let body = json!({"name": "the desk", "scopes": ["staff"]});
    let made = make(&bench, &token, &body).await.data();
    let text = made["key"].as_str().unwrap();
    let report = json!({"email": "somebody@example.org", "success": true});
    let ask = async || {
        let ask = Ask::post("/api/v1/security/login-attempt", &report).header("x-api-key", text);
        ask.send(&bench.auth).await.status
    };
    assert_eq!(ask().await, 200);
    // A key is not for keys, nor for administrators' work where its owner is none.
    let own = Ask::get("/api/v1/auth/api-keys").header("x-api-key", text);
    assert_eq!(own.send(&bench.auth).await.status, 403);
    let users = Ask::get("/api/v1/admin/users").header("x-api-key", text);
    assert_eq!(users.send(&bench.auth).await.status, 403);
    let path = format!("/api/v1/admin/users/{owner}");
    let demoted = Ask::new("PATCH", &path).json(&json!({"roles": ["viewer"]}));
    assert_eq!(demoted.bearer(&admin).send(&bench.auth).await.status, 200);
    bench.sandbox.clock.advance(60);
    assert_eq!(ask().await, 403);
    let trail = Ask::get(&format!(
        "/api/v1/admin/audit?user={owner}&kind=access_denied"
    ));
    let trail = trail.bearer(&admin).send(&bench.auth).await.data();
    assert_eq!(column(&trail, "kind").len(), 2, "{trail}");
    let store = bench.sandbox.account_store();
    let owner: UserId = owner;
    assert_eq!(
        store.api_keys_of(owner).await.unwrap()[0].roles.words(),
        "user,viewer"
    );
}
