//! Each filter of the list of recalls, alone and together, held against the records themselves.

use std::collections::{BTreeMap, BTreeSet};

use babyshield::domain::vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status};
use babyshield_tests::{stack::Stack, template::root};
use serde_json::Value;

use crate::{all, ids, records};

/// Returns the identifiers of the records that a test accepts.
fn those(records: &[Value], accepts: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let kept = records.iter().filter(|record| accepts(record));
    kept.map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

fn has(list: &Value, word: &str) -> bool {
    list.as_array()
        .is_some_and(|words| words.iter().any(|found| found == word))
}

/// A filter's name, its words, and whether a record bears a word.
type Vocabulary = (&'static str, Vec<&'static str>, fn(&Value, &str) -> bool);

fn vocabularies() -> Vec<Vocabulary> {
    fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().map(|item| word(*item)).collect()
    }
    vec![
        (
            "hazard",
            words(Hazard::ALL, Hazard::as_str),
            |record, word| has(&record["hazards"], word),
        ),
        (
            "remedy",
            words(Remedy::ALL, Remedy::as_str),
            |record, word| has(&record["remedies"], word),
        ),
        (
            "status",
            words(Status::ALL, Status::as_str),
            |record, word| record["status"] == word,
        ),
        (
            "kind",
            words(RecallKind::ALL, RecallKind::as_str),
            |record, word| record["kind"] == word,
        ),
        (
            "severity",
            words(SeverityLevel::ALL, SeverityLevel::as_str),
            |record, word| record["severity"]["level"] == word,
        ),
        (
            "category",
            words(Category::ALL, Category::as_str),
            |record, word| {
                record["products"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|product| product["category"] == word)
            },
        ),
    ]
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_word_of_every_vocabulary_finds_the_records_that_bear_it() {
    let stack = Stack::loaded().await;
    let records = records(stack).await;
    let mut wrong = Vec::new();
    for (filter, words, bears) in vocabularies() {
        let mut used = 0;
        for word in words {
            let wanted = those(records, |record| bears(record, word));
            let found = ids(&all(stack, &format!("/api/v1/recalls?{filter}={word}")).await);
            if found != wanted {
                let (more, less) = (found.difference(&wanted), wanted.difference(&found));
                wrong.push(format!(
                    "{filter}={word}: too many {:?}, lacking {:?}",
                    more.take(3).collect::<Vec<_>>(),
                    less.take(3).collect::<Vec<_>>()
                ));
            }
            used += usize::from(!wanted.is_empty());
        }
        assert!(used > 0, "no record of the demo data has a {filter}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn agencies_and_countries_have_the_counts_of_the_demo_data() {
    let stack = Stack::loaded().await;
    let manifest = std::fs::read(root().join("local/demo/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut whole = 0;
    for (agency, count) in manifest["recalls"].as_object().unwrap() {
        let data = stack
            .data(&format!("/api/v1/recalls?agency={agency}&per_page=1"))
            .await;
        assert_eq!(data["total"], *count, "{agency}");
        assert_eq!(data["items"][0]["agency"], *agency);
        whole += count.as_u64().unwrap();
    }
    assert_eq!(
        stack.data("/api/v1/recalls?per_page=1").await["total"],
        whole
    );
    let us = manifest["recalls"]["us-cpsc"].as_u64().unwrap()
        + manifest["recalls"]["us-fda"].as_u64().unwrap();
    for (country, count) in [
        ("US", us),
        ("us", us),
        ("FR", whole - us),
        ("FR,us", whole),
        ("DE", 0),
    ] {
        let data = stack
            .data(&format!("/api/v1/recalls?country={country}"))
            .await;
        assert_eq!(data["total"], count, "{country}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn windows_include_both_their_ends() {
    let stack = Stack::loaded().await;
    let records = records(stack).await;
    let mut days: Vec<_> = records
        .iter()
        .map(|record| record["published"].as_str().unwrap())
        .collect();
    days.sort_unstable();
    let (early, late) = (days[days.len() / 4], days[days.len() * 3 / 4]);
    let published = |record: &Value| record["published"].as_str().unwrap().to_owned();
    // Where the authority names no change, the day of publication stands for it.
    let updated = |record: &Value| {
        record["updated"]
            .as_str()
            .map_or_else(|| published(record), str::to_owned)
    };
    let between = |day: String, from: &str, to: &str| day.as_str() >= from && day.as_str() <= to;
    for (name, day) in [
        ("published", &published as &dyn Fn(&Value) -> String),
        ("updated", &updated),
    ] {
        for (from, to) in [
            (early, late),
            (early, early),
            ("0001-01-01", early),
            (late, "9999-12-31"),
        ] {
            let mut query = String::new();
            if from != "0001-01-01" {
                query += &format!("&{name}_from={from}");
            }
            if to != "9999-12-31" {
                query += &format!("&{name}_to={to}");
            }
            let wanted = those(records, |record| between(day(record), from, to));
            assert!(!wanted.is_empty(), "{query} finds something");
            let found = ids(&all(stack, &format!("/api/v1/recalls?{}", &query[1..])).await);
            assert_eq!(found, wanted, "{query}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_brand_is_found_without_regard_to_case_and_punctuation() {
    let stack = Stack::loaded().await;
    let records = records(stack).await;
    let brands_of = |record: &Value| -> Vec<String> {
        let products = record["products"].as_array().unwrap();
        let brands = products
            .iter()
            .flat_map(|product| product["brands"].as_array().unwrap());
        brands
            .map(|brand| brand.as_str().unwrap().to_lowercase())
            .collect()
    };
    let plain = |brand: &String| brand.len() > 3 && brand.bytes().all(|b| b.is_ascii_alphabetic());
    let brands: BTreeSet<_> = records.iter().flat_map(brands_of).filter(plain).collect();
    assert!(
        brands.len() >= 20,
        "the demo data name only {} plain brands",
        brands.len()
    );
    for brand in brands.iter().step_by(brands.len() / 20) {
        let wanted = those(records, |record| brands_of(record).contains(brand));
        for written in [
            brand.clone(),
            brand.to_uppercase(),
            format!("{brand}%C2%AE"),
            format!("%20{brand}%20"),
        ] {
            let found = ids(&all(stack, &format!("/api/v1/recalls?brand={written}")).await);
            assert!(
                wanted.is_subset(&found),
                "{written}: {wanted:?} is not in {found:?}"
            );
            let others: Vec<_> = found.difference(&wanted).collect();
            for other in others {
                // Another way to write the same brand, never another brand.
                let record = records
                    .iter()
                    .find(|record| record["id"] == other.as_str())
                    .unwrap();
                let letters = |text: &str| {
                    text.chars()
                        .filter(char::is_ascii_alphanumeric)
                        .collect::<String>()
                };
                let same = brands_of(record)
                    .iter()
                    .any(|named| letters(named) == *brand);
                assert!(same, "{written} found {other} of {:?}", brands_of(record));
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_identifier_of_any_kind_finds_its_recall() {
    let stack = Stack::loaded().await;
    let records = records(stack).await;
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        for product in record["products"].as_array().unwrap() {
            for identifier in product["identifiers"].as_array().unwrap() {
                let kind = identifier["type"].as_str().unwrap();
                // Of a span the ends are found.
                let Some(value) = identifier["value"].as_str().or(identifier["to"].as_str()) else {
                    continue;
                };
                let looked_for =
                    ["gtin", "lot", "lot_range", "model", "serial_range"].contains(&kind);
                let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
                if !plain || !looked_for || tried.get(kind).is_some_and(|count| *count >= 8) {
                    continue;
                }
                *tried.entry(kind).or_default() += 1;
                let mut ways = vec![value.to_owned(), value.to_lowercase()];
                if kind == "gtin" {
                    ways.push(value.trim_start_matches('0').to_owned());
                }
                for written in ways {
                    let rows = all(stack, &format!("/api/v1/recalls?identifier={written}")).await;
                    let id = record["id"].as_str().unwrap();
                    assert!(
                        ids(&rows).contains(id),
                        "{kind} {written} does not find {id}"
                    );
                }
            }
        }
    }
    assert_eq!(tried.len(), 5, "the demo data have {tried:?}");
    // The authority's own number, as it writes it.
    for record in records.iter().step_by(100) {
        let number = record["source_id"].as_str().unwrap();
        let found = ids(&all(stack, &format!("/api/v1/recalls?identifier={number}")).await);
        assert!(
            found.contains(record["id"].as_str().unwrap()),
            "{number} finds {found:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn values_of_one_filter_are_alternatives_and_filters_must_all_hold() {
    let stack = Stack::loaded().await;
    let records = records(stack).await;
    let find = async |query: &str| ids(&all(stack, &format!("/api/v1/recalls?{query}")).await);
    let either = those(records, |record| {
        has(&record["hazards"], "choking") || has(&record["hazards"], "fall")
    });
    assert_eq!(find("hazard=choking,fall").await, either);
    assert_eq!(find("hazard=choking&hazard=fall").await, either);
    let together = those(records, |record| {
        (has(&record["hazards"], "choking") || has(&record["hazards"], "fall"))
            && (record["agency"] == "us-cpsc" || record["agency"] == "fr-rappelconso")
            && has(&record["remedies"], "refund")
            && record["published"].as_str() >= Some("2023-01-01")
            && record["published"].as_str() <= Some("2025-12-31")
    });
    assert!(
        together.len() > 3,
        "the demo data have only {} such",
        together.len()
    );
    let query = "hazard=choking,fall&agency=us-cpsc,fr-rappelconso&remedy=refund&published_from=2023-01-01&published_to=2025-12-31";
    assert_eq!(find(query).await, together);
    let ten = "agency=us-fda&country=US&status=ongoing,ended,unknown&kind=recall&severity=serious,moderate,low,unknown&updated_from=2000-01-01&updated_to=2100-01-01";
    let wanted = those(records, |record| {
        record["agency"] == "us-fda"
            && record["status"] != "withdrawn"
            && record["kind"] == "recall"
    });
    assert_eq!(find(ten).await, wanted);
    assert_eq!(find("agency=us-cpsc&country=FR").await, BTreeSet::new());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn lists_are_sorted_as_asked() {
    let stack = Stack::loaded().await;
    for (sort, key) in [("published", "published"), ("id", "id")] {
        for order in ["asc", "desc"] {
            let rows = all(stack, &format!("/api/v1/recalls?sort={sort}&order={order}")).await;
            let keys: Vec<_> = rows.iter().map(|row| row[key].as_str().unwrap()).collect();
            let sorted = if order == "asc" {
                keys.is_sorted()
            } else {
                keys.iter().rev().is_sorted()
            };
            assert!(sorted, "{sort} {order}");
        }
    }
    let rows = all(stack, "/api/v1/recalls").await;
    assert!(
        rows.iter()
            .rev()
            .map(|row| row["published"].as_str())
            .is_sorted(),
        "newest first unless told"
    );
    let rows = all(stack, "/api/v1/recalls?sort=severity").await;
    let rank = |row: &Value| {
        ["unknown", "low", "moderate", "serious"]
            .iter()
            .position(|level| row["severity"]["level"] == *level)
    };
    assert!(rows.iter().rev().map(rank).is_sorted(), "the worst first");
    let rows = all(stack, "/api/v1/recalls?sort=updated&order=asc").await;
    let day = |row: &Value| {
        row["updated"]
            .as_str()
            .or(row["published"].as_str())
            .unwrap()
            .to_owned()
    };
    assert!(rows.iter().map(day).is_sorted());
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn what_no_filter_knows_is_refused_all_at_once() {
    let stack = Stack::loaded().await;
    let got = stack.get("/api/v1/recalls?hazard=danger&colour=red&country=USA&published_from=2026-02-30&per_page=0&agency=us&updated_from=2026-02-02&updated_to=2026-02-01&sort=size&order=up&kind=x&status=x&severity=high&remedy=x&category=x").await;
    assert_eq!(got.status, 422);
    let body = got.json();
    let fields: BTreeSet<_> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    let wanted = [
        "hazard",
        "colour",
        "country",
        "published_from",
        "per_page",
        "agency",
        "updated_to",
        "sort",
        "order",
        "kind",
        "status",
        "severity",
        "remedy",
        "category",
    ];
    let wanted: BTreeSet<_> = wanted.iter().map(|name| format!("/{name}")).collect();
    assert_eq!(fields, wanted.iter().map(String::as_str).collect());
}
