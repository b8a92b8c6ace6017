//! Search over recalled products.

use babyshield_tests::stack::Stack;
use serde_json::Value;

use crate::all;

async fn hits(stack: &Stack, query: &str) -> Value {
    stack
        .data(&format!("/api/v1/search/products?{query}"))
        .await
}

fn names(found: &Value) -> Vec<String> {
    let items = found["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            format!(
                "{} {}",
                item["name"].as_str().unwrap(),
                item["title"].as_str().unwrap()
            )
            .to_lowercase()
        })
        .collect()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn words_find_products_and_slips_of_the_finger_are_forgiven() {
    let stack = Stack::loaded().await;
    let right = hits(stack, "q=stroller&per_page=100").await;
    assert_eq!(right["matched"], "all_words");
    assert!(right["total"].as_u64() > Some(3));
    for slip in ["stroler", "strolller", "strollre", "stroiler"] {
        let found = hits(stack, &format!("q={slip}&per_page=100")).await;
        assert_eq!(found["matched"], "with_slips", "{slip}");
        assert!(
            names(&found).iter().any(|name| name.contains("stroller")),
            "{slip} finds {:?}",
            names(&found)
        );
    }
    for (written, word) in [
        ("STROLLER", "stroller"),
        ("strollers", "stroller"),
        ("b%C3%A9b%C3%A9", "bébé"),
        ("bebe", "bébé"),
    ] {
        let found = hits(stack, &format!("q={written}&per_page=100")).await;
        assert!(
            names(&found).iter().any(|name| name.contains(word)),
            "{written}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_whole_identifier_finds_exactly_its_product_first() {
    let stack = Stack::loaded().await;
    for (written, recall) in [
        ("850099000012", "us-cpsc:24901"),
        ("00850099000012", "us-cpsc:24901"),
        ("3760990000189", "fr-rappelconso:2024-12-9014"),
    ] {
        let found = hits(stack, &format!("q={written}")).await;
        assert_eq!(found["items"][0]["recall_id"], recall, "{written}");
    }
    let none = hits(stack, "q=850099000029").await;
    let other = none["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|item| item["recall_id"] == "us-cpsc:24901");
    assert!(!other, "a number of the same company is another item");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn filters_narrow_a_search() {
    let stack = Stack::loaded().await;
    let everything = hits(stack, "q=recall&per_page=1").await;
    assert!(everything["items"].is_array());
    for agency in ["us-cpsc", "us-fda", "fr-rappelconso"] {
        let rows = all(stack, &format!("/api/v1/search/products?agency={agency}")).await;
        assert!(
            !rows.is_empty() && rows.iter().all(|row| row["agency"] == agency),
            "{agency}"
        );
    }
    let rows = all(
        stack,
        "/api/v1/search/products?q=crib&category=sleep&agency=us-cpsc",
    )
    .await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row["category"] == "sleep"));
    let brand = all(stack, "/api/v1/search/products?brand=pelucine").await;
    assert!(!brand.is_empty());
    assert!(brand.iter().all(|row| {
        row["brands"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name.as_str().unwrap().eq_ignore_ascii_case("pelucine"))
    }));
    let both = all(
        stack,
        "/api/v1/search/products?brand=pelucine&agency=us-cpsc",
    )
    .await;
    assert!(both.is_empty());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn nothing_found_is_an_empty_list_and_no_verdict() {
    let stack = Stack::loaded().await;
    let found = hits(stack, "q=zzqqxxyy").await;
    assert_eq!(
        (&found["total"], &found["matched"]),
        (&0.into(), &"nothing".into())
    );
    assert_eq!(found["has_more"], false);
    let all_of_them = hits(stack, "per_page=1").await;
    assert_eq!(all_of_them["matched"], "filters");
    let products: u64 = crate::records(stack)
        .await
        .iter()
        .map(|record| record["products"].as_array().unwrap().len() as u64)
        .sum();
    assert_eq!(
        all_of_them["total"], products,
        "without words, every recalled product"
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_hit_names_its_recall_and_its_place_in_it() {
    let stack = Stack::loaded().await;
    let found = hits(stack, "q=crib&per_page=10").await;
    for hit in found["items"].as_array().unwrap() {
        let recall = stack
            .data(&format!(
                "/api/v1/recalls/{}",
                hit["recall_id"].as_str().unwrap()
            ))
            .await;
        let position = usize::try_from(hit["position"].as_u64().unwrap()).unwrap();
        let product = &recall["products"][position - 1];
        assert_eq!(product["category"], hit["category"]);
        assert!(
            product["name"]
                .as_str()
                .unwrap()
                .starts_with(hit["name"].as_str().unwrap().trim_end_matches('…'))
        );
        assert_eq!(product["scope"], hit["scope"]);
    }
}
