//! Every operation of openapi.json, asked by everybody: nobody, a forger, a latecomer, a machine, and a
//! person of each role. What the description says of an operation is what happens.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use babyshield::domain::account::Role;
use babyshield_tests::{
    functions::{Ask, HTTP, router},
    openapi,
    people::People,
    sandbox::Sandbox,
};
use serde_json::{Value, json};

/// What needs no identity, by hand: whoever adds a line here has thought about it.
const PUBLIC: &[&str] = &[
    "get /.well-known/jwks.json",
    "get /.well-known/openid-configuration",
    "get /api/v1/agencies",
    "get /api/v1/agencies/{key}",
    "get /api/v1/auth/magic-link",
    "get /api/v1/auth/reset-password",
    "get /api/v1/auth/verify-email",
    "get /api/v1/health",
    "get /api/v1/recalls",
    "get /api/v1/recalls/{id}",
    "get /api/v1/recalls/{id}/versions/{version}",
    "get /api/v1/search/products",
    "get /health",
    "get /ready",
    "post /api/v1/auth/forgot-password",
    "post /api/v1/auth/login",
    "post /api/v1/auth/logout",
    "post /api/v1/auth/magic-link",
    "post /api/v1/auth/refresh",
    "post /api/v1/auth/register",
    "post /api/v1/auth/reset-password",
    "post /api/v1/auth/verify-email",
    "post /api/v1/scan/barcode",
];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    /// Signed by another key under the right name.
    Forger,
    /// With a token that was good until a moment ago.
    Late,
    /// With what is no token at all.
    Garbage,
    /// A key of an administrator that is good for reading and scanning.
    Machine,
    Person(Role),
}

/// One operation of the description.
struct Operation {
    function: &'static str,
    method: String,
    path: String,
    /// The roles that it names, where it is private.
    roles: Option<Vec<Role>>,
    /// Whether an API key that is good for reading and scanning may ask it.
    keys: bool,
    /// Whether it looks at an identity and can do without.
    optional: bool,
    has_body: bool,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns what is to happen: the problem's code, or nothing where the door is open.
    fn refusal(&self, who: Who) -> Option<&'static str> {
        let roles = self.roles.as_ref()?;
        match who {
            Who::Nobody => Some("UNAUTHENTICATED"),
            Who::Forger | Who::Late | Who::Garbage => Some("INVALID_TOKEN"),
            // Not for machines, or for keys that are good for what staff do.
            Who::Machine => (!self.keys).then_some("FORBIDDEN"),
            Who::Person(role) => {
                let enough = roles.iter().all(|needed| role.includes(*needed));
                (!enough).then_some("FORBIDDEN")
            }
        }
    }
}

fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (function, description) in openapi::by_function() {
        let description = serde_json::to_value(description).unwrap();
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let ways = operation["security"]
                    .as_array()
                    .filter(|ways| !ways.is_empty());
                let of = |scheme: &str| -> Option<Vec<&str>> {
                    let way = ways?.iter().find_map(|way| way.get(scheme))?.as_array()?;
                    Some(way.iter().map(|name| name.as_str().unwrap()).collect())
                };
                let roles = of("bearer").map(|names| {
                    let names = names.into_iter();
                    names.map(|name| name.parse().unwrap()).collect()
                });
                operations.push(Operation {
                    function,
                    method: method.clone(),
                    path: path.clone(),
                    roles,
                    // What staff do needs a key that is good for it.
                    keys: of("api_key").is_some_and(|names| names.is_empty()),
                    optional: ways.is_some_and(|ways| ways.contains(&json!({}))),
                    has_body: operation["requestBody"].is_object(),
                });
            }
        }
    }
    operations
}

fn credentials(ask: Ask, token: Option<&str>) -> Ask {
    match token {
        Some(token) => ask.bearer(token),
        None => ask,
    }
}

