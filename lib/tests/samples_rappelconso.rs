//! `RappelConso`'s adapter over every captured file and the demo feeds.
#![cfg(feature = "feeds")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod samples;

use std::fs;

use babyshield::domain::{
    identifier::Scope,
    recall::Relation,
    vocabulary::{Category, Hazard, Remedy},
};
use samples::{captured, check, counts, demo, find, identifiers, json, parse};

const SPACED: &str = "rappelconso-v2-gtin-espaces";
const TRIED: &str = "rappelconso-v2-gtin-trie";

#[test]
fn every_captured_notice_is_read_whole() {
    let Some(folder) = captured("fr-rappelconso") else {
        return;
    };
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let (may, july, october) = (
        read("benchmark-capture-2026-05.json"),
        read("rappelconso-v2-gtin-espaces-2026-07.json"),
        read("rappelconso-v2-gtin-trie-2026-10.json"),
    );
    let parsed = check(
        "fr-rappelconso",
        &[(SPACED, &may), (SPACED, &july), (TRIED, &october)],
    );
    assert_eq!(
        (parsed.rows, parsed.recalls.len(), parsed.rejects.len()),
        (9, 9, 0)
    );
    let rows: Vec<(String, Vec<Vec<String>>)> = parsed
        .recalls
        .iter()
        .map(|recall| {
            let all = (0..recall.products.len())
                .map(|at| identifiers(recall, at))
                .collect();
            (
                format!(
                    "{} {} v{} {:?}",
                    recall.source_id,
                    recall.published,
                    recall.source_version.unwrap(),
                    recall.products.iter().map(|p| p.scope).collect::<Vec<_>>()
                ),
                all,
            )
        })
        .collect();
    let expected: [(&str, &[&[&str]]); 9] = [
        (
            "2026-05-0207 2026-05-28 v1 [ListedTogether]",
            &[&["lot 2610098", "date_mark 2026-06-27..2026-06-27"]],
        ),
        (
            "2026-05-0209 2026-05-28 v1 [ListedTogether]",
            &[&[
                "gtin 08711876007865",
                "lot zg 17056",
                "date_mark 2026-05-24..2026-05-24",
            ]],
        ),
        (
            "2026-06-0249 2026-07-01 v2 [ListedTogether]",
            &[&[
                "gtin 03770018292519",
                "lot 312",
                "date_mark 2027-12-31..2027-12-31",
            ]],
        ),
        (
            "2026-07-0009 2026-07-01 v1 [ListedTogether]",
            &[&["lot 1/mf/pbdb/ab/24", "date_mark 2026-10-03..2026-10-16"]],
        ),
        (
            "2026-07-0014 2026-07-01 v1 [PartlyListed, PartlyListed]",
            &[
                &["upc_raw 0200590000000", "date_mark 2026-06-28..2026-06-28"],
                &["upc_raw 02023000000", "date_mark 2026-06-25..2026-06-27"],
            ],
        ),
        (
            "2026-09-0234 2026-10-02 v1 [PartlyListed]",
            &[&["gtin 04250525376548", "model 108209", "model mzbg156"]],
        ),
        (
            "2026-10-0003 2026-10-01 v1 [AllUnits]",
            &[&["gtin 05390946117845", "model 233254"]],
        ),
        (
            "2026-10-0007 2026-10-02 v1 [ListedUnits]",
            &[&["lot 200/300/350/400ah"]],
        ),
        (
            "sr/01308/26 2026-06-29 v0 [PartlyListed]",
            &[&["date_mark 2008-10-10..2010-09-25"]],
        ),
    ];
    for ((head, found), (wanted, lists)) in rows.iter().zip(expected) {
        assert_eq!(head, wanted);
        assert_eq!(found, lists, "{wanted}");
    }
}

#[test]
fn words_are_kept_and_filed_and_a_copy_of_a_european_alert_says_so() {
    let Some(folder) = captured("fr-rappelconso") else {
        return;
    };
    let july = fs::read(folder.join("rappelconso-v2-gtin-espaces-2026-07.json")).unwrap();
    let october = fs::read(folder.join("rappelconso-v2-gtin-trie-2026-10.json")).unwrap();
    let parsed = check("fr-rappelconso", &[(SPACED, &july), (TRIED, &october)]);
    let copy = find(&parsed, "fr-rappelconso:sr-01308-26");
    assert_eq!(copy.related[0].relation, Relation::Mirror);
    assert_eq!(copy.related[0].agency.unwrap().as_str(), "eu-safety-gate");
    assert_eq!(copy.related[0].source_id.as_deref(), Some("SR/01308/26"));
    let toy = find(&parsed, "fr-rappelconso:2026-10-0003");
    assert!(toy.title.ends_with("en bois cornhole set") && !toy.title.contains("sans marque"));
    assert_eq!(toy.products[0].category, Some(Category::Toys));
    assert!(toy.products[0].brands.is_empty(), "sans marque is no brand");
    assert_eq!(
        toy.remedies,
        [Remedy::Refund, Remedy::StopUse, Remedy::Return]
    );
    assert_eq!(toy.sold[0].from.unwrap().to_string(), "2024-04-25");
    let ham = find(&parsed, "fr-rappelconso:2026-07-0014");
    assert_eq!(ham.hazards, [Hazard::Microbiological]);
    assert_eq!(ham.images.len(), 2);
    assert_eq!(
        ham.url.as_deref(),
        Some("https://rappel.conso.gouv.fr/fiche-rappel/22706/interne")
    );
}

