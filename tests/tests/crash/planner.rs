//! The planner, killed while it sends jobs.

use std::collections::BTreeMap;

use babyshield::{
    clock::Clock,
    domain::feed_state::{Slice, slices, today},
    stores::jobs::{self, SyncJob},
};
use babyshield_faults::Proxy;
use babyshield_tests::{
    feed_server::FeedServer,
    sandbox::{Sandbox, key},
};
use serde_json::json;

use crate::{QUICK, at_every_call};

/// How long the lease of a planner that died stands, in seconds.
const LEASE: i64 = 300;

/// Takes the jobs that were sent and counts them by slice.
async fn sent(sandbox: &Sandbox) -> BTreeMap<Slice, u32> {
    let mut slices = BTreeMap::new();
    for body in sandbox.drain(&sandbox.sync_queue).await {
        let job = jobs::parse::<SyncJob>(&body).unwrap();
        if let SyncJob::SyncAgency { parts, window, .. } = job.kind {
            *slices.entry(Slice { parts, window }).or_default() += 1;
        }
    }
    slices
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_planner_that_is_killed_at_any_call_leaves_no_slice_without_a_job() {
    let feeds = FeedServer::start().await;
    let order = json!({"kind": "plan", "agency": "us-fda"});
    let calls = at_every_call(async |plan| {
        let sandbox = Sandbox::new().await;
        let agency = key("us-fda").row();
        let due = slices(agency, today(agency, sandbox.clock.now()));
        let proxy = Proxy::start(sandbox.emulator(), plan.clone())
            .await
            .unwrap();
        let app = sandbox.sync(&proxy.endpoint(), feeds.origin(), QUICK).await;
        let answer = app.handle(order.clone()).await;
        proxy.settled().await;
        // A schedule whose run fails is run again, and is seen in its dead-letter queue at last.
        assert_eq!(answer.is_err(), proxy.is_dead(), "{plan:?}: {answer:?}");
        let app = sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await;
        sandbox.clock.advance(LEASE);
        app.handle(order.clone()).await.unwrap();
        let jobs = sent(&sandbox).await;
        assert_eq!(jobs.keys().cloned().collect::<Vec<_>>(), {
            let mut due = due.clone();
            due.sort();
            due
        });
        assert!(jobs.values().all(|count| *count <= 2), "{plan:?}: {jobs:?}");
        let windows = sandbox.agency_store().windows(agency.key()).await.unwrap();
        assert!(
            windows.len() == due.len() && windows.iter().all(|state| state.queued_at.is_some()),
            "{plan:?}"
        );
        let third = app.handle(order.clone()).await.unwrap();
        assert_eq!(
            third["jobs"], 0,
            "{plan:?}: what is under way is not planned again"
        );
        proxy.is_dead()
    })
    .await;
    println!("planner: {calls} calls for the 45 slices of us-fda");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_planners_at_once_send_every_job_once() {
    let feeds = FeedServer::start().await;
    let sandbox = Sandbox::new().await;
    let [one, two] = [
        sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await,
        sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await,
    ];
    let order = json!({"kind": "plan"});
    let (first, second) = tokio::join!(one.handle(order.clone()), two.handle(order));
    let planned =
        first.unwrap()["jobs"].as_u64().unwrap() + second.unwrap()["jobs"].as_u64().unwrap();
    let jobs = sandbox.drain(&sandbox.sync_queue).await;
    assert_eq!(jobs.len() as u64, planned);
    let mut kinds: Vec<_> = jobs
        .iter()
        .map(|body| format!("{:?}", jobs::parse::<SyncJob>(body).unwrap().kind))
        .collect();
    kinds.sort();
    let all = kinds.len();
    kinds.dedup();
    assert_eq!(kinds.len(), all);
}
