//! openFDA's adapter over every captured file and the demo feeds.
#![cfg(feature = "feeds")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod samples;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use babyshield::{
    domain::{
        recall::Recall,
        vocabulary::{Category, Hazard, SeverityLevel, Status},
        window::Window,
    },
    feeds::Parsed,
};
use samples::{captured, check, counts, demo, feed, find, identifiers, json, parse};
use serde_json::{Value, json as build};

/// An answer of the API around rows.
fn answer(rows: &[Value]) -> Vec<u8> {
    serde_json::to_vec(&build!({ "meta": { "results": { "skip": 0, "limit": 1000, "total": rows.len() } }, "results": rows })).unwrap()
}

/// The captured rows of one part: 15 or 5 yearly batches and the lines about infants.
fn rows(part: &str) -> Option<Vec<Value>> {
    let folder = captured("us-fda")?;
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with(&format!("openfda-{part}-enforcement")) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if name.ends_with(".ndjson") {
            rows.extend(text.lines().map(|line| json(line.as_bytes())));
        } else {
            rows.extend(json(text.as_bytes()).as_array().unwrap().iter().cloned());
        }
    }
    Some(rows)
}

fn captured_answers() -> Option<(Vec<u8>, Vec<u8>)> {
    Some((answer(&rows("food")?), answer(&rows("drug")?)))
}

fn whole(food: &[u8], drug: &[u8]) -> Parsed {
    check("us-fda", &[("food", food), ("drug", drug)])
}

#[test]
fn every_captured_report_is_read() {
    let Some((food, drug)) = captured_answers() else {
        return;
    };
    let parsed = whole(&food, &drug);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (1_845, 911, 0)
    );
    let numbers: BTreeSet<&str> = parsed
        .recalls
        .iter()
        .flat_map(|recall| &recall.products)
        .map(|product| product.line.as_ref().unwrap().number.as_str())
        .collect();
    assert_eq!(numbers.len(), 1_830, "15 lines stand in two files");
    let expected: BTreeMap<String, usize> = EXPECTED
        .map(|(name, count)| (name.to_owned(), count))
        .into();
    assert_eq!(counts(&parsed.recalls), expected);
    let levels = |level| {
        parsed
            .recalls
            .iter()
            .flat_map(|r| &r.products)
            .filter(|p| p.line.as_ref().unwrap().severity.level == level)
            .count()
    };
    assert!(levels(SeverityLevel::Unknown) == 0 && levels(SeverityLevel::Serious) > 500);
}

#[test]
fn an_event_is_put_together_from_its_lines() {
    let Some((food, drug)) = captured_answers() else {
        return;
    };
    let parsed = whole(&food, &drug);
    let similac: Vec<&Recall> = parsed
        .recalls
        .iter()
        .filter(|r| {
            r.products
                .iter()
                .any(|p| p.name.starts_with("Abbott Similac"))
        })
        .collect();
    let sample = similac
        .iter()
        .flat_map(|recall| (0..recall.products.len()).map(move |at| (*recall, at)))
        .find(|(recall, at)| recall.products[*at].line.as_ref().unwrap().number == "F-0924-2022")
        .unwrap();
    let (recall, at) = sample;
    assert_eq!(
        identifiers(recall, at),
        [
            "gtin 00055325000808",
            "gtin 00055325001638",
            "lot 24493SH00",
            "lot 26773SH00",
            "lot 27992SH00",
            "lot 28091SH00",
            "lot 28174SH00",
            "lot 31495SH00",
            "lot 34815SH00",
            "lot 35007SH00",
            "lot 36099SH00",
            "lot 37294SH00",
        ]
    );
    assert_eq!(recall.products[at].category, Some(Category::BabyFood));
    assert_eq!(recall.severity.level, SeverityLevel::Serious);
    assert_eq!(recall.severity.authority.as_deref(), Some("Class I"));
    assert_eq!(recall.status, Status::Ongoing);
    assert_eq!(recall.hazards, [Hazard::Microbiological]);
    assert!(recall.title.contains(" recalls "), "{}", recall.title);
    assert_eq!(
        (recall.country.as_str(), recall.url.as_deref()),
        ("US", None)
    );
}

#[test]
fn numbered_products_of_one_line_are_told_apart() {
    let Some((food, drug)) = captured_answers() else {
        return;
    };
    let parsed = whole(&food, &drug);
    let granola: Vec<Vec<String>> = parsed
        .recalls
        .iter()
        .flat_map(|recall| (0..recall.products.len()).map(move |at| (recall, at)))
        .filter(|(recall, at)| recall.products[*at].line.as_ref().unwrap().number == "F-0543-2025")
        .map(|(recall, at)| identifiers(recall, at))
        .collect();
    assert_eq!(granola.len(), 6);
    assert!(
        granola.contains(&vec![
            "gtin 00687456214160".to_owned(),
            "date_mark 2025-01-09..2025-09-21".to_owned()
        ]),
        "{granola:?}"
    );
}

