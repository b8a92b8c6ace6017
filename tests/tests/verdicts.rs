//! Verdicts of the deployed stack on the demo data, and what they never say.

use std::collections::BTreeSet;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use babyshield::{config::Settings, domain::gtin::Gtin, runtime::Start};
use babyshield_tests::{
    functions::{Ask, router},
    stack::{Got, Stack, start},
    template::root,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

const AT_ONCE: usize = 8;

async fn check(stack: &Stack, request: &Value) -> Got {
    stack.post("/api/v1/scan/barcode", request).await
}

fn cases() -> Vec<Value> {
    let text = std::fs::read(root().join("local/demo/cases.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn named(verdict: &Value) -> Vec<&str> {
    let evidence = verdict["evidence"].as_array().unwrap().iter();
    evidence
        .map(|one| one["recall"].as_str().unwrap())
        .collect()
}

/// Returns what is wrong with the answer to a case.
fn faults(case: &Value, got: &Got) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(problem) = case["problem"].as_str() {
        if got.status != 422 || got.json()["error_code"] != problem {
            faults.push(format!("{} instead of {problem}", got.status));
        }
        return faults;
    }
    if got.status != 200 {
        return vec![format!(
            "{}: {}",
            got.status,
            String::from_utf8_lossy(&got.body)
        )];
    }
    let verdict = got.data();
    let word = &verdict["verdict"];
    let accepted = case["accept"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![case["verdict"].clone()]);
    if !accepted.contains(word) {
        faults.push(format!("{word} instead of {accepted:?}"));
    }
    if case["not_verdict"] == *word {
        faults.push(format!("{word}, which is wrong"));
    }
    let question = &verdict["question"]["field"];
    let says = &case["question"];
    // A case with several right verdicts cannot say what is asked.
    if says != "any" && accepted.len() == 1 && question != says {
        faults.push(format!("asks for {question} instead of {says}"));
    }
    let all = case["recall_ids"].as_array().into_iter().flatten();
    for id in all.chain([&case["recall_id"]]).filter_map(Value::as_str) {
        if !named(&verdict).contains(&id) {
            faults.push(format!("{id} is not in the evidence {:?}", named(&verdict)));
        }
    }
    if case["recall_id"].is_null() {
        // None may decide.
        let exact = verdict["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["level"] == "exact");
        if exact {
            faults.push(format!("{:?} decides", named(&verdict)));
        }
    }
    faults
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn every_case_of_the_demo_data_gets_its_verdict() {
    let stack = Stack::loaded().await;
    let cases = cases();
    assert!(cases.len() >= 250, "only {} cases", cases.len());
    let wrong: Vec<_> = stream::iter(&cases)
        .map(async |case| {
            let faults = faults(case, &check(stack, &case["request"]).await);
            (!faults.is_empty()).then(|| {
                format!(
                    "{} {} ({}): {}",
                    case["name"],
                    case["request"],
                    case["why"],
                    faults.join("; ")
                )
            })
        })
        .buffered(AT_ONCE)
        .filter_map(async |fault| fault)
        .collect()
        .await;
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn a_twin_in_another_country_is_named_as_related() {
    let stack = Stack::loaded().await;
    let mut twins = 0;
    for case in cases().iter().filter(|case| case["related"].is_string()) {
        twins += 1;
        let recall = stack
            .data(&format!(
                "/api/v1/recalls/{}",
                case["recall_id"].as_str().unwrap()
            ))
            .await;
        let related = recall["related"].as_array().unwrap();
        assert!(
            related.iter().any(|one| one["agency"] == case["related"]),
            "{}: {related:?}",
            case["name"]
        );
    }
    assert!(twins >= 6);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_forms_of_the_issue_are_read_as_it_says() {
    let stack = Stack::loaded().await;
    for (request, gtin, reading) in [
        (json!({"code": "036000291452"}), "00036000291452", "upc_a"),
        (
            json!({"code": " 0 36000-29145 2 "}),
            "00036000291452",
            "upc_a",
        ),
        (
            json!({"code": "06543217", "format": "UPC_E"}),
            "00065100004327",
            "upc_e",
        ),
        (
            json!({"code": "06543217", "format": "upc-e"}),
            "00065100004327",
            "upc_e",
        ),
        (json!({"code": "4006381333931"}), "04006381333931", "ean_13"),
        (json!({"code": "9783161484100"}), "09783161484100", "ean_13"),
        (
            json!({"code": "10036000291459"}),
            "10036000291459",
            "gtin_14",
        ),
    ] {
        let verdict = check(stack, &request).await.data();
        let candidates = verdict["code"]["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), 1, "{request}: {candidates:?}");
        assert_eq!(candidates[0]["gtin"], gtin, "{request}");
        assert_eq!(candidates[0]["reading"], reading, "{request}");
        assert_eq!(verdict["ambiguous"], false);
    }
    let misread = check(stack, &json!({"code": "036000291453"})).await;
    assert_eq!(
        (misread.status, misread.json()["error_code"].as_str()),
        (422, Some("INVALID_CHECK_DIGIT"))
    );
    assert_eq!(misread.json()["errors"][0]["field"], "/code");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_ambiguous_code_is_tried_as_both_and_says_so() {
    let stack = Stack::loaded().await;
    let verdict = check(stack, &json!({"code": "12345670"})).await.data();
    assert_eq!(verdict["ambiguous"], true);
    let tried: BTreeSet<_> = verdict["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["gtin"].as_str().unwrap())
        .collect();
    assert_eq!(tried, ["00000012345670", "00123456000070"].into());
    for (format, gtin) in [("EAN_8", "00000012345670"), ("UPC_E", "00123456000070")] {
        let verdict = check(stack, &json!({"code": "12345670", "format": format}))
            .await
            .data();
        assert_eq!(verdict["ambiguous"], false);
        assert_eq!(verdict["candidates"][0]["gtin"], gtin);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn element_strings_and_digital_links_carry_their_own_lot_serial_and_dates() {
    let stack = Stack::loaded().await;
    for code in [
        "]d2010085009900011110WR2302",
        "(01)00850099000111(10)WR2302",
        "]C1010085009900011110WR2302\u{1d}21S1",
        "https://id.gs1.org/01/00850099000111/10/WR2302",
        "https://example.com/01/850099000111/10/WR2302?17=271231",
    ] {
        let verdict = check(stack, &json!({"code": code})).await;
        assert_eq!(
            verdict.status,
            200,
            "{code}: {}",
            String::from_utf8_lossy(&verdict.body)
        );
        let verdict = verdict.data();
        assert_eq!(verdict["code"]["lot"], "WR2302", "{code}");
        assert_eq!(verdict["verdict"], "recalled", "{code}");
        assert!(named(&verdict).contains(&"us-cpsc:23906"));
        let matched = verdict["evidence"][0]["matched"].as_array().unwrap();
        let fields: BTreeSet<_> = matched
            .iter()
            .map(|one| one["field"].as_str().unwrap())
            .collect();
        assert!(
            fields.is_superset(&["gtin", "lot"].into()),
            "{code}: {fields:?}"
        );
    }
    let contradiction = check(
        stack,
        &json!({"code": "]d2010085009900011110WR2302", "lot": "WR9999"}),
    )
    .await;
    assert_eq!(contradiction.status, 422);
    assert_eq!(contradiction.json()["errors"][0]["field"], "/lot");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn the_same_item_with_another_lot_is_left_out_with_that_as_evidence() {
    let stack = Stack::loaded().await;
    let inside = check(stack, &json!({"code": "850099000142", "lot": "4512"}))
        .await
        .data();
    assert_eq!(inside["verdict"], "recalled");
    let outside = check(stack, &json!({"code": "850099000142", "lot": "4600"}))
        .await
        .data();
    assert_eq!(outside["verdict"], "no_known_recall");
    let evidence = &outside["evidence"][0];
    assert_eq!(
        (&evidence["recall"], &evidence["level"]),
        (&json!("us-cpsc:23909"), &json!("excluded"))
    );
    assert_eq!(evidence["excluded"][0]["field"], "lot");
    assert_eq!(evidence["excluded"][0]["given"], "4600");
    let unsaid = check(stack, &json!({"code": "850099000142"})).await.data();
    assert_eq!(
        (&unsaid["verdict"], &unsaid["question"]["field"]),
        (&json!("possibly_recalled"), &json!("lot"))
    );
    assert!(evidence["url"].is_string(), "the notice can be read");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn whole_answers_are_as_they_were() {
    let stack = Stack::loaded().await;
    for (name, request) in [
        ("recalled", json!({"code": "850099000111", "lot": "WR2302"})),
        ("possibly_recalled", json!({"code": "850099000111"})),
        ("left_out", json!({"code": "850099000111", "lot": "WR2399"})),
        ("no_known_recall", json!({"code": "850099002290"})),
        ("unknown_product", json!({"code": "850099002696"})),
        ("ambiguous", json!({"code": "12345670"})),
    ] {
        let mut verdict = check(stack, &request).await.data();
        // The agencies have a test of their own; here they would only be long.
        verdict["coverage"]["agencies"].take();
        insta::assert_json_snapshot!(name, verdict, {
            ".checked_at" => "[time]", ".coverage.as_of" => "[time]", ".coverage.agencies" => "[agencies]",
        });
    }
}

/// Returns another item of the same company: the last digits before the check digit counted up.
fn neighbour(gtin: &str, steps: u64) -> Option<Gtin> {
    let item: u64 = gtin[..13].parse().ok()?;
    let body = format!("{:013}", item + steps);
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10).parse().ok()
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn another_item_of_the_same_company_never_matches() {
    let stack = Stack::loaded().await;
    let mut listed = BTreeSet::new();
    let mut page = stack.data("/api/v1/search/products?per_page=100").await;
    loop {
        for item in page["items"].as_array().unwrap() {
            listed.extend(
                item["gtins"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|gtin| gtin.as_str().unwrap().to_owned()),
            );
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        page = stack
            .data(&format!(
                "/api/v1/search/products?per_page=100&cursor={cursor}"
            ))
            .await;
    }
    assert!(
        listed.len() > 200,
        "only {} GTINs are recalled",
        listed.len()
    );
    let neighbours: Vec<_> = listed
        .iter()
        .step_by(listed.len() / 100)
        .flat_map(|gtin| [1, 2, 9].map(|steps| neighbour(gtin, steps)))
        .flatten()
        .filter(|gtin| !listed.contains(gtin.as_str()))
        .collect();
    assert!(
        neighbours.len() >= 80,
        "{} neighbours of {} GTINs",
        neighbours.len(),
        listed.len()
    );
    let wrong: Vec<_> = stream::iter(&neighbours)
        .map(async |gtin| {
            let verdict = check(stack, &json!({"code": gtin.as_str()})).await.data();
            (!verdict["evidence"].as_array().unwrap().is_empty()).then(|| {
                // A record may list more GTINs than its line of the search shows.
                (
                    gtin.as_str().to_owned(),
                    named(&verdict)
                        .iter()
                        .map(|id| (*id).to_owned())
                        .collect::<Vec<_>>(),
                )
            })
        })
        .buffered(AT_ONCE)
        .filter_map(async |found| found)
        .collect()
        .await;
    for (gtin, recalls) in wrong {
        for id in recalls {
            let recall = stack.data(&format!("/api/v1/recalls/{id}")).await;
            assert!(
                recall["products"].to_string().contains(&gtin),
                "{gtin} matched {id}, which does not list it"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn an_answer_rests_on_named_agencies_as_of_a_time_and_never_calls_anything_safe() {
    let stack = Stack::loaded().await;
    let mut seen = BTreeSet::new();
    for request in [
        json!({"code": "850099000012"}),
        json!({"code": "850099000111"}),
        json!({"code": "850099000111", "lot": "WR2399"}),
        json!({"code": "850099002290"}),
        json!({"code": "850099002696"}),
        json!({"code": "12345670"}),
        json!({"code": "2012345678900"}),
        json!({"code": "0212345678906"}),
        json!({"code": "2912345678908"}),
        json!({"code": "9912345678901"}),
    ] {
        let got = check(stack, &request).await;
        if got.status == 422 {
            assert_eq!(got.json()["error_code"], "INVALID_CHECK_DIGIT", "{request}");
            continue;
        }
        assert_eq!(
            got.header("cache-control"),
            "no-store",
            "what somebody scans is nobody else's business"
        );
        let verdict = got.data();
        seen.insert(verdict["verdict"].as_str().unwrap().to_owned());
        let sentences = format!(
            "{} {}",
            verdict["sentence"], verdict["question"]["sentence"]
        )
        .to_lowercase();
        let words: Vec<_> = sentences.split(|c: char| !c.is_alphanumeric()).collect();
        assert!(
            !words.contains(&"safe") && !words.contains(&"safely"),
            "{sentences}"
        );
        assert!(!verdict["sentence"].as_str().unwrap().is_empty());
        let agencies = verdict["coverage"]["agencies"].as_array().unwrap();
        let checked: BTreeSet<_> = agencies
            .iter()
            .filter(|agency| agency["state"] == "checked")
            .map(|agency| agency["key"].as_str().unwrap())
            .collect();
        assert_eq!(checked, ["us-cpsc", "us-fda", "fr-rappelconso"].into());
        assert!(
            agencies.len() >= 39,
            "those that were not checked are named too"
        );
        let as_of: jiff::Timestamp = verdict["coverage"]["as_of"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let checked_at: jiff::Timestamp = verdict["checked_at"].as_str().unwrap().parse().unwrap();
        assert!(as_of <= checked_at);
        for evidence in verdict["evidence"].as_array().unwrap() {
            assert!(
                !evidence["matched"].as_array().unwrap().is_empty(),
                "evidence says what matched"
            );
        }
    }
    let wanted = [
        "recalled",
        "possibly_recalled",
        "no_known_recall",
        "unknown_product",
    ];
    assert!(wanted.iter().all(|word| seen.contains(*word)), "{seen:?}");
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn hostile_codes_are_refused_with_a_reason() {
    let stack = Stack::loaded().await;
    let (long, digits) = ("9".repeat(600), "0".repeat(100_000));
    let link = format!("https://id.gs1.org/01/{}", "0".repeat(400));
    for code in [
        "",
        " ",
        "abc",
        "123",
        "0000000000000000000000",
        &long,
        &digits,
        "\u{1d}\u{1d}\u{1d}",
        "]d2",
        "]d201",
        "](01)",
        "(01)",
        "(01)123",
        "https://",
        "https://id.gs1.org/",
        "https://id.gs1.org/01/",
        "https://id.gs1.org/01/abc",
        &link,
        "javascript:alert(1)",
        "https://id.gs1.org/01/00850099000388%00/10/A",
        "٠٣٦٠٠٠٢٩١٤٥٢",
        "0360002914５2",
        "036000291452\u{0}",
        "'; DROP TABLE recalls; --",
        "${jndi:ldap://x}",
        "<script>",
        "-1",
        "1e12",
        "0x24",
    ] {
        let got = check(stack, &json!({"code": code})).await;
        assert_eq!(
            got.status,
            422,
            "{:?}: {}",
            &code[..code.len().min(40)],
            String::from_utf8_lossy(&got.body)
        );
        let body = got.json();
        assert_eq!(body["errors"][0]["field"], "/code", "{body}");
        assert!(
            ["INVALID_BARCODE", "INVALID_CHECK_DIGIT"]
                .contains(&body["error_code"].as_str().unwrap()),
            "{body}"
        );
        assert!(
            got.body.len() < 4_000,
            "a refusal does not repeat what it was sent"
        );
    }
    let good = "850099000012";
    let long = "x".repeat(65);
    for (request, field) in [
        (json!({"code": good, "lot": long}), "/lot"),
        (json!({"code": good, "serial": long}), "/serial"),
        (json!({"code": good, "model": long}), "/model"),
        (json!({"code": good, "lot": "a\u{0}b"}), "/lot"),
        (json!({"code": good, "date": "31.12.2026"}), "/date"),
        (json!({"code": good, "date": "2026-13"}), "/date"),
        (json!({"code": good, "date": "2026-02-30"}), "/date"),
        (json!({"code": good, "format": "BANANA"}), "/format"),
        (json!({"code": good, "format": "EAN_8"}), "/format"),
    ] {
        let got = check(stack, &request).await;
        assert_eq!(got.status, 422, "{request}");
        assert_eq!(
            got.json()["errors"][0]["field"],
            field,
            "{request}: {}",
            got.json()
        );
    }
    let several = check(
        stack,
        &json!({"code": "x", "lot": long, "date": "x", "format": "x"}),
    )
    .await;
    assert_eq!(
        several.json()["errors"].as_array().map(Vec::len),
        Some(4),
        "everything that is wrong at once"
    );
    // Odd but harmless: compared and found nowhere.
    for lot in ["'; --", "🍼", "%00", "..", "a".repeat(64).as_str()] {
        assert_eq!(
            check(stack, &json!({"code": good, "lot": lot}))
                .await
                .status,
            200,
            "{lot}"
        );
    }
}

/// The function `scan` in this process, with other tables or another caller than it should have.
async fn scan(mut start: Start, request: &Value) -> (u16, Value) {
    let router = router("scan", &mut start);
    let answer = Ask::post("/api/v1/scan/barcode", request)
        .send(&router)
        .await;
    (answer.status, answer.json())
}

fn settings(recalls: &str, products: &str) -> Settings {
    Settings::of([
        ("ENVIRONMENT", "test"),
        ("PUBLIC_URL", "https://api.babyshield.example"),
        ("ACCOUNTS_TABLE", "accounts"),
        ("LEDGER_TABLE", "ledger"),
        ("BUCKET", "bucket"),
        ("RECALLS_TABLE", recalls),
        ("PRODUCTS_TABLE", products),
    ])
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn without_data_nothing_is_decided() {
    let stack = Stack::loaded().await;
    let (recalls, products) = (
        stack.tables["recalls"].as_str(),
        stack.tables["products"].as_str(),
    );
    for request in [
        json!({"code": "850099000012"}),
        json!({"code": "850099002290"}),
        json!({"code": "850099002696"}),
    ] {
        for (recalls, products) in [("gone", products), (recalls, "gone"), ("gone", "gone")] {
            let (status, body) = scan(
                start(&stack.emulator, settings(recalls, products)),
                &request,
            )
            .await;
            assert_eq!(
                (status, body["error_code"].as_str()),
                (503, Some("SERVICE_UNAVAILABLE")),
                "{request}"
            );
            assert!(
                !body.to_string().contains("gone"),
                "nothing internal leaves: {body}"
            );
        }
        // A caller whom the tables refuse.
        let mut denied = start(&stack.emulator, settings(recalls, products));
        let nobody = SharedCredentialsProvider::new(Credentials::new(
            "AKIANOBODY",
            "wrong",
            None,
            None,
            "tests",
        ));
        denied.sdk = denied
            .sdk
            .into_builder()
            .credentials_provider(nobody)
            .build();
        let (status, body) = scan(denied, &request).await;
        assert_eq!(
            (status, body["data"].is_null()),
            (503, true),
            "{request}: {body}"
        );
        // Nothing there at all.
        let (status, _) = scan(
            start("http://127.0.0.1:9", settings(recalls, products)),
            &request,
        )
        .await;
        assert_eq!(status, 503, "{request}");
        // Tables that are there and empty: nobody has ever been checked.
        let (status, body) = scan(
            start(
                &stack.emulator,
                settings(&stack.tables["accounts"], products),
            ),
            &request,
        )
        .await;
        assert_eq!(
            (status, body["data"]["verdict"].as_str()),
            (200, Some("cannot_check")),
            "{request}: {body}"
        );
        assert_eq!(body["data"]["reason"], "no_recent_data");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn data_that_are_too_old_clear_nobody_and_still_warn() {
    let stack = Stack::loaded().await;
    let later = || {
        let mut start = stack.start(&stack.emulator);
        let now = start.clock.now();
        start.clock =
            babyshield::clock::TestClock::at(now + jiff::SignedDuration::from_hours(8 * 24));
        start
    };
    let (_, warned) = scan(later(), &json!({"code": "850099000142", "lot": "4512"})).await;
    assert_eq!(
        warned["data"]["verdict"], "recalled",
        "what is known stays known"
    );
    for request in [
        json!({"code": "850099002290"}),
        json!({"code": "850099002696"}),
        json!({"code": "850099000142", "lot": "4600"}),
    ] {
        let (status, body) = scan(later(), &request).await;
        assert_eq!(
            (status, body["data"]["verdict"].as_str()),
            (200, Some("cannot_check")),
            "{request}"
        );
    }
}
