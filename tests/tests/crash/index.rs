//! The worker `index`, killed while it makes a generation.

use std::collections::BTreeMap;

use babyshield::{
    clock::Clock,
    search::{
        SnapshotBucket,
        query::{Direction, Filters, ListQuery, Page, RecallSort},
        reader::SnapshotReader,
    },
    stores::jobs::IndexJob,
};
use babyshield_faults::{Fault, Plan, Proxy, Rule};
use babyshield_tests::sandbox::{Sandbox, Saved, delivery, job, returned};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    OUT_OF_SIGHT, QUICK, at_every_call,
    story::{self, Story},
};

/// A recall that is in the index and no more in the table.
const GONE: &str = "us-cpsc:27099";

/// A table that is ahead of its index, and the messages that say how.
struct Behind {
    saved: Saved,
    messages: Vec<String>,
    /// What the index holds: recalls with the version of their record.
    before: BTreeMap<String, u32>,
    /// What it must hold in the end.
    after: BTreeMap<String, u32>,
}

fn message(recalls: &[&str]) -> String {
    job(IndexJob::IndexRecalls {
        recalls: recalls.iter().map(|id| id.parse().unwrap()).collect(),
    })
}

fn versions(recalls: &[(&str, u32)]) -> BTreeMap<String, u32> {
    recalls
        .iter()
        .map(|(id, version)| ((*id).to_owned(), *version))
        .collect()
}

/// Reads the generation in force, as the functions do; nothing when there is none.
async fn indexed(sandbox: &Sandbox) -> BTreeMap<String, u32> {
    let directory = tempfile::TempDir::new().unwrap();
    let bucket = SnapshotBucket::new(sandbox.s3(), &sandbox.bucket);
    let reader = SnapshotReader::open(bucket, directory.path(), 1 << 30).unwrap();
    let open = reader.current(sandbox.clock.now()).await.unwrap();
    let query = ListQuery {
        filters: Filters::default(),
        text: None,
        sort: RecallSort::Id,
        direction: Direction::Ascending,
        page: Page::Offset {
            offset: 0,
            limit: 100,
        },
    };
    let found = open.catalogue.recalls(&query).unwrap();
    assert_eq!(found.total, open.recalls);
    found
        .items
        .iter()
        .map(|item| (item.id.to_string(), item.version))
        .collect()
}

