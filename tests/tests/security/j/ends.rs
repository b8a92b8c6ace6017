//! When access ends.
