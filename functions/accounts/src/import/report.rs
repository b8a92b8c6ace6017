//! What became of a file: kept beside it, so that the next run goes on where this one stopped.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most lines that a report names of each kind. What is beyond is counted.
const NAMED_MOST: usize = 10_000;

/// The most lines that an answer names of each kind.
const ANSWERED_MOST: usize = 100;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// The file.
    pub(super) key: String,
    /// The file's content, by the bucket's tag.
    pub(super) etag: String,
    /// When the first run began.
    pub(super) started_at: Timestamp,
    /// Whether the end was reached. When not, the same order goes on.
    pub(super) finished: bool,
    /// Lines that were read.
    pub(super) lines: u64,
    /// Bytes that were read.
    pub(super) bytes: u64,
    /// The names of the columns, in a file that has them.
    #[serde(default)]
    pub(super) columns: Option<Vec<String>>,
    /// Accounts that were made.
    pub(super) imported: u64,
    /// Rows whose address had an account.
    pub(super) skipped: u64,
    /// Rows that are wrong.
    pub(super) refused: u64,
    /// The lines whose address had an account.
    pub(super) skipped_lines: Vec<u64>,
    /// The lines that are wrong, and why.
    pub(super) refusals: Vec<Refusal>,
}

/// A row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// The line, from 1.
    pub(super) line: u64,
    /// Why; the names of fields and never what they hold.
    pub(super) reason: String,
}

impl Report {
    /// Begins a file.
    pub(super) fn begin(key: &str, etag: &str, now: Timestamp) -> Self {
        Self {
            key: key.to_owned(),
            etag: etag.to_owned(),
            started_at: now,
            finished: false,
            lines: 0,
            bytes: 0,
            columns: None,
            imported: 0,
            skipped: 0,
            refused: 0,
            skipped_lines: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Notes a row whose address had an account.
    pub(super) fn skip(&mut self, line: u64) {
        self.skipped += 1;
        if self.skipped_lines.len() < NAMED_MOST {
            self.skipped_lines.push(line);
        }
    }

    /// Notes a row that is wrong.
    pub(super) fn refuse(&mut self, line: u64, reason: String) {
        self.refused += 1;
        if self.refusals.len() < NAMED_MOST {
            self.refusals.push(Refusal { line, reason });
        }
    }

    /// Returns what is answered: the same, with fewer lines named.
    pub(super) fn answer(mut self) -> Self {
        self.skipped_lines.truncate(ANSWERED_MOST);
        self.refusals.truncate(ANSWERED_MOST);
        self
    }
}