#[test]
fn z2_every_operation_that_needs_no_identity_is_listed_by_hand() {
    let public: BTreeSet<_> = operations()
        .iter()
        .filter(|operation| operation.roles.is_none() || operation.optional)
        .map(Operation::name)
        .collect();
    assert_eq!(
        public,
        PUBLIC.iter().map(|name| (*name).to_owned()).collect()
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn z2_every_operation_refuses_whom_it_says_and_nobody_else() {
    let sandbox = Sandbox::new().await;
    let people = People::of(&sandbox).await;
    let mut routers: BTreeMap<&str, Router> = BTreeMap::new();
    for function in HTTP {
        let mut start = sandbox.http(sandbox.emulator(), &[]).await;
        routers.insert(function, router(function, &mut start));
    }
    let mut wrong = Vec::new();
    let mut asked = 0;
    for operation in operations() {
        let callers = [
            Who::Nobody,
            Who::Forger,
            Who::Late,
            Who::Garbage,
            Who::Machine,
        ]
        .into_iter()
        .chain(Role::ALL.map(Who::Person));
        for who in callers {
            // A person of their own for each cell: some operations end sessions and accounts.
            let token = match who {
                Who::Nobody => None,
                Who::Garbage => Some("not.a.token".to_owned()),
                Who::Forger => Some(people.forged().await),
                Who::Late => Some(people.expired().await),
                Who::Machine => Some(people.machine(Role::Admin, &["read", "scan"]).await),
                Who::Person(role) => Some(people.token(role).await),
            };
            let path = operation
                .path
                .replace("{id}", "01890000-0000-7000-8000-000000000000")
                .replace("{key}", "us-cpsc")
                .replace("{version}", "1");
            assert!(
                !path.contains('{'),
                "{path}: nobody told this test what stands there"
            );
            let ask = Ask::new(&operation.method.to_uppercase(), &path).from("203.0.113.9");
            let ask = credentials(ask, token.as_deref());
            let ask = if operation.has_body {
                ask.json(&json!({}))
            } else {
                ask
            };
            let answer = ask.send(&routers[operation.function]).await;
            asked += 1;
            let code = answer.code();
            let refused =
                ["UNAUTHENTICATED", "INVALID_TOKEN", "FORBIDDEN"].contains(&code.as_str());
            let expected = operation.refusal(who);
            let as_expected = match expected {
                Some(_) if operation.optional => answer.status < 500,
                Some(expected) => code == expected,
                None => !refused && answer.status != 500,
            };
            if !as_expected {
                wrong.push(format!(
                    "{} as {who:?}: {} {code} instead of {}",
                    operation.name(),
                    answer.status,
                    expected.unwrap_or("an open door")
                ));
            }
            if answer.status == 401 && answer.header("www-authenticate").is_empty() {
                wrong.push(format!(
                    "{} as {who:?}: no WWW-Authenticate",
                    operation.name()
                ));
            }
        }
    }
    assert!(asked >= 300, "only {asked} cells");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns a problem without what differs from one answer to the next.
fn bare(mut problem: Value) -> Value {
    for name in ["request_id", "timestamp", "instance"] {
        problem[name] = Value::Null;
    }
    problem
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn z1_every_operation_on_one_thing_answers_a_stranger_as_if_it_were_not_there() {
    let sandbox = Sandbox::new().await;
    let people = People::of(&sandbox).await;
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    let auth = router("auth", &mut start);
    let mut checked = BTreeSet::new();
    for operation in operations() {
        let personal = operation.roles.as_ref().is_some_and(Vec::is_empty);
        if !personal || !operation.path.contains("{id}") {
            continue;
        }
        let owner = people.signed_in(&auth).await;
        let id = match operation.path.as_str() {
            "/api/v1/auth/sessions/{id}" => owner.session.clone(),
            "/api/v1/auth/api-keys/{id}" => owner.api_key(&auth).await,
            other => panic!("{other}: nobody told this test how somebody comes to have one"),
        };
        let stranger = people.signed_in(&auth).await;
        let method = operation.method.to_uppercase();
        let ask = |id: &str, token: &str| {
            Ask::new(&method, &operation.path.replace("{id}", id)).bearer(token)
        };
        let theirs = ask(&id, &stranger.access).send(&auth).await;
        let unknown = ask("01890000-0000-7000-8000-000000000000", &stranger.access);
        let unknown = unknown.send(&auth).await;
        assert_eq!(theirs.status, 404, "{}: {theirs:?}", operation.name());
        assert_eq!(
            bare(theirs.json()),
            bare(unknown.json()),
            "{}",
            operation.name()
        );
        // The owner's is still there, and the owner may.
        let own = ask(&id, &owner.access).send(&auth).await;
        assert_eq!(own.status, 200, "{}: {own:?}", operation.name());
        checked.insert(operation.name());
    }
    assert!(checked.len() >= 2, "{checked:?}");
}
