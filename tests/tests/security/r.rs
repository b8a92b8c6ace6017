//! Refresh tokens: rows R1 to R4, and what a session is to J5 and Z6.

mod chains;
mod devices;
mod races;
mod sessions;

use axum::Router;
use babyshield::domain::account::Account;
use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::{Item, Sandbox},
    sessions::Tokens,
};
use serde_json::json;

/// Where requests come from: another network for each, so that no limit of one address is met.
fn address(at: usize) -> String {
    format!("10.{}.{}.7", at / 250 % 250, at % 250)
}

/// Asks to refresh with a token.
async fn refresh(auth: &Router, token: &str) -> Answered {
    let body = json!({"refresh_token": token});
    let ask = Ask::post("/api/v1/auth/refresh", &body).from("10.0.0.7");
    ask.send(auth).await
}

/// Refreshes with a token that is good, and returns the next one.
async fn refreshed(auth: &Router, token: &str) -> String {
    let got = refresh(auth, token).await;
    assert_eq!(got.status, 200, "{:?}", got.json());
    next(&got)
}

/// Returns the refresh token of an answer.
fn next(got: &Answered) -> String {
    let token = got.data()["refresh_token"].take();
    token.as_str().expect("the answer holds one").to_owned()
}

/// Returns the access token of an answer.
fn access(got: &Answered) -> String {
    let token = got.data()["access_token"].take();
    token.as_str().expect("the answer holds one").to_owned()
}

/// Asserts that a token is refused as one that is not good, whatever the reason.
async fn assert_refused(auth: &Router, token: &str, why: &str) {
    let got = refresh(auth, token).await;
    assert_eq!(
        (got.status, got.code()),
        (401, "INVALID_TOKEN".into()),
        "{why}"
    );
}

/// A person with a session, and the function `auth` that knows them.
struct Case {
    sandbox: Sandbox,
    auth: Router,
    account: Account,
    tokens: Tokens,
}

impl Case {
    async fn new() -> Self {
        let sandbox = Sandbox::new().await;
        let auth = instance(&sandbox, sandbox.emulator()).await;
        let account = sandbox.person("ana@example.org").await;
        let tokens = sandbox.signed_in(&account).await;
        Self {
            sandbox,
            auth,
            account,
            tokens,
        }
    }

    /// Returns the items of a kind in the table `accounts`.
    async fn items(&self, kind: &str) -> Vec<Item> {
        items(&self.sandbox, kind).await
    }

    /// Returns the words of what happened, in the order of the words.
    async fn events(&self) -> Vec<String> {
        events(&self.sandbox).await
    }
}

/// Returns an instance of the function `auth`, with every client at that address.
async fn instance(sandbox: &Sandbox, endpoint: &str) -> Router {
    router("auth", &mut sandbox.http(endpoint, &[]).await)
}

async fn items(sandbox: &Sandbox, kind: &str) -> Vec<Item> {
    let mut items = sandbox.scan(&sandbox.accounts).await;
    items.retain(|item| {
        let key = |name: &str| item[name].as_s().is_ok_and(|key| key.starts_with(kind));
        key("pk") || key("sk")
    });
    items
}

async fn events(sandbox: &Sandbox) -> Vec<String> {
    let items = items(sandbox, "AUDIT#").await;
    let mut kinds: Vec<_> = items
        .iter()
        .map(|item| {
            let event: serde_json::Value =
                serde_json::from_str(item["event"].as_s().unwrap()).unwrap();
            event["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    kinds.sort();
    kinds
}
