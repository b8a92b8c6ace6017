//! The rows of docs/security.md, each held by tests that bear its name, against the emulator.
//!
//! One module for each group of rows; one `mod` a line.

mod j;
mod l;
mod limits;
mod matrix;
mod me;
mod p;
mod p4_links;
mod p7;
mod p_accounts;
mod p_guessing;
mod r;
mod repetitions;
mod rows;
mod z;
