//! The pages that links lead to, as a browser without scripts goes through them.

use axum::Router;
use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::Sandbox,
};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";

async fn auth(sandbox: &Sandbox) -> Router {
    router("auth", &mut sandbox.http(sandbox.emulator(), &[]).await)
}

/// Sends the form of a page: its fields, to where it says.
async fn press(auth: &Router, page: &Answered, more: &str) -> Answered {
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    let part = |start: &str| {
        let (_, rest) = html.split_once(start).expect("the page has a form");
        rest.split('"').next().unwrap().to_owned()
    };
    let (action, token) = (part("action=\""), part("name=\"token\" value=\""));
    Ask::new("POST", &action)
        .header("content-type", FORM)
        .header("accept", "text/html,application/xhtml+xml;q=0.9")
        .header("accept-language", "fr-FR, en;q=0.5")
        .body(format!("token={token}{more}"))
        .send(auth)
        .await
}

async fn visit(auth: &Router, path: &str, token: &str) -> Answered {
    let path = format!("/api/v1/auth/{path}?token={token}&utm_source=mail");
    Ask::get(&path)
        .header("accept", "text/html")
        .send(auth)
        .await
}

fn is_page(answer: &Answered) {
    assert!(
        answer.header("content-type").starts_with("text/html"),
        "{answer:?}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self'") && policy.contains("default-src 'none'"));
    assert!(!policy.contains("script-src"));
}

async fn token(sandbox: &Sandbox, auth: &Router, path: &str, address: &str) -> String {
    let path = format!("/api/v1/auth/{path}");
    let answer = Ask::post(&path, &json!({"email": address}))
        .send(auth)
        .await;
    assert_eq!(answer.status, 202);
    sandbox.last_mail(address).await.token().to_owned()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_address_is_confirmed_by_pressing_a_button() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox
        .put_person(|person| person.email_verified_at = None)
        .await;
    let token = token(&sandbox, &auth, "verify-email", ana.email.as_str()).await;
    let page = visit(&auth, "verify-email", &token).await;
    assert_eq!(page.status, 200);
    is_page(&page);
    let done = press(&auth, &page, "").await;
    assert_eq!(done.status, 200, "{done:?}");
    is_page(&done);
    assert!(String::from_utf8_lossy(&done.bytes).contains("lang=\"fr\""));
    let again = press(&auth, &page, "").await;
    assert_eq!(again.status, 410);
    is_page(&again);
    let late = visit(&auth, "verify-email", &token).await;
    assert_eq!(late.status, 410);
    is_page(&late);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_password_is_set_on_a_page_that_asks_again_for_a_better_one() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let token = token(&sandbox, &auth, "forgot-password", ana.email.as_str()).await;
    let page = visit(&auth, "reset-password", &token).await;
    let weak = press(&auth, &page, "&password=short").await;
    assert_eq!(weak.status, 422, "{weak:?}");
    is_page(&weak);
    assert!(String::from_utf8_lossy(&weak.bytes).contains("role=\"alert\""));
    let done = press(&auth, &weak, "&password=seven+herons+on+a+quiet+weir").await;
    assert_eq!(done.status, 200, "{done:?}");
    is_page(&done);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn signing_in_on_a_page_answers_what_an_app_would_get() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    let ana = sandbox.put_person(|_| {}).await;
    let token = token(&sandbox, &auth, "magic-link", ana.email.as_str()).await;
    let page = visit(&auth, "magic-link", &token).await;
    is_page(&page);
    let done = press(&auth, &page, "").await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(done.header("cache-control"), "no-store");
    assert_eq!(done.data()["user"]["id"], ana.id.to_string());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn bad_links_lead_to_a_page_that_says_so() {
    let sandbox = Sandbox::new().await;
    let auth = auth(&sandbox).await;
    for path in ["verify-email", "reset-password", "magic-link"] {
        for token in ["", "x", "%00", "%22%3E%3Cscript%3E", "%FF", "a&token=b"] {
            let page = visit(&auth, path, token).await;
            assert_eq!(page.status, 410, "{path} {token}");
            is_page(&page);
            assert!(!String::from_utf8_lossy(&page.bytes).contains("<script"));
        }
        // The API itself speaks JSON there, as everywhere.
        let refused = Ask::post(&format!("/api/v1/auth/{path}"), &json!({"token": "x"}))
            .header("accept", "text/html")
            .send(&auth)
            .await;
        assert_eq!(refused.status, 406, "{path}");
        let text = Ask::new("POST", &format!("/api/v1/auth/{path}"))
            .header("content-type", "text/plain")
            .body("token=x")
            .send(&auth)
            .await;
        assert_eq!(text.status, 415, "{path}");
    }
}
