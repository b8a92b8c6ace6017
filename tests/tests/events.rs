//! Every event of `events/` replays: what `sam local invoke` is given, the functions are given here.

use std::{collections::BTreeMap, fs, path::PathBuf};

use babyshield::{
    config::Settings,
    messages,
    runtime::Start,
    stores::jobs::{self, DeliverJob, IndexJob, SyncJob},
};
use babyshield_tests::{
    functions::router,
    sandbox::Sandbox,
    stack::{Stack, start},
    template::root,
};
use lambda_http::{Adapter, LambdaEvent, request::LambdaRequest};
use serde_json::{Value, json};
use tower::Service;

/// Nothing listens there: whatever needs AWS fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";

/// An HTTP event and what is answered: with nothing behind the function, and with the demo data.
struct Http(&'static str, u16, u16, &'static str);

/// Every HTTP event. The last column is the problem's code, or the media type of a success.
const HTTP: &[Http] = &[
    Http(
        "auth/admin-users-without-a-token.json",
        401,
        401,
        "UNAUTHENTICATED",
    ),
    // Its form is wrong, so no table is asked.
    Http(
        "auth/audit-with-a-master-token.json",
        401,
        401,
        "INVALID_TOKEN",
    ),
    Http(
        "auth/create-api-key-without-a-token.json",
        401,
        401,
        "UNAUTHENTICATED",
    ),
    Http(
        "auth/login-invalid-address.json",
        422,
        422,
        "VALIDATION_ERROR",
    ),
    Http(
        "auth/login-unknown-field.json",
        422,
        422,
        "VALIDATION_ERROR",
    ),
    Http("auth/me-without-a-token.json", 401, 401, "UNAUTHENTICATED"),
    Http(
        "auth/register-weak-password.json",
        422,
        422,
        "WEAK_PASSWORD",
    ),
    Http(
        "auth/end-sessions-without-a-token.json",
        401,
        401,
        "UNAUTHENTICATED",
    ),
    Http("auth/forgot-password.json", 503, 202, "application/json"),
    Http(
        "auth/logout-without-anything.json",
        401,
        401,
        "UNAUTHENTICATED",
    ),
    Http("auth/jwks.json", 503, 200, "application/json"),
    Http("auth/logout.json", 503, 401, "INVALID_TOKEN"),
    Http("auth/magic-link.json", 503, 401, "INVALID_TOKEN"),
    Http(
        "auth/openid-configuration.json",
        200,
        200,
        "application/json",
    ),
    Http(
        "auth/refresh-without-a-token.json",
        422,
        422,
        "VALIDATION_ERROR",
    ),
    Http("auth/refresh.json", 503, 401, "INVALID_TOKEN"),
    Http(
        "auth/reset-password-unknown-field.json",
        422,
        422,
        "VALIDATION_ERROR",
    ),
    Http(
        "auth/sessions-without-a-token.json",
        401,
        401,
        "UNAUTHENTICATED",
    ),
    Http("ops/docs.json", 200, 200, "text/html"),
    Http("ops/health-in-detail.json", 200, 200, "application/json"),
    Http("ops/health.json", 200, 200, "application/json"),
    Http("ops/openapi.json", 200, 200, "application/json"),
    Http("ops/ready.json", 503, 200, "application/json"),
    Http("ops/unknown-path.json", 404, 404, "NOT_FOUND"),
    Http("recalls/agencies.json", 503, 200, "application/json"),
    Http("recalls/agency.json", 503, 200, "application/json"),
    Http("recalls/alias.json", 503, 200, "application/json"),
    Http("recalls/get-malformed-id.json", 404, 404, "NOT_FOUND"),
    Http("recalls/get-unknown.json", 503, 404, "NOT_FOUND"),
    Http(
        "recalls/get-without-envelope.json",
        503,
        200,
        "application/json",
    ),
    Http("recalls/get.json", 503, 200, "application/json"),
    Http("recalls/list-bad-cursor.json", 503, 400, "INVALID_CURSOR"),
    Http(
        "recalls/list-by-identifier.json",
        503,
        200,
        "application/json",
    ),
    Http("recalls/list-filtered.json", 503, 200, "application/json"),
    Http("recalls/list.json", 503, 200, "application/json"),
    Http(
        "recalls/method-not-allowed.json",
        405,
        405,
        "METHOD_NOT_ALLOWED",
    ),
    Http("recalls/preflight.json", 200, 200, ""),
    Http("scan/barcode-in-base64.json", 503, 200, "application/json"),
    Http("scan/barcode-with-lot.json", 503, 200, "application/json"),
    Http("scan/barcode.json", 503, 200, "application/json"),
    Http("scan/broken-json.json", 400, 400, "MALFORMED_REQUEST"),
    Http("scan/digital-link.json", 503, 200, "application/json"),
    Http(
        "scan/invalid-check-digit.json",
        422,
        422,
        "INVALID_CHECK_DIGIT",
    ),
    Http("scan/unknown-field.json", 422, 422, "VALIDATION_ERROR"),
    Http("search/alias.json", 503, 200, "application/json"),
    Http("search/products-typo.json", 503, 200, "application/json"),
    Http(
        "search/products-without-query.json",
        503,
        200,
        "application/json",
    ),
    Http("search/products.json", 503, 200, "application/json"),
];

