//! Lists: how a page is asked for, and how it looks.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    params::Params,
    problem::{Code, Problem},
};

/// Rows on a page when the client does not say.
pub const PER_PAGE: u32 = 20;
/// The most rows on a page.
pub const PER_PAGE_MOST: u32 = 100;
/// How far into a list page numbers reach; cursors go on from there.
pub const OFFSET_MOST: u32 = 10_000;

/// The part of a query string that asks for a page, as it is documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `PageRequest::read` reads the same names"
)]
pub struct PageParams {
    /// The page, from 1.
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Rows on a page, 20 by default and at most 100.
    #[param(minimum = 1, maximum = 100)]
    per_page: Option<u32>,
    /// A synonym of `per_page`.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Rows to skip; not together with `page`.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
    /// Where the last page ended, as its `next_cursor` said; not together with `page` or `offset`.
    cursor: Option<String>,
}

/// The part of a query string that asks for a page of a list that is read by cursor alone.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `Sequel::read` reads the same names"
)]
pub struct SequelParams {
    /// Rows on a page, 20 by default and at most 100.
    #[param(minimum = 1, maximum = 100)]
    per_page: Option<u32>,
    /// A synonym of `per_page`.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the last page ended, as its `next_cursor` said.
    cursor: Option<String>,
}

/// A page of a list that is read by cursor alone: its beginning, or what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequel {
    /// Rows on a page.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Sequel {
    /// Reads what page is asked for.
    pub fn read(params: &mut Params) -> Self {
        for name in ["page", "offset"] {
            if params.opaque(name).is_some() {
                params.refuse(name, "INVALID_VALUE", "this list is read by cursor alone");
            }
        }
        let request = PageRequest::read(params);
        Self {
            limit: request.limit,
            cursor: match request.from {
                From::Cursor(cursor) => Some(cursor),
                From::Offset(_) => None,
            },
        }
    }
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

impl PageRequest {
    /// Reads what page is asked for.
    pub fn read(params: &mut Params) -> Self {
        Self::read_or(params, PER_PAGE)
    }

    /// Reads what page is asked for of a short list: all of it on one page unless fewer are asked for.
    pub fn read_short(params: &mut Params) -> Self {
        Self::read_or(params, PER_PAGE_MOST)
    }

