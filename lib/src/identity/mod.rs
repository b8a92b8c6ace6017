//! Access tokens: what they say, and the keys that they are checked with. And the tokens of links.

pub mod claims;
pub mod link;
