//! Faults between the code and the emulator, as AWS and networks make them.
//!
//! A [`Proxy`] stands on loopback before the emulator and does what its [`Plan`] says: throttle,
//! fail, delay, drop a call before or after it took effect, or die after the Nth call, which is what
//! the emulator sees of a worker that was killed. It counts and names every call. It knows nothing
//! of the product.

mod answers;
mod call;
mod partial;
mod plan;
mod proxy;

pub use call::{Call, Service};
pub use plan::{Fault, Plan, Random, Rule};
pub use proxy::{Entry, Outcome, Proxy};
