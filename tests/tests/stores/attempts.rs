//! Attempts to sign in: what is let through, from whom, and when again.

use std::net::Ipv4Addr;

use babyshield::{
    clock::Clock,
    domain::account::SessionId,
    stores::attempts::{Attempt, Attempts, Reserved, Whence},
};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::Bench;

fn attempts(bench: &Bench) -> Attempts {
    Attempts::new(bench.dynamo.clone(), &bench.sandbox.ledger, 5, 900)
}

fn network(at: u32) -> Whence {
    Whence::Network(format!("{}/24", Ipv4Addr::from(0x0a00_0000 + at * 256)))
}

async fn reserve(bench: &Bench, whence: &Whence) -> Reserved {
    let now = bench.sandbox.clock.now();
    attempts(bench).reserve("ab12", whence, now).await.unwrap()
}

async fn granted(bench: &Bench, whence: &Whence) -> Attempt {
    match reserve(bench, whence).await {
        Reserved::Granted(attempt) => attempt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn five_from_one_network_and_then_none_for_the_length_of_the_lockout() {
    let bench = Bench::new().await;
    for at in 1..=5 {
        assert_eq!(granted(&bench, &network(1)).await.last_from_there, at == 5);
        bench.sandbox.clock.advance(60);
    }
    assert_eq!(reserve(&bench, &network(1)).await, Reserved::Wait(840));
    let _ = granted(&bench, &network(2)).await;
    bench.sandbox.clock.advance(839);
    assert_eq!(reserve(&bench, &network(1)).await, Reserved::Wait(1));
    bench.sandbox.clock.advance(1);
    assert!(!granted(&bench, &network(1)).await.last_from_there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_account_takes_ten_at_once_and_then_one_in_forty_seconds_wherever_they_come_from() {
    let bench = Bench::new().await;
    for at in 0..10 {
        let _ = granted(&bench, &network(at)).await;
    }
    assert_eq!(reserve(&bench, &network(10)).await, Reserved::Wait(40));
    // What the account refuses is not held against the client.
    let now = bench.sandbox.clock.now();
    let seen = attempts(&bench)
        .look("ab12", Some("10.0.10.0/24"), now)
        .await
        .unwrap();
    assert_eq!((seen.in_a_row, seen.locked_until), (10, None));
    assert_eq!(seen.slowed_until.unwrap().duration_since(now).as_secs(), 40);
    bench.sandbox.clock.advance(40);
    let _ = granted(&bench, &network(10)).await;
    assert_eq!(reserve(&bench, &network(11)).await, Reserved::Wait(40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn known_devices_and_sessions_go_past_the_accounts_slow_down_and_have_a_lock_of_their_own() {
    let bench = Bench::new().await;
    for at in 0..11 {
        let _ = reserve(&bench, &network(at)).await;
    }
    let device = Whence::Device(Uuid::from_u128(1), "10.0.0.0/24".into());
    let session = Whence::Session(SessionId(Uuid::from_u128(2)));
    for whence in [device, session] {
        for at in 1..=5 {
            assert_eq!(granted(&bench, &whence).await.last_from_there, at == 5);
        }
        assert_eq!(reserve(&bench, &whence).await, Reserved::Wait(900));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_hundred_in_a_row_stop_unknown_devices_until_it_is_cleared() {
    let bench = Bench::new().await;
    for at in 0..100 {
        bench.sandbox.clock.advance(40);
        assert_eq!(granted(&bench, &network(at)).await.last_in_a_row, at == 99);
    }
    bench.sandbox.clock.advance(86_400 * 30);
    assert_eq!(reserve(&bench, &network(1_000)).await, Reserved::Stopped);
    let device = Whence::Device(Uuid::from_u128(1), "10.0.0.0/24".into());
    let attempt = granted(&bench, &device).await;
    attempts(&bench).succeeded(&attempt).await.unwrap();
    assert_eq!(reserve(&bench, &network(1_000)).await, Reserved::Stopped);
    attempts(&bench).clear("ab12").await.unwrap();
    let _ = granted(&bench, &network(1_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_device_with_a_hundred_in_a_row_is_not_known_any_more() {
    let bench = Bench::new().await;
    let device = Whence::Device(Uuid::from_u128(1), "10.0.0.0/24".into());
    for at in 0..100 {
        if at % 5 == 0 {
            bench.sandbox.clock.advance(900);
        }
        let _ = granted(&bench, &device).await;
    }
    bench.sandbox.clock.advance(900);
    let _ = granted(&bench, &device).await;
    let now = bench.sandbox.clock.now();
    let seen = attempts(&bench).look("ab12", None, now).await.unwrap();
    assert_eq!(seen.in_a_row, 1, "it is counted among the unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_right_password_forgets_what_was_counted_there_and_gives_the_account_its_own_back() {
    let bench = Bench::new().await;
    for _ in 0..4 {
        let _ = granted(&bench, &network(1)).await;
    }
    let attempt = granted(&bench, &network(1)).await;
    attempts(&bench).succeeded(&attempt).await.unwrap();
    let now = bench.sandbox.clock.now();
    let seen = attempts(&bench)
        .look("ab12", Some("10.0.1.0/24"), now)
        .await
        .unwrap();
    assert_eq!((seen.in_a_row, seen.locked_until), (0, None));
    // Four failures are still slowing the account down: six places are left of ten.
    for at in 0..6 {
        let _ = granted(&bench, &network(at + 10)).await;
    }
    assert_eq!(reserve(&bench, &network(20)).await, Reserved::Wait(40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn two_hundred_at_once_have_as_many_places_as_one_after_the_other() {
    let bench = Bench::new().await;
    let one = network(1);
    let all = join_all((0..200).map(|_| reserve(&bench, &one))).await;
    let let_through = all.iter().filter(|one| matches!(one, Reserved::Granted(_)));
    assert_eq!(let_through.count(), 5);
    let many: Vec<_> = (2..202).map(network).collect();
    let all = join_all(many.iter().map(|one| reserve(&bench, one))).await;
    let let_through = all.iter().filter(|one| matches!(one, Reserved::Granted(_)));
    assert_eq!(let_through.count(), 5, "five of ten were taken before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_owner_is_told_once_a_day_even_if_everything_is_cleared_between() {
    let bench = Bench::new().await;
    let told = async || {
        let now = bench.sandbox.clock.now();
        attempts(&bench).is_to_be_told("ab12", now).await.unwrap()
    };
    let _ = granted(&bench, &network(1)).await;
    assert!(told().await);
    assert!(!told().await);
    attempts(&bench).clear("ab12").await.unwrap();
    bench.sandbox.clock.advance(86_399);
    assert!(!told().await);
    bench.sandbox.clock.advance(1);
    assert!(told().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_first_attempt_takes_two_calls_and_one_of_a_locked_client_one() {
    let bench = Bench::new().await;
    let _ = bench.calls();
    let _ = granted(&bench, &network(1)).await;
    assert_eq!(bench.calls(), ["UpdateItem"; 2]);
    for _ in 0..4 {
        let _ = granted(&bench, &network(1)).await;
    }
    let _ = bench.calls();
    let _ = reserve(&bench, &network(1)).await;
    assert_eq!(bench.calls(), ["UpdateItem"]);
}
