//! What a scan reads, and what it costs, over the demo data.

use std::{collections::BTreeMap, fs};

use aws_sdk_dynamodb::types::AttributeValue;
use babyshield::{
    domain::{
        agency::{AGENCIES, Agency},
        gtin::Gtin,
        posting::{PostingKey, postings},
        recall::{Recall, content_hash},
        window::Window,
    },
    feeds::{self, Page, PageRequest},
    stores::{StoreError, jobs::SyncJob, keys, lookup::Lookup},
};
use babyshield_faults::{Fault, Plan, Rule};
use babyshield_sync::Limits;
use babyshield_tests::{
    feed_rows::openfda_page,
    sandbox::{Item, Sandbox, delivery, job, key, returned, sdk},
    template,
};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Bench;

/// What a scan of a plain GTIN may read, in units.
const MOST_UNITS: usize = 4;

fn demo(file: &str) -> String {
    let path = template::root().join("local/demo").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(file: &str) -> Vec<Value> {
    serde_json::from_str(&demo(file)).unwrap()
}

/// Reads a whole demo feed at once, each part a page.
fn parsed(agency: &'static Agency, pages: &[(&str, Value)]) -> Vec<Recall> {
    let adapter = feeds::adapter(agency.family).unwrap();
    let pages: Vec<(PageRequest, String)> = pages
        .iter()
        .map(|(name, body)| {
            let part = agency.parts.iter().find(|part| part.name == *name).unwrap();
            (adapter.first(part, Window::year(2026)), body.to_string())
        })
        .collect();
    let pages: Vec<_> = pages
        .iter()
        .map(|(request, body)| Page {
            request,
            body: body.as_bytes(),
        })
        .collect();
    adapter.parse(agency, &pages).unwrap().recalls
}

/// Every recall of the demo feeds.
fn recalls() -> Vec<Recall> {
    let fda = |part| openfda_page(&rows(&format!("us-fda-{part}.json")));
    let ods = |part| {
        let rows = rows(&format!("fr-rappelconso-{part}.json"));
        json!({"total_count": rows.len(), "results": rows})
    };
    let ods_parts: Vec<_> = key("fr-rappelconso")
        .row()
        .parts
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    let ods_pages: Vec<_> = ods_parts
        .iter()
        .map(|part| {
            let file = if part.contains("trie") {
                "gtin-trie"
            } else {
                "gtin-espaces"
            };
            (*part, ods(file))
        })
        .collect();
    let mut all = parsed(
        key("us-cpsc").row(),
        &[("recalls", Value::from(rows("us-cpsc.json")))],
    );
    all.extend(parsed(
        key("us-fda").row(),
        &[
            ("food", fda("food")),
            ("drug", fda("drug")),
            ("device", fda("device")),
        ],
    ));
    all.extend(parsed(key("fr-rappelconso").row(), &ods_pages));
    all
}

/// Stores and files the demo feeds, imports the demo catalogue, and gives every agency of the registry
/// its line of the coverage, as when all of them are built.
async fn load(sandbox: &Sandbox) {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let store = sandbox.recall_store();
    stream::iter(recalls())
        .for_each_concurrent(8, async |recall| {
            let filed = postings(&recall, 1);
            let hash = content_hash(&recall);
            let written = store
                .write(
                    recall,
                    hash,
                    "raw/demo".into(),
                    filed.keys().cloned(),
                    None,
                    now,
                )
                .await;
            store
                .file(&written.unwrap().unwrap(), &filed)
                .await
                .unwrap();
        })
        .await;
    sandbox
        .put_object("catalogue/demo.csv", demo("catalogue.csv").into_bytes())
        .await;
    let app = sandbox
        .sync(sandbox.emulator(), "http://127.0.0.1:9", Limits::default())
        .await;
    let import = job(SyncJob::ImportCatalogue {
        key: "catalogue/demo.csv".into(),
    });
    assert!(returned(&app.handle(delivery([&import])).await.unwrap()).is_empty());
    for agency in AGENCIES.iter() {
        sandbox.agency_store().sum_up(agency, now).await.unwrap();
    }
}

/// The size of a value as `DynamoDB` counts it, in bytes.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| size(value) + 1).sum::<usize>(),
        other => panic!("no such attribute is written: {other:?}"),
    }
}

