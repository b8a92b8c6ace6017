//! Signing out, and looking at and ending one's sessions.

use axum::Router;
use babyshield_tests::functions::{Answered, Ask};
use serde_json::{Value, json};

use super::{Case, access, assert_refused, instance, next, refresh, refreshed};

const SESSIONS: &str = "/api/v1/auth/sessions";

async fn logout(auth: &Router, access: Option<&str>, body: Option<&Value>) -> Answered {
    let mut ask = Ask::new("POST", "/api/v1/auth/logout").from("10.0.0.9");
    if let Some(access) = access {
        ask = ask.bearer(access);
    }
    if let Some(body) = body {
        ask = ask.json(body);
    }
    ask.send(auth).await
}

async fn send(auth: &Router, method: &str, path: &str, access: &str) -> Answered {
    Ask::new(method, path)
        .bearer(access)
        .from("10.0.0.9")
        .send(auth)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn signing_out_ends_this_session_and_no_other() {
    let case = Case::new().await;
    let other = case.sandbox.signed_in(&case.account).await;
    let got = logout(&case.auth, Some(&case.tokens.access), None).await;
    assert_eq!((got.status, got.data()), (200, json!({"ended": 1})));
    assert_eq!(got.header("cache-control"), "no-store");
    assert_refused(&case.auth, &case.tokens.refresh, "signed out").await;
    // Within a minute everywhere: an instance that knows nothing knows at once.
    let fresh = instance(&case.sandbox, case.sandbox.emulator()).await;
    assert_eq!(
        send(&fresh, "GET", SESSIONS, &case.tokens.access)
            .await
            .status,
        401
    );
    case.sandbox.clock.advance(60);
    assert_eq!(
        send(&case.auth, "GET", SESSIONS, &case.tokens.access)
            .await
            .status,
        401
    );
    assert_eq!(
        send(&case.auth, "GET", SESSIONS, &other.access)
            .await
            .status,
        200
    );
    refreshed(&case.auth, &other.refresh).await;
    assert_eq!(case.events().await, ["signed_out"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_refresh_token_alone_signs_out_when_the_access_token_has_expired() {
    let case = Case::new().await;
    case.sandbox.clock.advance(3_600);
    let body = json!({"refresh_token": case.tokens.refresh});
    for (access, ended) in [(Some(case.tokens.access.as_str()), 1), (None, 0)] {
        let got = logout(&case.auth, access, Some(&body)).await;
        assert_eq!((got.status, got.data()), (200, json!({"ended": ended})));
    }
    assert_refused(&case.auth, &case.tokens.refresh, "signed out").await;
    assert_eq!(
        case.events().await,
        ["signed_out"],
        "once, however often it is asked"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn nobody_signs_out_with_nothing_or_with_what_is_made_up() {
    let case = Case::new().await;
    let made_up = json!({"refresh_token": case.tokens.refresh.replace('A', "B").to_uppercase()});
    let cases: [(Option<&Value>, u16); 7] = [
        (None, 401),
        (Some(&Value::Null), 401),
        (Some(&json!({})), 401),
        (Some(&json!({"refresh_token": null})), 401),
        (Some(&made_up), 401),
        (Some(&json!({"refresh_token": 7})), 422),
        (Some(&json!({"session_id": case.tokens.session})), 422),
    ];
    for (body, status) in cases {
        let got = logout(&case.auth, None, body).await;
        assert_eq!(got.status, status, "{body:?}");
        let got = logout(&case.auth, Some("eyJ.eyJ.x"), body).await;
        assert_eq!(got.status, status, "{body:?}");
    }
    let broken = Ask::new("POST", "/api/v1/auth/logout")
        .body("{")
        .from("10.0.0.9");
    assert_eq!(broken.send(&case.auth).await.status, 415);
    let broken = Ask::new("POST", "/api/v1/auth/logout").header("content-type", "application/json");
    assert_eq!(broken.body("{").send(&case.auth).await.status, 400);
    refreshed(&case.auth, &case.tokens.refresh).await;
    assert!(case.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn sessions_are_listed_the_last_used_first_and_the_dead_are_not() {
    let case = Case::new().await;
    case.sandbox.clock.advance(60);
    let second = case.sandbox.signed_in(&case.account).await;
    let gone = case.sandbox.signed_in(&case.account).await;
    let path = format!("{SESSIONS}/{}", gone.session);
    let got = send(&case.auth, "DELETE", &path, &case.tokens.access).await;
    assert_eq!((got.status, got.data()), (200, json!({"ended": 1})));
    case.sandbox.clock.advance(60);
    let got = refresh(&case.auth, &case.tokens.refresh).await;
    let got = send(&case.auth, "GET", SESSIONS, &access(&got)).await;
    assert_eq!(got.header("cache-control"), "no-store");
    let data = got.data();
    assert_eq!(
        data["items"],
        json!([
            {"id": case.tokens.session, "device": "a test", "network": "10.0.0.0/24", "current": true,
             "created_at": "2026-11-20T12:00:00Z", "last_used_at": "2026-11-20T12:02:00Z",
             "expires_at": "2026-11-27T12:02:00Z"},
            {"id": second.session, "device": "a test", "network": "203.0.113.0/24", "current": false,
             "created_at": "2026-11-20T12:01:00Z", "last_used_at": "2026-11-20T12:01:00Z",
             "expires_at": "2026-11-27T12:01:00Z"},
        ])
    );
    assert_eq!(
        (&data["total"], &data["has_more"]),
        (&json!(2), &json!(false))
    );
    let page = send(
        &case.auth,
        "GET",
        "/api/v1/auth/sessions?page=2&per_page=1",
        &second.access,
    )
    .await;
    assert_eq!(page.data()["items"][0]["id"], json!(second.session));
    for (query, status) in [
        ("limit=1000000000", 422),
        ("cursor=abc", 400),
        ("user=x", 400),
    ] {
        let got = send(
            &case.auth,
            "GET",
            &format!("{SESSIONS}?{query}"),
            &second.access,
        )
        .await;
        assert!(
            got.status == status || got.status == 422,
            "{query}: {}",
            got.status
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn z1_a_session_of_somebody_else_is_the_same_404_as_one_that_never_was() {
    let case = Case::new().await;
    let eve = case.sandbox.person("eve@example.org").await;
    let eve = case.sandbox.signed_in(&eve).await;
    let mut bodies = Vec::new();
    for id in [
        case.tokens.session.to_string(),
        "0199a000-0000-7000-8000-000000000000".into(),
    ] {
        let path = format!("{SESSIONS}/{id}");
        let got = send(&case.auth, "DELETE", &path, &eve.access).await;
        assert_eq!(got.status, 404);
        let mut body = got.json();
        for varies in ["instance", "timestamp", "request_id"] {
            body[varies].take();
        }
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(
        send(&case.auth, "DELETE", &format!("{SESSIONS}/x"), &eve.access)
            .await
            .status,
        404
    );
    refreshed(&case.auth, &case.tokens.refresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn ending_all_sessions_ends_sixty_of_them_and_the_one_that_asks() {
    let case = Case::new().await;
    let mut all = vec![case.tokens.clone()];
    for _ in 0..59 {
        all.push(case.sandbox.signed_in(&case.account).await);
    }
    let eve = case.sandbox.person("eve@example.org").await;
    let eve = case.sandbox.signed_in(&eve).await;
    let got = send(&case.auth, "DELETE", SESSIONS, &all[7].access).await;
    assert_eq!((got.status, got.data()), (200, json!({"ended": 60})));
    let fresh = instance(&case.sandbox, case.sandbox.emulator()).await;
    for tokens in &all {
        assert_refused(&fresh, &tokens.refresh, "ended").await;
        assert_eq!(
            send(&fresh, "GET", SESSIONS, &tokens.access).await.status,
            401
        );
    }
    let got = send(&fresh, "GET", SESSIONS, &eve.access).await;
    assert_eq!(got.data()["total"], 1);
    assert_eq!(case.events().await, ["sessions_revoked"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn answers_with_credentials_are_neither_cached_nor_kept_for_repetition() {
    let case = Case::new().await;
    let body = json!({"refresh_token": case.tokens.refresh});
    let ask = |body: &Value| {
        let ask = Ask::post("/api/v1/auth/refresh", body).from("10.0.0.9");
        ask.header("idempotency-key", "the same key")
    };
    let first = ask(&body).send(&case.auth).await;
    assert_eq!(
        (first.status, first.header("cache-control")),
        (200, "no-store")
    );
    let second = ask(&json!({"refresh_token": next(&first)}))
        .send(&case.auth)
        .await;
    assert_eq!(second.status, 200, "{:?}", second.json());
    assert_ne!(next(&first), next(&second));
    assert_eq!(second.header("idempotent-replayed"), "");
    let ledger = format!("{:?}", case.sandbox.scan(&case.sandbox.ledger).await);
    assert!(!ledger.contains("IDEMPOTENCY#"));
}
