//! The queues.

use std::collections::BTreeSet;

use aws_sdk_sqs::Client;
use babyshield::{
    clock::{Ids, RandomIds},
    stores::{
        StoreError,
        jobs::{self, FORMAT, IndexJob, Job, Queue},
    },
};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::sandbox::sdk;
use jiff::Timestamp;

use crate::Bench;

fn jobs(count: u32) -> Vec<Job<IndexJob>> {
    let job = |at| Job {
        v: FORMAT,
        kind: IndexJob::IndexRecalls {
            recalls: vec![format!("us-cpsc:{at}").parse().unwrap()],
        },
        id: RandomIds.new_id(),
        request_id: "a-test".into(),
        at: Timestamp::UNIX_EPOCH,
    };
    (0..count).map(job).collect()
}

async fn arrived(bench: &Bench) -> Vec<Job<IndexJob>> {
    let bodies = bench.sandbox.drain(&bench.sandbox.index_queue).await;
    bodies
        .iter()
        .map(|body| jobs::parse(body).unwrap())
        .collect()
}

fn ids(jobs: &[Job<IndexJob>]) -> BTreeSet<uuid::Uuid> {
    jobs.iter().map(|job| job.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn messages_go_out_ten_a_call_and_the_refused_ones_again() {
    let bench = Bench::new().await;
    let sqs = Client::new(&sdk(&bench.proxy.endpoint()).await);
    let queue = Queue::new(sqs, &bench.sandbox.index_queue);
    let all = jobs(23);
    queue.send(&all).await.unwrap();
    assert_eq!(bench.calls(), ["SendMessageBatch"; 3]);
    let found = arrived(&bench).await;
    assert_eq!((found.len(), ids(&found)), (23, ids(&all)));
    queue.send::<IndexJob>(&[]).await.unwrap();
    assert_eq!(bench.calls(), [""; 0]);
    // Of each of the first nine calls one message is taken: none is sent twice, none is lost.
    bench.proxy.follow(Plan::rules([Rule::first(
        "SendMessageBatch",
        9,
        Fault::Partial,
    )]));
    queue.send(&all).await.unwrap();
    let found = arrived(&bench).await;
    assert_eq!((found.len(), ids(&found)), (23, ids(&all)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_lost_answer_may_send_twice_and_never_loses() {
    let bench = Bench::new().await;
    let sqs = Client::new(&sdk(&bench.proxy.endpoint()).await);
    let queue = Queue::new(sqs, &bench.sandbox.index_queue);
    let all = jobs(10);
    bench.proxy.follow(Plan::rules([Rule::first(
        "SendMessageBatch",
        1,
        Fault::DropAfter,
    )]));
    queue.send(&all).await.unwrap();
    let found = arrived(&bench).await;
    assert_eq!((found.len(), ids(&found)), (20, ids(&all)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_queue_that_stays_busy_is_said_to_be() {
    let bench = Bench::new().await;
    let sqs = Client::new(&sdk(&bench.proxy.endpoint()).await);
    let queue = Queue::new(sqs, &bench.sandbox.index_queue);
    for fault in [Fault::Throttle, Fault::ServerError, Fault::DropBefore] {
        bench
            .proxy
            .follow(Plan::rules([Rule::every("SendMessageBatch", fault)]));
        let busy = queue.send(&jobs(1)).await;
        assert!(
            matches!(busy, Err(StoreError::Busy(_))),
            "{fault:?}: {busy:?}"
        );
        assert_eq!(bench.calls().len(), 3, "{fault:?}");
    }
    assert_eq!(arrived(&bench).await, []);
    let nowhere = Queue::new(
        Client::new(&sdk(bench.sandbox.emulator()).await),
        "http://127.0.0.1/0/none",
    );
    let refused = nowhere.send(&jobs(1)).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
}
