//! The agencies' wire formats: which pages to ask for, and what is in them.
//!
//! An adapter is pure. It says which request comes next and turns fetched bytes into recalls and
//! rejects; who fetches, when, and what happens to the result is not its business.

mod barcode;
mod codes;
pub mod cpsc;
mod cpsc_recall;
mod dates;
mod days;
mod decode;
mod grammar;
mod json;
mod labels;
mod limits;
pub mod ods;
mod ods_items;
mod ods_products;
mod offset;
pub mod openfda;
mod openfda_event;
mod openfda_line;
mod prose;
mod sales;
mod text;
mod tokens;
mod vocabulary;
mod words;

use crate::domain::{
    agency::{Agency, Family, Part},
    recall::Recall,
    window::Window,
};

/// One page to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The part of the agency's feed.
    pub part: String,
    /// The days that are asked for.
    pub window: Window,
    /// The address, query included.
    pub url: String,
    /// Rows to skip, as the feed counts them.
    pub offset: u32,
}

/// What a page says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageInfo {
    /// Rows on this page.
    pub rows: u32,
    /// Rows in the whole answer, where the feed says so.
    pub total: Option<u32>,
}

/// What to do after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// That was the last page.
    Done,
    /// This page follows.
    Page(PageRequest),
    /// The feed cannot page through this much: ask for two halves of the window instead, and
    /// forget the page.
    Split,
}

/// A page as it was fetched.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What was asked for.
    pub request: &'a PageRequest,
    /// The answer's body, decompressed, untouched.
    pub body: &'a [u8],
}

/// All that the pages of one window hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The recalls, one for each identifier.
    pub recalls: Vec<Recall>,
    /// Rows that could not be used, each with its reason.
    pub rejects: Vec<Reject>,
    /// Source rows read, rejects included.
    pub rows: u32,
}

impl Parsed {
    /// Puts the rejects in an order that does not depend on the pages'.
    fn sort_rejects(&mut self) {
        self.rejects.sort_by(|a, b| {
            (a.row, &a.source_id, &a.reason).cmp(&(b.row, &b.source_id, &b.reason))
        });
    }
}

/// A source row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reject {
    /// The authority's number, where it could be read.
    pub source_id: Option<String>,
    /// The row's place in its page, from 0.
    pub row: u32,
    /// Why.
    pub reason: String,
}

/// Why a whole page could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The body is something else: a page for browsers, an empty body.
    #[error("the answer is not this feed: {0}")]
    NotTheFeed(String),
    /// The body breaks off or is not well-formed.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// The body is the feed's own error message, whatever the status said.
    #[error("the feed answered with an error: {0}")]
    ErrorBody(String),
}

/// A wire format.
pub trait Adapter: Send + Sync {
    /// Returns the request for the first page of a window.
    fn first(&self, part: &Part, window: Window) -> PageRequest;

    /// Reads what a page says about itself.
    ///
    /// `status` is the answer's HTTP status: some feeds answer 404 when they find nothing, which
    /// is a page without rows, and 200 with an error body, which is an error.
    fn inspect(&self, status: u16, body: &[u8]) -> Result<PageInfo, FeedError>;

    /// Returns what follows a page.
    fn next(&self, request: &PageRequest, info: &PageInfo) -> Next;

    /// Turns all pages of a window, of every part, into recalls and rejects.
    ///
    /// Deterministic: the same pages in any order give the same recalls in the same order.
    fn parse(&self, agency: &'static Agency, pages: &[Page<'_>]) -> Result<Parsed, FeedError>;

    /// Returns the record to keep when one is stored already.
    ///
    /// Most feeds publish a recall whole, so the new record replaces the old. A feed that spreads a
    /// recall over lines, each with a date of its own, replaces only the lines in the window. Nothing
    /// is returned when the incoming record is older than the stored one.
    fn merge(&self, stored: &Recall, incoming: Recall, window: Window) -> Option<Recall> {
        let _ = window;
        let older = match (stored.source_version, incoming.source_version) {
            (Some(stored), Some(incoming)) => incoming < stored,
            _ => {
                matches!((stored.updated, incoming.updated), (Some(stored), Some(incoming)) if incoming < stored)
            }
        };
        (!older).then_some(incoming)
    }
}

/// The revision of the parsers. Raising it makes every window be read again, changed or not.
pub const REVISION: u32 = 3;

/// Returns the adapter of a wire format, where it is built.
pub fn adapter(family: Family) -> Option<&'static dyn Adapter> {
    match family {
        Family::CpscRest => Some(&cpsc::Cpsc),
        Family::Openfda => Some(&openfda::OpenFda),
        Family::OdsV21 => Some(&ods::Ods),
        Family::JsonDump
        | Family::Nhtsa
        | Family::SafetyGate
        | Family::Rasff
        | Family::Govuk
        | Family::FsaLd
        | Family::Rss
        | Family::JsonPaged
        | Family::HtmlList => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AGENCIES;

    #[test]
    fn every_agency_that_is_fetched_has_an_adapter() {
        for row in AGENCIES.iter().filter(|row| row.enabled) {
            assert!(adapter(row.family).is_some(), "{}", row.name);
        }
    }
}
