//! The import of a catalogue file, killed in the middle.

use std::collections::BTreeMap;

use babyshield::stores::jobs::SyncJob;
use babyshield_faults::{Plan, Proxy};
use babyshield_tests::{
    feed_rows::upc,
    feed_server::FeedServer,
    sandbox::{Sandbox, delivery, job, returned},
};

use crate::{OUT_OF_SIGHT, QUICK, at_every_call};

const KEY: &str = "catalogue/test.csv";
const HEADER: &str = "gtin,name,brand,category,quantity,country,source,source_url,licence\n";

fn line(gtin: &str, name: &str) -> String {
    format!("{gtin},{name},Quillabee,toys,1,US,A test,,CC0-1.0\n")
}

/// 130 products; a line with a wrong number, one with too few columns and one that is no UTF-8.
fn file(edition: &str) -> Vec<u8> {
    let mut file = HEADER.as_bytes().to_vec();
    for at in 0..130 {
        let name = if at % 3 == 0 { edition } else { "first" };
        file.extend(line(&upc(at), &format!("Cube {at} {name}")).as_bytes());
    }
    file.extend(line("850099000000", "Wrong").as_bytes());
    file.extend(b"850099000003,short\n");
    file.extend(b"\xff\xfe,x,,,,,s,,l\n");
    file
}

/// Every product by its key, as the table holds it.
async fn products(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let items = sandbox.scan(&sandbox.products).await.into_iter();
    let text = |value: &aws_sdk_dynamodb::types::AttributeValue| value.as_s().unwrap().clone();
    items
        .map(|item| (text(&item["pk"]), text(&item["product"])))
        .collect()
}

fn order() -> String {
    job(SyncJob::ImportCatalogue { key: KEY.into() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn an_import_that_is_killed_at_any_call_is_finished_by_the_next_delivery() {
    let feeds = FeedServer::start().await;
    let before = Sandbox::new().await;
    before.put_object(KEY, file("first")).await;
    let app = before.sync(before.emulator(), feeds.origin(), QUICK).await;
    assert!(returned(&app.handle(delivery([&order()])).await.unwrap()).is_empty());
    before.put_object(KEY, file("second")).await;
    let saved = before.save().await;
    assert!(returned(&app.handle(delivery([&order()])).await.unwrap()).is_empty());
    let end = products(&before).await;
    assert_eq!(end.len(), 130);
    assert_eq!(
        end.values()
            .filter(|product| product.contains("second"))
            .count(),
        44
    );

    let calls = at_every_call(async |plan| {
        let sandbox = Sandbox::with(&saved, "2026-11-20T12:00:00Z".parse().unwrap()).await;
        let proxy = Proxy::start(sandbox.emulator(), plan.clone())
            .await
            .unwrap();
        let app = sandbox.sync(&proxy.endpoint(), feeds.origin(), QUICK).await;
        let answer = app.handle(delivery([&order()])).await.unwrap();
        proxy.settled().await;
        assert_eq!(returned(&answer).is_empty(), !proxy.is_dead(), "{plan:?}");
        sandbox.clock.advance(OUT_OF_SIGHT);
        let app = sandbox
            .sync(sandbox.emulator(), feeds.origin(), QUICK)
            .await;
        let answer = app.handle(delivery([&order()])).await.unwrap();
        assert!(returned(&answer).is_empty(), "{plan:?}");
        assert_eq!(products(&sandbox).await, end, "{plan:?}");
        proxy.is_dead()
    })
    .await;
    println!("catalogue import: {calls} calls for 130 products of which 44 changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn importing_a_file_again_writes_nothing_even_when_it_names_a_product_twice() {
    let feeds = FeedServer::start().await;
    let sandbox = Sandbox::new().await;
    let mut text = file("first");
    // Far behind the first line about it: another batch.
    text.extend(line(&upc(0), "Cube 0 last").as_bytes());
    sandbox.put_object(KEY, text).await;
    let proxy = Proxy::start(sandbox.emulator(), Plan::default())
        .await
        .unwrap();
    let app = sandbox.sync(&proxy.endpoint(), feeds.origin(), QUICK).await;
    for run in 1..=2 {
        proxy.follow(Plan::default());
        assert!(returned(&app.handle(delivery([&order()])).await.unwrap()).is_empty());
        let first = &products(&sandbox).await[&format!("PRODUCT#00{}", upc(0))];
        assert!(first.contains("Cube 0 last"), "run {run}: {first}");
    }
    let calls: Vec<_> = proxy
        .log()
        .into_iter()
        .map(|entry| entry.call.operation)
        .collect();
    assert_eq!(calls, ["GetObject", "BatchGetItem", "BatchGetItem"]);
}
