//! The store of recalls and their postings.

use std::collections::BTreeSet;

use babyshield::{
    domain::{
        agency::Family,
        posting::postings,
        recall::{Recall, RecallId, content_hash},
        window::Window,
    },
    feeds::{self, Page},
    stores::{
        StoreError, keys,
        recalls::{RecallStore, StoredRecall},
    },
};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::{
    feed_rows::{cpsc, upc},
    sandbox::key,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::Bench;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

/// A recall of CPSC's with that number and these UPCs.
fn recall(number: u32, name: &str, upcs: &[&str]) -> Recall {
    let agency = key("us-cpsc").row();
    let adapter = feeds::adapter(Family::CpscRest).unwrap();
    let request = adapter.first(&agency.parts[0], Window::year(2026));
    let row = cpsc(
        &(70_000 + number).to_string(),
        "2026-02-02",
        "2026-02-02",
        name,
        upcs,
    );
    let body = Value::from(vec![row]).to_string();
    let page = Page {
        request: &request,
        body: body.as_bytes(),
    };
    adapter.parse(agency, &[page]).unwrap().recalls.remove(0)
}

/// Writes a version; nothing when somebody else was first.
async fn write(
    store: &RecallStore,
    recall: Recall,
    before: Option<&StoredRecall>,
    now: Timestamp,
) -> Result<Option<StoredRecall>, StoreError> {
    let version = before.map_or(0, |before| before.version) + 1;
    let keys = postings(&recall, version).into_keys();
    let hash = content_hash(&recall);
    store
        .write(recall, hash, format!("raw/{version}"), keys, before, now)
        .await
}

async fn file(store: &RecallStore, stored: &StoredRecall) {
    store
        .file(stored, &postings(&stored.recall, stored.version))
        .await
        .unwrap();
}

fn id(number: u32) -> RecallId {
    format!("us-cpsc:{}", 70_000 + number).parse().unwrap()
}

/// What is filed, as (GTIN, version).
async fn filed(bench: &Bench) -> Vec<(String, u64)> {
    let filed = bench.sandbox.picture().await.filed().into_iter();
    filed
        .map(|(key, _, version)| (key.trim_start_matches("GTIN#00").to_owned(), version))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_does_not_exist_is_nothing_and_no_error() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    assert_eq!(store.find(&id(1)).await.unwrap(), None);
    assert_eq!(store.find_version(&id(1), 1).await.unwrap(), None);
    assert!(store.find_many(&[]).await.unwrap().is_empty());
    assert!(store.find_many(&[id(1), id(2)]).await.unwrap().is_empty());
    assert!(store.pending_since(noon(), 10).await.unwrap().is_empty());
    store.announced(&id(1), 1).await.unwrap();
    assert!(
        bench.sandbox.picture().await.0.is_empty(),
        "and nothing is made by asking"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_two_who_write_from_the_same_state_one_wins_and_the_other_writes_nothing() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let (one, two) = (recall(1, "Crib A", &[]), recall(1, "Crib B", &[]));
    let mut before = None;
    for version in 1..=6 {
        let (first, second) = tokio::join!(
            write(&store, one.clone(), before.as_ref(), noon()),
            write(&store, two.clone(), before.as_ref(), noon())
        );
        let won: Vec<_> = [first.unwrap(), second.unwrap()]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(won.len(), 1, "version {version}");
        let found = store.find(&id(1)).await.unwrap();
        assert_eq!(found.as_ref(), won.first());
        assert_eq!(found.as_ref().map(|found| found.version), Some(version));
        let stale = write(&store, two.clone(), before.as_ref(), noon())
            .await
            .unwrap();
        assert_eq!(stale, None);
        before = found;
    }
    let history: Vec<_> = before.unwrap().versions;
    for row in &history {
        let old = store
            .find_version(&id(1), row.version)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (&old.row, content_hash(&old.recall)),
            (row, row.hash.clone())
        );
    }
    assert_eq!(history.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_write_whose_answer_is_lost_is_there_whole() {
    let bench = Bench::new().await;
    let store = RecallStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    bench
        .proxy
        .follow(Plan::rules([Rule::first("PutItem", 1, Fault::DropAfter)]));
    let written = write(&store, recall(1, "Crib", &[&upc(1)]), None, noon())
        .await
        .unwrap();
    // The client tried again by itself and met its own first try: that is a lost race like any other.
    assert_eq!(written, None);
    let first = store.find(&id(1)).await.unwrap().unwrap();
    assert!(first.pending && first.version == 1);
    bench.proxy.follow(Plan::rules([Rule::first(
        "TransactWriteItems",
        1,
        Fault::DropAfter,
    )]));
    // A transaction carries a token: its second try is the first one.
    let written = write(
        &store,
        recall(1, "Crib 2", &[&upc(1)]),
        Some(&first),
        noon(),
    )
    .await
    .unwrap();
    assert_eq!(written.map(|written| written.version), Some(2));
    assert_eq!(
        bench.sandbox.picture().await.recalls()["us-cpsc:70001"].0,
        2
    );
    bench.proxy.follow(Plan::default());
    assert!(store.find_version(&id(1), 1).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_write_that_meets_another_transaction_writes_nothing_and_says_so() {
    let bench = Bench::new().await;
    let store = RecallStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    let first = write(&store, recall(1, "Crib", &[]), None, noon())
        .await
        .unwrap()
        .unwrap();
    bench.proxy.follow(Plan::rules([Rule::first(
        "TransactWriteItems",
        1,
        Fault::Conflict,
    )]));
    let second = write(&store, recall(1, "Crib 2", &[]), Some(&first), noon())
        .await
        .unwrap();
    assert_eq!(second, None);
    assert_eq!(store.find(&id(1)).await.unwrap(), Some(first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_record_too_large_for_an_item_is_refused_and_nothing_is_written() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let mut large = recall(1, "Crib", &[]);
    // Digits of a sum that does not repeat itself pack badly.
    let mut state = 1_u64;
    let noise = (0..900_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
    });
    large.summary = Some(noise.collect());
    let refused = write(&store, large, None, noon()).await;
    assert!(
        matches!(refused, Err(StoreError::TooLarge(size)) if size > 380_000),
        "{refused:?}"
    );
    assert!(bench.sandbox.picture().await.0.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn many_are_found_at_once_each_once_and_the_unprocessed_are_asked_for_again() {
    let bench = Bench::new().await;
    let store = RecallStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    for number in 0..130 {
        write(&store, recall(number, "Crib", &[]), None, noon())
            .await
            .unwrap()
            .unwrap();
    }
    let mut wanted: Vec<_> = (0..140).map(id).collect();
    wanted.extend((0..20).map(id));
    bench.calls();
    let found = store.find_many(&wanted).await.unwrap();
    assert_eq!(found.len(), 130);
    assert_eq!(
        bench.calls(),
        ["BatchGetItem", "BatchGetItem"],
        "a hundred keys a call"
    );
    // Of each answer but the last only one key is processed.
    let partial = Rule {
        service: None,
        operation: None,
        skip: 0,
        times: Some(6),
        fault: Fault::Partial,
    };
    bench.proxy.follow(Plan::rules([partial]));
    assert_eq!(store.find_many(&wanted[..30]).await.unwrap().len(), 30);
    assert_eq!(bench.calls().len(), 7);
    bench
        .proxy
        .follow(Plan::rules([Rule::every("BatchGetItem", Fault::Throttle)]));
    let busy = store.find_many(&wanted[..3]).await;
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    assert_eq!(bench.calls().len(), 3, "three tries, as in production");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn filing_again_changes_nothing_and_a_late_filing_of_an_older_version_stays_out() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let [a, b, c] = [upc(1), upc(2), upc(3)];
    let first = write(&store, recall(1, "Crib", &[&a, &b]), None, noon())
        .await
        .unwrap()
        .unwrap();
    let second = write(&store, recall(1, "Crib", &[&b, &c]), Some(&first), noon())
        .await
        .unwrap()
        .unwrap();
    let expected = [(b.clone(), 2), (c.clone(), 2)];
    // The second version's worker is quicker than the first one's.
    for stored in [&second, &first, &second, &first] {
        file(&store, stored).await;
        assert_eq!(filed(&bench).await, expected);
    }
    // Back to the first GTIN: what was taken away can come again.
    let third = write(&store, recall(1, "Crib", &[&a]), Some(&second), noon())
        .await
        .unwrap()
        .unwrap();
    file(&store, &third).await;
    file(&store, &second).await;
    assert_eq!(filed(&bench).await, [(a, 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn versions_that_nobody_filed_leave_nothing_stale_behind() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let first = write(&store, recall(1, "Crib", &[&upc(1)]), None, noon())
        .await
        .unwrap()
        .unwrap();
    file(&store, &first).await;
    store.announced(&id(1), 1).await.unwrap();
    let first = store.find(&id(1)).await.unwrap().unwrap();
    assert!(!first.pending);
    // Two versions whose workers died before filing; the third one's does not.
    let second = write(&store, recall(1, "Crib", &[&upc(2)]), Some(&first), noon())
        .await
        .unwrap()
        .unwrap();
    let third = write(&store, recall(1, "Crib", &[&upc(3)]), Some(&second), noon())
        .await
        .unwrap()
        .unwrap();
    file(&store, &third).await;
    assert_eq!(filed(&bench).await, [(upc(3), 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_recalls_under_one_gtin_are_filed_at_once_without_losing_one() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let mut all = Vec::new();
    for number in 0..20 {
        all.push(
            write(&store, recall(number, "Crib", &[&upc(1)]), None, noon())
                .await
                .unwrap()
                .unwrap(),
        );
    }
    futures_util::future::join_all(all.iter().map(|stored| file(&store, stored))).await;
    assert_eq!(bench.sandbox.picture().await.filed().len(), 20);
    assert_eq!(bench.sandbox.picture().await.faults(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_mark_is_taken_off_by_its_own_version_only() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let first = write(&store, recall(1, "Crib", &[]), None, noon())
        .await
        .unwrap()
        .unwrap();
    let second = write(&store, recall(1, "Crib 2", &[]), Some(&first), noon())
        .await
        .unwrap()
        .unwrap();
    store.announced(&id(1), 1).await.unwrap();
    assert!(store.find(&id(1)).await.unwrap().unwrap().pending);
    for _ in 0..2 {
        store.announced(&id(1), 2).await.unwrap();
        let found = store.find(&id(1)).await.unwrap().unwrap();
        assert!(!found.pending);
        assert_eq!(
            (found.recall, found.versions),
            (second.recall.clone(), second.versions.clone())
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn marks_are_found_in_every_shard_by_their_age_and_no_more_than_asked_for() {
    let bench = Bench::new().await;
    let store = bench.sandbox.recall_store();
    let shards: BTreeSet<_> = (0..40).map(|number| keys::pending(&id(number))).collect();
    assert_eq!(shards.len(), usize::from(keys::PENDING_SHARDS));
    for number in 0..40 {
        let minute = if number < 30 { "00" } else { "10" };
        let now = at(&format!("2026-11-20T12:{minute}:00Z"));
        write(&store, recall(number, "Crib", &[]), None, now)
            .await
            .unwrap()
            .unwrap();
    }
    for number in 0..5 {
        store.announced(&id(number), 1).await.unwrap();
    }
    let five_past = at("2026-11-20T12:05:00Z");
    let found: BTreeSet<_> = store
        .pending_since(five_past, 100)
        .await
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(found, (5..30).map(id).collect());
    assert_eq!(store.pending_since(five_past, 7).await.unwrap().len(), 7);
    assert_eq!(store.pending_since(noon(), 100).await.unwrap(), []);
}
