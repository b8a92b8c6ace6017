//! Recalls, the identifiers that tie them to products, and the verdict drawn from both.
//!
//! Nothing in here does I/O or asks what time it is.

pub mod account;
pub mod agency;
pub mod code;
pub mod coverage;
pub mod feed_state;
pub mod gtin;
pub mod identifier;
pub mod locale;
pub mod matching;
pub mod normalise;
pub mod posting;
pub mod printed_date;
pub mod recall;
pub mod sliding_window;
pub mod verdict;
pub mod vocabulary;
pub mod window;
