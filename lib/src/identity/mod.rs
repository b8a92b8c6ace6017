//! Access tokens: what they say, and the keys that they are checked with.

pub mod claims;
#[cfg(feature = "signing")]
pub mod refresh;