/// Every event of a worker.
const WORKERS: &[&str] = &[
    "accounts/clear-master-token.json",
    "accounts/import-users.json",
    "accounts/make-admin.json",
    "accounts/revoke-key-and-end-sessions.json",
    "accounts/revoke-key.json",
    "accounts/rotate-keys.json",
    "accounts/secrets-manager-create-secret.json",
    "accounts/secrets-manager-finish-secret.json",
    "accounts/secrets-manager-set-secret.json",
    "accounts/secrets-manager-test-secret.json",
    "accounts/set-master-token.json",
    "accounts/unknown-order.json",
    "deliver/sqs-one-broken-of-two.json",
    "deliver/sqs-send-message.json",
    "deliver/sweep.json",
    "deliver/unknown-kind.json",
    "index/sqs-index-recalls.json",
    "index/sqs-one-broken-of-two.json",
    "sync/plan-one-agency.json",
    "sync/plan.json",
    "sync/sqs-broken-body.json",
    "sync/sqs-import-catalogue.json",
    "sync/sqs-sync-agency.json",
    "sync/sweep.json",
    "sync/unknown-kind.json",
];

fn event(name: &str) -> Value {
    let path = root().join("events").join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn nowhere() -> Start {
    let settings = Settings::of([
        ("ENVIRONMENT", "test"),
        ("PUBLIC_URL", "https://api.babyshield.example"),
        ("ACCOUNTS_TABLE", "accounts"),
        ("CORS_ORIGINS", "http://localhost:3000"),
        ("RECALLS_TABLE", "recalls"),
        ("PRODUCTS_TABLE", "products"),
        ("LEDGER_TABLE", "ledger"),
        ("BUCKET", "bucket"),
        ("SYNC_QUEUE_URL", "http://127.0.0.1:9/000000000000/sync"),
        ("INDEX_QUEUE_URL", "http://127.0.0.1:9/000000000000/index"),
        (
            "DELIVER_QUEUE_URL",
            "http://127.0.0.1:9/000000000000/deliver",
        ),
        ("CURSOR_SECRET_ARN", "signing"),
        ("TOKEN_SECRET_ARN", "tokens"),
        ("MAIL_FROM", "no-reply@babyshield.example"),
    ]);
    start(NOWHERE, settings)
}

/// What Lambda hands back to the gateway.
struct Answer(Value);

impl Answer {
    fn status(&self) -> u64 {
        self.0["statusCode"]
            .as_u64()
            .expect("an answer has a status")
    }

    fn header(&self, name: &str) -> &str {
        let field = &self.0["headers"][name];
        let first = &self.0["multiValueHeaders"][name][0];
        field.as_str().or(first.as_str()).unwrap_or_default()
    }

    fn is_base64(&self) -> bool {
        self.0["isBase64Encoded"] == true
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.0["body"].as_str().unwrap_or_default()).unwrap_or_default()
    }
}

