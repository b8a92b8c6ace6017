//! The worker `sync`, killed in the middle of a window.

use std::collections::BTreeSet;

use babyshield_faults::{Plan, Proxy};
use babyshield_tests::sandbox::{Sandbox, delivery, returned};
use serde_json::json;

use crate::{
    OUT_OF_SIGHT, QUICK, at_every_call,
    story::{self, Story, flat},
};

/// Runs the job until the worker is killed; returns whether it was, and checks what it says then.
async fn killed(sandbox: &Sandbox, story: &Story, plan: Plan) -> bool {
    let proxy = Proxy::start(sandbox.emulator(), plan).await.unwrap();
    let app = sandbox
        .sync(&proxy.endpoint(), story.feeds.origin(), QUICK)
        .await;
    let answer = app.handle(delivery([&story.job])).await.unwrap();
    proxy.settled().await;
    // Whoever cannot reach the tables must not say that the job is done.
    let expected: &[&str] = if proxy.is_dead() { &["m0"] } else { &[] };
    assert_eq!(returned(&answer), expected);
    proxy.is_dead()
}

/// Delivers the job again, undisturbed, and checks that everything ends as if nothing had happened.
async fn finish(sandbox: &Sandbox, story: &Story, mut announced: BTreeSet<String>, plan: &Plan) {
    sandbox.clock.advance(OUT_OF_SIGHT);
    let app = sandbox
        .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
        .await;
    let answer = app.handle(delivery([&story.job])).await.unwrap();
    assert!(returned(&answer).is_empty(), "{plan:?}");
    let picture = sandbox.picture().await;
    assert_eq!(picture.faults(), [""; 0], "{plan:?}");
    let differences = picture.timeless().differences(&story.end);
    assert!(
        differences.is_empty(),
        "{plan:?}:\n{}",
        differences.join("\n")
    );
    announced.extend(flat(sandbox.announced().await));
    assert_eq!(announced, story.announced, "{plan:?}");
    let (recalls, id) = (sandbox.recall_store(), story::CHANGED.parse().unwrap());
    let first = recalls.find_version(&id, 1).await.unwrap();
    assert_eq!(
        first.unwrap().row.version,
        1,
        "{plan:?}: the old version is readable"
    );
    assert!(
        recalls.find_version(&id, 3).await.unwrap().is_none(),
        "{plan:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_sync_that_is_killed_at_any_call_is_finished_by_the_next_delivery() {
    let story = Story::begin().await;
    let calls = at_every_call(async |plan| {
        let sandbox = Sandbox::with(&story.saved, story::later()).await;
        let died = killed(&sandbox, &story, plan.clone()).await;
        finish(&sandbox, &story, BTreeSet::new(), &plan).await;
        died
    })
    .await;
    println!("sync: {calls} calls for five recalls, killed at each of them, before and after");
    assert!(calls > 20, "{calls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_a_killed_sync_has_stored_is_announced_by_the_sweeper_alone() {
    let story = Story::begin().await;
    at_every_call(async |plan| {
        let sandbox = Sandbox::with(&story.saved, story::later()).await;
        let died = killed(&sandbox, &story, plan.clone()).await;
        let stored = sandbox.picture().await;
        sandbox.clock.advance(OUT_OF_SIGHT);
        let app = sandbox
            .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
            .await;
        let swept = app.handle(json!({"kind": "sweep"})).await.unwrap();
        assert_eq!(swept["announced"], stored.marked().len(), "{plan:?}");
        let picture = sandbox.picture().await;
        assert_eq!(picture.marked(), [""; 0], "{plan:?}");
        assert_eq!(picture.faults(), [""; 0], "{plan:?}");
        let announced = flat(sandbox.announced().await);
        let before = story.begin.recalls();
        let changed = picture
            .recalls()
            .into_iter()
            .filter(|(id, now)| before.get(id) != Some(now))
            .map(|(id, _)| id)
            .chain(story.begin.marked());
        for id in changed {
            assert!(
                announced.contains(&id),
                "{plan:?}: {id} was never announced"
            );
        }
        finish(&sandbox, &story, announced, &plan).await;
        died
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_mark_that_a_worker_may_still_be_at_is_left_to_it_by_the_sweeper() {
    let story = Story::begin().await;
    let sandbox = Sandbox::with(&story.saved, "2026-11-20T12:05:59Z".parse().unwrap()).await;
    let app = sandbox
        .sync(sandbox.emulator(), story.feeds.origin(), QUICK)
        .await;
    let swept = app.handle(json!({"kind": "sweep"})).await.unwrap();
    assert_eq!(swept["announced"], 0);
    sandbox.clock.advance(2);
    let swept = app.handle(json!({"kind": "sweep"})).await.unwrap();
    assert_eq!(swept["announced"], 2);
}
