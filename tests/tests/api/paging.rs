//! Pages by number and by cursor.

use std::collections::BTreeSet;

use babyshield_tests::stack::Stack;
use serde_json::Value;

use crate::{all, ids};

const LISTS: [&str; 2] = [
    "/api/v1/recalls?agency=us-fda",
    "/api/v1/search/products?agency=us-fda",
];

fn key(row: &Value) -> String {
    match row["id"].as_str() {
        Some(id) => id.to_owned(),
        None => format!("{}/{}", row["recall_id"].as_str().unwrap(), row["position"]),
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn pages_by_number_and_by_cursor_show_every_row_once_and_in_the_same_order() {
    let stack = Stack::loaded().await;
    for list in LISTS {
        let first = stack.data(&format!("{list}&per_page=7")).await;
        let total = first["total"].as_u64().unwrap();
        assert_eq!(first["total_relation"], "eq");
        assert_eq!(first["pages"], total.div_ceil(7));
        let mut by_number = Vec::new();
        for page in 1..=total.div_ceil(7) {
            let data = stack.data(&format!("{list}&per_page=7&page={page}")).await;
            assert_eq!(data["page"], page);
            assert_eq!(data["per_page"], 7);
            assert_eq!(
                data["has_more"],
                page < total.div_ceil(7),
                "{list} page {page}"
            );
            assert_eq!(data["next_cursor"].is_string(), page < total.div_ceil(7));
            by_number.extend(data["items"].as_array().unwrap().iter().map(key));
        }
        let mut by_cursor = Vec::new();
        let mut data = first;
        loop {
            by_cursor.extend(data["items"].as_array().unwrap().iter().map(key));
            let Some(cursor) = data["next_cursor"].as_str().map(str::to_owned) else {
                break;
            };
            data = stack
                .data(&format!("{list}&per_page=7&cursor={cursor}"))
                .await;
            assert_eq!(data["page"], Value::Null);
            assert_eq!(data["total"], total);
        }
        assert_eq!(by_number, by_cursor, "{list}");
        assert_eq!(by_cursor.len() as u64, total);
        let distinct: BTreeSet<_> = by_cursor.iter().collect();
        assert_eq!(distinct.len() as u64, total, "{list} repeats rows");
        // A cursor goes on with another page size from where it stands.
        let one = stack.data(&format!("{list}&per_page=3")).await;
        let cursor = one["next_cursor"].as_str().unwrap();
        let two = stack
            .data(&format!("{list}&per_page=100&cursor={cursor}"))
            .await;
        assert_eq!(key(&two["items"][0]), by_cursor[3]);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_page_past_the_end_is_empty_and_says_so() {
    let stack = Stack::loaded().await;
    let data = stack.data("/api/v1/recalls?agency=us-fda&page=90").await;
    assert_eq!(data["items"], serde_json::json!([]));
    assert_eq!(data["has_more"], false);
    assert!(data["total"].as_u64() > Some(0));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_older_names_of_paging_mean_the_same() {
    let stack = Stack::loaded().await;
    let rows = async |query: &str| {
        let data = stack.data(&format!("/api/v1/recalls?{query}")).await;
        data["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(key)
            .collect::<Vec<_>>()
    };
    let page = rows("page=3&per_page=10").await;
    assert_eq!(rows("limit=10&offset=20").await, page);
    assert_eq!(rows("limit=10&page=3").await, page);
    assert_eq!(rows("").await.len(), 20, "twenty rows unless told");
    assert_eq!(rows("per_page=100").await.len(), 100);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn page_sizes_and_numbers_out_of_bounds_are_refused() {
    let stack = Stack::loaded().await;
    for list in LISTS {
        for odd in [
            "per_page=0",
            "per_page=101",
            "per_page=-1",
            "per_page=ten",
            "per_page=1000000000000",
            "limit=101",
            "per_page=5&limit=6",
            "page=0",
            "page=-1",
            "page=1.5",
            "page=501&per_page=20",
            "offset=10001",
            "offset=-1",
            "page=1&offset=3",
            "page=1&page=2",
            "page=2&cursor=abc",
        ] {
            let got = stack.get(&format!("{list}&{odd}")).await;
            assert_eq!(
                got.status,
                422,
                "{list}&{odd}: {}",
                String::from_utf8_lossy(&got.body)
            );
            assert_eq!(got.json()["error_code"], "VALIDATION_ERROR");
            assert!(
                !got.json()["errors"].as_array().unwrap().is_empty(),
                "{odd}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_cursor_counts_only_where_it_was_made() {
    let stack = Stack::loaded().await;
    let made = stack
        .data("/api/v1/recalls?agency=us-cpsc&per_page=5")
        .await;
    let cursor = made["next_cursor"].as_str().unwrap();
    stack
        .data(&format!(
            "/api/v1/recalls?agency=us-cpsc&per_page=5&cursor={cursor}"
        ))
        .await;
    let mut elsewhere = vec![
        format!("/api/v1/recalls?agency=us-fda&cursor={cursor}"),
        format!("/api/v1/recalls?cursor={cursor}"),
        format!("/api/v1/recalls?agency=us-cpsc&hazard=fall&cursor={cursor}"),
        format!("/api/v1/recalls?agency=us-cpsc&sort=id&cursor={cursor}"),
        format!("/api/v1/recalls?agency=us-cpsc&order=asc&cursor={cursor}"),
        format!("/api/v1/recalls?agency=us-cpsc&q=crib&cursor={cursor}"),
        format!("/api/v1/search/products?agency=us-cpsc&cursor={cursor}"),
    ];
    for at in [0, 1, cursor.len() / 2, cursor.len() - 2, cursor.len() - 1] {
        let mut changed = cursor.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        elsewhere.push(format!("/api/v1/recalls?agency=us-cpsc&cursor={changed}"));
    }
    let (longer, shorter) = (format!("{cursor}AAAA"), &cursor[..cursor.len() - 4]);
    for odd in [
        &longer,
        shorter,
        "x",
        "%F0%9F%8D%BC",
        "AAAA",
        "..%2F..%2Fetc",
        &"A".repeat(1900),
    ] {
        elsewhere.push(format!("/api/v1/recalls?agency=us-cpsc&cursor={odd}"));
    }
    for path in elsewhere {
        let got = stack.get(&path).await;
        assert_eq!(
            got.status,
            400,
            "{path}: {}",
            String::from_utf8_lossy(&got.body)
        );
        assert_eq!(got.json()["error_code"], "INVALID_CURSOR", "{path}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn equal_lists_have_equal_rows_whatever_the_page_size() {
    let stack = Stack::loaded().await;
    let whole = all(stack, "/api/v1/recalls?hazard=choking").await;
    let mut offset = Vec::new();
    for start in (0..whole.len()).step_by(33) {
        let data = stack
            .data(&format!(
                "/api/v1/recalls?hazard=choking&limit=33&offset={start}"
            ))
            .await;
        offset.extend(data["items"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(offset, whole);
    assert_eq!(ids(&whole).len(), whole.len());
}