async fn replay(name: &str, start: &mut Start) -> Answer {
    let folder = name.split('/').next().unwrap();
    let mut adapter = Adapter::from(router(folder, start));
    let request: LambdaRequest = serde_json::from_value(event(name))
        .unwrap_or_else(|error| panic!("{name} is no event of an HTTP API: {error}"));
    let event = LambdaEvent::new(request, lambda_http::Context::default());
    let answer = adapter.call(event).await.expect("a router never fails");
    Answer(serde_json::to_value(answer).unwrap())
}

/// Returns what is wrong with an answer.
fn faults(name: &str, answer: &Answer, status: u16, says: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let got = answer.status();
    if got != u64::from(status) {
        faults.push(format!(
            "{name}: {got} instead of {status}: {}",
            answer.0["body"]
        ));
    }
    if answer.header("x-request-id").is_empty() {
        faults.push(format!("{name}: no X-Request-ID"));
    }
    if status >= 400 {
        let code = answer.json()["error_code"].clone();
        if code != says {
            faults.push(format!("{name}: {code} instead of {says}"));
        }
    } else if !says.is_empty() && !answer.header("content-type").starts_with(says) {
        faults.push(format!(
            "{name}: {} instead of {says}",
            answer.header("content-type")
        ));
    }
    faults
}

#[test]
fn no_event_is_forgotten() {
    let mut on_disk = Vec::new();
    let mut folders = vec![PathBuf::from("events")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                on_disk.push(
                    path.to_str()
                        .unwrap()
                        .trim_start_matches("events/")
                        .to_owned(),
                );
            }
        }
    }
    on_disk.sort();
    let mut replayed: Vec<_> = HTTP
        .iter()
        .map(|http| http.0)
        .chain(WORKERS.iter().copied())
        .collect();
    replayed.sort_unstable();
    assert_eq!(on_disk, replayed);
}

