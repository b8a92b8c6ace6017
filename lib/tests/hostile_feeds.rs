//! Every adapter against bodies that no agency should send and some have sent.
#![cfg(feature = "feeds")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod samples;

use std::fs;

use babyshield::feeds::FeedError;
use samples::{captured, check, counts, demo, feed, find, identifiers, json, parse};

/// Each agency with a part of it and a good row's text.
const FEEDS: [(&str, &str, &str); 3] = [
    (
        "us-cpsc",
        "recalls",
        r#"{"RecallNumber":"24-113","RecallDate":"2024-02-03","Title":"T","Description":"Lot A1."}"#,
    ),
    (
        "us-fda",
        "food",
        r#"{"event_id":"1","recall_number":"F-1-2024","report_date":"20240203","product_description":"T","code_info":"Lot A1"}"#,
    ),
    (
        "fr-rappelconso",
        "rappelconso-v2-gtin-espaces",
        r#"{"numero_fiche":"2024-02-0001","numero_version":1,"date_publication":"2024-02-03T10:00:00+00:00","libelle":"t","identification_produits":["A1"]}"#,
    ),
];

/// Rows as the agency sends them.
fn answer(key: &str, rows: &[&str]) -> Vec<u8> {
    let rows = rows.join(",");
    match key {
        "us-cpsc" => format!("[{rows}]"),
        "us-fda" => format!(r#"{{"meta":{{"results":{{"total":1}}}},"results":[{rows}]}}"#),
        _ => format!(r#"{{"total_count":1,"results":[{rows}]}}"#),
    }
    .into_bytes()
}

fn unreadable(key: &str, part: &str, body: &[u8]) {
    let (_, adapter) = feed(key);
    for result in [
        adapter.inspect(200, body).map(|_| ()),
        parse(key, &[(part, body)]).map(|_| ()),
    ] {
        assert!(
            matches!(
                result,
                Err(FeedError::NotTheFeed(_) | FeedError::Malformed(_) | FeedError::ErrorBody(_))
            ),
            "{key}: {result:?}"
        );
    }
}

#[test]
fn what_is_not_the_feed_is_refused_as_a_whole() {
    for (key, part, _) in FEEDS {
        for body in [
            "",
            " ",
            "null",
            "true",
            "7",
            "<!DOCTYPE html><html><body>Sorry</body></html>",
            "[",
            "{",
            "[{]",
            "{\"results\":",
            "\u{FEFF}",
            "\"down\"",
            "OK",
            "[[[",
            "]",
        ] {
            unreadable(key, part, body.as_bytes());
        }
        unreadable(key, part, &[0xFF; 100]);
        unreadable(key, part, &[0; 100]);
    }
    for key in ["us-fda", "fr-rappelconso"] {
        let part = FEEDS.iter().find(|row| row.0 == key).unwrap().1;
        for body in ["[]", "{}", r#"{"results":7}"#, r#"{"results":null}"#] {
            unreadable(key, part, body.as_bytes());
        }
    }
}

#[test]
fn an_answer_without_rows_is_an_empty_answer() {
    for (key, part, _) in FEEDS {
        let parsed = parse(key, &[(part, &answer(key, &[]))]).unwrap();
        assert_eq!(
            (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
            (0, 0, 0),
            "{key}"
        );
    }
    let none = br#"{"error":{"code":"NOT_FOUND","message":"No matches found!"}}"#;
    assert_eq!(parse("us-fda", &[("food", none)]).unwrap().rows, 0);
}

#[test]
fn a_bad_row_is_a_reject_with_its_reason_and_costs_nothing_else() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_member = format!(r#"{{"x":{deep}}}"#);
    for (key, part, good) in FEEDS {
        let no_date = good
            .replace("2024-02-03T10:00:00+00:00", "2023-02-30")
            .replace("2024-02-03", "2023-02-30")
            .replace("20240203", "20230230");
        let no_number = good
            .replace("24-113", "")
            .replace("\"event_id\":\"1\"", "\"event_id\":\"N/A\"")
            .replace("2024-02-0001", " ");
        let odd_number = good
            .replace("24-113", "24é113")
            .replace("\"event_id\":\"1\"", "\"event_id\":\"1:2\"")
            .replace("2024-02-0001", "a?b");
        let bad = [
            "null",
            "7",
            "\"x\"",
            "[]",
            "{}",
            &deep,
            &deep_member,
            &no_date,
            &no_number,
            &odd_number,
            r#"{"x":"\ud800"}"#,
            r#"{"x":1e999}"#,
        ];
        let mut rows = bad.to_vec();
        rows.insert(6, good);
        let parsed = parse(key, &[(part, &answer(key, &rows))]).unwrap();
        assert_eq!(
            (
                parsed.rows as usize,
                parsed.recalls.len(),
                parsed.rejects.len()
            ),
            (13, 1, 12),
            "{key}"
        );
        assert!(
            parsed
                .rejects
                .iter()
                .all(|reject| !reject.reason.is_empty() && reject.row != 6)
        );
    }
}

#[test]
fn a_row_twice_is_one_record_and_no_reject() {
    for (key, part, good) in FEEDS {
        let parsed = check(
            key,
            &[
                (part, &answer(key, &[good, good])),
                (part, &answer(key, &[good])),
            ],
        );
        assert_eq!(
            (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
            (3, 1, 0),
            "{key}"
        );
    }
    let newer = r#"{"RecallNumber":"24113","RecallDate":"2024-02-03","LastPublishDate":"2024-05-01","Title":"Newer"}"#;
    let parsed = check(
        "us-cpsc",
        &[("recalls", &answer("us-cpsc", &[newer, FEEDS[0].2]))],
    );
    assert_eq!(
        find(&parsed, "us-cpsc:24113").title,
        "Newer",
        "with and without a hyphen it is one number"
    );
}

#[test]
fn numbers_for_texts_and_texts_for_numbers_are_taken() {
    let cpsc = br#"[{"RecallID":"x","RecallNumber":24113,"RecallDate":"2024-02-03","Title":5,"Description":["a"],"Products":{"Name":7},"Hazards":"fire","ProductUPCs":[{"UPC":36000291452},{"UPC":"036000291452"}],"Images":[3],"Retailers":null}]"#;
    let parsed = check("us-cpsc", &[("recalls", cpsc)]);
    let recall = find(&parsed, "us-cpsc:24113");
    assert_eq!(
        (recall.title.as_str(), recall.products[0].name.as_str()),
        ("5", "7")
    );
    assert_eq!(
        identifiers(recall, 0),
        ["gtin 00036000291452", "upc_raw 36000291452"]
    );
    let fda = br#"{"meta":7,"results":[{"event_id":77,"recall_number":5,"report_date":20240203,"product_description":9,"openfda":[],"code_info":12345}]}"#;
    assert_eq!(check("us-fda", &[("food", fda)]).recalls.len(), 1);
    let ods = br#"{"total_count":"7","results":[{"numero_fiche":20240001,"numero_version":"3","date_publication":"2024-02-03","gtin":"4006381333931","libelle":1,"identification_produits":{"a":1}}]}"#;
    let parsed = check("fr-rappelconso", &[("rappelconso-v2-gtin-trie", ods)]);
    let recall = find(&parsed, "fr-rappelconso:20240001");
    assert_eq!(recall.source_version, Some(3));
    assert_eq!(identifiers(recall, 0), ["gtin 04006381333931"]);
}

#[test]
fn of_a_repeated_key_the_last_counts() {
    let body = br#"[{"RecallNumber":"1","RecallNumber":"24113","RecallDate":"x","RecallDate":"2024-02-03","Title":"A","Title":"B"}]"#;
    let parsed = check("us-cpsc", &[("recalls", body)]);
    assert_eq!(find(&parsed, "us-cpsc:24113").title, "B");
    let body = br#"{"results":[7],"results":[]}"#;
    assert_eq!(parse("us-fda", &[("food", body)]).unwrap().rows, 0);
}

#[test]
fn huge_texts_are_cut_between_characters() {
    let long = "é".repeat(1_000_000);
    let lots = (0..50_000)
        .map(|n| format!("L{n:06}"))
        .collect::<Vec<_>>()
        .join(", ");
    let cpsc = format!(
        r#"[{{"RecallNumber":"24113","RecallDate":"2024-02-03","Title":"{long}","Description":"Lot numbers {lots} {long}","Products":[{{"Name":"{long}","Model":"{long}"}}],"ProductUPCs":[{{"UPC":"{long}"}}]}}]"#
    );
    let fda = format!(
        r#"{{"results":[{{"event_id":"1","recall_number":"{long}","report_date":"20240203","product_description":"{long}","code_info":"Lots {lots}","recalling_firm":"{long}"}}]}}"#
    );
    let ods = format!(
        r#"{{"results":[{{"numero_fiche":"2024-1","date_publication":"2024-02-03","libelle":"{long}","identification_produits":["{lots}","{long}"]}}]}}"#
    );
    for (key, part, body) in [
        ("us-cpsc", "recalls", cpsc),
        ("us-fda", "food", fda),
        ("fr-rappelconso", "rappelconso-v2-gtin-espaces", ods),
    ] {
        let parsed = check(key, &[(part, body.as_bytes())]);
        let recall = &parsed.recalls[0];
        assert!(recall.title.chars().count() <= 300);
        assert!(
            recall
                .summary
                .as_deref()
                .unwrap_or_default()
                .chars()
                .count()
                <= 20_000
        );
        for product in &recall.products {
            assert!(product.identifiers.len() <= 5_000);
            for identifier in identifiers(recall, 0) {
                assert!(identifier.chars().count() <= 64 + 20, "{identifier}");
            }
        }
        for whole in ["scope listed_units", "scope listed_together"] {
            assert!(
                !counts(&parsed.recalls).contains_key(whole),
                "{key}: a list that was cut excludes nothing"
            );
        }
    }
}

#[test]
fn invalid_bytes_cost_a_character_and_no_row() {
    for (key, part, good) in FEEDS {
        let mut body = answer(key, &[good]);
        let at = body
            .windows(4)
            .position(|four| four == b"\"T\"," || four == b"\"t\",")
            .unwrap();
        body[at + 1] = 0xFF;
        let parsed = check(key, &[(part, &body)]);
        assert_eq!(
            (parsed.recalls.len(), parsed.rejects.len()),
            (1, 0),
            "{key}"
        );
    }
}

fn truncated(key: &str, part: &str, body: &[u8]) {
    let end = body
        .iter()
        .rposition(|byte| !byte.is_ascii_whitespace())
        .unwrap();
    for cut in (0..end).step_by(997) {
        let result = parse(key, &[(part, &body[..cut])]);
        assert!(
            matches!(
                result,
                Err(FeedError::NotTheFeed(_) | FeedError::Malformed(_))
            ),
            "{key} cut at {cut}: {result:?}"
        );
    }
    assert!(parse(key, &[(part, body)]).is_ok());
}

#[test]
fn a_body_that_breaks_off_is_refused_wherever_it_does() {
    truncated("us-cpsc", "recalls", &demo("us-cpsc.json"));
    for (key, part, file) in [
        ("us-fda", "food", "us-fda-food.json"),
        (
            "fr-rappelconso",
            "rappelconso-v2-gtin-trie",
            "fr-rappelconso-gtin-trie.json",
        ),
    ] {
        let rows = json(&demo(file));
        truncated(
            key,
            part,
            &serde_json::to_vec(&serde_json::json!({ "results": rows })).unwrap(),
        );
    }
}

#[test]
fn captured_bodies_that_break_off_are_refused_too() {
    if let Some(folder) = captured("us-cpsc") {
        truncated(
            "us-cpsc",
            "recalls",
            &fs::read(folder.join("saferproducts-api-2017.json")).unwrap(),
        );
    }
    if let Some(folder) = captured("fr-rappelconso") {
        truncated(
            "fr-rappelconso",
            "rappelconso-v2-gtin-espaces",
            &fs::read(folder.join("rappelconso-v2-gtin-espaces-2026-07.json")).unwrap(),
        );
    }
}
