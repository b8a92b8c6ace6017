//! What the end-to-end tests share.

pub mod feed_rows;
pub mod feed_server;
pub mod forge;
pub mod functions;
pub mod mail;
pub mod meter;
pub mod openapi;
pub mod people;
pub mod sandbox;
pub mod schema;
pub mod sessions;
pub mod stack;
pub mod template;