impl Behind {
    async fn begin() -> Self {
        let story = Story::begin().await;
        let sandbox = Sandbox::with(&story.saved, story::later()).await;
        let sync = sandbox
            .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
            .await;
        let index = sandbox.index(sandbox.emulator()).await;
        // The index as it was before the second edition.
        let all = message(&[story::CHANGED, story::UNCHANGED, story::MARKED_CHANGED]);
        assert!(returned(&index.handle(delivery([&all])).await.unwrap()).is_empty());
        let before = indexed(&sandbox).await;
        assert!(returned(&sync.handle(delivery([&story.job])).await.unwrap()).is_empty());
        Self {
            saved: sandbox.save().await,
            messages: vec![
                message(&[story::NEW, story::CHANGED]),
                message(&[
                    story::CHANGED,
                    story::MARKED_NEW,
                    story::MARKED_CHANGED,
                    GONE,
                ]),
            ],
            before,
            after: versions(&[
                (story::NEW, 1),
                (story::CHANGED, 2),
                (story::UNCHANGED, 1),
                (story::MARKED_NEW, 1),
                (story::MARKED_CHANGED, 2),
            ]),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_index_worker_that_is_killed_at_any_call_publishes_all_or_nothing() {
    let behind = Box::pin(Behind::begin()).await;
    assert_eq!(behind.before.len(), 3);
    let calls = at_every_call(async |plan| {
        let sandbox = Sandbox::with(&behind.saved, story::later()).await;
        let proxy = Proxy::start(sandbox.emulator(), plan.clone())
            .await
            .unwrap();
        let answer = sandbox
            .index(&proxy.endpoint())
            .await
            .handle(delivery(&behind.messages))
            .await;
        proxy.settled().await;
        let died = proxy.is_dead();
        let acknowledged = answer
            .as_ref()
            .is_ok_and(|answer| returned(answer).is_empty());
        assert!(acknowledged || died, "{plan:?}: {answer:?}");
        let seen = indexed(&sandbox).await;
        if acknowledged {
            assert_eq!(
                seen, behind.after,
                "{plan:?}: what is acknowledged is published"
            );
        } else {
            assert!(
                seen == behind.before || seen == behind.after,
                "{plan:?}: {seen:?}"
            );
        }
        sandbox.clock.advance(OUT_OF_SIGHT);
        let answer = sandbox
            .index(sandbox.emulator())
            .await
            .handle(delivery(&behind.messages))
            .await;
        assert!(returned(&answer.unwrap()).is_empty(), "{plan:?}");
        assert_eq!(indexed(&sandbox).await, behind.after, "{plan:?}");
        died
    })
    .await;
    println!("index: {calls} calls for a generation of five recalls on a generation of three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_generation_that_cannot_be_made_sends_every_message_back_and_shows_nothing() {
    let behind = Box::pin(Behind::begin()).await;
    let sandbox = Sandbox::with(&behind.saved, story::later()).await;
    let proxy = Proxy::start(sandbox.emulator(), Plan::default())
        .await
        .unwrap();
    let index = sandbox.index(&proxy.endpoint()).await;
    for (operation, fault) in [
        ("GetObject", Fault::ServerError),
        ("BatchGetItem", Fault::Throttle),
        ("PutObject", Fault::Throttle),
        ("PutObject", Fault::DropBefore),
    ] {
        proxy.follow(Plan::rules([Rule::every(operation, fault)]));
        let answer = index.handle(delivery(&behind.messages)).await.unwrap();
        assert_eq!(returned(&answer), ["m0", "m1"], "{operation}: {fault:?}");
        assert_eq!(
            indexed(&sandbox).await,
            behind.before,
            "{operation}: {fault:?}"
        );
    }
    // Every answer to a put is lost, the pointer's among them: the generation may be out, and is whole.
    proxy.follow(Plan::rules([Rule::every("PutObject", Fault::DropAfter)]));
    index.handle(delivery(&behind.messages)).await.unwrap();
    let seen = indexed(&sandbox).await;
    assert!(seen == behind.before || seen == behind.after, "{seen:?}");
    proxy.follow(Plan::default());
    let answer = index.handle(delivery(&behind.messages)).await.unwrap();
    assert_eq!(returned(&answer), [""; 0]);
    assert_eq!(indexed(&sandbox).await, behind.after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn messages_of_the_index_queue_come_five_times_shuffled_and_count_once() {
    let behind = Box::pin(Behind::begin()).await;
    let sandbox = Sandbox::with(&behind.saved, story::later()).await;
    let index = sandbox.index(sandbox.emulator()).await;
    let mut messages = [&behind.messages[..]; 5].concat();
    messages.shuffle(&mut StdRng::seed_from_u64(5));
    for some in messages.chunks(3) {
        let answer = index.handle(delivery(some)).await.unwrap();
        assert!(returned(&answer).is_empty());
    }
    assert_eq!(indexed(&sandbox).await, behind.after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_index_workers_at_once_lose_nothing_of_each_other() {
    let behind = Box::pin(Behind::begin()).await;
    for _ in 0..5 {
        let sandbox = Sandbox::with(&behind.saved, story::later()).await;
        let [one, two] = [
            sandbox.index(sandbox.emulator()).await,
            sandbox.index(sandbox.emulator()).await,
        ];
        let (first, second) = tokio::join!(
            one.handle(delivery(&behind.messages[..1])),
            two.handle(delivery(&behind.messages[1..]))
        );
        for answer in [first, second] {
            assert!(returned(&answer.unwrap()).is_empty());
        }
        assert_eq!(indexed(&sandbox).await, behind.after);
    }
}