    fn read_or(params: &mut Params, per_page_unsaid: u32) -> Self {
        let page: Option<u32> = params.number("page");
        let per_page: Option<u32> = params.number("per_page");
        let synonym: Option<u32> = params.number("limit");
        let offset: Option<u32> = params.number("offset");
        let cursor = params.opaque("cursor");
        let limit = per_page.or(synonym).unwrap_or(per_page_unsaid);
        if !(1..=PER_PAGE_MOST).contains(&limit) {
            let name = if per_page.is_some() {
                "per_page"
            } else {
                "limit"
            };
            params.refuse(name, "INVALID_VALUE", "from 1 to 100");
        }
        if per_page.is_some() && synonym.is_some_and(|synonym| Some(synonym) != per_page) {
            params.refuse(
                "limit",
                "INVALID_VALUE",
                "is a synonym of per_page and says something else",
            );
        }
        let ways = [page.is_some(), offset.is_some(), cursor.is_some()];
        if ways.into_iter().filter(|given| *given).count() > 1 {
            params.refuse(
                "cursor",
                "INVALID_VALUE",
                "give one of page, offset and cursor",
            );
        }
        if page == Some(0) {
            params.refuse("page", "INVALID_VALUE", "pages are counted from 1");
        }
        let name = if offset.is_some() { "offset" } else { "page" };
        let offset =
            offset.unwrap_or_else(|| page.unwrap_or(1).saturating_sub(1).saturating_mul(limit));
        if offset.saturating_add(limit.min(PER_PAGE_MOST)) > OFFSET_MOST {
            params.refuse(
                name,
                "INVALID_VALUE",
                "reaches past row 10,000; go on with next_cursor",
            );
        }
        Self {
            limit,
            from: cursor.map_or(From::Offset(offset), From::Cursor),
        }
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
    /// The page, from 1; null when it was asked for by cursor, or by an offset at which no page begins.
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
    /// Makes a page of a list whose length nobody keeps.
    pub fn open(items: Vec<T>, request: &Sequel, next_cursor: Option<String>) -> Self {
        Self {
            total: None,
            total_relation: TotalRelation::Gte,
            page: None,
            per_page: request.limit,
            pages: None,
            has_more: next_cursor.is_some(),
            next_cursor,
            items,
        }
    }

    /// Makes a page of a short list that is there whole, of the rows that are asked for. It gives out no
    /// cursors: page numbers reach all of it.
    pub fn short<R>(
        rows: impl ExactSizeIterator<Item = R>,
        request: &PageRequest,
        show: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let From::Offset(offset) = request.from else {
            let detail = "this list gives out no cursors";
            return Err(Problem::new(Code::InvalidCursor, detail));
        };
        let total = rows.len() as u64;
        let asked = rows.skip(offset as usize).take(request.limit as usize);
        let items: Vec<_> = asked.map(show).collect();
        let end = u64::from(offset) + items.len() as u64;
        Ok(Self {
            has_more: end < total,
            ..Self::exact(items, total, request, None)
        })
    }

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
                From::Offset(offset) if offset.is_multiple_of(request.limit) => {
                    Some(u64::from(offset) / per_page + 1)
                }
                From::Offset(_) | From::Cursor(_) => None,
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

    fn read(query: &str) -> Result<PageRequest, Vec<String>> {
        let mut params = Params::parse(query);
        let request = PageRequest::read(&mut params);
        match params.finish() {
            Ok(()) => Ok(request),
            Err(problem) => Err(problem
                .errors
                .into_iter()
                .map(|error| error.field)
                .collect()),
        }
    }

    #[test]
    fn a_page_is_twenty_rows_from_the_start_unless_told() {
        assert_eq!(
            read(""),
            Ok(PageRequest {
                limit: 20,
                from: From::Offset(0)
            })
        );
        assert_eq!(
            read("page=3&limit=50"),
            Ok(PageRequest {
                limit: 50,
                from: From::Offset(100)
            })
        );
        assert_eq!(
            read("offset=7"),
            Ok(PageRequest {
                limit: 20,
                from: From::Offset(7)
            })
        );
        assert_eq!(
            read("cursor=abc"),
            Ok(PageRequest {
                limit: 20,
                from: From::Cursor("abc".into())
            })
        );
    }

    #[test]
    fn a_list_without_numbers_is_read_by_cursor_alone() {
        let read = |query: &str| {
            let mut params = Params::parse(query);
            let sequel = Sequel::read(&mut params);
            params.finish().map(|()| sequel)
        };
        let begin = read("limit=5").unwrap();
        assert_eq!((begin.limit, begin.cursor), (5, None));
        assert_eq!(read("cursor=x").unwrap().cursor.as_deref(), Some("x"));
        for odd in ["page=1", "offset=0", "per_page=101", "limit=1000000000"] {
            assert!(read(odd).is_err(), "{odd}");
        }
        let page = List::<u8>::open(vec![1], &read("").unwrap(), Some("y".into()));
        assert_eq!((page.total, page.pages, page.has_more), (None, None, true));
    }

    #[test]
    fn a_short_list_is_on_one_page_unless_fewer_are_asked_for() {
        let page = |query: &str| {
            let mut params = Params::parse(query);
            let request = PageRequest::read_short(&mut params);
            params.finish()?;
            List::short(0..30, &request, |row| row)
        };
        let all = page("").unwrap();
        assert_eq!((all.items.len(), all.total), (30, Some(30)));
        assert_eq!(
            (all.page, all.pages, all.has_more),
            (Some(1), Some(1), false)
        );
        let some = page("page=2&per_page=7").unwrap();
        assert_eq!(some.items, (7..14).collect::<Vec<_>>());
        assert_eq!(
            (some.page, some.pages, some.has_more),
            (Some(2), Some(5), true)
        );
        let beyond = page("offset=31").unwrap();
        assert_eq!((beyond.items.len(), beyond.has_more), (0, false));
        assert_eq!(page("cursor=x").unwrap_err().code, Code::InvalidCursor);
    }

    #[test]
    fn only_an_offset_at_which_a_page_begins_has_a_page() {
        for (query, page) in [
            ("offset=7&limit=3", None),
            ("offset=6&limit=3", Some(3)),
            ("offset=0", Some(1)),
            ("page=2", Some(2)),
            ("cursor=x", None),
        ] {
            let request = read(query).unwrap();
            assert_eq!(
                List::<u8>::exact(vec![], 9, &request, None).page,
                page,
                "{query}"
            );
        }
    }

    #[test]
    fn a_cursor_of_any_length_is_left_to_its_judge() {
        let long = "A".repeat(5_000);
        let request = read(&format!("cursor={long}")).unwrap();
        assert_eq!(request.from, From::Cursor(long));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let faults = ["/per_page", "/cursor", "/page", "/offset"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(read("page=0&per_page=1000000000&offset=20000"), Err(faults));
        assert_eq!(read("page=-1"), Err(vec!["/page".into()]));
        assert_eq!(read("page=501"), Err(vec!["/page".into()]));
        assert!(read("page=500").is_ok());
    }
}
