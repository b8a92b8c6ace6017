//! P4 for links: whoever asks for one learns nothing about who has an account.

use babyshield::{clock::Clock, domain::account::Standing};
use babyshield_tests::{
    functions::{Answered, Ask, router},
    meter::Meter,
    sandbox::Sandbox,
};
use serde_json::json;

const PATHS: [&str; 3] = ["forgot-password", "magic-link", "verify-email"];

/// What tells one answer from another: all of it but what is new in every answer.
fn comparable(answer: &Answered) -> (u16, Vec<(String, String)>, serde_json::Value) {
    let mut body = answer.json();
    body["request_id"].take();
    let headers = answer.headers.iter();
    let mut headers: Vec<_> = headers
        .filter(|(name, _)| {
            ![
                "x-request-id",
                "x-ratelimit-remaining",
                "ratelimit",
                "x-ratelimit-reset",
            ]
            .contains(&name.as_str())
        })
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    headers.sort();
    (answer.status, headers, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn p4_asking_for_a_link_tells_nobody_who_has_an_account() {
    let sandbox = Sandbox::new().await;
    let now = sandbox.clock.now();
    let verified = sandbox.put_person(|_| {}).await;
    let fresh = sandbox
        .put_person(|person| person.email_verified_at = None)
        .await;
    let disabled = sandbox
        .put_person(|person| person.standing = Standing::Disabled(now))
        .await;
    let deleted = sandbox
        .put_person(|person| person.standing = Standing::Deleted(now))
        .await;
    let addresses = [
        verified.email.to_string(),
        fresh.email.to_string(),
        disabled.email.to_string(),
        deleted.email.to_string(),
        "nobody-at-all@example.org".to_owned(),
    ];
    let meter = Meter::start(sandbox.emulator()).await;
    let auth = router("auth", &mut sandbox.http(&meter.endpoint, &[]).await);
    // What an instance reads once in its life.
    let warm = json!({"email": "first@example.org"});
    Ask::post("/api/v1/auth/forgot-password", &warm)
        .from("198.51.100.1")
        .send(&auth)
        .await;
    for path in PATHS {
        // Once, in a moment again, and later again: each time the same for everybody.
        for wait in [0, 1, 100] {
            sandbox.clock.advance(wait);
            let mut seen = Vec::new();
            for (at, address) in addresses.iter().enumerate() {
                meter.take();
                let path = format!("/api/v1/auth/{path}");
                let client = format!("203.0.113.{at}");
                let answer = Ask::post(&path, &json!({"email": address}))
                    .from(&client)
                    .send(&auth)
                    .await;
                let calls: Vec<_> = meter
                    .take()
                    .into_iter()
                    .map(|call| {
                        let writes = call.request["TransactItems"].as_array().map_or(0, Vec::len);
                        (call.service, call.operation, call.status, writes)
                    })
                    .collect();
                assert!(
                    calls.iter().any(|call| call.1 == "TransactWriteItems"),
                    "{calls:?}"
                );
                seen.push((comparable(&answer), calls));
            }
            assert_eq!(seen[0].0.0, 202, "{path}");
            for (one, address) in seen.iter().zip(&addresses) {
                assert_eq!(one, &seen[0], "{path} for {address} after {wait} s");
            }
        }
    }
    sandbox.deliver_all().await;
    // Nobody is written to but those who are to be; more than once only after a minute.
    let count = async |address: &str| sandbox.mails(address).await.len();
    assert_eq!(
        count(&addresses[0]).await,
        4,
        "two of each kind that it needs"
    );
    assert_eq!(count(&addresses[1]).await, 6, "two of each kind");
    for address in &addresses[2..] {
        assert_eq!(count(address).await, 0, "{address}");
    }
}
