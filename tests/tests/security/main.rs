//! The rows of docs/security.md, each held by tests that bear its name, against the emulator.
//!
//! One module for each group of rows; one `mod` a line.

/// Returns how often a race is run: `BABYSHIELD_ROUNDS` asks for more, 500 for all of them.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test may take is the business of whoever runs it"
)]
fn rounds() -> usize {
    let rounds = std::env::var("BABYSHIELD_ROUNDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

mod h;
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
mod takeover;
mod z;
