//! Work on many recalls of which some fail: the others are not held up.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use babyshield::stores::StoreError;
use futures_util::{StreamExt, stream};

/// How many are at work at the same time.
const AT_ONCE: usize = 8;
/// After how many failures no more is begun: the store is down then, and is not to be pressed.
const MOST_FAILURES: usize = 25;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done<R> {
    /// The outcomes, in any order.
    pub(crate) outcomes: Vec<R>,
    /// The first failure.
    pub(crate) error: Option<StoreError>,
    /// Whether it was given up, some having not been begun.
    pub(crate) given_up: bool,
}

/// Does the work for each item. What fails leaves the others alone, so that a second run has less to do.
pub(crate) async fn each<T, R, F>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) -> Done<R>
where
    F: Future<Output = Result<R, StoreError>>,
{
    let failures = AtomicUsize::new(0);
    let (failures, work) = (&failures, &work);
    let results: Vec<_> = stream::iter(items)
        .map(|item| async move {
            if failures.load(Ordering::Relaxed) >= MOST_FAILURES {
                return None;
            }
            let result = work(item).await;
            if result.is_err() {
                failures.fetch_add(1, Ordering::Relaxed);
            }
            Some(result)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut done = Done {
        outcomes: Vec::new(),
        error: None,
        given_up: failures.load(Ordering::Relaxed) >= MOST_FAILURES,
    };
    for result in results.into_iter().flatten() {
        match result {
            Ok(outcome) => done.outcomes.push(outcome),
            Err(error) => done.error = done.error.or(Some(error)),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn odd(number: u32) -> Result<u32, StoreError> {
        if number % 2 == 1 {
            Ok(number)
        } else {
            Err(StoreError::Busy("even".into()))
        }
    }

    #[tokio::test]
    async fn what_fails_does_not_hold_up_the_others() {
        let mut done = each(1..10, odd).await;
        done.outcomes.sort_unstable();
        assert_eq!(done.outcomes, [1, 3, 5, 7, 9]);
        assert!(done.error.is_some() && !done.given_up);
        let none = each(Vec::new(), odd).await;
        assert!(none.outcomes.is_empty() && none.error.is_none());
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_not_pressed() {
        let begun = AtomicUsize::new(0);
        let done = each(0..1_000, async |_: u32| -> Result<(), StoreError> {
            begun.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err(StoreError::Busy("down".into()))
        })
        .await;
        assert!(done.given_up);
        assert!(begun.into_inner() < MOST_FAILURES + AT_ONCE);
    }
}
