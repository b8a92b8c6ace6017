//! The limits of requests, through the real edge and over the table, with the sandbox's clock.

use std::sync::{Arc, atomic::AtomicBool};

use axum::{
    Router,
    body::Body,
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use babyshield::http::{
    Front,
    answer::Answer,
    limit::{Per, RouteLimit, within},
};
use babyshield_tests::{
    functions::{Answered, Ask},
    meter::{Cost, Meter, item_size},
    sandbox::Sandbox,
};
use serde_json::{Value, json};

const TRIES: RouteLimit = RouteLimit {
    name: "tries",
    most: 3,
    window: 3_600,
    per: Per::Address,
};

async fn app_at(sandbox: &Sandbox, endpoint: &str, settings: &[(&str, &str)]) -> Router {
    let mut all = vec![("RATE_LIMIT_DEFAULT", "100")];
    all.extend(settings);
    let mut start = sandbox.http(endpoint, &all).await;
    let front = Front::load(&mut start);
    let tried = post(async || Answer::ok("tried").into_response())
        .route_layer(middleware::from_fn_with_state(TRIES, within));
    let router = Router::new()
        .route("/api/v1/things", get(async || Answer::ok(1)))
        .route("/api/v1/scan/thing", post(async || Answer::ok(1)))
        .route("/api/v1/auth/login", post(async || Answer::ok(1)))
        .route("/api/v1/tries", tried)
        .route("/health", get(async || Answer::ok("up")));
    start.settings.finish(front).unwrap().around(router)
}

async fn app(sandbox: &Sandbox) -> Router {
    app_at(sandbox, sandbox.emulator(), &[]).await
}

async fn read(app: &Router, address: &str) -> Answered {
    Ask::get("/api/v1/things").from(address).send(app).await
}

fn number(answered: &Answered, name: &str) -> i64 {
    answered
        .header(name)
        .parse()
        .unwrap_or_else(|_| panic!("{name}: {:?}", answered.header(name)))
}

fn assert_refused(answered: &Answered) {
    assert_eq!(answered.status, 429);
    assert_eq!(answered.code(), "RATE_LIMIT_EXCEEDED");
    assert_eq!(answered.header("x-ratelimit-remaining"), "0");
    assert!(number(answered, "retry-after") >= 1);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_hundredth_passes_the_next_does_not_and_after_the_window_a_hundred_pass_again() {
    let sandbox = Sandbox::new().await;
    let app = app(&sandbox).await;
    for phase in [0, 1, 333, 999] {
        let address = format!("203.0.113.{}", phase % 250);
        sandbox.clock.advance_by(phase);
        for round in 0..2 {
            for at in 0..100 {
                let answered = read(&app, &address).await;
                assert_eq!(answered.status, 200, "{phase} {round} {at}");
                assert_eq!(number(&answered, "x-ratelimit-remaining"), 99 - at);
                // Sometimes in a hurry, sometimes not; all of it in less than the window.
                sandbox.clock.advance_by(at % 7 * 100);
            }
            let refused = read(&app, &address).await;
            assert_refused(&refused);
            sandbox.clock.advance(60);
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_limited_answer_says_what_is_left_and_a_refusal_when_to_come_back() {
    let sandbox = Sandbox::new().await;
    let app = app_at(&sandbox, sandbox.emulator(), &[("RATE_LIMIT_DEFAULT", "2")]).await;
    let begun = babyshield::clock::Clock::now(&*sandbox.clock).as_second();
    let first = read(&app, "2001:db8::1").await;
    assert_eq!(first.header("x-ratelimit-limit"), "2");
    assert_eq!(first.header("x-ratelimit-remaining"), "1");
    assert_eq!(number(&first, "x-ratelimit-reset"), begun + 60);
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=2;w=60");
    assert_eq!(first.header("ratelimit"), "\"default\";r=1;t=60");
    sandbox.clock.advance(10);
    // What has no route counts, and another address of the same household is the same client.
    let lost = Ask::get("/api/v1/nowhere")
        .from("2001:db8::2")
        .send(&app)
        .await;
    assert_eq!(
        (lost.status, lost.header("x-ratelimit-remaining")),
        (404, "0")
    );
    sandbox.clock.advance(10);
    let refused = read(&app, "2001:db8::3").await;
    assert_refused(&refused);
    assert_eq!(refused.header("retry-after"), "40");
    assert_eq!(refused.header("ratelimit"), "\"default\";r=0;t=40");
    assert_eq!(number(&refused, "x-ratelimit-reset"), begun + 60);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // Somebody else is not concerned, and neither is what tells that the service is up.
    assert_eq!(read(&app, "2001:db8:0:1::1").await.status, 200);
    let health = Ask::get("/health").from("2001:db8::1").send(&app).await;
    assert_eq!(
        (health.status, health.header("x-ratelimit-limit")),
        (200, "")
    );
    sandbox.clock.advance(39);
    assert_refused(&read(&app, "2001:db8::1").await);
    sandbox.clock.advance(1);
    assert_eq!(read(&app, "2001:db8::1").await.status, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn sixteen_instances_at_once_admit_a_hundred_in_a_window_and_hardly_fewer() {
    let sandbox = Sandbox::new().await;
    let mut apps = Vec::new();
    for _ in 0..16 {
        apps.push(app(&sandbox).await);
    }
    for _ in 0..3 {
        let mut passed = 0;
        for step in 0..20 {
            let round = apps.iter().map(|app| {
                let app = app.clone();
                tokio::spawn(async move { read(&app, "198.51.100.7").await.status })
            });
            for status in round.collect::<Vec<_>>() {
                passed += u32::from(status.await.unwrap() == 200);
            }
            sandbox.clock.advance_by(step * 20);
        }
        assert!((80..=105).contains(&passed), "{passed} of 320 passed");
        sandbox.clock.advance(62);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_slow_client_costs_one_write_unit_and_one_in_a_hurry_less_than_half() {
    let sandbox = Sandbox::new().await;
    let meter = Meter::start(sandbox.emulator()).await;
    let app = app_at(&sandbox, &meter.endpoint, &[]).await;
    for (address, pause, most) in [("192.0.2.1", 700, 1.0), ("192.0.2.2", 10, 0.45)] {
        meter.take();
        for _ in 0..200 {
            read(&app, address).await;
            sandbox.clock.advance_by(pause);
        }
        let calls = meter.take();
        let cost = Cost::of(&calls);
        let largest = calls
            .iter()
            .map(|call| item_size(&call.answer["Attributes"]))
            .max();
        assert!(largest.unwrap() <= 1_024, "an item of {largest:?} bytes");
        assert!(
            cost.read.abs() < f64::EPSILON && cost.others == 0,
            "{cost:?}"
        );
        let each = cost.write / 200.0;
        assert!(each <= most, "{each} units a request, every {pause} ms");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_route_may_have_a_limit_of_its_own_and_names_it_when_it_refuses() {
    let sandbox = Sandbox::new().await;
    let app = app(&sandbox).await;
    let attempt = async |address: &str| {
        Ask::post("/api/v1/tries", &Value::Null)
            .from(address)
            .send(&app)
            .await
    };
    for _ in 0..3 {
        let answered = attempt("192.0.2.9").await;
        assert_eq!(answered.status, 200);
        assert!(
            answered
                .header("ratelimit-policy")
                .starts_with("\"default\"")
        );
    }
    let refused = attempt("192.0.2.9").await;
    assert_refused(&refused);
    assert_eq!(refused.header("ratelimit-policy"), "\"tries\";q=3;w=3600");
    assert_eq!(number(&refused, "retry-after"), 3_600);
    assert_eq!(read(&app, "192.0.2.9").await.status, 200);
    assert_eq!(attempt("192.0.2.10").await.status, 200);
    sandbox.clock.advance(3_600);
    assert_eq!(attempt("192.0.2.9").await.status, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn without_its_table_reads_and_checks_pass_and_passwords_are_counted_by_the_instance() {
    let sandbox = Sandbox::new().await;
    // Nobody listens there.
    let down = "http://127.0.0.1:9";
    let app = app_at(&sandbox, down, &[]).await;
    for ask in [
        Ask::get("/api/v1/things"),
        Ask::post("/api/v1/scan/thing", &json!({})),
    ] {
        let answered = ask.from("192.0.2.1").send(&app).await;
        assert_eq!(answered.status, 200);
        assert_eq!(answered.header("x-ratelimit-limit"), "");
        assert_eq!(answered.header("ratelimit"), "");
    }
    let sign_in = async |address: &str| {
        Ask::post("/api/v1/auth/login", &json!({}))
            .from(address)
            .send(&app)
            .await
    };
    for _ in 0..10 {
        assert_eq!(sign_in("192.0.2.1").await.status, 200);
    }
    let refused = sign_in("192.0.2.1").await;
    assert_refused(&refused);
    assert_eq!(refused.header("ratelimit-policy"), "\"strict\";q=10;w=60");
    assert_eq!(sign_in("192.0.2.2").await.status, 200);
    sandbox.clock.advance(60);
    assert_eq!(sign_in("192.0.2.1").await.status, 200);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_table_that_hangs_holds_no_request_for_longer_than_its_patience() {
    let sandbox = Sandbox::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
            kept.push(stream);
        }
    });
    let app = app_at(&sandbox, &address, &[]).await;
    let begun = std::time::Instant::now();
    assert_eq!(read(&app, "192.0.2.1").await.status, 200);
    assert!(taken.load(std::sync::atomic::Ordering::Relaxed));
    assert!(begun.elapsed() < std::time::Duration::from_secs(3));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn bodies_are_not_waited_for_by_who_is_refused() {
    let sandbox = Sandbox::new().await;
    let app = app_at(&sandbox, sandbox.emulator(), &[("RATE_LIMIT_DEFAULT", "1")]).await;
    assert_eq!(read(&app, "192.0.2.1").await.status, 200);
    let endless = Body::from_stream(futures_util::stream::pending::<
        Result<Vec<u8>, std::io::Error>,
    >());
    let refused = Ask::new("POST", "/api/v1/scan/thing")
        .from("192.0.2.1")
        .header("idempotency-key", "k")
        .body(endless)
        .send(&app)
        .await;
    assert_refused(&refused);
}
