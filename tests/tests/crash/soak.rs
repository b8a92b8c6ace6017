//! A few hundred recalls through a store that fails at one call in five.

use babyshield::domain::window::Window;
use babyshield_faults::{Outcome, Plan, Proxy, Random};
use babyshield_tests::{
    feed_rows::cpsc_rows,
    feed_server::{Answer, FeedServer},
    sandbox::{Sandbox, delivery, returned, sync_job},
};
use serde_json::{Value, json};

use crate::{OUT_OF_SIGHT, QUICK, story::flat};

const RECALLS: u32 = 300;
const SEED: u64 = 20_261_120;
/// How often a message is delivered before it goes to the dead-letter queue, as the template says.
const DELIVERIES: u32 = 5;

/// The second edition: every third recall is changed.
fn second(mut rows: Vec<Value>) -> Vec<Value> {
    for row in rows.iter_mut().step_by(3) {
        row["LastPublishDate"] = json!("2026-11-11T00:00:00");
        row["Hazards"][0]["Name"] = json!("The product can make a child fall (fall hazard).");
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_store_that_fails_at_one_call_in_five_slows_the_sync_and_changes_nothing() {
    let feeds = FeedServer::start().await;
    let job = sync_job("us-cpsc", &["recalls"], Window::year(2026));
    let (calm, rough) = (Sandbox::new().await, Sandbox::new().await);
    let smooth = Proxy::start(calm.emulator(), Plan::default())
        .await
        .unwrap();
    let calm_app = calm.sync(&smooth.endpoint(), feeds.origin(), QUICK).await;
    let random = Some(Random {
        seed: SEED,
        percent: 20,
    });
    let broken = Proxy::start(
        rough.emulator(),
        Plan {
            random,
            ..Plan::default()
        },
    )
    .await
    .unwrap();
    let rough_app = rough.sync(&broken.endpoint(), feeds.origin(), QUICK).await;
    let mut told = Vec::new();

    for edition in [cpsc_rows(RECALLS), second(cpsc_rows(RECALLS))] {
        feeds.script(&["saferproducts"], [Answer::rows(&edition)]);
        assert!(returned(&calm_app.handle(delivery([&job])).await.unwrap()).is_empty());
        let mut deliveries = 0;
        loop {
            deliveries += 1;
            assert!(
                deliveries <= DELIVERIES,
                "the job would be in the dead-letter queue"
            );
            let answer = rough_app.handle(delivery([&job])).await.unwrap();
            if returned(&answer).is_empty() {
                break;
            }
            rough.clock.advance(OUT_OF_SIGHT);
        }
        told.push(deliveries);
    }

    let (expected, found) = (calm.picture().await, rough.picture().await);
    assert_eq!(found.faults(), [""; 0]);
    assert_eq!(found.marked(), [""; 0]);
    let differences = found.timeless().differences(&expected.timeless());
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[0]
    );
    assert_eq!(flat(rough.announced().await), flat(calm.announced().await));
    let hit = broken
        .log()
        .iter()
        .filter(|entry| entry.outcome != Outcome::Passed)
        .count();
    let (calls, needed) = (broken.calls(), smooth.calls());
    let amplification = calls as f64 / needed as f64;
    // Trying each failed call again until it works would be 1.25.
    assert!(
        amplification < 1.6,
        "{amplification}: work is done again that was done"
    );
    println!(
        "soak: {needed} calls when nothing fails, {calls} with {hit} of them hit: amplification {amplification:.2}, deliveries {told:?}"
    );
}
