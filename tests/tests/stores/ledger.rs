//! Leases and turns.

use std::time::Duration;

use babyshield::{clock::Clock, stores::ledger::Ledger};
use babyshield_faults::{Fault, Plan, Rule};

use crate::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_lease_is_held_by_one_until_it_is_given_back_or_its_time_has_come() {
    let bench = Bench::new().await;
    let clock = &bench.sandbox.clock;
    let ledger = Ledger::new(bench.sandbox.dynamo(), &bench.sandbox.ledger);
    let take = async |owner: &str| ledger.lease("sync", owner, 60, clock.now()).await.unwrap();
    let first = take("one").await.expect("nobody has it");
    assert_eq!(take("two").await, None);
    assert!(take("one").await.is_some(), "its owner may take it again");
    assert!(
        ledger
            .lease("index", "two", 60, clock.now())
            .await
            .unwrap()
            .is_some(),
        "another name"
    );
    clock.advance(59);
    assert_eq!(take("two").await, None);
    clock.advance(1);
    let second = take("two").await.expect("the stored time has come");
    // Whoever was late gives back nothing that is not his any more.
    ledger.release(&first).await.unwrap();
    assert_eq!(take("three").await, None);
    ledger.release(&second).await.unwrap();
    ledger.release(&second).await.unwrap();
    assert!(take("three").await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_many_who_ask_at_once_one_gets_it() {
    let bench = Bench::new().await;
    let ledger = Ledger::new(bench.sandbox.dynamo(), &bench.sandbox.ledger);
    for round in 0..5 {
        let now = bench.sandbox.clock.now();
        let name = format!("round-{round}");
        let ask = (0..12).map(async |owner: u32| {
            ledger
                .lease(&name, &owner.to_string(), 60, now)
                .await
                .unwrap()
        });
        let got = futures_util::future::join_all(ask).await;
        assert_eq!(got.into_iter().flatten().count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_lost_answer_leaves_the_lease_with_who_asked() {
    let bench = Bench::new().await;
    let ledger = Ledger::new(bench.dynamo.clone(), &bench.sandbox.ledger);
    let now = bench.sandbox.clock.now();
    bench.proxy.follow(Plan::rules([
        Rule::first("PutItem", 1, Fault::DropAfter),
        Rule::first("DeleteItem", 1, Fault::DropAfter),
    ]));
    let lease = ledger
        .lease("sync", "one", 60, now)
        .await
        .unwrap()
        .expect("it is his own");
    ledger.release(&lease).await.unwrap();
    assert!(
        ledger
            .lease("sync", "two", 60, now)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn whoever_waits_for_a_lease_gets_it_when_it_is_given_back_and_not_for_ever() {
    let bench = Bench::new().await;
    let ledger = Ledger::new(bench.sandbox.dynamo(), &bench.sandbox.ledger);
    let clock = &*bench.sandbox.clock;
    let within = async |owner: &str, wait: u64| {
        let wait = Duration::from_millis(wait);
        ledger.lease_within("sync", owner, 60, wait, clock).await
    };
    let first = within("one", 0).await.unwrap().expect("nobody has it");
    assert_eq!(within("two", 300).await.unwrap(), None);
    let (second, released) = tokio::join!(within("two", 10_000), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        ledger.release(&first).await
    });
    released.unwrap();
    assert!(second.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn turns_at_a_host_lie_apart_however_many_ask_and_are_not_saved_up() {
    let bench = Bench::new().await;
    let ledger = Ledger::new(bench.sandbox.dynamo(), &bench.sandbox.ledger);
    let apart = Duration::from_millis(250);
    for round in 0..3 {
        let now = bench.sandbox.clock.now();
        // As many workers as the template lets run at once.
        let asked = (0..5).map(|_| ledger.turn("api.example", apart, now));
        let mut waits = futures_util::future::try_join_all(asked).await.unwrap();
        waits.sort();
        let expected: Vec<_> = (0..5).map(|place| apart * place).collect();
        assert_eq!(waits, expected, "round {round}");
        let other = ledger.turn(&format!("other-{round}"), apart, now).await;
        assert_eq!(other.unwrap(), Duration::ZERO);
        bench.sandbox.clock.advance(3_600);
    }
}
