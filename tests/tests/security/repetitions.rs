//! `Idempotency-Key`: a POST is carried out once, and its repetition is answered with the same bytes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::post};
use babyshield::http::{
    Front,
    answer::Answer,
    extract::Body,
    problem::{Code, Problem},
};
use babyshield_tests::{
    functions::{Answered, Ask},
    meter::{Cost, Meter},
    sandbox::Sandbox,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

const NEVER_KEPT: &[&str] = &["/api/v1/secret"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    answer: String,
    #[serde(default)]
    size: usize,
}

/// A function whose one handler answers as the body says, and counts.
struct Made {
    app: Router,
    runs: Arc<AtomicUsize>,
    /// Gives leave to those who are told to wait.
    leave: Arc<Semaphore>,
}

async fn made(sandbox: &Sandbox, endpoint: &str) -> Made {
    let mut start = sandbox.http(endpoint, &[]).await;
    let front = Front::load(&mut start);
    let (runs, leave) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (count, wait) = (Arc::clone(&runs), Arc::clone(&leave));
    let handler = async move |Body(order): Body<Order>| -> Result<Answer<Value>, Problem> {
        let run = count.fetch_add(1, Ordering::SeqCst) + 1;
        match order.answer.as_str() {
            "created" => {
                let data = json!({"run": run, "text": "x".repeat(order.size)});
                Ok(Answer::ok(data).status(StatusCode::CREATED))
            }
            "wait" => {
                wait.acquire().await.unwrap().forget();
                Ok(Answer::ok(json!({"run": run})))
            }
            "conflict" => Err(Problem::new(Code::Conflict, "not now")),
            "forbidden" => Err(Problem::forbidden("never")),
            "unavailable" => Err(Problem::unavailable("down")),
            _ => panic!("a bug"),
        }
    };
    let router = Router::new()
        .route("/api/v1/things", post(handler.clone()).put(handler.clone()))
        .route("/api/v1/others", post(handler.clone()))
        .route("/api/v1/secret", post(handler));
    let front = start.settings.finish(front).unwrap();
    Made {
        app: front.never_keeping(NEVER_KEPT).around(router),
        runs,
        leave,
    }
}

impl Made {
    async fn post(&self, path: &str, key: &str, body: &Value) -> Answered {
        Ask::post(path, body)
            .from("192.0.2.1")
            .header("idempotency-key", key)
            .send(&self.app)
            .await
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn order(answer: &str) -> Value {
    json!({"answer": answer})
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_repetition_is_answered_with_the_first_bytes_and_a_new_request_id() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    let first = made.post("/api/v1/things", "k", &order("created")).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.header("idempotent-replayed"), "");
    for path in ["/api/v1/things", "/api/things", "/api/v1/things/"] {
        let again = made.post(path, "k", &order("created")).await;
        assert_eq!((again.status, again.bytes == first.bytes), (201, true));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(again.header("cache-control"), "no-store");
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!(again.json()["request_id"], first.header("x-request-id"));
    }
    assert_eq!(made.runs(), 1);
    // Without a key everything is carried out as often as it is asked for.
    Ask::post("/api/v1/things", &order("created"))
        .send(&made.app)
        .await;
    assert_eq!(made.runs(), 2);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn another_body_or_query_is_refused_and_another_route_method_or_client_is_another_request() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    made.post("/api/v1/things", "k", &order("created")).await;
    for (path, body) in [
        ("/api/v1/things", json!({"answer": "created", "size": 1})),
        ("/api/v1/things?envelope=none", order("created")),
    ] {
        let reused = made.post(path, "k", &body).await;
        assert_eq!(
            (reused.status, reused.code().as_str()),
            (422, "IDEMPOTENCY_KEY_REUSED")
        );
    }
    assert_eq!(made.runs(), 1);
    assert_eq!(
        made.post("/api/v1/others", "k", &order("created"))
            .await
            .status,
        201
    );
    assert_eq!(
        made.post("/api/v1/things", "K", &order("created"))
            .await
            .status,
        201
    );
    for address in ["192.0.2.2", "2001:db8::1"] {
        let ask = Ask::post("/api/v1/things", &order("created")).from(address);
        let other = ask.header("idempotency-key", "k").send(&made.app).await;
        assert_eq!(
            (other.status, other.header("idempotent-replayed")),
            (201, "")
        );
    }
    // What a credential opened is not given to who shows none; this one is judged by nobody before.
    let shown = Ask::post("/api/v1/things", &order("created")).from("192.0.2.1");
    let shown = shown.header("idempotency-key", "k").bearer("something");
    let shown = shown.send(&made.app).await;
    assert_eq!(
        (shown.status, shown.header("idempotent-replayed")),
        (201, "")
    );
    let put = Ask::new("PUT", "/api/v1/things").json(&order("created"));
    let put = put
        .header("idempotency-key", "not a key")
        .send(&made.app)
        .await;
    assert_eq!(put.status, 201, "the header means nothing but for a POST");
    assert_eq!(made.runs(), 7);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn of_any_number_at_once_one_is_carried_out_and_the_others_are_told_to_wait() {
    let sandbox = Sandbox::new().await;
    let made = Arc::new(made(&sandbox, sandbox.emulator()).await);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let made = Arc::clone(&made);
            tokio::spawn(async move { made.post("/api/v1/things", "k", &order("wait")).await })
        })
        .collect();
    // Nobody has leave before nineteen have been answered.
    let mut statuses = Vec::new();
    let mut answers = futures_util::stream::FuturesUnordered::from_iter(tasks);
    while statuses.len() < 19 {
        let answered = futures_util::StreamExt::next(&mut answers)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(answered.code(), "REQUEST_IN_PROGRESS");
        let wait: u32 = answered.header("retry-after").parse().unwrap();
        assert!((1..=16).contains(&wait));
        statuses.push(answered.status);
    }
    made.leave.add_permits(1);
    let first = futures_util::StreamExt::next(&mut answers)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((first.status, made.runs()), (200, 1));
    assert!(statuses.iter().all(|status| *status == 409));
    let again = made.post("/api/v1/things", "k", &order("wait")).await;
    assert_eq!(again.bytes, first.bytes);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_was_not_carried_out_is_tried_again_and_what_was_decided_is_not() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    for (answer, status) in [("forbidden", 403), ("unavailable", 503), ("panic", 500)] {
        let before = made.runs();
        for _ in 0..2 {
            let answered = made.post("/api/v1/things", answer, &order(answer)).await;
            assert_eq!(answered.status, status);
            assert_eq!(answered.header("idempotent-replayed"), "");
        }
        assert_eq!(made.runs(), before + 2, "{answer}");
    }
    // A body that is refused may be mended under the same key.
    let wrong = made.post("/api/v1/things", "m", &json!({"x": 1})).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(
        made.post("/api/v1/things", "m", &order("created"))
            .await
            .status,
        201
    );
    let before = made.runs();
    let first = made.post("/api/v1/things", "c", &order("conflict")).await;
    let again = made.post("/api/v1/things", "c", &order("conflict")).await;
    assert_eq!((first.status, made.runs()), (409, before + 1));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("content-type"), "application/problem+json");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_answer_is_kept_for_a_day_and_a_request_that_vanished_for_fifteen_seconds() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    let first = made.post("/api/v1/things", "k", &order("created")).await;
    sandbox.clock.advance(86_399);
    let again = made.post("/api/v1/things", "k", &order("created")).await;
    assert_eq!(again.bytes, first.bytes);
    sandbox.clock.advance(1);
    let new = made.post("/api/v1/things", "k", &order("created")).await;
    assert_eq!((new.status, made.runs()), (201, 2));
    // The handler is gone before it answers, as when its process dies.
    let lost = Ask::post("/api/v1/things", &order("wait"))
        .from("192.0.2.1")
        .header("idempotency-key", "v");
    let wait = tokio::time::timeout(std::time::Duration::from_secs(1), lost.send(&made.app));
    assert!(wait.await.is_err());
    assert_eq!(
        made.post("/api/v1/things", "v", &order("wait"))
            .await
            .status,
        409
    );
    sandbox.clock.advance(15);
    made.leave.add_permits(1);
    assert_eq!(
        made.post("/api/v1/things", "v", &order("wait"))
            .await
            .status,
        200
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_large_answer_is_repeated_from_the_bucket() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    for (key, size) in [("small", 299_000), ("large", 301_000), ("huge", 5_000_000)] {
        let body = json!({"answer": "created", "size": size});
        let first = made.post("/api/v1/things", key, &body).await;
        let again = made.post("/api/v1/things", key, &body).await;
        assert_eq!(first.status, 201);
        assert!(again.bytes == first.bytes && again.bytes.len() > size);
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    assert_eq!(sandbox.objects("idempotency/").await.len(), 2);
    assert_eq!(made.runs(), 3);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn answers_with_credentials_are_never_stored() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    for key in ["k", "k", "not a key"] {
        let answered = made.post("/api/v1/secret", key, &order("created")).await;
        assert_eq!(
            (answered.status, answered.header("idempotent-replayed")),
            (201, "")
        );
    }
    assert_eq!(made.runs(), 3);
    let stored = sandbox.scan(&sandbox.ledger).await;
    assert!(!format!("{stored:?}").contains("IDEMPOTENCY"));
    assert!(sandbox.objects("").await.is_empty());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_is_remembered_of_a_body_shows_nobody_without_the_key_what_it_held() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    for key in ["one-key", "another-key"] {
        made.post("/api/v1/things", key, &order("created")).await;
    }
    let kept = sandbox.scan(&sandbox.ledger).await;
    let digests: Vec<_> = kept
        .iter()
        .filter_map(|item| item.get("request")?.as_s().ok())
        .collect();
    assert_eq!(digests.len(), 2);
    // Of the body alone it would be the same: a body that holds a password could be guessed at.
    assert_ne!(digests[0], digests[1]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_odd_key_is_refused_and_a_body_too_large_is_not_read() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, sandbox.emulator()).await;
    for key in ["", "a b", &"x".repeat(256)] {
        let answered = made.post("/api/v1/things", key, &order("created")).await;
        assert_eq!(
            (answered.status, answered.code().as_str()),
            (400, "MALFORMED_REQUEST")
        );
    }
    let huge = json!({"answer": "x".repeat(1_000_001)});
    let answered = made.post("/api/v1/things", "k", &huge).await;
    assert_eq!((answered.status, made.runs()), (413, 0));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn without_its_table_a_request_with_a_key_is_not_carried_out() {
    let sandbox = Sandbox::new().await;
    let made = made(&sandbox, "http://127.0.0.1:9").await;
    let answered = made.post("/api/v1/things", "k", &order("created")).await;
    assert_eq!((answered.status, made.runs()), (503, 0));
    assert!(!answered.header("retry-after").is_empty());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_first_answer_costs_two_writes_and_a_repetition_one() {
    let sandbox = Sandbox::new().await;
    let meter = Meter::start(sandbox.emulator()).await;
    let made = made(&sandbox, &meter.endpoint).await;
    let limited = 1.0;
    for most in [2.0, 1.0] {
        meter.take();
        made.post("/api/v1/things", "k", &order("created")).await;
        let cost = Cost::of(&meter.take());
        assert!(cost.write <= most + limited, "{cost:?}");
        assert!(cost.read.abs() < f64::EPSILON, "{cost:?}");
    }
}

/// Returns the names of all fields that a schema may have, however deep.
fn fields(schema: &Value, schemas: &Value, depth: usize) -> Vec<String> {
    if depth == 0 {
        return Vec::new();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return fields(&schemas[name], schemas, depth - 1);
    }
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.push(name.clone());
        found.extend(fields(field, schemas, depth - 1));
    }
    let parts = ["allOf", "oneOf", "anyOf"].map(|part| schema[part].as_array());
    for part in parts.into_iter().flatten().flatten() {
        found.extend(fields(part, schemas, depth - 1));
    }
    found.extend(fields(&schema["items"], schemas, depth - 1));
    found
}

#[test]
fn every_post_that_answers_with_a_credential_is_on_the_list_of_those_never_kept() {
    let whole: Value = serde_json::from_str(&babyshield_tests::openapi::json()).unwrap();
    let schemas = &whole["components"]["schemas"];
    let mut found = std::collections::BTreeSet::new();
    for (path, item) in whole["paths"].as_object().unwrap() {
        let answers = item["post"]["responses"].as_object().into_iter().flatten();
        let good = answers.filter(|(status, _)| status.starts_with('2'));
        for (_, answer) in good {
            let contents = answer["content"].as_object().into_iter().flatten();
            for (_, content) in contents {
                let secret = |name: &String| name.ends_with("_token");
                if fields(&content["schema"], schemas, 12).iter().any(secret) {
                    found.insert(path.as_str());
                }
            }
        }
    }
    // An API key is called a key, as other things are that are no secrets.
    found.insert("/api/v1/auth/api-keys");
    let listed = babyshield_auth::CREDENTIALS.iter().copied().collect();
    assert_eq!(found, listed);
}
