//! Catalogue products.

use babyshield::stores::{
    StoreError,
    products::{Product, ProductStore},
};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_tests::feed_rows::upc;

use crate::Bench;

fn product(at: u32, name: &str) -> Product {
    Product {
        gtin: upc(at).parse().unwrap(),
        name: name.to_owned(),
        brand: None,
        category: Some("toys".into()),
        quantity: None,
        country: None,
        source: "A test".into(),
        source_url: None,
        licence: "CC0-1.0".into(),
    }
}

fn some(count: u32) -> Vec<Product> {
    (0..count).map(|at| product(at, "Cube")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn only_what_is_new_or_changed_is_written() {
    let bench = Bench::new().await;
    let store = ProductStore::new(bench.dynamo.clone(), &bench.sandbox.products);
    let mut all = some(130);
    assert_eq!(store.write_many(&all).await.unwrap(), 130);
    bench.calls();
    assert_eq!(store.write_many(&all).await.unwrap(), 0);
    assert_eq!(bench.calls(), ["BatchGetItem", "BatchGetItem"]);
    all[129].name = "Cone".into();
    assert_eq!(store.write_many(&all).await.unwrap(), 1);
    assert_eq!(store.write_many(&[]).await.unwrap(), 0);
    assert_eq!(bench.sandbox.scan(&bench.sandbox.products).await.len(), 130);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn of_several_lines_about_one_product_the_last_counts() {
    let bench = Bench::new().await;
    let store = ProductStore::new(bench.dynamo.clone(), &bench.sandbox.products);
    let lines = [product(1, "Cube"), product(2, "Cone"), product(1, "Ball")];
    assert_eq!(store.write_many(&lines).await.unwrap(), 2);
    assert_eq!(store.write_many(&lines).await.unwrap(), 0);
    let items = bench.sandbox.scan(&bench.sandbox.products).await;
    let texts: Vec<_> = items
        .iter()
        .map(|item| item["product"].as_s().unwrap())
        .collect();
    assert!(
        texts.iter().any(|text| text.contains("Ball"))
            && !texts.iter().any(|text| text.contains("Cube"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn what_a_batch_leaves_unprocessed_is_written_all_the_same() {
    let bench = Bench::new().await;
    let store = ProductStore::new(bench.dynamo.clone(), &bench.sandbox.products);
    bench.proxy.follow(Plan::rules([
        Rule::first("BatchWriteItem", 3, Fault::Partial),
        Rule::first("BatchGetItem", 2, Fault::Partial),
    ]));
    assert_eq!(store.write_many(&some(40)).await.unwrap(), 40);
    assert_eq!(bench.sandbox.scan(&bench.sandbox.products).await.len(), 40);
    bench.proxy.follow(Plan::rules([Rule::every(
        "BatchWriteItem",
        Fault::Throttle,
    )]));
    let busy = store.write_many(&some(41)).await;
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_batch_that_makes_progress_is_not_given_up() {
    let bench = Bench::new().await;
    let store = ProductStore::new(bench.dynamo.clone(), &bench.sandbox.products);
    // One item of each call is taken: slow, but no standstill.
    let partial = Rule::first("BatchWriteItem", 9, Fault::Partial);
    bench.proxy.follow(Plan::rules([partial]));
    assert_eq!(store.write_many(&some(10)).await.unwrap(), 10);
}
