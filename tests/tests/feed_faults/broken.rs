//! Feeds that fail: noted and shown, and the job is done with; and our own faults, which send it back.

use std::time::{Duration, Instant};

use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::{feed_rows::cpsc_rows, feed_server::Answer, sandbox::delivery};
use serde_json::{Value, json};

use crate::{Desk, QUICK};

/// What is said of an answer, and how often it is asked for.
struct Failure {
    name: &'static str,
    answer: Answer,
    says: &'static str,
    asked: usize,
}

fn case(name: &'static str, answer: Answer, says: &'static str, asked: usize) -> Failure {
    Failure {
        name,
        answer,
        says,
        asked,
    }
}

const HTML: &str = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>";

fn whole() -> Vec<u8> {
    Value::from(cpsc_rows(20)).to_string().into_bytes()
}

/// Answers that say by their status or by how they come that there is nothing to have.
fn failures_of_the_server() -> Vec<Failure> {
    let status = |status, says, asked| case(says, Answer::status(status), says, asked);
    let circle = Answer::status(302).header("Location", "/saferproducts");
    let late = Answer::rows(&[]).after(Duration::from_secs(3));
    let length = whole().len() as u64;
    let short = Answer::bytes(whole()).announcing(length + 9);
    let odd = Answer::bytes(whole()).header("Content-Encoding", "gzip");
    let (page, none) = (Answer::bytes(HTML), "the answer is not this feed");
    vec![
        status(500, "the feed answered 500", 3),
        status(429, "the feed answered 429", 3),
        status(403, "the feed answered 403", 1),
        status(304, "the feed answered 304", 1),
        case(
            "503, HTML",
            page.clone().with_status(503),
            "answered 503",
            3,
        ),
        case("404, HTML", page.with_status(404), none, 1),
        case(
            "404, rows",
            Answer::bytes(whole()).with_status(404),
            "status 404",
            1,
        ),
        case("less than announced", short, "broke off", 3),
        case(
            "cut off",
            Answer::bytes(whole()).cut_after(1_000),
            "broke off",
            3,
        ),
        case("no gzip at all", odd, "broke off", 3),
        case("a circle", circle, "the feed redirects too often", 4),
        case("too late", late, "did not come in time", 3),
    ]
}

