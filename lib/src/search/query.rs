//! Lists of recalls and searches for products, answered from one generation of the index.

use serde::de::DeserializeOwned;
use tantivy::{
    DocAddress, Searcher, TantivyDocument,
    query::{BooleanQuery, ConstScoreQuery, Occur, Query},
    schema::Value,
};

pub use super::{
    document::{ProductName, ProductSummary, RecallSummary},
    filter::{Filters, Span},
    rank::PageKey,
};
use crate::domain::vocabulary::NotInVocabulary;

use super::{
    filter::{clauses, exactly},
    rank::{FirstInOrder, Found, Number, Order},
    schema::{Fields, NAME_WORDS, PRODUCT, PUBLISHED, RECALL, SEVERITY_RANK, UPDATED},
    text::{Freedom, Typed, all_words},
};

/// The longest text that may be searched for, in characters.
pub const LONGEST_TEXT: usize = 200;
/// The most words that may be searched for.
pub const MOST_WORDS: usize = 16;
/// The most items on a page.
pub const MOST_ITEMS: usize = 100;
/// The last item that an offset reaches; further on, pages follow a key.
pub const DEEPEST_OFFSET: usize = 10_000;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// More than 200 characters.
    #[error("the text has more than {LONGEST_TEXT} characters")]
    TextTooLong,
    /// More than 16 words.
    #[error("the text has more than {MOST_WORDS} words")]
    TooManyWords,
    /// Less than 1 or more than 100 items a page.
    #[error("a page has 1 to {MOST_ITEMS} items")]
    PageSize,
    /// Past item 10,000.
    #[error("pages by number end at item {DEEPEST_OFFSET}; use the cursor to go on")]
    TooDeep,
    /// The index failed.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
    /// A stored summary cannot be read.
    #[error("a stored summary cannot be read")]
    Summary(#[source] serde_json::Error),
}

/// Which part of an answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// So many items after the first `offset`.
    Offset {
        /// How many items to leave out.
        offset: usize,
        /// How many items to give, 1 to 100.
        limit: usize,
    },
    /// So many items after the one with that key.
    After {
        /// The key of the last item that was seen.
        key: PageKey,
        /// How many items to give, 1 to 100.
        limit: usize,
    },
}

impl Page {
    /// Returns offset, limit and key, all within their bounds.
    fn parts(&self) -> Result<(usize, usize, Option<PageKey>), QueryError> {
        let (offset, limit, after) = match self {
            Self::Offset { offset, limit } => (*offset, *limit, None),
            Self::After { key, limit } => (0, *limit, Some(key.clone())),
        };
        if !(1..=MOST_ITEMS).contains(&limit) {
            return Err(QueryError::PageSize);
        }
        if offset.saturating_add(limit) > DEEPEST_OFFSET {
            return Err(QueryError::TooDeep);
        }
        Ok((offset, limit, after))
    }
}

/// Which way an order runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest, oldest, mildest first.
    Ascending,
    /// The greatest, newest, gravest first.
    Descending,
}

impl std::str::FromStr for Direction {
    type Err = NotInVocabulary;
    fn from_str(text: &str) -> Result<Self, NotInVocabulary> {
        match text {
            "asc" => Ok(Self::Ascending),
            "desc" => Ok(Self::Descending),
            _ => Err(NotInVocabulary {
                allowed: "asc, desc".into(),
            }),
        }
    }
}

/// What a list of recalls is sorted by. Ties are broken by the newer publication, then by identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecallSort {
    /// Day of publication.
    Published,
    /// Day of the last change, or of publication.
    Updated,
    /// Severity.
    Severity,
    /// Identifier.
    Id,
}

/// A list of recalls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// What it is narrowed by.
    pub filters: Filters,
    /// Words that title or products must hold, all of them.
    pub text: Option<String>,
    /// The order.
    pub sort: RecallSort,
    /// Its direction.
    pub direction: Direction,
    /// The page.
    pub page: Page,
}

/// A search for products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductQuery {
    /// What was typed; nothing but white space lists all that the filters leave, newest first.
    pub text: String,
    /// What it is narrowed by.
    pub filters: Filters,
    /// The order.
    pub sort: ProductSort,
    /// Its direction; relevance always has the best first.
    pub direction: Direction,
    /// The page.
    pub page: Page,
}

/// What found products are sorted by. Ties are broken by the shorter name, the newer publication, then by identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductSort {
    /// How well it matches.
    Relevance,
    /// Day of the recall's publication.
    Published,
}

/// How freely the text had to be read to find anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// Nothing was typed; the filters alone decide.
    Filters,
    /// Every word as typed, the last one perhaps unfinished.
    AllWords,
    /// Every word, some with slips of the finger.
    WithSlips,
    /// Most words.
    MostWords,
    /// Nothing was found.
    Nothing,
}

/// A page of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all, exact.
    pub total: usize,
    /// The key after which the next page begins; absent on the last page.
    pub next: Option<PageKey>,
}

/// One generation, open for questions.
#[derive(Clone)]
pub struct Catalogue {
    fields: Fields,
    searcher: Searcher,
}

impl Catalogue {
    /// Wraps a searcher of an index with these fields.
    pub(super) fn new(fields: Fields, searcher: Searcher) -> Self {
        Self { fields, searcher }
    }