#[test]
fn the_report_of_2012_has_no_numbers_and_loses_no_line() {
    let Some(folder) = captured("us-fda") else {
        return;
    };
    let text = fs::read_to_string(folder.join("res-enforcement-report-2012-06-13.json")).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| {
            let row = json(line.as_bytes());
            let mut wire: serde_json::Map<String, Value> = row
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| (key.replace('-', "_"), value.clone()))
                .collect();
            // The old report says neither the event nor the line; one event for all is the hardest case.
            wire.insert("event_id".into(), "62000".into());
            wire.insert("recall_number".into(), "N/A".into());
            Value::Object(wire)
        })
        .collect();
    let body = answer(&rows);
    let parsed = check("us-fda", &[("food", &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (72, 1, 0)
    );
    let recall = find(&parsed, "us-fda:62000");
    let lines: BTreeSet<&str> = recall
        .products
        .iter()
        .map(|product| product.line.as_ref().unwrap().number.as_str())
        .collect();
    let different: BTreeSet<String> = rows
        .iter()
        .map(|row| format!("{}{}", row["product_description"], row["code_info"]))
        .collect();
    assert_eq!(lines.len(), different.len());
    assert_eq!(recall.published.to_string(), "2012-06-13");
}

/// Rows by the calendar year of their report, food and drug apart.
fn years(parts: &[(&'static str, Vec<Value>)]) -> BTreeMap<i16, Vec<(&'static str, Vec<u8>)>> {
    let mut by_year: BTreeMap<i16, BTreeMap<&'static str, Vec<Value>>> = BTreeMap::new();
    for (part, rows) in parts {
        for row in rows {
            let year = row["report_date"].as_str().unwrap()[..4].parse().unwrap();
            by_year
                .entry(year)
                .or_default()
                .entry(part)
                .or_default()
                .push(row.clone());
        }
    }
    by_year
        .into_iter()
        .map(|(year, parts)| {
            (
                year,
                parts
                    .into_iter()
                    .map(|(part, rows)| (part, answer(&rows)))
                    .collect(),
            )
        })
        .collect()
}

/// Reads window after window in the given order, as the store would.
fn fold(windows: &BTreeMap<i16, Parsed>, order: &[i16]) -> BTreeMap<String, Recall> {
    let (_, adapter) = feed("us-fda");
    let mut stored: BTreeMap<String, Recall> = BTreeMap::new();
    for year in order {
        for incoming in windows[year].recalls.clone() {
            let id = incoming.id.to_string();
            let merged = match stored.get(&id) {
                Some(old) => adapter.merge(old, incoming, Window::year(*year)).unwrap(),
                None => incoming,
            };
            stored.insert(id, merged);
        }
    }
    stored
}

/// All orders of up to so many things.
fn permutations(items: &[i16]) -> Vec<Vec<i16>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let mut rest = items.to_vec();
        rest.remove(at);
        all.extend(permutations(&rest).into_iter().map(|mut tail| {
            tail.insert(0, *item);
            tail
        }));
    }
    all
}

fn check_merging(parts: &[(&'static str, Vec<Value>)], spread: usize) {
    let bodies: Vec<(&str, Vec<u8>)> = parts
        .iter()
        .map(|(part, rows)| (*part, answer(rows)))
        .collect();
    let bodies: Vec<(&str, &[u8])> = bodies
        .iter()
        .map(|(part, body)| (*part, body.as_slice()))
        .collect();
    let at_once: BTreeMap<String, Recall> = parse("us-fda", &bodies)
        .unwrap()
        .recalls
        .into_iter()
        .map(|recall| (recall.id.to_string(), recall))
        .collect();
    let windows: BTreeMap<i16, Parsed> = years(parts)
        .into_iter()
        .map(|(year, bodies)| {
            (
                year,
                parse(
                    "us-fda",
                    &bodies
                        .iter()
                        .map(|(part, body)| (*part, body.as_slice()))
                        .collect::<Vec<_>>(),
                )
                .unwrap(),
            )
        })
        .collect();
    let events = |id: &str| {
        windows
            .values()
            .filter(|parsed| parsed.recalls.iter().any(|recall| recall.id.as_str() == id))
            .count()
    };
    assert!(
        at_once.keys().filter(|id| events(id) > 1).count() >= spread,
        "events over several years are what this is about"
    );
    let all: Vec<i16> = windows.keys().copied().collect();
    let mut backwards = all.clone();
    backwards.reverse();
    let twice: Vec<i16> = all.iter().chain(&backwards).chain(&all).copied().collect();
    for order in [&all, &backwards, &twice] {
        assert_eq!(fold(&windows, order), at_once, "{order:?}");
    }
    let latest: Vec<i16> = all.iter().rev().take(5).copied().collect();
    let reference = fold(&windows, &latest);
    for order in permutations(&latest) {
        assert_eq!(fold(&windows, &order), reference, "{order:?}");
    }
}

fn demo_rows() -> Vec<(&'static str, Vec<Value>)> {
    ["food", "drug", "device"]
        .map(|part| {
            let rows = json(&demo(&format!("us-fda-{part}.json")))
                .as_array()
                .unwrap()
                .clone();
            (part, rows)
        })
        .into()
}

#[test]
fn windows_merge_alike_in_any_order_and_however_often() {
    check_merging(&demo_rows(), 1);
}

/// Captured events lie within one week each; here every line gets a year of its own.
fn spread(mut rows: Vec<Value>) -> Vec<Value> {
    for (row, year) in rows.iter_mut().zip((2014..=2019).cycle()) {
        row["report_date"] = format!("{year}0601").into();
    }
    rows
}

#[test]
fn captured_lines_merge_alike_too() {
    let (Some(food), Some(drug)) = (rows("food"), rows("drug")) else {
        return;
    };
    check_merging(&[("food", spread(food)), ("drug", spread(drug))], 100);
}

fn line(number: &str, day: &str, codes: &str, class: &str) -> Value {
    build!({
        "event_id": "77", "recall_number": number, "report_date": day, "product_description": "Pear puree, 4 oz", "code_info": codes,
        "classification": class, "status": "Ongoing", "recalling_firm": "Acme", "reason_for_recall": "Salmonella",
    })
}

fn one(rows: &[Value]) -> Recall {
    parse("us-fda", &[("food", &answer(rows))])
        .unwrap()
        .recalls
        .remove(0)
}

fn numbers(recall: &Recall) -> Vec<&str> {
    recall
        .products
        .iter()
        .map(|product| product.line.as_ref().unwrap().number.as_str())
        .collect()
}

#[test]
fn a_window_replaces_its_own_lines_and_no_others() {
    let (_, adapter) = feed("us-fda");
    let stored = one(&[
        line("F-1-2024", "20240105", "Lot A1", "Class II"),
        line("F-2-2023", "20230601", "Lot B1", "Class I"),
    ]);
    let incoming = one(&[line("F-3-2024", "20240210", "Lot C1", "Class III")]);
    let merged = adapter
        .merge(&stored, incoming, Window::year(2024))
        .unwrap();
    assert_eq!(
        numbers(&merged),
        ["F-2-2023", "F-3-2024"],
        "F-1-2024 is gone from its window"
    );
    assert_eq!(merged.severity.authority.as_deref(), Some("Class I"));
    assert_eq!(merged.published.to_string(), "2023-06-01");
    assert_eq!(merged.updated.unwrap().to_string(), "2024-02-10");
}

#[test]
fn lines_that_wait_for_a_number_neither_collide_nor_stay_when_it_comes() {
    let (_, adapter) = feed("us-fda");
    let waiting = one(&[
        line("N/A", "20240105", "Lot A1", "Not Yet Classified"),
        line("N/A", "20240105", "Lot A2", "Not Yet Classified"),
    ]);
    assert_eq!(waiting.products.len(), 2);
    assert_eq!(waiting.severity.level, SeverityLevel::Unknown);
    assert_eq!(
        waiting.severity.authority.as_deref(),
        Some("Not Yet Classified")
    );
    let numbered = one(&[line("F-9-2025", "20250105", "Lot A1", "Class I")]);
    let merged = adapter
        .merge(&waiting, numbered, Window::year(2025))
        .unwrap();
    assert_eq!(merged.products.len(), 2);
    assert!(numbers(&merged).contains(&"F-9-2025"));
    assert_eq!(merged.severity.level, SeverityLevel::Serious);
}

#[test]
fn the_demo_feeds_are_read_as_their_manifest_says() {
    let parts = demo_rows();
    let bodies: Vec<(&str, Vec<u8>)> = parts
        .iter()
        .map(|(part, rows)| (*part, answer(rows)))
        .collect();
    let bodies: Vec<(&str, &[u8])> = bodies
        .iter()
        .map(|(part, body)| (*part, body.as_slice()))
        .collect();
    let parsed = check("us-fda", &bodies);
    let manifest = json(&demo("manifest.json"));
    let sum = |what: &str| -> u64 {
        parts
            .iter()
            .map(|(part, _)| {
                manifest["feeds"][format!("us-fda-{part}")][what]
                    .as_u64()
                    .unwrap()
            })
            .sum()
    };
    assert_eq!(u64::from(parsed.rows), sum("records"));
    assert_eq!(parsed.rejects.len() as u64, sum("rejects"));
    assert_eq!(
        parsed.recalls.len() as u64,
        manifest["recalls"]["us-fda"].as_u64().unwrap()
    );
}

const EXPECTED: [(&str, usize); 13] = [
    ("date_mark", 2_250),
    ("gtin", 988),
    ("lot", 6_453),
    ("lot_range", 18),
    ("model", 237),
    ("model_prefix", 2),
    ("production_window", 71),
    ("scope all_units", 32),
    ("scope listed_together", 324),
    ("scope listed_units", 367),
    ("scope partly_listed", 1_004),
    ("scope unknown", 121),
    ("upc_raw", 416),
];
