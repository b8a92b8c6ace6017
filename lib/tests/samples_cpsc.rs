//! CPSC's adapter over every captured file and the demo feed.
#![cfg(feature = "feeds")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod samples;

use std::{collections::BTreeMap, fs};

use babyshield::domain::{
    agency::AgencyKey,
    recall::Relation,
    vocabulary::{Hazard, Remedy, Status},
};
use samples::{captured, check, counts, demo, find, identifiers, json};
use serde_json::{Value, json as build};

const PART: &str = "recalls";

fn table<const N: usize>(rows: [(&str, usize); N]) -> BTreeMap<String, usize> {
    rows.map(|(name, count)| (name.to_owned(), count)).into()
}

#[test]
fn the_recall_of_2026_is_read_whole() {
    let Some(folder) = captured("us-cpsc") else {
        return;
    };
    let body = fs::read(folder.join("saferproducts-api-2026.json")).unwrap();
    let parsed = check("us-cpsc", &[(PART, &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (1, 1, 0)
    );
    let recall = find(&parsed, "us-cpsc:26606");
    assert_eq!(recall.source_id, "26606");
    assert_eq!(recall.published.to_string(), "2026-07-09");
    assert_eq!(recall.updated.unwrap().to_string(), "2026-07-10");
    assert_eq!(
        recall.title,
        "Best Buy Recalls Insignia® Gas Ranges Due to Risk of Serious Injury from a Fire Hazard"
    );
    assert_eq!(
        identifiers(recall, 0),
        ["model NS-RGFCGS2", "model NS-RGFGSS1"]
    );
    assert_eq!(recall.hazards, [Hazard::Fire]);
    assert_eq!(recall.remedies, [Remedy::Repair, Remedy::StopUse]);
    let units: Vec<_> = recall
        .units
        .iter()
        .map(|units| (units.country.as_str(), units.count, units.approximate))
        .collect();
    assert_eq!(units, [("US", Some(3_820), true), ("CA", Some(700), true)]);
    let sold = &recall.sold[0];
    assert_eq!(
        sold.place.as_deref(),
        Some("Best Buy stores nationwide and online at www.bestbuy.com")
    );
    assert_eq!(sold.from.unwrap().to_string(), "2020-11-01");
    assert_eq!(sold.to.unwrap().to_string(), "2026-03-31");
    assert_eq!(sold.price_text.as_deref(), Some("between $280 and $1,470"));
    assert_eq!(recall.images.len(), 3);
    assert_eq!(recall.status, Status::Unknown);
    let twin = &recall.related[0];
    assert_eq!(
        (twin.relation, twin.agency.map(AgencyKey::as_str)),
        (Relation::Twin, Some("ca-hc"))
    );
    assert!(
        twin.url
            .as_deref()
            .unwrap()
            .ends_with("insigniar-gas-ranges-recalled-due-fire-hazard")
    );
}

#[test]
fn the_capture_of_2017_is_read_though_it_is_not_valid_utf8() {
    let Some(folder) = captured("us-cpsc") else {
        return;
    };
    let body = fs::read(folder.join("saferproducts-api-2017.json")).unwrap();
    assert!(std::str::from_utf8(&body).is_err());
    let parsed = check("us-cpsc", &[(PART, &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (79, 79, 0)
    );
    let days: Vec<_> = parsed
        .recalls
        .iter()
        .map(|recall| recall.published.to_string())
        .collect();
    assert_eq!(
        (
            days.iter().min().unwrap().as_str(),
            days.iter().max().unwrap().as_str()
        ),
        ("1976-10-15", "2017-04-27")
    );
    assert_eq!(counts(&parsed.recalls), table(EXPECTED_2017));
    let osprey = find(&parsed, "us-cpsc:17142");
    assert!(
        osprey
            .summary
            .as_deref()
            .unwrap()
            .contains("“Romper Red,” “Koala Grey,” and “Bouncing Blue.”")
    );
    assert_eq!(osprey.units[1].count, Some(5_732));
    assert_eq!(osprey.related[0].agency.unwrap().as_str(), "ca-hc");
    let scooters = find(&parsed, "us-cpsc:17062");
    assert_eq!(
        identifiers(scooters, 0),
        [
            "model GT5048R",
            "model GT5110R",
            "model GT5117R",
            "model GT5121R",
            "model GT5122R",
            "model GT5123R",
            "model GT5124R",
            "model GT5125R",
            "lot G20140423",
        ]
    );
    assert_eq!(scooters.sold.len(), 2);
    let text = serde_json::to_string(&parsed.recalls).unwrap();
    for person in [
        "Nychelle Fleming",
        "Ken Giles",
        "Melanie Chang",
        "Leigh Oshirak",
        "Kim Dulic",
        "Sondra Haley",
        "Jerry Armani",
    ] {
        assert!(!text.contains(person), "{person}");
    }
    assert!(!text.contains('\u{FFFD}') && !text.contains("â€"));
}

#[test]
fn an_upc_is_a_gtin_only_with_a_right_check_digit() {
    let Some(folder) = captured("us-cpsc") else {
        return;
    };
    let body = fs::read(folder.join("saferproducts-api-2017.json")).unwrap();
    let parsed = check("us-cpsc", &[(PART, &body)]);
    let codes: Vec<String> = parsed
        .recalls
        .iter()
        .flat_map(|recall| identifiers(recall, 0))
        .filter(|identifier| identifier.starts_with("gtin") || identifier.starts_with("upc_raw"))
        .collect();
    assert!(codes.contains(&"gtin 00043377746317".to_owned()));
    assert!(codes.contains(&"gtin 00633870018419".to_owned()));
    assert!(
        codes.contains(&"upc_raw 72783367144".to_owned()),
        "11 digits"
    );
}

/// Turns the XML variant into the JSON one: an element with elements of one name inside is a list.
fn xml(text: &str) -> Vec<Value> {
    let element = |text: &str, name: &str| -> Option<String> {
        let from = text.find(&format!("<{name}>"))? + name.len() + 2;
        let to = text[from..].find(&format!("</{name}>"))? + from;
        Some(text[from..to].to_owned())
    };
    let plain = |text: &str| {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let lists: [(&str, &str, &[&str]); 9] = [
        ("Products", "Product", &["Name", "Type", "NumberOfUnits"]),
        ("Inconjunctions", "Inconjunction", &["Country"]),
        ("Images", "Image", &["URL"]),
        ("Injuries", "Injury", &["Name"]),
        ("Manufacturers", "Manufacturer", &["Name"]),
        ("ProductUPCs", "ProductUPC", &["UPC"]),
        ("Hazards", "Hazard", &["Name"]),
        ("Remedies", "Remedy", &["Name"]),
        ("Retailers", "Retailer", &["Name"]),
    ];
    text.split("<Recall>")
        .skip(1)
        .map(|recall| {
            let mut row = serde_json::Map::new();
            let head = recall.split("<Products").next().unwrap();
            for key in [
                "RecallNumber",
                "RecallDate",
                "Description",
                "URL",
                "Title",
                "ConsumerContact",
                "LastPublishDate",
            ] {
                row.insert(
                    key.into(),
                    element(head, key).map_or(Value::Null, |text| plain(&text).into()),
                );
            }
            for (list, item, keys) in lists {
                let items = element(recall, list).unwrap_or_default();
                let items: Vec<Value> = items
                    .split(&format!("<{item}>"))
                    .skip(1)
                    .map(|item| {
                        keys.iter()
                            .map(|key| {
                                (
                                    (*key).to_owned(),
                                    element(item, key)
                                        .map_or(Value::Null, |text| plain(&text).into()),
                                )
                            })
                            .collect::<serde_json::Map<_, _>>()
                            .into()
                    })
                    .collect();
                row.insert(list.into(), items.into());
            }
            Value::Object(row)
        })
        .collect()
}

#[test]
fn the_xml_capture_of_2017_says_the_same_as_the_json_one() {
    let Some(folder) = captured("us-cpsc") else {
        return;
    };
    let rows = xml(&fs::read_to_string(folder.join("saferproducts-api-2017.xml")).unwrap());
    assert_eq!(rows.len(), 491);
    let body = serde_json::to_vec(&rows).unwrap();
    let parsed = check("us-cpsc", &[(PART, &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (491, 491, 0)
    );
    assert_eq!(counts(&parsed.recalls), table(EXPECTED_XML));
    let meijer = find(&parsed, "us-cpsc:17202");
    assert!(
        meijer
            .summary
            .as_deref()
            .unwrap()
            .contains("“Wave Zone” and “Made in China” are printed")
    );
    assert_eq!(
        meijer.title,
        "Meijer Recalls Children’s Swimsuits Due to Choking Hazard"
    );
}

/// The reshaped captures in CPSC's own keys.
fn reshaped(file: &str) -> Option<Vec<u8>> {
    let text = fs::read_to_string(captured("us-cpsc")?.join(file)).unwrap();
    let names = |list: &Value, key: &str| -> Value {
        list.as_array()
            .unwrap()
            .iter()
            .map(|name| build!({ key: name }))
            .collect()
    };
    let rows: Vec<Value> = text
        .lines()
        .map(|line| {
            let row = json(line.as_bytes());
            let mut products = names(&row["products"], "Name");
            if let Some(first) = products.get_mut(0) {
                first["NumberOfUnits"] = row["units"].clone();
            }
            build!({
                "RecallNumber": row["id"], "RecallDate": row["date"], "Title": row["title"], "URL": row["url"],
                "Description": row["description"], "Products": products,
                "Hazards": [{ "Name": row["hazard"] }], "Remedies": [{ "Name": row["remedy"] }],
                "RemedyOptions": names(&row["remedy_options"], "Option"), "Retailers": names(&row["retailers"], "Name"),
                "Injuries": [{ "Name": row["injury_text"] }],
            })
        })
        .collect();
    Some(serde_json::to_vec(&rows).unwrap())
}

#[test]
fn fifty_years_of_recalls_for_children_are_read() {
    let Some(body) = reshaped("cpsc-children-reshaped-1973-2026.ndjson") else {
        return;
    };
    let parsed = check("us-cpsc", &[(PART, &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (2_738, 2_738, 0)
    );
    assert_eq!(counts(&parsed.recalls), table(EXPECTED_CHILDREN));
    let text = serde_json::to_string(&parsed.recalls).unwrap();
    for person in [
        "Ken Giles",
        "Nychelle White",
        "Nychelle Fleming",
        "Hannah Simone",
        "Jesus Chairez",
    ] {
        assert!(!text.contains(person), "{person}");
    }
    assert_eq!(
        identifiers(find(&parsed, "us-cpsc:20111"), 0),
        [
            "gtin 00602444000907",
            "gtin 00602444010609",
            "lot 112019-65",
            "lot 12717-65"
        ]
    );
    assert_eq!(
        identifiers(find(&parsed, "us-cpsc:15049"), 0),
        ["lot GP1410028", "production_window 2014-06-07..2014-07-05"]
    );
    assert_eq!(
        identifiers(find(&parsed, "us-cpsc:12149"), 0),
        ["lot_range CK110301..CK110731"]
    );
    let diggers = find(&parsed, "us-cpsc:15172");
    assert_eq!(
        identifiers(diggers, 0),
        ["model 28303", "production_window 2014-08-01..2015-06-30"]
    );
}

#[test]
fn recalls_for_everyone_are_read() {
    let Some(body) = reshaped("cpsc-other-consumer-reshaped-2015-2026.ndjson") else {
        return;
    };
    let parsed = check("us-cpsc", &[(PART, &body)]);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (1_855, 1_855, 0)
    );
    assert_eq!(counts(&parsed.recalls), table(EXPECTED_OTHER));
}

#[test]
fn the_retired_api_repeats_recalls_over_files_and_each_is_kept_once() {
    let Some(folder) = captured("us-cpsc") else {
        return;
    };
    let mut files: Vec<_> = fs::read_dir(folder.join("usagov-legacy"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 124);
    let names = |list: &Value, key: &str| -> Value {
        list.as_array()
            .map(|names| names.iter().map(|name| build!({ key: name })).collect())
            .unwrap_or_default()
    };
    let pages: Vec<Vec<u8>> = files
        .iter()
        .map(|path| {
            let rows: Vec<Value> = json(&fs::read(path).unwrap())["success"]["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    build!({
                        "RecallNumber": row["recall_number"], "RecallDate": row["recall_date"], "URL": row["recall_url"],
                        "Products": names(&row["descriptions"], "Name"), "Manufacturers": names(&row["manufacturers"], "Name"),
                        "ProductUPCs": names(&row["upcs"], "UPC"), "Hazards": names(&row["hazards"], "Name"),
                    })
                })
                .collect();
            serde_json::to_vec(&rows).unwrap()
        })
        .collect();
    let bodies: Vec<(&str, &[u8])> = pages.iter().map(|page| (PART, page.as_slice())).collect();
    let parsed = check("us-cpsc", &bodies);
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (2_846, 2_501, 63)
    );
    assert!(
        parsed
            .rejects
            .iter()
            .all(|reject| reject.reason == "no usable RecallDate")
    );
    assert_eq!(counts(&parsed.recalls), table(EXPECTED_LEGACY));
}

#[test]
fn the_demo_feed_is_read_as_its_manifest_says() {
    let body = demo("us-cpsc.json");
    let parsed = check("us-cpsc", &[(PART, &body)]);
    let manifest = json(&demo("manifest.json"));
    assert_eq!(
        u64::from(parsed.rows),
        manifest["feeds"]["us-cpsc"]["records"].as_u64().unwrap()
    );
    assert_eq!(
        parsed.rejects.len() as u64,
        manifest["feeds"]["us-cpsc"]["rejects"].as_u64().unwrap()
    );
    assert_eq!(
        parsed.recalls.len() as u64,
        manifest["recalls"]["us-cpsc"].as_u64().unwrap()
    );
    let changed = demo("changed/us-cpsc.json");
    let later = check("us-cpsc", &[(PART, &changed)]);
    let different = later
        .recalls
        .iter()
        .filter(|recall| !parsed.recalls.contains(recall))
        .count();
    assert_eq!(
        different, 1,
        "one record changed; one was only written differently"
    );
}

const EXPECTED_2017: [(&str, usize); 8] = [
    ("gtin", 20),
    ("lot", 26),
    ("model", 80),
    ("production_window", 1),
    ("scope listed_units", 1),
    ("scope partly_listed", 12),
    ("scope unknown", 80),
    ("upc_raw", 4),
];
const EXPECTED_XML: [(&str, usize); 12] = [
    ("date_mark", 4),
    ("gtin", 60),
    ("lot", 85),
    ("lot_range", 3),
    ("model", 413),
    ("production_window", 25),
    ("scope listed_units", 10),
    ("scope partly_listed", 97),
    ("scope unknown", 532),
    ("serial", 14),
    ("serial_range", 5),
    ("upc_raw", 19),
];
const EXPECTED_CHILDREN: [(&str, usize); 15] = [
    ("date_mark", 4),
    ("gtin", 153),
    ("listing_id", 3),
    ("lot", 480),
    ("lot_range", 28),
    ("model", 3_011),
    ("model_prefix", 45),
    ("production_window", 162),
    ("scope all_units", 2),
    ("scope listed_units", 108),
    ("scope partly_listed", 654),
    ("scope unknown", 2_536),
    ("serial", 66),
    ("serial_range", 76),
    ("upc_raw", 31),
];
const EXPECTED_OTHER: [(&str, usize); 15] = [
    ("date_mark", 5),
    ("gtin", 66),
    ("listing_id", 7),
    ("lot", 484),
    ("lot_range", 47),
    ("model", 2_572),
    ("model_prefix", 41),
    ("production_window", 109),
    ("scope all_units", 2),
    ("scope listed_units", 88),
    ("scope partly_listed", 512),
    ("scope unknown", 1_253),
    ("serial", 650),
    ("serial_range", 259),
    ("upc_raw", 23),
];
const EXPECTED_LEGACY: [(&str, usize); 3] =
    [("gtin", 176), ("scope unknown", 3_818), ("upc_raw", 95)];
