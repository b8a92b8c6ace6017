//! Lists: how a page is asked for, and how it looks.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{FieldError, Problem};

/// Rows on a page when the client does not say.
pub const PER_PAGE: u32 = 20;
/// The most rows on a page.
pub const PER_PAGE_MOST: u32 = 100;
/// How far into a list page numbers reach; cursors go on from there.
pub const OFFSET_MOST: u32 = 10_000;

/// The part of a query string that asks for a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The page, from 1.
    #[param(minimum = 1)]
    pub page: Option<u32>,
    /// Rows on a page, 20 by default and at most 100.
    #[param(minimum = 1, maximum = 100)]
    pub per_page: Option<u32>,
    /// A synonym of `per_page`.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Rows to skip; not together with `page`.
    pub offset: Option<u32>,
    /// Where the last page ended, as its `next_cursor` said; not together with `page` or `offset`.
    pub cursor: Option<String>,
}

/// A page that was asked for properly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows on a page.
    pub limit: u32,
    /// Where it begins.
    pub from: From,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// After this many rows.
    Offset(u32),
    /// Where a cursor points.
    Cursor(String),
}

impl PageQuery {
    /// Checks every value and says all that is wrong at once.
    pub fn check(&self) -> Result<PageRequest, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut refuse = |field: &str, message: &str| {
            errors.push(FieldError::new(
                format!("/{field}"),
                "INVALID_VALUE",
                message,
            ));
        };
        let limit = self.per_page.or(self.limit).unwrap_or(PER_PAGE);
        if !(1..=PER_PAGE_MOST).contains(&limit) {
            let field = if self.per_page.is_some() {
                "per_page"
            } else {
                "limit"
            };
            refuse(field, "from 1 to 100");
        }
        if self.per_page.is_some() && self.limit.is_some_and(|limit| Some(limit) != self.per_page) {
            refuse("limit", "is a synonym of per_page and says something else");
        }
        let ways = [
            self.page.is_some(),
            self.offset.is_some(),
            self.cursor.is_some(),
        ];
        if ways.into_iter().filter(|given| *given).count() > 1 {
            refuse("cursor", "give one of page, offset and cursor");
        }
        if self.page == Some(0) {
            refuse("page", "pages are counted from 1");
        }
        let offset = self.offset.unwrap_or_else(|| {
            self.page
                .unwrap_or(1)
                .saturating_sub(1)
                .saturating_mul(limit)
        });
        if offset > OFFSET_MOST {
            let field = if self.offset.is_some() {
                "offset"
            } else {
                "page"
            };
            refuse(field, "reaches past row 10,000; go on with next_cursor");
        }
        let from = match &self.cursor {
            Some(cursor) => From::Cursor(cursor.clone()),
            None => From::Offset(offset),
        };
        if errors.is_empty() {
            Ok(PageRequest { limit, from })
        } else {
            Err(errors)
        }
    }
}

impl std::convert::From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::invalid(errors)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Rows in the whole list; null where it is not kept cheaply.
    pub total: Option<u64>,
    /// Whether `total` is exact.
    pub total_relation: TotalRelation,
    /// The page, from 1; null when it was asked for by cursor.
    pub page: Option<u64>,
    /// Rows on a page.
    pub per_page: u32,
    /// Pages in the whole list.
    pub pages: Option<u64>,
    /// What to ask for next, as `cursor`; null on the last page.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// Whether a total is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TotalRelation {
    /// Exactly so many.
    Eq,
    /// At least so many.
    Gte,
}

impl<T> List<T> {
    /// Makes a page of a list whose total is exact.
    pub fn exact(
        items: Vec<T>,
        total: u64,
        request: &PageRequest,
        next_cursor: Option<String>,
    ) -> Self {
        let per_page = u64::from(request.limit);
        Self {
            items,
            total: Some(total),
            total_relation: TotalRelation::Eq,
            page: match request.from {
                From::Offset(offset) => Some(u64::from(offset) / per_page + 1),
                From::Cursor(_) => None,
            },
            per_page: request.limit,
            pages: Some(total.div_ceil(per_page)),
            has_more: next_cursor.is_some(),
            next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_twenty_rows_from_the_start_unless_told() {
        let page = PageQuery::default().check().unwrap();
        assert_eq!(
            page,
            PageRequest {
                limit: 20,
                from: From::Offset(0)
            }
        );
        let page = PageQuery {
            page: Some(3),
            limit: Some(50),
            ..PageQuery::default()
        }
        .check()
        .unwrap();
        assert_eq!(
            page,
            PageRequest {
                limit: 50,
                from: From::Offset(100)
            }
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let query = PageQuery {
            page: Some(0),
            per_page: Some(1_000_000_000),
            offset: Some(20_000),
            ..PageQuery::default()
        };
        let fields: Vec<_> = query
            .check()
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["/per_page", "/cursor", "/page", "/offset"]);
    }
}
