//! Access tokens: what they say, what they are signed with, and how they are checked. And the tokens of
//! links, and those that a session is kept alive with.
//!
//! The secret is a ring of keys that only `auth` and `accounts` read. What everybody checks tokens with
//! is the published set of public keys. Why it is so stands in `docs/decisions/0007`.

pub mod claims;
pub mod known_keys;
pub mod link;
#[cfg(feature = "signing")]
pub mod refresh;
#[cfg(feature = "signing")]
pub mod ring;
#[cfg(feature = "signing")]
pub mod signing;
#[cfg(feature = "signing")]
mod signing_key;
pub mod verifying;

/// How a master token begins, which only the function `auth` judges.
pub const MASTER_BEGINNING: &str = "bsm_";
