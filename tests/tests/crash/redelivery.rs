//! Messages that come several times, at once, or beside broken ones.

use std::collections::BTreeMap;

use babyshield::{domain::window::Window, stores::jobs::SyncJob};
use babyshield_faults::{Fault, Plan, Proxy, Rule};
use babyshield_sync::Limits;
use babyshield_tests::{
    feed_rows::{cpsc, cpsc_rows, openfda, openfda_page, upc},
    feed_server::{Answer, FeedServer},
    sandbox::{Sandbox, delivery, job, returned, sync_job, sync_kind},
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    QUICK,
    story::{self, Story},
};

/// Counts how often each recall was announced.
async fn announcements(sandbox: &Sandbox) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for id in sandbox.announced().await.into_iter().flatten() {
        *counts.entry(id.to_string()).or_default() += 1;
    }
    counts
}

fn feed(feeds: &FeedServer) -> Vec<String> {
    feeds.script(
        &["saferproducts", "2026-"],
        [Answer::rows(&[cpsc(
            "27001",
            "2026-01-01",
            "2026-01-01",
            "Quillabee Crib",
            &[&upc(1)],
        )])],
    );
    feeds.script(
        &["saferproducts", "2025-"],
        [Answer::rows(&[cpsc(
            "26001",
            "2025-01-01",
            "2025-01-01",
            "Quillabee Chair",
            &[&upc(2)],
        )])],
    );
    let line = |number: &str, day: &str, at: u32| {
        openfda(
            "91001",
            number,
            day,
            &format!("Quillabee Purée {at}, UPC {}", upc(at)),
            "Lot A1",
        )
    };
    feeds.script(
        &["api.fda.gov/food", "20260101"],
        [Answer::json(&openfda_page(&[line(
            "F-0001-2026",
            "20260107",
            3,
        )]))],
    );
    feeds.script(
        &["api.fda.gov/food", "20250101"],
        [Answer::json(&openfda_page(&[line(
            "F-0900-2025",
            "20251231",
            4,
        )]))],
    );
    vec![
        sync_job("us-cpsc", &["recalls"], Window::year(2026)),
        sync_job("us-cpsc", &["recalls"], Window::year(2025)),
        sync_job("us-fda", &["food"], Window::year(2026)),
        sync_job("us-fda", &["food"], Window::year(2025)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn each_message_five_times_shuffled_is_the_same_as_once() {
    let feeds = FeedServer::start().await;
    let jobs = feed(&feeds);
    let single = Sandbox::new().await;
    let app = single.sync(single.emulator(), feeds.origin(), QUICK).await;
    assert!(returned(&app.handle(delivery(&jobs)).await.unwrap()).is_empty());
    let end = single.picture().await.timeless().recalls_only();
    assert_eq!(end.faults(), [""; 0]);
    assert_eq!(
        end.recalls().len(),
        3,
        "the event of two windows is one recall"
    );

    for seed in 0..4 {
        let sandbox = Sandbox::new().await;
        let apps = [
            sandbox
                .sync(sandbox.emulator(), feeds.origin(), QUICK)
                .await,
            sandbox
                .sync(sandbox.emulator(), feeds.origin(), QUICK)
                .await,
        ];
        let mut messages = [&jobs[..]; 5].concat();
        messages.shuffle(&mut StdRng::seed_from_u64(seed));
        // Two workers at once, each with half of them.
        let (one, two) = messages.split_at(messages.len() / 2);
        let (one, two) = tokio::join!(apps[0].handle(delivery(one)), apps[1].handle(delivery(two)));
        assert!(returned(&one.unwrap()).is_empty() && returned(&two.unwrap()).is_empty());
        let picture = sandbox.picture().await;
        assert_eq!(picture.faults(), [""; 0], "seed {seed}");
        assert_eq!(picture.marked(), [""; 0], "seed {seed}");
        // The event may have come in one window first or in the other: the record is the same, its
        // history may be told from either end.
        let records = |picture: &babyshield_tests::sandbox::picture::Picture| {
            picture
                .recalls()
                .into_iter()
                .map(|(id, (version, recall))| (id, version, recall))
                .collect::<Vec<_>>()
        };
        assert_eq!(records(&picture), records(&end), "seed {seed}");
        let announced = announcements(&sandbox).await;
        let expected = end
            .recalls()
            .into_iter()
            .map(|(id, (version, _))| (id, u32::try_from(version).unwrap()));
        assert_eq!(
            announced,
            expected.collect(),
            "seed {seed}: one announcement for each version"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_workers_with_the_same_message_at_once_do_it_once() {
    let story = Story::begin().await;
    for _ in 0..5 {
        let sandbox = Sandbox::with(&story.saved, story::later()).await;
        let [one, two] = [
            sandbox
                .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
                .await,
            sandbox
                .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
                .await,
        ];
        let (one, two) = tokio::join!(
            one.handle(delivery([&story.job])),
            two.handle(delivery([&story.job]))
        );
        assert!(returned(&one.unwrap()).is_empty() && returned(&two.unwrap()).is_empty());
        let picture = sandbox.picture().await;
        let differences = picture.timeless().differences(&story.end);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        let announced = announcements(&sandbox).await;
        assert_eq!(
            announced,
            story.announced.iter().map(|id| (id.clone(), 1)).collect()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_job_that_meets_the_lease_of_a_dead_worker_comes_back_and_is_not_lost() {
    let story = Story::begin().await;
    let sandbox = Sandbox::with(&story.saved, story::later()).await;
    let proxy = Proxy::start(sandbox.emulator(), Plan::kill_after(2, false))
        .await
        .unwrap();
    let app = sandbox
        .sync(&proxy.endpoint(), story.feeds.origin(), QUICK)
        .await;
    assert_eq!(
        returned(&app.handle(delivery([&story.job])).await.unwrap()),
        ["m0"]
    );
    // A copy of the message: acknowledged now, it would take the dead worker's with it.
    let impatient = Limits {
        lease: std::time::Duration::from_millis(300),
        ..QUICK
    };
    let app = sandbox
        .sync(sandbox.emulator(), story.feeds.origin(), impatient)
        .await;
    assert_eq!(
        returned(&app.handle(delivery([&story.job])).await.unwrap()),
        ["m0"]
    );
    // The lease ends by itself before the message is seen again.
    sandbox.clock.advance(330);
    assert_eq!(
        returned(&app.handle(delivery([&story.job])).await.unwrap()),
        [""; 0]
    );
    assert_eq!(
        sandbox.picture().await.timeless().differences(&story.end),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_operators_acceptance_is_not_lost_to_a_plain_job_at_work() {
    let feeds = FeedServer::start().await;
    let sandbox = Sandbox::new().await;
    let app = sandbox
        .sync(sandbox.emulator(), feeds.origin(), QUICK)
        .await;
    let row = |at: u32| {
        cpsc(
            &format!("2700{at}"),
            "2026-01-01",
            "2026-01-01",
            &format!("Quillabee Crib {at}"),
            &[&upc(at)],
        )
    };
    feeds.script(&["saferproducts"], [Answer::rows(&[row(1), row(2)])]);
    let plain = sync_job("us-cpsc", &["recalls"], Window::year(2026));
    assert!(returned(&app.handle(delivery([&plain])).await.unwrap()).is_empty());
    // Half of the window is gone: quarantined, unless somebody accepts it.
    feeds.requests();
    let slow = Answer::rows(&[row(1)]).after(std::time::Duration::from_millis(700));
    feeds.script(&["saferproducts"], [slow]);
    let accept = job(sync_kind(
        "us-cpsc",
        &["recalls"],
        Window::year(2026),
        true,
        false,
    ));
    let second = app.clone();
    let plain = [plain];
    let (plain, accepted) = tokio::join!(app.handle(delivery(&plain)), async {
        // The plain job has the lease when it asks the feed.
        while feeds.requests().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        second.handle(delivery([&accept])).await
    });
    assert!(returned(&plain.unwrap()).is_empty() && returned(&accepted.unwrap()).is_empty());
    let sum = sandbox
        .agency_store()
        .sum("us-cpsc".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((sum.records, sum.quarantined), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_index_that_was_lost_is_asked_for_anew_recall_by_recall() {
    let feeds = FeedServer::start().await;
    let sandbox = Sandbox::new().await;
    let proxy = Proxy::start(sandbox.emulator(), Plan::default())
        .await
        .unwrap();
    let app = sandbox.sync(&proxy.endpoint(), feeds.origin(), QUICK).await;
    // More than a message names, over several months, one of them long ago and one ahead.
    let mut rows = cpsc_rows(120);
    rows[0]["RecallDate"] = "1973-06-01T00:00:00".into();
    rows[1]["RecallDate"] = "2027-01-31T00:00:00".into();
    feeds.script(&["saferproducts"], [Answer::rows(&rows)]);
    let job = sync_job("us-cpsc", &["recalls"], Window::year(2026));
    assert!(returned(&app.handle(delivery([&job])).await.unwrap()).is_empty());
    let all = announcements(&sandbox).await;
    assert_eq!(all.len(), 120);
    let order = serde_json::json!({"kind": "reindex", "agency": "us-cpsc"});
    // An order whose worker dies on the way fails, and is given again.
    proxy.follow(Plan::rules([Rule::every(
        "SendMessageBatch",
        Fault::DropBefore,
    )]));
    assert!(app.handle(order.clone()).await.is_err());
    proxy.follow(Plan::default());
    let answer = app.handle(order).await.unwrap();
    assert_eq!(answer["recalls"], 120);
    assert_eq!(announcements(&sandbox).await, all, "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_ten_messages_exactly_the_three_bad_ones_come_back() {
    let feeds = FeedServer::start().await;
    let mut jobs = feed(&feeds);
    jobs.extend(jobs[..3].to_vec());
    jobs.insert(1, "{".to_owned());
    jobs.insert(
        4,
        job(SyncJob::ImportCatalogue {
            key: "catalogue/none.csv".into(),
        }),
    );
    jobs.insert(9, sync_job("jp-caa", &["recalls"], Window::year(2026)));
    assert_eq!(jobs.len(), 10);
    let sandbox = Sandbox::new().await;
    let app = sandbox
        .sync(sandbox.emulator(), feeds.origin(), QUICK)
        .await;
    let answer = app.handle(delivery(&jobs)).await.unwrap();
    assert_eq!(returned(&answer), ["m1", "m4", "m9"]);
    assert_eq!(sandbox.picture().await.recalls().len(), 3);
}
