//! What staff and operators do, through the real functions against the emulator.

#![cfg(test)]

mod admin;
mod import;
mod keys;
mod master;
mod orders;
mod trail;

use axum::Router;
use babyshield_tests::{functions::router, people::People, sandbox::Sandbox};
use serde_json::Value;

/// A sandbox with the function `auth` before it.
struct Bench {
    sandbox: Sandbox,
    auth: Router,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::new().await;
        let mut start = sandbox.http(sandbox.emulator(), &[]).await;
        let auth = router("auth", &mut start);
        Self { sandbox, auth }
    }

    async fn people(&self) -> People<'_> {
        People::of(&self.sandbox).await
    }
}

/// The texts of a field of every row of a list.
fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().expect("a list has items");
    items
        .iter()
        .map(|item| item[field].as_str().unwrap_or_default().to_owned())
        .collect()
}
