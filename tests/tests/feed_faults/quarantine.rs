//! Feeds that lose too much or cannot be read in too many rows: held back until they are good again
//! or somebody accepts them.

use babyshield_tests::{feed_rows::cpsc_rows, feed_server::Answer};
use serde_json::{Value, json};

use crate::Desk;

/// So many rows of which the first ones have no date.
fn with_rejects(rows: u32, rejects: usize) -> Vec<Value> {
    let mut all = cpsc_rows(rows);
    for row in &mut all[..rejects] {
        row["RecallDate"] = json!("soon");
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_window_that_loses_too_much_is_held_back_and_the_last_good_one_stands() {
    for (before, after, held_back) in [
        (40, 38, false),
        (40, 37, true),
        (40, 0, true),
        (100, 95, false),
        (100, 94, true),
    ] {
        let case = format!("{before} -> {after}");
        let desk = Desk::new().await;
        desk.says([Answer::rows(&cpsc_rows(before))]);
        assert!(desk.run().await.is_empty());
        let first = Some(desk.now());
        let stands = desk.sandbox.picture().await.recalls_only();
        desk.sandbox.announced().await;
        desk.says([Answer::rows(&cpsc_rows(after))]);
        assert!(desk.run().await.is_empty(), "{case}: the job is done with");
        let (sum, row) = (desk.sum().await, desk.coverage().await);
        assert_eq!(sum.quarantined.len(), usize::from(held_back), "{case}");
        assert_eq!((row.quarantined, row.failing), (held_back, false), "{case}");
        assert_eq!(sum.last_error, None, "{case}: the fetch itself was good");
        if held_back {
            assert_eq!(
                (sum.last_success, sum.records),
                (first, u64::from(before)),
                "{case}"
            );
            let failure = &sum.quarantined[0].failure;
            assert_eq!(failure.at, desk.now(), "{case}");
            assert!(
                failure
                    .reason
                    .contains(&format!("held {before} recalls and now holds {after}")),
                "{}",
                failure.reason
            );
        } else {
            assert_eq!(
                (sum.last_success, sum.records),
                (Some(desk.now()), u64::from(after)),
                "{case}"
            );
        }
        // Nobody takes a recall back because a feed has lost it.
        assert_eq!(
            desk.sandbox
                .picture()
                .await
                .recalls_only()
                .differences(&stands),
            [""; 0],
            "{case}"
        );
        assert!(desk.sandbox.announced().await.is_empty(), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn bad_rows_are_counted_with_their_reasons_and_too_many_hold_the_feed_back() {
    for (rows, rejects, held_back) in [(200, 2, false), (200, 3, true), (3, 1, false), (3, 2, true)]
    {
        let case = format!("{rejects} of {rows}");
        let desk = Desk::new().await;
        desk.says([Answer::rows(&with_rejects(rows, rejects))]);
        assert!(desk.run().await.is_empty(), "{case}");
        let (sum, window) = (desk.sum().await, desk.window().await);
        let stored = desk.sandbox.picture().await.recalls().len();
        if held_back {
            assert_eq!(stored, 0, "{case}");
            let reason = &sum.quarantined[0].failure.reason;
            assert!(
                reason.contains(&format!("{rejects} of {rows} rows could not be read")),
                "{reason}"
            );
            assert_eq!(sum.last_success, None, "{case}");
        } else {
            assert_eq!(stored, rows as usize - rejects, "{case}");
            assert_eq!(
                (sum.rejects, sum.last_success),
                (rejects as u64, Some(desk.now())),
                "{case}"
            );
            assert_eq!(window.reject_reasons.len(), rejects, "{case}");
            assert!(
                window.reject_reasons[0].contains("27001: no usable RecallDate"),
                "{:?}",
                window.reject_reasons
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_quarantine_is_lifted_by_the_next_good_feed_even_when_it_is_the_old_one() {
    let desk = Desk::new().await;
    let (good, bad) = (Answer::rows(&cpsc_rows(40)), Answer::rows(&cpsc_rows(10)));
    // With an entity tag the old feed is told by 304, without one by its bytes.
    for (good, bad) in [
        (good.clone(), bad.clone()),
        (good.clone().etag("\"good\""), bad.clone().etag("\"bad\"")),
        (good.etag("\"good\""), bad),
    ] {
        desk.says([good.clone()]);
        assert!(desk.run().await.is_empty());
        desk.says([bad.clone()]);
        for _ in 0..2 {
            assert!(desk.run().await.is_empty());
            assert_eq!(desk.sum().await.quarantined.len(), 1);
        }
        desk.says([good]);
        assert!(desk.run().await.is_empty());
        let (sum, row) = (desk.sum().await, desk.coverage().await);
        assert_eq!(
            (sum.quarantined.len(), sum.last_success, sum.records),
            (0, Some(desk.now()), 40)
        );
        assert!(!row.quarantined);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_failure_is_over_when_a_fetch_works_and_a_quarantine_outlives_failures() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(40))]);
    assert!(desk.run().await.is_empty());
    for (answer, failing) in [
        (Answer::status(403), true),
        (Answer::rows(&cpsc_rows(10)), false),
        (Answer::status(403), true),
    ] {
        desk.says([answer]);
        assert!(desk.run().await.is_empty());
        let sum = desk.sum().await;
        assert_eq!(sum.last_error.is_some(), failing);
        assert_eq!(desk.coverage().await.failing, failing);
    }
    assert_eq!(desk.sum().await.quarantined.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_an_operator_accepts_is_applied_and_is_the_measure_from_then_on() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&cpsc_rows(40)).etag("\"a\"")]);
    assert!(desk.run().await.is_empty());
    let mut rows = cpsc_rows(10);
    rows[0]["LastPublishDate"] = json!("2026-11-11T00:00:00");
    desk.says([Answer::rows(&rows).etag("\"b\"")]);
    assert!(desk.run().await.is_empty());
    assert_eq!(desk.sum().await.quarantined.len(), 1);
    desk.sandbox.announced().await;
    assert!(desk.run_with(true).await.is_empty());
    let sum = desk.sum().await;
    assert_eq!(
        (sum.quarantined.len(), sum.records, sum.last_success),
        (0, 10, Some(desk.now()))
    );
    let picture = desk.sandbox.picture().await;
    assert_eq!(
        (
            picture.recalls().len(),
            picture.recalls()["us-cpsc:27001"].0
        ),
        (40, 2)
    );
    assert_eq!(desk.sandbox.announced().await.concat().len(), 1);
    // Ten are enough now, and nine are not.
    assert!(desk.run().await.is_empty());
    assert!(desk.sum().await.quarantined.is_empty());
    desk.says([Answer::rows(&rows[..9])]);
    assert!(desk.run().await.is_empty());
    assert_eq!(desk.sum().await.quarantined.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn bytes_that_are_no_utf_8_spoil_their_own_letters_only() {
    let desk = Desk::new().await;
    let mut body = Value::from(cpsc_rows(20)).to_string().into_bytes();
    let name = b"Quillabee Cribs 7";
    let at = body
        .windows(name.len())
        .position(|some| some == name)
        .unwrap();
    body[at + 2] = 0xff;
    body[at + 3] = 0xfe;
    desk.says([Answer::bytes(body)]);
    assert!(desk.run().await.is_empty());
    let sum = desk.sum().await;
    assert_eq!((sum.records, sum.rejects, sum.last_error), (20, 0, None));
    let picture = desk.sandbox.picture().await;
    let odd: Vec<_> = picture
        .recalls()
        .into_values()
        .filter(|(_, recall)| serde_json::to_string(recall).unwrap().contains('\u{fffd}'))
        .collect();
    assert_eq!(odd.len(), 1);
    assert_eq!(odd[0].1.source_id, "27008");
}
