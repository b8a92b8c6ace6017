//! Access tokens: what they say, and the keys that they are checked with. And the tokens of links, and
//! those that a session is kept alive with.

pub mod claims;
pub mod link;
#[cfg(feature = "signing")]
pub mod refresh;
