//! Editions that come late, twice, or spread over windows.

use babyshield::domain::{identifier::Value as Identified, recall::RecallId, window::Window};
use babyshield_tests::{
    feed_rows::{cpsc, openfda, openfda_page, upc},
    feed_server::{Answer, FeedServer},
    sandbox::{Sandbox, delivery, returned, sync_job},
};
use serde_json::Value;

use crate::{Desk, QUICK};

const ID: &str = "us-cpsc:27001";

fn edition(changed: &str, upcs: &[&str]) -> Vec<Value> {
    vec![cpsc("27001", "2026-01-01", changed, "Quillabee Crib", upcs)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_changed_record_becomes_a_version_and_the_one_before_stays_readable() {
    let desk = Desk::new().await;
    let id: RecallId = ID.parse().unwrap();
    desk.says([Answer::rows(&edition("2026-01-01", &[&upc(1)]))]);
    assert!(desk.run().await.is_empty());
    let store = desk.sandbox.recall_store();
    let first = store.find(&id).await.unwrap().unwrap();
    desk.sandbox.announced().await;
    desk.says([Answer::rows(&edition("2026-02-02", &[&upc(2)]))]);
    assert!(desk.run().await.is_empty());
    let now = store.find(&id).await.unwrap().unwrap();
    assert_eq!((now.version, now.first_seen), (2, first.first_seen));
    assert_eq!(now.changed_at, desk.now());
    assert_eq!(now.versions.len(), 2);
    let old = store.find_version(&id, 1).await.unwrap().unwrap();
    assert_eq!((old.recall, old.raw_ref), (first.recall, first.raw_ref));
    assert_ne!(now.raw_ref, "");
    let current = store.find_version(&id, 2).await.unwrap().unwrap();
    assert_eq!(current.recall, now.recall);
    assert!(store.find_version(&id, 3).await.unwrap().is_none());
    let picture = desk.sandbox.picture().await;
    let filed: Vec<_> = picture.filed().into_iter().map(|(key, ..)| key).collect();
    assert_eq!(filed, [format!("GTIN#00{}", upc(2))]);
    assert_eq!(desk.sandbox.announced().await, [[id]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_older_version_that_comes_late_changes_nothing() {
    let desk = Desk::new().await;
    desk.says([Answer::rows(&edition("2026-02-02", &[&upc(2)]))]);
    assert!(desk.run().await.is_empty());
    let stands = desk.sandbox.picture().await.recalls_only();
    desk.sandbox.announced().await;
    desk.says([Answer::rows(&edition("2026-01-01", &[&upc(1)]))]);
    assert!(desk.run().await.is_empty());
    assert_eq!(
        desk.sandbox
            .picture()
            .await
            .recalls_only()
            .differences(&stands),
        [""; 0]
    );
    assert!(desk.sandbox.announced().await.is_empty());
    let sum = desk.sum().await;
    assert_eq!(
        (sum.last_success, sum.quarantined.len()),
        (Some(desk.now()), 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_event_over_two_windows_is_the_same_record_in_whichever_order_they_come() {
    let feeds = FeedServer::start().await;
    let line = |number: &str, day: &str, at: u32| {
        openfda(
            "91001",
            number,
            day,
            &format!("Quillabee Purée {at}, UPC {}", upc(at)),
            "Lot A1",
        )
    };
    // Another firm's name and another market in one of the windows, as it happens.
    let mut other = line("F-0900-2025", "20251231", 3);
    other["recalling_firm"] = "Quillabee Foods, Inc. (made up)".into();
    other["distribution_pattern"] = "KS".into();
    other["classification"] = "Class II".into();
    other["status"] = "Terminated".into();
    feeds.script(
        &["api.fda.gov/food", "20260101"],
        [Answer::json(&openfda_page(&[
            line("F-0001-2026", "20260107", 1),
            line("F-0002-2026", "20260114", 2),
        ]))],
    );
    feeds.script(
        &["api.fda.gov/food", "20250101"],
        [Answer::json(&openfda_page(&[other]))],
    );
    let mut records = Vec::new();
    for years in [[2025, 2026], [2026, 2025]] {
        let sandbox = Sandbox::new().await;
        let app = sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await;
        for year in years {
            let job = sync_job("us-fda", &["food"], Window::year(year));
            assert!(returned(&app.handle(delivery([&job])).await.unwrap()).is_empty());
        }
        let before = sandbox.picture().await.recalls_only();
        assert_eq!(before.faults(), [""; 0]);
        // Once more, each: nothing moves.
        for year in years {
            let job = babyshield_tests::sandbox::job(babyshield_tests::sandbox::sync_kind(
                "us-fda",
                &["food"],
                Window::year(year),
                false,
                true,
            ));
            assert!(returned(&app.handle(delivery([&job])).await.unwrap()).is_empty());
        }
        assert_eq!(
            sandbox.picture().await.recalls_only().differences(&before),
            [""; 0]
        );
        records.push(before.recalls()["us-fda:91001"].clone());
    }
    assert_eq!(records[0], records[1]);
    let (version, recall) = &records[0];
    assert_eq!((*version, recall.products.len()), (2, 3));
    let gtins = recall
        .products
        .iter()
        .flat_map(|product| &product.identifiers);
    let gtins = gtins.filter(|identifier| matches!(identifier.value, Identified::Gtin { .. }));
    assert_eq!(gtins.count(), 3);
}
