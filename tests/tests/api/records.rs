//! One recall, its versions; the agencies.

use babyshield::domain::agency::{AGENCIES, Certainty};
use babyshield_tests::stack::Stack;
use serde_json::{Value, json};

use crate::records;

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_recall_comes_whole() {
    let stack = Stack::loaded().await;
    for (name, id) in [
        ("cpsc", "us-cpsc:23906"),
        ("openfda", "us-fda:990023"),
        ("rappelconso", "fr-rappelconso:2024-12-9014"),
    ] {
        let recall = stack.data(&format!("/api/v1/recalls/{id}")).await;
        insta::assert_json_snapshot!(name, recall, {
            ".changed_at" => "[time]", ".first_seen" => "[time]", ".versions[].changed_at" => "[time]",
        });
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_record_names_its_source_its_licence_and_its_history() {
    let stack = Stack::loaded().await;
    for record in records(stack).await {
        let id = record["id"].as_str().unwrap();
        let agency: &str = record["agency"].as_str().unwrap();
        let row = AGENCIES
            .iter()
            .find(|row| row.key().as_str() == agency)
            .unwrap();
        assert!(id.starts_with(&format!("{agency}:")), "{id}");
        assert_eq!(record["agency_name"], row.name, "{id}");
        assert_eq!(record["licence"], row.licence, "{id}");
        assert_eq!(record["attribution"], row.attribution, "{id}");
        assert!(
            !record["attribution"].as_str().unwrap().is_empty()
                && !record["licence"].as_str().unwrap().is_empty()
        );
        assert!(!record["title"].as_str().unwrap().trim().is_empty(), "{id}");
        assert!(!record["source_id"].as_str().unwrap().is_empty(), "{id}");
        let products = record["products"].as_array().unwrap();
        assert!(!products.is_empty(), "{id}");
        let versions = record["versions"].as_array().unwrap();
        let numbers: Vec<_> = versions
            .iter()
            .map(|row| row["version"].as_u64().unwrap())
            .collect();
        let last = record["version"].as_u64().unwrap();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{id}");
        if let Some(url) = record["url"].as_str() {
            assert!(
                url.starts_with("https://") || url.starts_with("http://"),
                "{id}: {url}"
            );
        }
        for product in products {
            for identifier in product["identifiers"].as_array().unwrap() {
                if identifier["type"] == "gtin" {
                    assert_eq!(identifier["value"].as_str().unwrap().len(), 14, "{id}");
                }
                assert!(
                    identifier["origin"].is_string() && identifier["confidence"].is_string(),
                    "{id}"
                );
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_version_is_readable_where_the_recall_says() {
    let stack = Stack::loaded().await;
    let recall = stack.data("/api/v1/recalls/us-cpsc:24901").await;
    let url = recall["versions"][0]["url"].as_str().unwrap();
    assert_eq!(url, "/api/v1/recalls/us-cpsc:24901/versions/1");
    let got = stack.get(url).await;
    assert_eq!(
        got.header("cache-control"),
        "public, max-age=86400",
        "a version never changes"
    );
    let mut version = got.data();
    assert_eq!(
        version["first_seen"],
        Value::Null,
        "that belongs to the recall"
    );
    version["first_seen"] = recall["first_seen"].clone();
    assert_eq!(version, recall, "the only version is the current one");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_list_and_a_record_say_the_same() {
    let stack = Stack::loaded().await;
    let page = stack
        .data("/api/v1/recalls?per_page=50&agency=us-fda")
        .await;
    for row in page["items"].as_array().unwrap() {
        let record = stack
            .data(&format!("/api/v1/recalls/{}", row["id"].as_str().unwrap()))
            .await;
        for field in [
            "agency",
            "agency_name",
            "source_id",
            "country",
            "language",
            "kind",
            "status",
            "published",
            "updated",
            "ended",
            "severity",
            "hazards",
            "remedies",
            "url",
            "version",
        ] {
            assert_eq!(row[field], record[field], "{field} of {}", row["id"]);
        }
        assert_eq!(
            row["product_count"].as_u64(),
            record["products"].as_array().map(|all| all.len() as u64)
        );
        assert!(
            record["title"]
                .as_str()
                .unwrap()
                .starts_with(row["title"].as_str().unwrap().trim_end_matches('…'))
        );
    }
    assert_eq!(page["index"]["stale"], false);
    assert!(page["index"]["generation"].as_u64() > Some(0));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn agencies_can_be_asked_for_in_pages() {
    let stack = Stack::loaded().await;
    let all = stack.data("/api/v1/agencies?per_page=100").await;
    assert_eq!(all["items"].as_array().unwrap().len(), AGENCIES.len());
    let second = stack.data("/api/v1/agencies?per_page=5&page=2").await;
    assert_eq!(second["items"][0]["key"], all["items"][5]["key"]);
    assert_eq!(
        (&second["total"], &second["has_more"], &second["page"]),
        (&all["total"], &json!(true), &json!(2))
    );
    let last = stack.data("/api/v1/agencies?per_page=5&page=8").await;
    assert_eq!(
        (last["items"].as_array().unwrap().len(), &last["has_more"]),
        (4, &json!(false))
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_agency_is_listed_with_what_is_known_of_it() {
    let stack = Stack::loaded().await;
    let data = stack.data("/api/v1/agencies").await;
    assert_eq!(data["total"], AGENCIES.len());
    let items = data["items"].as_array().unwrap();
    assert!(items.len() >= 39, "the core rows of the registry");
    for (item, row) in items.iter().zip(AGENCIES.iter()) {
        let key = row.key();
        assert_eq!(item["key"], key.as_str());
        let one = stack.data(&format!("/api/v1/agencies/{key}")).await;
        assert_eq!(one["status"], item["status"], "{key}");
        let wanted = match (row.enabled, row.certainty) {
            (true, _) => "live",
            (false, Certainty::Memory) => "not_verified",
            (false, _) => "planned",
        };
        assert_eq!(item["status"], wanted, "{key}");
        assert_eq!(item["quarantined"], json!([]), "{key}");
        if row.enabled {
            assert!(item["records"].as_u64() > Some(0), "{key}");
            assert_eq!(item["windows_loaded"], item["windows"], "{key}");
            assert!(item["lag_seconds"].as_u64().is_some(), "{key}");
            assert_eq!(item["last_error"], Value::Null, "{key}");
            let last: jiff::Timestamp = item["last_success"].as_str().unwrap().parse().unwrap();
            assert!(last.as_second() > 1_700_000_000);
        } else {
            assert_eq!(
                (&item["records"], &item["last_success"], &item["windows"]),
                (&json!(0), &Value::Null, &json!(0)),
                "{key}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn broken_records_of_the_demo_feeds_are_counted_rejects() {
    let stack = Stack::loaded().await;
    for (agency, rejects) in [("us-cpsc", 2), ("us-fda", 1), ("fr-rappelconso", 1)] {
        assert_eq!(
            stack.data(&format!("/api/v1/agencies/{agency}")).await["rejects"],
            rejects,
            "{agency}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_event_over_two_report_years_is_one_recall() {
    let stack = Stack::loaded().await;
    let recall = stack.data("/api/v1/recalls/us-fda:990023").await;
    assert!(recall["products"].as_array().unwrap().len() >= 2);
    let found = stack
        .data("/api/v1/recalls?identifier=990023&agency=us-fda")
        .await;
    assert_eq!(found["total"], 1);
}
