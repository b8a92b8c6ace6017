//! The same feed again: asked for as cheaply as the server allows, and nothing is written.

use babyshield_tests::{feed_rows::cpsc_rows, feed_server::Answer};
use serde_json::json;

use crate::Desk;

/// What a run costs in which nothing has changed, after the page is there: the lease, the state of
/// the window, the agency's sum with its line of the coverage.
const STATE_ONLY: [&str; 7] = [
    "PutItem",
    "GetItem",
    "UpdateItem",
    "GetItem",
    "Query",
    "TransactWriteItems",
    "DeleteItem",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_same_feed_again_writes_the_state_and_nothing_else() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(20))]);
    assert!(desk.run().await.is_empty());
    let first = desk.sandbox.picture().await.recalls_only();
    let raw = desk.sandbox.objects("raw/").await;
    desk.sandbox.announced().await;
    desk.calls();
    assert!(desk.run().await.is_empty());
    assert_eq!(desk.calls(), STATE_ONLY);
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&first),
        [""; 0]
    );
    assert!(desk.sandbox.announced().await.is_empty());
    assert_eq!(desk.sandbox.objects("raw/").await, raw);
    assert_eq!(desk.sum().await.last_success, Some(desk.now()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_page_with_another_wrapping_and_the_same_recalls_makes_no_version() {
    let desk = Desk::new().await;
    let mut rows = cpsc_rows(20);
    desk.says([Answer::rows(&rows)]);
    assert!(desk.run().await.is_empty());
    let first = desk.sandbox.picture().await.recalls_only();
    desk.sandbox.announced().await;
    desk.calls();
    rows.reverse();
    desk.says([Answer::rows(&rows)]);
    assert!(desk.run().await.is_empty());
    let calls = desk.calls();
    assert_eq!(
        calls.iter().filter(|call| *call == "PutObject").count(),
        1,
        "the new payload is kept"
    );
    assert_eq!(
        calls.iter().filter(|call| *call == "PutItem").count(),
        1,
        "the lease alone: {calls:?}"
    );
    assert!(!calls.contains(&"SendMessageBatch".to_owned()));
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&first),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_servers_own_word_for_unchanged_is_taken() {
    let desk = Desk::new().await;
    let modified = "Mon, 09 Nov 2026 10:00:00 GMT";
    desk.says([Answer::rows(&cpsc_rows(20))
        .etag("\"one\"")
        .header("Last-Modified", modified)]);
    assert!(desk.run().await.is_empty());
    desk.feeds.requests();
    desk.calls();
    assert!(desk.run().await.is_empty());
    let requests = desk.feeds.requests();
    assert_eq!((requests.len(), requests[0].sent), (1, 0));
    assert_eq!(requests[0].headers["if-none-match"], "\"one\"");
    assert_eq!(requests[0].headers["if-modified-since"], modified);
    let calls = desk.calls();
    assert_eq!(
        calls
            .iter()
            .filter(|call| *call != "GetObject")
            .collect::<Vec<_>>(),
        STATE_ONLY.iter().collect::<Vec<_>>()
    );
    assert_eq!(desk.sum().await.last_success, Some(desk.now()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_unchanged_page_that_is_kept_no_more_is_fetched_and_kept_again() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(20)).etag("\"one\"")]);
    assert!(desk.run().await.is_empty());
    let raw = desk.sandbox.objects("raw/").await;
    assert_eq!(raw.len(), 1);
    desk.sandbox.delete_object(&raw[0]).await;
    desk.feeds.requests();
    assert!(desk.run().await.is_empty());
    let requests = desk.feeds.requests();
    assert_eq!(requests.len(), 2);
    assert!(!requests[1].headers.contains_key("if-none-match"));
    assert_eq!(desk.sandbox.objects("raw/").await, raw);
    let sum = desk.sum().await;
    assert_eq!(
        (sum.last_success, sum.last_error, sum.records),
        (Some(desk.now()), None, 20)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_new_entity_tag_is_asked_with_from_then_on() {
    let desk = Desk::new().await;
    let mut rows = cpsc_rows(20);
    for (etag, changed) in [("\"one\"", false), ("\"two\"", false), ("\"three\"", true)] {
        if changed {
            rows[0]["LastPublishDate"] = json!("2026-11-11T00:00:00");
        }
        desk.says([Answer::rows(&rows).etag(etag)]);
        assert!(desk.run().await.is_empty());
        desk.feeds.requests();
        assert!(desk.run().await.is_empty());
        let requests = desk.feeds.requests();
        assert_eq!(requests[0].headers["if-none-match"], etag);
        assert_eq!(requests[0].sent, 0, "{etag}: nothing to send");
    }
    assert_eq!(desk.sandbox.picture().await.recalls()["us-cpsc:27001"].0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_operator_can_have_everything_fetched_and_read_again() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(20)).etag("\"one\"")]);
    assert!(desk.run().await.is_empty());
    let first = desk.sandbox.picture().await.recalls_only();
    desk.feeds.requests();
    desk.calls();
    let window = babyshield::domain::window::Window::year(2026);
    let kind = babyshield_tests::sandbox::sync_kind("us-cpsc", crate::PARTS, window, false, true);
    let job = babyshield_tests::sandbox::job(kind);
    let answer = desk
        .app
        .handle(babyshield_tests::sandbox::delivery([&job]))
        .await
        .unwrap();
    assert!(babyshield_tests::sandbox::returned(&answer).is_empty());
    assert!(
        !desk.feeds.requests()[0]
            .headers
            .contains_key("if-none-match")
    );
    assert!(
        desk.calls().contains(&"BatchGetItem".to_owned()),
        "the records are compared"
    );
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&first),
        [""; 0]
    );
}
