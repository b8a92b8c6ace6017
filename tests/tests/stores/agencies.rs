//! The store of agencies: windows, sums and the coverage.

use babyshield::{
    domain::{
        agency::AGENCIES,
        feed_state::{Failure, WindowState, slices, today},
        window::Window,
    },
    stores::{StoreError, agencies::AgencyStore},
};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::sandbox::{key, slice};
use jiff::Timestamp;

use crate::Bench;

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn applied(state: WindowState) -> WindowState {
    WindowState {
        last_attempt: Some(noon()),
        last_success: Some(noon()),
        recalls: 7,
        rows: 9,
        ..state
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn the_planner_and_a_worker_write_one_window_without_touching_each_others_part() {
    let bench = Bench::new().await;
    let (store, cpsc) = (bench.sandbox.agency_store(), key("us-cpsc"));
    let slice = slice(&["recalls"], Window::year(2026));
    assert_eq!(
        store.window(cpsc, &slice).await.unwrap(),
        WindowState::new(slice.clone())
    );
    // A slice that was only planned is known already.
    store.queued(cpsc, &slice, noon()).await.unwrap();
    let planned = WindowState {
        queued_at: Some(noon()),
        ..WindowState::new(slice.clone())
    };
    assert_eq!(store.window(cpsc, &slice).await.unwrap(), planned);
    assert_eq!(
        store.windows(cpsc).await.unwrap(),
        std::slice::from_ref(&planned)
    );
    let state = applied(planned.clone());
    let (queued, put) = tokio::join!(
        store.queued(cpsc, &slice, noon()),
        store.put_window(cpsc, &state)
    );
    queued.and(put).unwrap();
    assert_eq!(store.window(cpsc, &slice).await.unwrap(), state);
    store
        .put_window(
            cpsc,
            &WindowState {
                queued_at: None,
                ..state.clone()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        store.window(cpsc, &slice).await.unwrap().queued_at,
        Some(noon())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn sums_that_are_drawn_at_once_end_with_every_window_in_them() {
    let bench = Bench::new().await;
    let store = bench.sandbox.agency_store();
    let fda = key("us-fda").row();
    let all = slices(fda, today(fda, noon()));
    let finish = async |slice: &babyshield::domain::feed_state::Slice| {
        let state = applied(WindowState::new(slice.clone()));
        store.put_window(fda.key(), &state).await.unwrap();
        store.sum_up(fda, noon()).await.unwrap()
    };
    // As many at once as the template lets workers run.
    for slices in all.chunks(5) {
        futures_util::future::join_all(slices.iter().map(finish)).await;
    }
    let sum = store.sum(fda.key()).await.unwrap().unwrap();
    assert_eq!((sum.slices_loaded, sum.records), (45, 7 * 45));
    assert!(sum.loaded);
    let coverage = store.coverage().await.unwrap();
    assert_eq!(coverage.len(), 1);
    assert_eq!(
        (coverage[0].0, coverage[0].1.last_success),
        (fda.key(), Some(noon()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_sum_drawn_before_a_window_came_never_replaces_one_drawn_after() {
    let bench = Bench::new().await;
    let quick = bench.sandbox.agency_store();
    let slow = AgencyStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    let cpsc = key("us-cpsc").row();
    let window = |year| applied(WindowState::new(slice(&["recalls"], Window::year(year))));
    for (year, sums) in [(2026, 0), (2025, 1)] {
        // With no sum there yet, and with one.
        assert_eq!(
            quick.sum(cpsc.key()).await.unwrap().is_some(),
            sums > 0,
            "{year}"
        );
        let delay = Rule::first("TransactWriteItems", 1, Fault::DelayMs(500));
        bench.proxy.follow(Plan::rules([delay]));
        let (late, early) = tokio::join!(slow.sum_up(cpsc, noon()), async {
            // By now the slow one has read the windows and is on its way.
            while bench.proxy.calls() < 3 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            quick.put_window(cpsc.key(), &window(year)).await.unwrap();
            quick.sum_up(cpsc, noon()).await.unwrap()
        });
        late.unwrap();
        assert_eq!(quick.sum(cpsc.key()).await.unwrap(), Some(early), "{year}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn every_agency_has_its_line_of_the_coverage_and_none_is_lost_when_they_meet() {
    let bench = Bench::new().await;
    let store = bench.sandbox.agency_store();
    futures_util::future::join_all(AGENCIES.iter().map(async |agency| {
        let part = slice(&["a"], Window::year(2026));
        let failed = WindowState {
            last_error: Some(Failure {
                at: noon(),
                reason: "the feed answered 500".into(),
            }),
            ..WindowState::new(part)
        };
        store.put_window(agency.key(), &failed).await.unwrap();
        store.sum_up(agency, noon()).await.unwrap();
    }))
    .await;
    let coverage = store.coverage().await.unwrap();
    assert_eq!(coverage.len(), AGENCIES.len());
    assert!(
        coverage
            .iter()
            .all(|(_, row)| row.failing && !row.quarantined && row.last_success.is_none())
    );
    let sums = store.sums().await.unwrap();
    assert_eq!(sums.len(), AGENCIES.len());
    assert!(sums.values().all(|sum| sum.last_error.is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_sum_that_meets_another_transaction_is_drawn_again() {
    let bench = Bench::new().await;
    let store = AgencyStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    let cpsc = key("us-cpsc").row();
    bench.proxy.follow(Plan::rules([Rule::first(
        "TransactWriteItems",
        3,
        Fault::Conflict,
    )]));
    store.sum_up(cpsc, noon()).await.unwrap();
    let tries = bench
        .calls()
        .into_iter()
        .filter(|call| call == "TransactWriteItems");
    assert_eq!(tries.count(), 4);
    bench.proxy.follow(Plan::rules([Rule::every(
        "TransactWriteItems",
        Fault::Conflict,
    )]));
    let busy = store.sum_up(cpsc, noon()).await;
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    // A lost answer: the token makes the second try the first one.
    bench.proxy.follow(Plan::rules([Rule::first(
        "TransactWriteItems",
        1,
        Fault::DropAfter,
    )]));
    store.sum_up(cpsc, noon()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn all_sums_are_one_call_and_so_is_the_coverage() {
    let bench = Bench::new().await;
    let store = AgencyStore::new(bench.dynamo.clone(), &bench.sandbox.recalls);
    assert!(store.sums().await.unwrap().is_empty());
    assert!(store.coverage().await.unwrap().is_empty());
    assert_eq!(store.sum(key("us-cpsc")).await.unwrap(), None);
    assert_eq!(bench.calls(), ["BatchGetItem", "GetItem", "GetItem"]);
}
