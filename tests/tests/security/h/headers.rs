//! H4: what every answer bears, and what none tells.

use babyshield_tests::{
    functions::{Answered, Ask, router},
    sandbox::Sandbox,
};
use serde_json::json;

use super::{All, Operation};

/// Words of our insides.
const INSIDES: [&str; 12] = [
    "panick",
    ".rs:",
    "src/",
    "rust",
    "axum",
    "dynamo",
    "aws",
    "backtrace",
    "sandbox-",
    "http://",
    "smithy",
    "connect",
];

/// Returns what is wrong with the headers of an answer, and with what an error tells.
fn faults(path: &str, answered: &Answered) -> Vec<String> {
    let mut faults = Vec::new();
    let page = answered.header("content-type").starts_with("text/html");
    // The address of a page of a link holds the link's token.
    let referrer = if page && path.starts_with("/api/v1/auth/") {
        "no-referrer"
    } else {
        "strict-origin-when-cross-origin"
    };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", referrer),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        ("server", ""),
        ("x-powered-by", ""),
    ] {
        if answered.header(name) != value {
            faults.push(format!("{name}: {:?}", answered.header(name)));
        }
    }
    let personal = ["auth", "user", "admin", "security"]
        .iter()
        .any(|part| path.starts_with(&format!("/api/v1/{part}/")));
    let cache = answered.header("cache-control");
    if cache.is_empty() || ((personal || answered.status >= 400) && cache != "no-store") {
        faults.push(format!("cache-control: {cache:?}"));
    }
    if answered.status >= 400 {
        let body = String::from_utf8_lossy(&answered.bytes).to_lowercase();
        let told = INSIDES.iter().filter(|word| body.contains(**word));
        faults.extend(told.map(|word| format!("{word} in {body}")));
        if page == answered.header("content-security-policy").is_empty() {
            faults.push("a page without a policy, or the other way round".into());
        }
        if !page && answered.header("content-type") != "application/problem+json" {
            faults.push(format!(
                "content-type: {:?}",
                answered.header("content-type")
            ));
        }
    }
    faults
        .into_iter()
        .map(|fault| format!("{path} {}: {fault}", answered.status))
        .collect()
}

/// Asks an operation in ways that end in every kind of answer.
async fn in_every_way(all: &All<'_>, operation: &Operation) -> Vec<Answered> {
    let (method, path) = (operation.method.as_str(), operation.plain_path());
    let odd = format!("{path}?no_such_parameter=1");
    let mut answers = Vec::new();
    for ask in [
        Ask::new(method, &path),
        Ask::new(method, &path).bearer("none"),
        Ask::new(method, &odd).json(&json!({})),
        Ask::new(method, &path).header("accept", "image/png"),
        Ask::new("TRACE", &path),
        Ask::new(method, &format!("{path}/nowhere")),
        all.ask(operation, method, &path).await,
        all.ask(operation, method, &path)
            .await
            .json(&json!({"x": 1})),
        all.ask(operation, method, &path)
            .await
            .header("content-type", "text/plain")
            .body("x"),
        all.ask(operation, method, &path)
            .await
            .header("content-type", "application/json")
            .body("{"),
        all.ask(operation, method, &path)
            .await
            .header("idempotency-key", "not a key"),
    ] {
        answers.push(ask.send(all.router(operation)).await);
    }
    answers
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h4_every_answer_of_every_route_bears_its_headers_and_no_error_tells_of_our_insides() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for operation in &all.operations {
        for answered in in_every_way(&all, operation).await {
            seen.insert(answered.status);
            wrong.extend(faults(&operation.path, &answered));
        }
    }
    for status in [200, 400, 401, 404, 405, 406, 415, 422] {
        assert!(
            seen.contains(&status),
            "nothing answered {status}: {seen:?}"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn h4_an_answer_without_its_stores_is_503_and_as_silent_as_any_other() {
    let sandbox = Sandbox::new().await;
    let all = All::of(&sandbox).await;
    let mut wrong = Vec::new();
    for function in ["auth", "recalls", "scan"] {
        // Nobody listens there.
        let mut start = sandbox.http("http://127.0.0.1:9", &[]).await;
        let down = router(function, &mut start);
        let operations = all.operations.iter();
        for operation in operations.filter(|operation| operation.function == function) {
            let ask = all
                .ask(operation, &operation.method, &operation.plain_path())
                .await;
            let answered = ask.json(&json!({})).send(&down).await;
            if answered.status == 500 {
                wrong.push(format!("{}: 500", operation.name()));
            }
            if answered.status == 503 && answered.header("retry-after").is_empty() {
                wrong.push(format!(
                    "{}: nobody is told when to come back",
                    operation.name()
                ));
            }
            wrong.extend(faults(&operation.path, &answered));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
