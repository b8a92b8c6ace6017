//! H3: which pages in a browser may read our answers.

use babyshield_tests::{functions::Ask, sandbox::Sandbox};

use super::All;

const OURS: &str = "https://app.example";

/// What is not ours, and looks as if.
const FOREIGN: [&str; 24] = [
    "null",
    "*",
    "https://evil.example",
    "http://app.example",
    "https://app.example:443",
    "https://app.example:8443",
    "https://app.example.evil.example",
    "https://evil.example/https://app.example",
    "https://evilapp.example",
    "https://app.example.",
    "https://app.example/",
    "https://APP.example",
    "https://sub.app.example",
    "https://app.example@evil.example",
    "https://app.example%00.evil.example",
    "https://app_example",
    "https://appXexample",
    "https://app.examples",
    "https://app.exam",
    "//app.example",
    "app.example",
    "https://app.example, https://evil.example",
    "https://evil.example https://app.example",
    "file://",
];

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h3_only_the_listed_origin_is_named_and_every_answer_varies_by_it() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut wrong = Vec::new();
    for operation in &all.operations {
        let path = operation.plain_path();
        for origin in FOREIGN.into_iter().chain([OURS]) {
            for preflight in [false, true] {
                let method = if preflight {
                    "OPTIONS"
                } else {
                    &operation.method
                };
                let ask = Ask::new(method, &path).header("origin", origin);
                let ask = if preflight {
                    ask.header("access-control-request-method", &operation.method)
                } else {
                    ask
                };
                let answered = ask.send(all.router(operation)).await;
                let named = answered.header("access-control-allow-origin");
                let expected = if origin == OURS { OURS } else { "" };
                let varies = answered
                    .header("vary")
                    .split(", ")
                    .any(|name| name == "origin");
                let shared = answered.header("access-control-allow-credentials");
                if named != expected || !varies || shared == "*" {
                    wrong.push(format!(
                        "{method} {path} from {origin}: {named:?}, varies: {varies}"
                    ));
                }
                if preflight && origin == OURS {
                    let methods = answered.header("access-control-allow-methods");
                    if !methods.contains(&operation.method) || answered.status != 200 {
                        wrong.push(format!("{method} {path}: {methods:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h3_a_page_may_read_the_headers_that_it_needs_and_send_those_it_may() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let router = &all.routers["recalls"];
    let answered = Ask::get("/api/v1/agencies")
        .header("origin", OURS)
        .send(router)
        .await;
    let exposed = answered.header("access-control-expose-headers").to_owned();
    for name in [
        "etag",
        "location",
        "retry-after",
        "x-request-id",
        "idempotent-replayed",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "ratelimit",
        "ratelimit-policy",
    ] {
        assert!(
            exposed.split(',').any(|one| one == name),
            "{name} in {exposed}"
        );
    }
    let preflight = Ask::new("OPTIONS", "/api/v1/agencies")
        .header("origin", OURS)
        .header("access-control-request-method", "GET");
    let allowed = preflight
        .send(router)
        .await
        .header("access-control-allow-headers")
        .to_owned();
    for name in [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "x-api-key",
    ] {
        assert!(
            allowed.split(',').any(|one| one == name),
            "{name} in {allowed}"
        );
    }
}