#[tokio::test]
async fn with_nothing_behind_them_functions_answer_503_and_decide_nothing() {
    let mut wrong = Vec::new();
    for Http(name, status, _, says) in HTTP {
        let answer = replay(name, &mut nowhere()).await;
        let says = if *status == 503 {
            "SERVICE_UNAVAILABLE"
        } else {
            says
        };
        wrong.extend(faults(name, &answer, *status, says));
        if *status == 503 && answer.header("retry-after").is_empty() {
            wrong.push(format!("{name}: no Retry-After"));
        }
        if *status == 503 {
            let body = answer.json().to_string();
            for inside in ["127.0.0.1", "recalls\"", "dispatch", "connector"] {
                if body.contains(inside) && inside != "recalls\"" {
                    wrong.push(format!("{name}: the body tells {inside}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_http_event_is_answered_with_the_demo_data() {
    let stack = Stack::loaded().await;
    let mut wrong = Vec::new();
    let mut answers = BTreeMap::new();
    for Http(name, _, status, says) in HTTP {
        let answer = replay(name, &mut stack.start(&stack.emulator)).await;
        wrong.extend(faults(name, &answer, *status, says));
        answers.insert(*name, answer);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // What the names of the events promise.
    let data = |name: &str| answers[name].json()["data"].clone();
    assert_eq!(
        data("recalls/list-by-identifier.json")["items"][0]["id"],
        "us-cpsc:24901"
    );
    assert_eq!(data("recalls/list-by-identifier.json")["total"], 1);
    assert_eq!(data("recalls/get.json")["id"], "us-cpsc:24901");
    assert_eq!(data("scan/barcode-with-lot.json")["verdict"], "recalled");
    assert_eq!(data("scan/digital-link.json")["verdict"], "recalled");
    assert_eq!(data("scan/digital-link.json")["code"]["lot"], "WR2302");
    assert!(data("search/products-typo.json")["total"].as_u64() > Some(0));
    assert_eq!(data("search/products-typo.json")["matched"], "with_slips");
    assert!(
        !answers["recalls/alias.json"]
            .header("deprecation")
            .is_empty()
    );
    let small = data("recalls/list-filtered.json");
    assert_eq!(small["per_page"], 5);
    assert!(
        small["total"].as_u64() > Some(0),
        "the filters leave something"
    );
    // Compressed, it must be base64, or the gateway would break it.
    let packed = &answers["recalls/get-without-envelope.json"];
    assert_eq!(packed.header("content-encoding"), "br");
    assert!(packed.is_base64());
}

#[test]
fn events_of_queues_parse_as_the_jobs_of_their_worker() {
    let bodies = |name: &str| {
        messages::of(&event(name))
            .expect("a delivery")
            .expect("with ids")
    };
    for name in [
        "sync/sqs-sync-agency.json",
        "sync/sqs-import-catalogue.json",
    ] {
        for message in bodies(name) {
            jobs::parse::<SyncJob>(&message.body).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    for message in bodies("index/sqs-index-recalls.json") {
        jobs::parse::<IndexJob>(&message.body).unwrap();
    }
    let of_two = bodies("index/sqs-one-broken-of-two.json");
    let parsed: Vec<_> = of_two
        .iter()
        .map(|message| jobs::parse::<IndexJob>(&message.body).is_ok())
        .collect();
    assert_eq!(parsed, [true, false]);
    assert!(jobs::parse::<SyncJob>(&bodies("sync/sqs-broken-body.json")[0].body).is_err());
    for message in bodies("deliver/sqs-send-message.json") {
        jobs::parse::<DeliverJob>(&message.body).unwrap();
    }
    let of_two = bodies("deliver/sqs-one-broken-of-two.json");
    let parsed: Vec<_> = of_two
        .iter()
        .map(|message| jobs::parse::<DeliverJob>(&message.body).is_ok())
        .collect();
    assert_eq!(parsed, [true, false]);
}

async fn sync(name: &str, start: &mut Start) -> Result<Value, String> {
    let config = babyshield_sync::Config::load(&mut start.settings).unwrap();
    let app = babyshield_sync::App::new(start, config).unwrap();
    app.handle(event(name))
        .await
        .map_err(|error| error.to_string())
}

async fn deliver(name: &str, start: &mut Start) -> Result<Value, String> {
    let config = babyshield_deliver::Config::load(&mut start.settings).unwrap();
    let app = babyshield_deliver::App::new(start, config);
    app.handle(event(name))
        .await
        .map_err(|error| error.to_string())
}

async fn index(name: &str, start: &mut Start) -> Result<Value, String> {
    let config = babyshield_index::Config::load(&mut start.settings).unwrap();
    let app = babyshield_index::App::new(start, config).unwrap();
    app.handle(event(name))
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn workers_with_nothing_behind_them_lose_no_message() {
    for name in [
        "sync/sqs-broken-body.json",
        "sync/sqs-sync-agency.json",
        "sync/sqs-import-catalogue.json",
    ] {
        let answer = sync(name, &mut nowhere()).await.unwrap();
        let id = event(name)["Records"][0]["messageId"].clone();
        assert_eq!(
            answer,
            json!({"batchItemFailures": [{"itemIdentifier": id}]}),
            "{name}"
        );
    }
    for name in [
        "sync/plan.json",
        "sync/plan-one-agency.json",
        "sync/sweep.json",
    ] {
        // A schedule's run that fails is tried again, and its dead letter tells.
        sync(name, &mut nowhere()).await.unwrap_err();
    }
    let error = sync("sync/unknown-kind.json", &mut nowhere())
        .await
        .unwrap_err();
    assert!(error.contains("dance"), "{error}");
    for name in [
        "deliver/sqs-send-message.json",
        "deliver/sqs-one-broken-of-two.json",
    ] {
        let answer = deliver(name, &mut nowhere()).await.unwrap();
        let failed = answer["batchItemFailures"].as_array().map(Vec::len);
        let sent = event(name)["Records"].as_array().map(Vec::len);
        assert_eq!(failed, sent, "{name}");
    }
    deliver("deliver/sweep.json", &mut nowhere())
        .await
        .unwrap_err();
    let error = deliver("deliver/unknown-kind.json", &mut nowhere()).await;
    assert!(error.unwrap_err().contains("dance"));
    for name in [
        "index/sqs-index-recalls.json",
        "index/sqs-one-broken-of-two.json",
    ] {
        // A delivery that fails as a whole comes back as a whole.
        index(name, &mut nowhere()).await.unwrap_err();
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn workers_do_what_their_events_say() {
    let stack = Stack::loaded().await;
    let here = || stack.start(&stack.emulator);
    let swept = sync("sync/sweep.json", &mut here()).await.unwrap();
    assert_eq!(
        swept,
        json!({"announced": 0}),
        "everything was announced when it was stored"
    );
    let published = index("index/sqs-index-recalls.json", &mut here())
        .await
        .unwrap();
    assert_eq!(published, json!({"batchItemFailures": []}));
    let one = index("index/sqs-one-broken-of-two.json", &mut here())
        .await
        .unwrap();
    assert_eq!(one["batchItemFailures"].as_array().map(Vec::len), Some(1));
    let broken = sync("sync/sqs-broken-body.json", &mut here())
        .await
        .unwrap();
    assert_eq!(
        broken["batchItemFailures"].as_array().map(Vec::len),
        Some(1)
    );
}

async fn accounts(event: Value, start: &mut Start) -> Result<Value, String> {
    let config = babyshield_accounts::Config::load(&mut start.settings);
    let config = start.settings.finish(config).unwrap();
    let app = babyshield_accounts::App::new(start, config);
    app.handle(event).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn orders_with_nothing_behind_them_fail_and_say_so() {
    for name in [
        "accounts/clear-master-token.json",
        "accounts/import-users.json",
        "accounts/make-admin.json",
        "accounts/revoke-key.json",
        "accounts/rotate-keys.json",
        "accounts/set-master-token.json",
    ] {
        accounts(event(name), &mut nowhere()).await.unwrap_err();
    }
    let order = event("accounts/unknown-order.json");
    let error = accounts(order, &mut nowhere()).await.unwrap_err();
    assert!(error.contains("dance"), "{error}");
    // Secrets Manager calls for a secret that is not this stack's.
    let step = event("accounts/secrets-manager-create-secret.json");
    let error = accounts(step, &mut nowhere()).await.unwrap_err();
    assert!(error.contains("one secret only"), "{error}");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn orders_about_keys_do_what_their_events_say() {
    let sandbox = Sandbox::new().await;
    let (_, secret) = sandbox.secrets().await;
    let order = async |name: &str, changes: &[(&str, &Value)]| {
        let mut event = event(name);
        for (field, value) in changes {
            event[*field] = (*value).clone();
        }
        let mut start = sandbox.http(sandbox.emulator(), &[]).await;
        accounts(event, &mut start).await.unwrap()
    };
    for step in ["create", "set", "test", "finish"] {
        let name = format!("accounts/secrets-manager-{step}-secret.json");
        let told = order(&name, &[("SecretId", &json!(secret))]).await;
        assert_eq!(told, json!({"step": format!("{step}Secret")}));
    }
    let told = order("accounts/rotate-keys.json", &[]).await;
    let told = order("accounts/revoke-key.json", &[("kid", &told["kid"])]).await;
    assert!(told["signing"].is_string() && told["signing"] != told["revoked"]);
    let kid = &told["signing"];
    let last = order("accounts/revoke-key-and-end-sessions.json", &[("kid", kid)]).await;
    assert_eq!(&last["revoked"], kid);
}
