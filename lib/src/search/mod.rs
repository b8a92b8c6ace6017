//! The search index: a tantivy index whose generations live in S3.
//!
//! - `words` cuts text into terms, `document` turns a recall into documents, `schema` names the fields;
//! - `query` answers lists and product searches over one generation;
//! - `snapshot` is the layout in the bucket, `cache` the files on the local disk, `writer` makes a
//!   generation, `reader` keeps one open.
//!
//! Nothing here reads the recalls' store and nothing asks what time it is: both are given.

mod bucket;
mod cache;
pub mod document;
mod error;
mod filter;
pub mod query;
mod rank;
pub mod reader;
pub mod schema;
pub mod snapshot;
mod text;
pub mod words;
pub mod writer;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod emulator;

pub use bucket::SnapshotBucket;
pub use error::SnapshotError;
