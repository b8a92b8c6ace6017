//! Rows H: the edge of every route, found in the description and asked in process.

mod answers;
mod bodies;
mod headers;
mod hostile;
mod methods;
mod origins;
mod spoofing;

use std::collections::BTreeMap;

use axum::Router;
use babyshield::{domain::account::Role, passwords::Hasher};
use babyshield_tests::{
    functions::{Ask, CHEAP, HTTP, auth_with, router},
    openapi,
    people::People,
    sandbox::Sandbox,
};
use serde_json::Value;
use tokio::sync::Mutex;

/// An operation as it is described.
struct Operation {
    function: &'static str,
    method: String,
    path: String,
    described: Value,
}

impl Operation {
    /// Returns a path that may exist.
    fn plain_path(&self) -> String {
        let path = self
            .path
            .replace("{id}", "01890000-0000-7000-8000-000000000000")
            .replace("{key}", "us-cpsc")
            .replace("{version}", "1");
        assert!(
            !path.contains('{'),
            "{path}: nobody told this test what stands there"
        );
        path
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn takes_json(&self) -> bool {
        self.described["requestBody"]["content"]["application/json"].is_object()
    }
}

/// All functions over one sandbox, with an administrator who may ask everything.
struct All<'a> {
    people: People<'a>,
    routers: BTreeMap<&'static str, Router>,
    operations: Vec<Operation>,
    /// The token of an administrator.
    staff: Mutex<String>,
    /// The schemas that the description names.
    schemas: Value,
}

impl<'a> All<'a> {
    async fn of(sandbox: &'a Sandbox) -> Self {
        let mut routers = BTreeMap::new();
        for function in HTTP.into_iter().filter(|name| *name != "auth") {
            let mut start = sandbox.http(sandbox.emulator(), &[]).await;
            routers.insert(function, router(function, &mut start));
        }
        routers.insert("auth", auth(sandbox).await);
        let mut operations = Vec::new();
        for (function, description) in openapi::by_function() {
            let description = serde_json::to_value(description).unwrap();
            for (path, item) in description["paths"].as_object().unwrap() {
                for (method, described) in item.as_object().unwrap() {
                    operations.push(Operation {
                        function,
                        method: method.to_uppercase(),
                        path: path.clone(),
                        described: described.clone(),
                    });
                }
            }
        }
        let whole: Value = serde_json::from_str(&openapi::json()).unwrap();
        let people = People::of(sandbox).await;
        Self {
            staff: Mutex::new(people.token(Role::Admin).await),
            people,
            routers,
            operations,
            schemas: whole["components"]["schemas"].clone(),
        }
    }

    fn router(&self, operation: &Operation) -> &Router {
        &self.routers[operation.function]
    }

    /// Begins a request of an operation, by an administrator where it is private.
    async fn ask(&self, operation: &Operation, method: &str, path: &str) -> Ask {
        let ask = Ask::new(method, path);
        let ways = operation.described["security"].as_array();
        if ways.is_some_and(|ways| !ways.is_empty()) {
            // Somebody new each time: some operations end sessions and accounts.
            ask.bearer(&self.people.token(Role::Admin).await)
        } else {
            ask
        }
    }
}

/// Returns `auth` with passwords that cost next to nothing: thousands are hashed here.
async fn auth(sandbox: &Sandbox) -> Router {
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    auth_with(Hasher::with_cost(8, CHEAP), &mut start)
}
