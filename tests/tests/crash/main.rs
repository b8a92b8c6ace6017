//! Workers that are killed at every call that they make, and messages that come too often.
//!
//! A proxy between the worker and the emulator dies with the Nth call, before or after it took
//! effect; for the emulator that is a worker that was killed there.

#![cfg(test)]

mod catalogue;
mod index;
mod planner;
mod redelivery;
mod sessions;
mod soak;
mod story;
mod sync;

use std::time::Duration;

use babyshield_faults::Plan;
use babyshield_sync::Limits;

/// Limits of fetching without the waits of production.
const QUICK: Limits = Limits {
    lease: Duration::from_secs(20),
    slice: Duration::from_secs(20),
    body: 1_000_000,
    time: Duration::from_secs(5),
    tries: 3,
    backoff: Duration::from_millis(1),
    pause: Duration::ZERO,
};

/// How long a message that was sent back is out of sight, in seconds, as the template says for `sync`.
const OUT_OF_SIGHT: i64 = 1_800;

/// Runs a case for a death at the first call, the second, and so on until the run lives to its end,
/// before and after the call takes effect. The case says whether the worker died. Returns how many
/// calls a whole run makes.
async fn at_every_call(case: impl AsyncFn(Plan) -> bool) -> u64 {
    let mut whole = [0, 0];
    for (commit, whole) in [false, true].into_iter().zip(&mut whole) {
        let mut last = 1;
        while case(Plan::kill_after(last, commit)).await {
            last += 1;
        }
        *whole = last - 1;
    }
    assert_eq!(whole[0], whole[1], "a run makes as many calls every time");
    whole[0]
}
