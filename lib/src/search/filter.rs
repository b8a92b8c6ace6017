//! What lists and searches are narrowed by.

use std::ops::Bound;

use jiff::civil::Date;
use tantivy::{
    Term,
    query::{BooleanQuery, Occur, Query, RangeQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    document::days,
    schema::Fields,
    words::{normal_codes, normal_name},
};
use crate::domain::{
    agency::AgencyKey,
    vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
};

/// Filters on recalls and their products. Several values of one filter mean any of them; different
/// filters must all hold; an empty one does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Agencies.
    pub agency: Vec<AgencyKey>,
    /// Countries of the agencies, ISO 3166-1 alpha-2 in any case.
    pub country: Vec<String>,
    /// Our categories, of any product of the recall.
    pub category: Vec<Category>,
    /// Hazards.
    pub hazard: Vec<Hazard>,
    /// Levels of severity.
    pub severity: Vec<SeverityLevel>,
    /// Remedies.
    pub remedy: Vec<Remedy>,
    /// Whether it runs.
    pub status: Vec<Status>,
    /// Kinds of notice.
    pub kind: Vec<RecallKind>,
    /// Whole brands, compared without case, accents and punctuation.
    pub brand: Vec<String>,
    /// GTINs, lots, models, serials or the authority's numbers, compared without case and
    /// punctuation. Of a span of lots or serials only the two ends are found.
    pub identifier: Vec<String>,
    /// Days of publication.
    pub published: Span,
    /// Days of the last change, or of publication where the authority names none.
    pub updated: Span,
}

/// A span of days, both ends included; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

/// Returns one clause for each filter that narrows.
pub(super) fn clauses(fields: &Fields, filters: &Filters) -> Vec<(Occur, Box<dyn Query>)> {
    let words = |field, words: Vec<&str>| any_of(field, words.into_iter().map(str::to_owned));
    let mut all = Vec::new();
    let mut narrow = |given: bool, query: Box<dyn Query>| {
        if given {
            all.push((Occur::Must, query));
        }
    };
    macro_rules! vocabulary {
        ($($filter:ident),*) => {
            $(narrow(
                !filters.$filter.is_empty(),
                words(fields.$filter, filters.$filter.iter().map(|word| word.as_str()).collect()),
            );)*
        };
    }
    vocabulary!(agency, category, hazard, severity, remedy, status, kind);
    let countries = filters.country.iter();
    narrow(
        !filters.country.is_empty(),
        any_of(fields.country, countries.map(|c| c.to_ascii_uppercase())),
    );
    let brands = filters.brand.iter().map(|brand| normal_name(brand));
    narrow(!filters.brand.is_empty(), any_of(fields.brand, brands));
    let codes = filters
        .identifier
        .iter()
        .flat_map(|code| normal_codes(code));
    narrow(
        !filters.identifier.is_empty(),
        any_of(fields.identifier, codes),
    );
    narrow(
        filters.published != Span::default(),
        between(fields.published, filters.published),
    );
    narrow(
        filters.updated != Span::default(),
        between(fields.updated, filters.updated),
    );
    all
}

/// Returns the query for one exact term.
pub(super) fn exactly(field: Field, word: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(
        Term::from_field_text(field, word),
        IndexRecordOption::Basic,
    ))
}

/// Returns the query for any of the words; no words at all match nothing.
pub(super) fn any_of(field: Field, words: impl Iterator<Item = String>) -> Box<dyn Query> {
    let queries: Vec<_> = words
        .filter(|word| !word.is_empty())
        .map(|word| exactly(field, &word))
        .collect();
    Box::new(BooleanQuery::union(queries))
}

fn between(field: Field, span: Span) -> Box<dyn Query> {
    let end = |date: Option<Date>| {
        date.map_or(Bound::Unbounded, |date| {
            Bound::Included(Term::from_field_i64(field, days(date)))
        })
    };
    let (from, to) = (end(span.from), end(span.to));
    if from == Bound::Unbounded && to == Bound::Unbounded {
        return Box::new(tantivy::query::AllQuery);
    }
    Box::new(RangeQuery::new(from, to))
}