/// Bodies that come well, with status 200, and are not the feed.
fn failures_of_the_body() -> Vec<Failure> {
    let half = whole()[..whole().len() / 2].to_vec();
    let html = Answer::bytes(HTML).header("Content-Type", "text/html");
    let message = Answer::json(&json!({"Message": "Bad date"}));
    let another = Answer::json(&json!({"meta": {}, "results": []}));
    let none = "the answer is not this feed";
    vec![
        case(
            "half a document",
            Answer::bytes(half),
            "the answer is malformed",
            1,
        ),
        case("HTML", html, none, 1),
        case("nothing", Answer::bytes(""), none, 1),
        case("blanks", Answer::blanks(1_000, true), none, 1),
        case(
            "an error",
            message,
            "answered with an error: \"Bad date\"",
            1,
        ),
        case("another feed", another, "answered with an error", 1),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_feed_that_fails_is_noted_and_what_it_said_before_stands() {
    let limits = babyshield_sync::Limits {
        time: Duration::from_secs(1),
        ..QUICK
    };
    let desk = Desk::within(limits).await;
    let rows = cpsc_rows(20);
    desk.says([Answer::rows(&rows)]);
    assert!(desk.run().await.is_empty());
    let first = Some(desk.now());
    let stands = desk.sandbox.picture().await.recalls_only();
    assert_eq!(stands.recalls().len(), 20);
    desk.sandbox.announced().await;
    let all = failures_of_the_server().into_iter();
    for failure in all.chain(failures_of_the_body()) {
        desk.feeds.requests();
        desk.says([failure.answer]);
        assert!(
            desk.run().await.is_empty(),
            "{}: the job is done with",
            failure.name
        );
        assert_eq!(
            desk.feeds.requests().len(),
            failure.asked,
            "{}",
            failure.name
        );
        let sum = desk.sum().await;
        let error = sum
            .last_error
            .unwrap_or_else(|| panic!("{}: nothing is said", failure.name));
        assert!(
            error.reason.contains(failure.says),
            "{}: {:?}",
            failure.name,
            error.reason
        );
        assert!(
            !error.reason.contains("127.0.0.1"),
            "{}: {:?}",
            failure.name,
            error.reason
        );
        assert_eq!(
            (Some(error.at), sum.last_attempt),
            (Some(desk.now()), Some(desk.now())),
            "{}",
            failure.name
        );
        assert_eq!(
            (sum.last_success, sum.records),
            (first, 20),
            "{}",
            failure.name
        );
        assert!(sum.quarantined.is_empty(), "{}", failure.name);
        let row = desk.coverage().await;
        assert!(
            row.failing && !row.quarantined && row.last_success == first,
            "{}: {row:?}",
            failure.name
        );
        let after = desk.sandbox.picture().await.recalls_only();
        assert_eq!(after.differences(&stands), [""; 0], "{}", failure.name);
    }
    assert!(desk.sandbox.announced().await.is_empty());
    // The next good fetch heals it, changed or not.
    desk.says([Answer::rows(&rows)]);
    assert!(desk.run().await.is_empty());
    let sum = desk.sum().await;
    assert_eq!((sum.last_error, sum.last_success), (None, Some(desk.now())));
    assert!(!desk.coverage().await.failing);
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&stands),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_feed_that_has_never_worked_says_why_and_has_no_success() {
    let desk = Desk::new().await;
    desk.says([Answer::status(403)]);
    assert!(desk.run().await.is_empty());
    let sum = desk.sum().await;
    assert_eq!(
        (sum.last_success, sum.records, sum.slices_loaded, sum.loaded),
        (None, 0, 0, false)
    );
    assert!(sum.last_error.unwrap().reason.contains("403"));
    assert_eq!(desk.coverage().await.last_success, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_feed_that_takes_too_long_as_a_whole_is_noted_before_the_worker_is_killed() {
    let limits = babyshield_sync::Limits {
        slice: Duration::from_millis(200),
        ..QUICK
    };
    let desk = Desk::within(limits).await;
    desk.says([Answer::rows(&cpsc_rows(2)).after(Duration::from_secs(2))]);
    assert!(desk.run().await.is_empty());
    let error = desk.sum().await.last_error.unwrap();
    assert_eq!(error.reason, "the feed took longer than 0.2 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_failures_and_then_an_answer_are_a_success() {
    let desk = Desk::new().await;
    desk.says([
        Answer::status(500),
        Answer::status(502),
        Answer::rows(&cpsc_rows(2)),
    ]);
    assert!(desk.run().await.is_empty());
    assert_eq!(desk.feeds.requests().len(), 3);
    let sum = desk.sum().await;
    assert_eq!((sum.records, sum.last_error), (2, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_feed_that_asks_for_time_gets_it() {
    let desk = Desk::new().await;
    desk.says([
        Answer::status(429).header("Retry-After", "1"),
        Answer::rows(&cpsc_rows(2)),
    ]);
    let begun = Instant::now();
    assert!(desk.run().await.is_empty());
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(desk.sum().await.records, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_feed_that_nobody_answers_for_is_the_feeds_fault() {
    let desk = Desk::new().await;
    let app = desk
        .sandbox
        .sync(&desk.proxy.endpoint(), "http://127.0.0.1:9", QUICK)
        .await;
    let job = babyshield_tests::sandbox::sync_job(
        "us-cpsc",
        crate::PARTS,
        babyshield::domain::window::Window::year(2026),
    );
    let answer = app.handle(delivery([&job])).await.unwrap();
    assert!(babyshield_tests::sandbox::returned(&answer).is_empty());
    assert!(desk.sum().await.last_error.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_store_that_is_gone_is_our_fault_and_sends_the_job_back() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(20))]);
    for (name, rule) in [
        (
            "the raw payload cannot be kept",
            Rule::every("PutObject", Fault::ServerError),
        ),
        (
            "recalls cannot be read",
            Rule::every("BatchGetItem", Fault::Throttle),
        ),
        (
            "recalls cannot be written",
            Rule::every("PutItem", Fault::DropBefore),
        ),
        (
            "the queue is down",
            Rule::every("SendMessageBatch", Fault::Throttle),
        ),
        (
            "the state cannot be written",
            Rule::every("TransactWriteItems", Fault::ServerError),
        ),
    ] {
        desk.proxy.follow(Plan::rules([rule]));
        assert_eq!(desk.run().await, ["m0"], "{name}");
        assert_eq!(desk.sandbox.picture().await.faults(), [""; 0], "{name}");
    }
    assert!(
        desk.sandbox
            .agency_store()
            .sum("us-cpsc".parse().unwrap())
            .await
            .unwrap()
            .is_none()
    );
    desk.proxy.follow(Plan::default());
    assert!(desk.run().await.is_empty());
    let (sum, picture) = (desk.sum().await, desk.sandbox.picture().await);
    assert_eq!((sum.records, &sum.last_error), (20, &None));
    assert_eq!((picture.faults(), picture.marked()), (vec![], vec![]));
    // The emulator is killed in the middle of a run.
    desk.says([Answer::rows(&cpsc_rows(40))]);
    desk.proxy.follow(Plan::kill_after(20, false));
    assert_eq!(desk.run().await, ["m0"]);
    assert_eq!(desk.sandbox.picture().await.faults(), [""; 0]);
    assert_eq!(
        desk.sum().await,
        sum,
        "what was known of the feed is still known"
    );
}
