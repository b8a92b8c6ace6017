//! The keys that sign.
