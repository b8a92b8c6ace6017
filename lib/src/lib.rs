//! What every BabyShield function shares.
//!
//! The arrows point one way: `functions -> http, runtime, stores, search, feeds -> domain`. The
//! domain knows no network, no clock and no AWS; the tidy test holds it to that.

#[cfg(feature = "runtime")]
pub mod clock;
#[cfg(feature = "runtime")]
pub mod config;
pub mod domain;
#[cfg(feature = "feeds")]
pub mod feeds;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "identity")]
pub mod identity;
#[cfg(feature = "runtime")]
pub mod messages;
#[cfg(feature = "runtime")]
pub mod metrics;
#[cfg(feature = "passwords")]
pub mod passwords;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "search")]
pub mod search;
#[cfg(feature = "stores")]
pub mod stores;
