//! Every route of the deployed stack, as a client meets it.

mod contract;
mod documentation;
mod edge;
mod filters;
mod paging;
mod records;
mod search;

use std::collections::BTreeSet;

use babyshield_tests::stack::Stack;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::sync::OnceCell;

/// Requests that are under way together, while everything is read.
const AT_ONCE: usize = 8;

/// Pages through a list to its end by cursor and returns all rows.
async fn all(stack: &Stack, path: &str) -> Vec<Value> {
    let joiner = if path.contains('?') { '&' } else { '?' };
    let mut rows = Vec::new();
    let mut next = format!("{path}{joiner}per_page=100");
    loop {
        let data = stack.data(&next).await;
        rows.extend(data["items"].as_array().expect("a list").iter().cloned());
        match data["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}{joiner}per_page=100&cursor={cursor}"),
            None => return rows,
        }
    }
}

/// Returns the identifiers of rows.
fn ids(rows: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<_> = rows
        .iter()
        .map(|row| row["id"].as_str().expect("a row has an id").to_owned())
        .collect();
    assert_eq!(ids.len(), rows.len(), "a row stands twice");
    ids
}

/// Returns every recall whole, read one by one: what the lists are held against comes from the
/// table, while they come from the search index.
async fn records(stack: &Stack) -> &'static [Value] {
    static RECORDS: OnceCell<Vec<Value>> = OnceCell::const_new();
    RECORDS
        .get_or_init(async || {
            let rows = all(stack, "/api/v1/recalls").await;
            stream::iter(ids(&rows))
                .map(async |id| stack.data(&format!("/api/v1/recalls/{id}")).await)
                .buffer_unordered(AT_ONCE)
                .collect()
                .await
        })
        .await
}
