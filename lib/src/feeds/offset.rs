//! Paging by a number of rows to leave out, as two of the feeds have it.

use super::{Next, PageInfo, PageRequest};

/// How a feed pages.
pub(super) struct OffsetPaging {
    /// The last parameter of the query, with its `&` and `=`.
    pub(super) parameter: &'static str,
    /// Rows of a full page.
    pub(super) limit: u32,
    /// The last row that any page may reach; a larger answer is asked for in halves.
    pub(super) reach: u32,
}

impl OffsetPaging {
    /// Returns what follows a page.
    pub(super) fn next(&self, request: &PageRequest, info: &PageInfo) -> Next {
        if info.total.is_some_and(|total| total > self.reach) {
            return Next::Split;
        }
        let offset = request.offset.saturating_add(self.limit);
        let more = match info.total {
            Some(total) => info.rows > 0 && offset < total,
            None => info.rows >= self.limit,
        };
        if !more {
            return Next::Done;
        }
        if offset.saturating_add(self.limit) > self.reach {
            return Next::Split;
        }
        let base = request
            .url
            .rsplit_once(self.parameter)
            .map_or(request.url.as_str(), |(base, _)| base);
        Next::Page(PageRequest {
            url: format!("{base}{}{offset}", self.parameter),
            offset,
            ..request.clone()
        })
    }
}