fn row(version: u32, gtin: &str, fields: &str) -> String {
    format!(
        r#"{{"numero_fiche":"2026-01-0001","numero_version":{version},"date_publication":"2026-01-05T08:00:00+00:00","libelle":"lait","marque_produit":"m",{gtin}"identification_produits":{fields}}}"#
    )
}

fn answer(rows: &[String]) -> String {
    format!(
        r#"{{"total_count":{},"results":[{}]}}"#,
        rows.len(),
        rows.join(",")
    )
}

#[test]
fn both_data_sets_make_one_record_and_repeat_nothing() {
    let spaced = answer(&[row(
        1,
        "",
        r#"["3017620422003","A1","date limite de consommation","2026-02-01","2026-02-03|4006381333931","tous les lots","non concerné"]"#,
    )]);
    let tried = answer(&[
        row(
            1,
            r#""gtin":3017620422003,"#,
            r#""3017620422003$A1$date limite de consommation$2026-02-01$2026-02-03""#,
        ),
        row(
            1,
            r#""gtin":4006381333931,"#,
            r#""4006381333931$tous les lots$non concerné$$""#,
        ),
    ]);
    let parsed = check(
        "fr-rappelconso",
        &[(SPACED, spaced.as_bytes()), (TRIED, tried.as_bytes())],
    );
    assert_eq!((parsed.rows, parsed.recalls.len()), (3, 1));
    let recall = &parsed.recalls[0];
    assert_eq!(recall.products.len(), 2);
    assert_eq!(
        identifiers(recall, 0),
        [
            "gtin 03017620422003",
            "lot A1",
            "date_mark 2026-02-01..2026-02-03"
        ]
    );
    assert_eq!(recall.products[0].scope, Scope::ListedTogether);
    assert_eq!(identifiers(recall, 1), ["gtin 04006381333931"]);
    assert_eq!(recall.products[1].scope, Scope::AllUnits);
    let alone = parse("fr-rappelconso", &[(SPACED, spaced.as_bytes())]).unwrap();
    assert_eq!(
        alone.recalls[0].products, recall.products,
        "the second data set adds nothing new"
    );
}

#[test]
fn the_highest_version_wins_wherever_it_stands() {
    let old = answer(&[row(1, "", r#"["3017620422003","A1"]"#)]);
    let new = answer(&[row(
        2,
        r#""gtin":3017620422003,"#,
        r#""3017620422003$B2$non concerné$$""#,
    )]);
    let parsed = check(
        "fr-rappelconso",
        &[(SPACED, old.as_bytes()), (TRIED, new.as_bytes())],
    );
    assert_eq!(parsed.recalls[0].source_version, Some(2));
    assert_eq!(
        identifiers(&parsed.recalls[0], 0),
        ["gtin 03017620422003", "lot B2"]
    );
}

#[test]
fn the_demo_feeds_are_read_as_their_manifest_says() {
    let (spaced, tried) = (
        demo("fr-rappelconso-gtin-espaces.json"),
        demo("fr-rappelconso-gtin-trie.json"),
    );
    let wrap = |body: &[u8]| {
        let rows = json(body);
        serde_json::to_vec(&serde_json::json!({ "total_count": rows.as_array().map_or(0, Vec::len), "results": rows })).unwrap()
    };
    let (spaced, tried) = (wrap(&spaced), wrap(&tried));
    let parsed = check("fr-rappelconso", &[(SPACED, &spaced), (TRIED, &tried)]);
    let manifest = json(&demo("manifest.json"));
    let sum = |what: &str| -> u64 {
        [SPACED, TRIED]
            .map(|part| {
                manifest["feeds"][format!("fr-{}", part.replace("-v2", ""))][what]
                    .as_u64()
                    .unwrap()
            })
            .iter()
            .sum()
    };
    assert_eq!(u64::from(parsed.rows), sum("records"));
    assert_eq!(parsed.rejects.len() as u64, sum("rejects"));
    assert_eq!(
        parsed.recalls.len() as u64,
        manifest["recalls"]["fr-rappelconso"].as_u64().unwrap()
    );
    assert!(counts(&parsed.recalls)["gtin"] > 200);
}
