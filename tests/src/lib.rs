//! What the end-to-end tests share.

pub mod meter;
pub mod openapi;
pub mod schema;
pub mod stack;
pub mod template;