/// What a consistent read of each item costs, by its key; an item that is not there costs one unit.
fn units(items: Vec<Item>) -> BTreeMap<String, usize> {
    let text = |value: &AttributeValue| value.as_s().unwrap().clone();
    let cost = |item: &Item| {
        let bytes: usize = item
            .iter()
            .map(|(name, value)| name.len() + size(value))
            .sum();
        bytes.div_ceil(4_096).max(1)
    };
    items
        .iter()
        .map(|item| (text(&item["pk"]), cost(item)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_plain_gtin_of_the_demo_data_is_one_call_of_at_most_four_units_that_writes_nothing() {
    let bench = Bench::new().await;
    load(&bench.sandbox).await;
    let lookup = Lookup::new(
        bench.dynamo.clone(),
        &bench.sandbox.recalls,
        &bench.sandbox.products,
    );
    let items = bench.sandbox.scan(&bench.sandbox.recalls).await.into_iter();
    // A recall's own items are not read by a scan.
    let read = items.filter(|item| !item["pk"].as_s().unwrap().starts_with("RECALL#"));
    let recall_units = units(read.collect());
    let product_units = units(bench.sandbox.scan(&bench.sandbox.products).await);
    let filed = recall_units
        .keys()
        .filter_map(|pk| pk.strip_prefix("GTIN#"));
    let catalogued = product_units
        .keys()
        .filter_map(|pk| pk.strip_prefix("PRODUCT#"));
    let mut gtins: Vec<Gtin> = filed
        .chain(catalogued)
        .map(|gtin| gtin.parse().unwrap())
        .collect();
    gtins.sort();
    gtins.dedup();
    assert!(gtins.len() > 1_000, "{}", gtins.len());
    let mut spread = BTreeMap::<usize, u32>::new();
    for gtin in &gtins {
        let cost = |units: &BTreeMap<String, usize>, key: keys::Key| {
            units.get(&key.pk).copied().unwrap_or(1)
        };
        let total = cost(&recall_units, keys::posting(&PostingKey::Gtin(*gtin)))
            + cost(&product_units, keys::product(gtin))
            + cost(&recall_units, keys::coverage());
        assert!(total <= MOST_UNITS, "{gtin} reads {total} units");
        *spread.entry(total).or_default() += 1;
    }
    println!("read units of a plain GTIN -> GTINs of the demo data: {spread:?}");
    let mut answers = 0;
    for gtin in gtins.iter().step_by(10) {
        let found = lookup.find(&[*gtin], &[]).await.unwrap();
        answers += usize::from(!found.postings.is_empty());
        assert_eq!(found.coverage.len(), AGENCIES.len());
        assert!(
            !found.postings.is_empty() || !found.products.is_empty(),
            "{gtin}"
        );
        assert_eq!(bench.calls(), ["BatchGetItem"], "{gtin}");
    }
    assert!(answers > 10, "{answers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulator: ./dev test"]
async fn a_lookup_finds_what_was_stored_a_moment_ago_and_fails_when_it_cannot_know() {
    let bench = Bench::new().await;
    let lookup = Lookup::new(
        bench.dynamo.clone(),
        &bench.sandbox.recalls,
        &bench.sandbox.products,
    );
    let recall = recalls()
        .into_iter()
        .find(|recall| postings(recall, 1).len() >= 2)
        .unwrap();
    let filed = postings(&recall, 1);
    let names = |wanted: &PostingKey| match wanted {
        PostingKey::Gtin(gtin) => (vec![*gtin], vec![]),
        PostingKey::Model(model) => (vec![], vec![model.clone()]),
    };
    let wanted = filed
        .keys()
        .map(names)
        .fold((vec![], vec![]), |mut all, (gtins, models)| {
            all.0.extend(gtins);
            all.1.extend(models);
            all
        });
    let nothing = lookup.find(&wanted.0, &wanted.1).await.unwrap();
    assert!(
        nothing.postings.is_empty() && nothing.products.is_empty() && nothing.coverage.is_empty()
    );
    let store = bench.sandbox.recall_store();
    let hash = content_hash(&recall);
    let written = store
        .write(
            recall,
            hash,
            "raw/x".into(),
            filed.keys().cloned(),
            None,
            Timestamp::UNIX_EPOCH,
        )
        .await;
    store
        .file(&written.unwrap().unwrap(), &filed)
        .await
        .unwrap();
    // Some keys are left over at first.
    bench.proxy.follow(Plan::rules([Rule::first(
        "BatchGetItem",
        2,
        Fault::Partial,
    )]));
    let found = lookup.find(&wanted.0, &wanted.1).await.unwrap();
    assert_eq!(found.postings, filed.into_iter().collect::<Vec<_>>());
    // A store that fails must never look like one in which nothing is found.
    for fault in [
        Fault::Throttle,
        Fault::ServerError,
        Fault::DropBefore,
        Fault::DropAfter,
    ] {
        bench
            .proxy
            .follow(Plan::rules([Rule::every("BatchGetItem", fault)]));
        let unknown = lookup.find(&wanted.0, &wanted.1).await;
        assert!(
            matches!(unknown, Err(StoreError::Busy(_))),
            "{fault:?}: {unknown:?}"
        );
    }
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk(bench.sandbox.emulator()).await);
    let gone = Lookup::new(dynamo, "there-is-no-such-table", &bench.sandbox.products);
    let refused = gone.find(&wanted.0, &wanted.1).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
}