    /// Answers a list of recalls.
    pub fn recalls(&self, query: &ListQuery) -> Result<Items<RecallSummary>, QueryError> {
        query.page.parts()?;
        let mut all = clauses(&self.fields, &query.filters);
        all.push((Occur::Must, exactly(self.fields.kind_of_document, RECALL)));
        if let Some(text) = &query.text {
            let words = all_words(&self.fields, text)?;
            if words.is_empty() {
                return Ok(Items::none());
            }
            all.extend(words.into_iter().map(|word| (Occur::Must, word)));
        }
        let descending = query.direction == Direction::Descending;
        let newer = (Number::Column(PUBLISHED), true);
        let unused = (Number::Unused, false);
        let numbers = match query.sort {
            RecallSort::Published => [(Number::Column(PUBLISHED), descending), unused, unused],
            RecallSort::Updated => [(Number::Column(UPDATED), descending), newer, unused],
            RecallSort::Severity => [(Number::Column(SEVERITY_RANK), descending), newer, unused],
            RecallSort::Id => [unused; 3],
        };
        let order = Order {
            numbers,
            key_descending: descending && query.sort == RecallSort::Id,
        };
        self.page(&BooleanQuery::new(all), order, &query.page)
    }

    /// Answers a search for products.
    pub fn products(
        &self,
        query: &ProductQuery,
    ) -> Result<(Items<ProductSummary>, Matched), QueryError> {
        query.page.parts()?;
        let relevance = query.sort == ProductSort::Relevance && !query.text.trim().is_empty();
        let numbers = if relevance {
            [
                (Number::Score, true),
                (Number::Column(NAME_WORDS), false),
                (Number::Column(PUBLISHED), true),
            ]
        } else {
            let newest =
                query.sort == ProductSort::Relevance || query.direction == Direction::Descending;
            [
                (Number::Column(PUBLISHED), newest),
                (Number::Unused, false),
                (Number::Unused, false),
            ]
        };
        let order = Order {
            numbers,
            key_descending: false,
        };
        if query.text.trim().is_empty() {
            let found = self.page(&self.narrowed(&query.filters, None), order, &query.page)?;
            return Ok((found, Matched::Filters));
        }
        let typed = Typed::parse(&query.text)?;
        for (freedom, at_least, matched) in stages(typed.len()) {
            let text = typed.query(&self.fields, freedom, at_least);
            let narrowed = self.narrowed(&query.filters, Some(text));
            let found = self.page(&narrowed, order, &query.page)?;
            if found.total > 0 {
                return Ok((found, matched));
            }
        }
        Ok((Items::none(), Matched::Nothing))
    }

    /// Returns how many recalls and how many products there are.
    pub fn counts(&self) -> Result<(usize, usize), QueryError> {
        let count = |kind| {
            let query = exactly(self.fields.kind_of_document, kind);
            self.searcher.search(&query, &tantivy::collector::Count)
        };
        Ok((count(RECALL)?, count(PRODUCT)?))
    }

    fn narrowed(&self, filters: &Filters, text: Option<Box<dyn Query>>) -> BooleanQuery {
        let mut narrow = clauses(&self.fields, filters);
        narrow.push((Occur::Must, exactly(self.fields.kind_of_document, PRODUCT)));
        let silent: Box<dyn Query> = Box::new(ConstScoreQuery::new(
            Box::new(BooleanQuery::new(narrow)),
            0.0,
        ));
        let both = text.map(|text| (Occur::Must, text)).into_iter();
        BooleanQuery::new(both.chain([(Occur::Must, silent)]).collect())
    }

    fn page<T: DeserializeOwned>(
        &self,
        query: &dyn Query,
        order: Order,
        page: &Page,
    ) -> Result<Items<T>, QueryError> {
        let (offset, limit, after) = page.parts()?;
        let collector = FirstInOrder {
            order,
            after,
            keep: offset + limit + 1,
        };
        let Found { total, first } = self.searcher.search(query, &collector)?;
        let more = first.len() > offset + limit;
        let shown: Vec<_> = first.into_iter().skip(offset).take(limit).collect();
        let next = shown.last().filter(|_| more).map(|(key, _)| key.clone());
        let items = shown.into_iter().map(|(_, at)| self.summary(at));
        Ok(Items {
            items: items.collect::<Result<_, _>>()?,
            total,
            next,
        })
    }

    fn summary<T: DeserializeOwned>(&self, at: DocAddress) -> Result<T, QueryError> {
        let document: TantivyDocument = self.searcher.doc(at)?;
        let json = document
            .get_first(self.fields.summary)
            .and_then(|value| value.as_bytes())
            .unwrap_or_default();
        serde_json::from_slice(json).map_err(QueryError::Summary)
    }
}

impl<T> Items<T> {
    fn none() -> Self {
        Self {
            items: Vec::new(),
            total: 0,
            next: None,
        }
    }
}

/// What is tried in turn, until something is found.
fn stages(words: usize) -> Vec<(Freedom, usize, Matched)> {
    if words == 0 {
        return Vec::new();
    }
    let mut stages = vec![
        (Freedom::AsTyped, words, Matched::AllWords),
        (Freedom::WithSlips, words, Matched::WithSlips),
        (Freedom::WithManySlips, words, Matched::WithSlips),
    ];
    if words >= 2 {
        stages.push((Freedom::WithSlips, words - 1, Matched::MostWords));
    }
    let most = words / 2 + 1;
    if most < words - 1 {
        stages.push((Freedom::WithSlips, most, Matched::MostWords));
    }
    stages
}

#[cfg(test)]
mod filter_tests;
#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod product_tests;
