//! What the end-to-end tests share.

pub mod openapi;
pub mod template;
