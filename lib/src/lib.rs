//! What every BabyShield function shares.
//!
//! The arrows point one way: `functions -> http, stores, search, feeds -> domain`. The domain knows
//! no network, no clock and no AWS; the tidy test holds it to that.

pub mod domain;
#[cfg(feature = "feeds")]
pub mod feeds;
#[cfg(feature = "search")]
pub mod search;
