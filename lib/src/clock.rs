//! Time and chance, as arguments: production has one of each, tests have their own.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// Makes identifiers.
pub trait Ids: Send + Sync {
    /// Returns a new `UUIDv7`.
    fn new_id(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    fn now(&self) -> Timestamp {
        // Nobody needs more than milliseconds, and answers read better without.
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The machine's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that stands still until it is told to go on; for tests.
#[derive(Debug)]
pub struct TestClock(std::sync::Mutex<Timestamp>);

impl TestClock {
    /// Starts at the given instant.
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new(now)))
    }

    /// Moves on by some seconds.
    pub fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().expect("no holder panics");
        *now += jiff::SignedDuration::from_secs(seconds);
    }

    /// Moves on by some milliseconds.
    pub fn advance_by(&self, milliseconds: i64) {
        let mut now = self.0.lock().expect("no holder panics");
        *now += jiff::SignedDuration::from_millis(milliseconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder panics")
    }
}
