//! How a request meets the search snapshot: which generation answers it, how its cursor is bound,
//! and how old the answer is.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CursorKey,
    list::{From, List, PageRequest},
    problem::{Code, FieldError, Problem},
};
use crate::{
    clock::Clock,
    search::{
        SnapshotBucket, SnapshotError,
        query::{Items, Page, PageKey, QueryError},
        reader::{Generation, SnapshotReader},
    },
};

/// What the snapshot may take of the function's temporary directory, in bytes (Lambda: 512 MB).
const DISK: u64 = 450_000_000;

/// The snapshot and the key of its cursors.
#[derive(Clone)]
pub struct SearchSnapshot {
    reader: Arc<SnapshotReader>,
    cursors: CursorKey,
    clock: Arc<dyn Clock>,
}

/// Where a list goes on: the generation it was begun on, and the last row that was shown.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    generation: u64,
    after: PageKey,
}

/// A generation that answers one request.
pub struct Answering {
    /// The generation.
    pub generation: Arc<Generation>,
    /// The rows that are asked for.
    pub page: Page,
    /// What the answer says about its age.
    pub index: IndexAge,
}

/// How old the index is that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IndexAge {
    /// The generation's number.
    pub generation: u64,
    /// When it was made: recalls that came later are not in it.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// Whether a newer one could not be read, or nobody could say that this is the newest.
    pub stale: bool,
}

impl SearchSnapshot {
    /// Opens the reader; nothing is fetched yet.
    pub fn new(
        bucket: SnapshotBucket,
        directory: PathBuf,
        cursors: CursorKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SnapshotError> {
        let reader = Arc::new(SnapshotReader::open(bucket, &directory, DISK)?);
        Ok(Self {
            reader,
            cursors,
            clock,
        })
    }

    /// Chooses the generation for a page: the one that its cursor names, else the current one.
    ///
    /// A newer generation is looked for beside the request and serves the next one.
    pub async fn answering(
        &self,
        request: &PageRequest,
        bound_to: &str,
    ) -> Result<Answering, Problem> {
        let now = self.clock.now();
        let limit = request.limit as usize;
        let (generation, page) = match &request.from {
            From::Offset(offset) => {
                let generation = self.reader.current(now).await.map_err(problem)?;
                let reader = Arc::clone(&self.reader);
                tokio::spawn(async move { reader.refresh_beside(now).await });
                (
                    generation,
                    Page::Offset {
                        offset: *offset as usize,
                        limit,
                    },
                )
            }
            From::Cursor(cursor) => {
                let position: Position = self.cursors.get().await?.open(cursor, bound_to)?;
                let generation = self.reader.at(position.generation).await.map_err(problem)?;
                (
                    generation,
                    Page::After {
                        key: position.after,
                        limit,
                    },
                )
            }
        };
        let index = IndexAge {
            generation: generation.number,
            as_of: generation.created_at,
            stale: self.reader.freshness(now).stale,
        };
        Ok(Answering {
            generation,
            page,
            index,
        })
    }

    /// Makes the page that is answered, its cursor sealed.
    pub async fn list<T, V: std::convert::From<T>>(
        &self,
        items: Items<T>,
        request: &PageRequest,
        generation: u64,
        bound_to: &str,
    ) -> Result<List<V>, Problem> {
        let next = match items.next {
            Some(after) => {
                let position = Position { generation, after };
                Some(self.cursors.get().await?.seal(&position, bound_to))
            }
            None => None,
        };
        let rows = items.items.into_iter().map(V::from).collect();
        Ok(List::exact(rows, items.total as u64, request, next))
    }
}

/// Nothing could be decided: never an empty list.
fn problem(error: SnapshotError) -> Problem {
    match error {
        SnapshotError::GenerationGone(_) => Problem::new(
            Code::CursorExpired,
            "the listing is no longer kept; begin at its first page",
        ),
        error => Problem::unavailable(error),
    }
}

impl std::convert::From<QueryError> for Problem {
    /// A client's slips are refused before; one that gets this far is still the client's.
    fn from(error: QueryError) -> Self {
        let (field, code) = match error {
            QueryError::TextTooLong | QueryError::TooManyWords => ("/q", "TOO_LONG"),
            QueryError::PageSize => ("/per_page", "INVALID_VALUE"),
            QueryError::TooDeep => ("/page", "INVALID_VALUE"),
            QueryError::Index(_) | QueryError::Summary(_) => return Self::internal(error),
        };
        Self::invalid(vec![FieldError::new(field, code, error.to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_can_do_wrong_is_never_our_fault() {
        for (error, field) in [
            (QueryError::TextTooLong, "/q"),
            (QueryError::TooManyWords, "/q"),
            (QueryError::PageSize, "/per_page"),
            (QueryError::TooDeep, "/page"),
        ] {
            let problem = Problem::from(error);
            assert_eq!(
                (problem.code, problem.errors[0].field.as_str()),
                (Code::Invalid, field)
            );
        }
    }
}
