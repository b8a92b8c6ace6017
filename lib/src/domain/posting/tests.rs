use super::*;
use crate::domain::{identifier::Origin, vocabulary::SeverityLevel};

fn identifier(value: Value, confidence: Confidence) -> Identifier {
    Identifier {
        value,
        origin: Origin::Field,
        confidence,
    }
}

fn gtin(text: &str) -> Identifier {
    identifier(
        Value::Gtin {
            value: text.parse().unwrap(),
        },
        Confidence::High,
    )
}

fn model(text: &str, confidence: Confidence) -> Identifier {
    identifier(Value::Model { value: text.into() }, confidence)
}

fn lot(text: &str) -> Identifier {
    identifier(Value::Lot { value: text.into() }, Confidence::High)
}

fn product(identifiers: Vec<Identifier>) -> RecallProduct {
    RecallProduct {
        name: "Rattle".into(),
        identifiers,
        scope: Scope::ListedUnits,
        ..RecallProduct::default()
    }
}

fn recall(products: Vec<RecallProduct>) -> Recall {
    Recall {
        id: "us-cpsc:24113".parse().unwrap(),
        agency: "us-cpsc".parse().unwrap(),
        source_id: "24113".into(),
        source_version: None,
        country: "US".into(),
        language: "en".into(),
        kind: RecallKind::Recall,
        title: "Rattles".into(),
        summary: None,
        hazard_text: None,
        hazards: vec![Hazard::Choking],
        severity: Severity {
            authority: None,
            level: SeverityLevel::Unknown,
        },
        remedy_text: None,
        remedies: vec![Remedy::Refund],
        published: Date::constant(2024, 2, 1),
        updated: None,
        ended: None,
        status: Status::Ongoing,
        units: Vec::new(),
        sold: Vec::new(),
        incidents_text: None,
        firms: Vec::new(),
        images: Vec::new(),
        url: None,
        contact: None,
        related: Vec::new(),
        products,
    }
}

fn under_gtin(text: &str) -> PostingKey {
    PostingKey::Gtin(text.parse().unwrap())
}

#[test]
fn each_gtin_and_each_particular_model_is_filed_once() {
    let filed = postings(
        &recall(vec![
            product(vec![
                gtin("036000291452"),
                gtin("0036000291452"),
                model("xl-200", Confidence::High),
                model("XL 200", Confidence::Medium),
                model("Snuggle", Confidence::High),
                model("A1", Confidence::High),
                model("ZX-9000", Confidence::Low),
                identifier(
                    Value::UpcRaw {
                        value: "036000291453".into(),
                    },
                    Confidence::High,
                ),
                lot("4501"),
                lot("4501"),
            ]),
            product(vec![gtin("4006381333931"), lot("77")]),
        ]),
        3,
    );
    let keys: Vec<_> = filed.keys().cloned().collect();
    assert_eq!(
        keys,
        [
            under_gtin("036000291452"),
            under_gtin("4006381333931"),
            // Also as it looks to someone who takes L for 1.
            PostingKey::Model("X1200".into()),
            PostingKey::Model("XL200".into()),
        ]
    );
    let posting = &filed[&under_gtin("036000291452")];
    assert_eq!((posting.version, posting.products.len()), (3, 1));
    let limits = &posting.products[0].limits;
    assert_eq!(
        limits.iter().filter(|limit| **limit == lot("4501")).count(),
        1
    );
    assert!(
        limits
            .iter()
            .all(|limit| !matches!(limit.value, Value::Gtin { .. } | Value::UpcRaw { .. }))
    );
    assert!(!posting.products[0].shortened);
    // Another product of the same notice brings nothing along.
    assert_eq!(
        filed[&under_gtin("4006381333931")].products[0].limits,
        [lot("77")]
    );
}

#[test]
fn a_model_is_filed_under_a_form_that_forgives_dots_and_slashes_and_read_back_by_it() {
    let recall = recall(vec![product(vec![model("AB.12/3", Confidence::High)])]);
    let forgiving = PostingKey::Model("A8123".into());
    let keys: Vec<_> = postings(&recall, 1).into_keys().collect();
    assert_eq!(
        keys,
        [forgiving.clone(), PostingKey::Model("AB.12/3".into())]
    );
    assert!(posting_in_full(&recall, 1, &forgiving).is_some());
}

#[test]
fn a_guessed_gtin_is_filed_as_a_guess() {
    let guess = identifier(
        Value::Gtin {
            value: "036000291452".parse().unwrap(),
        },
        Confidence::Low,
    );
    let trust = |identifiers| {
        postings(&recall(vec![product(identifiers)]), 1)[&under_gtin("036000291452")].products[0]
            .trust
    };
    assert_eq!(trust(vec![guess.clone()]), Confidence::Low);
    assert_eq!(trust(vec![guess, gtin("036000291452")]), Confidence::High);
}

#[test]
fn what_is_cut_says_so_and_every_kind_stays() {
    let mut identifiers = vec![gtin("036000291452")];
    identifiers.extend((0..500).map(|number| lot(&format!("LOT{number}"))));
    identifiers.push(identifier(
        Value::Serial { value: "S1".into() },
        Confidence::High,
    ));
    let recall = recall(vec![product(identifiers)]);
    let posting = &postings(&recall, 1)[&under_gtin("036000291452")];
    let product = &posting.products[0];
    assert!(product.shortened);
    assert!(product.limits.len() <= MAX_LIMITS);
    assert!(serde_json::to_vec(&product.limits).unwrap().len() <= MAX_LIMIT_BYTES + 2);
    assert!(
        product
            .limits
            .iter()
            .any(|limit| matches!(limit.value, Value::Serial { .. }))
    );
    let whole = posting_in_full(&recall, 1, &under_gtin("036000291452")).unwrap();
    assert_eq!(whole.products[0].limits.len(), 501);
    assert!(!whole.products[0].shortened);
    assert_eq!(
        posting_in_full(&recall, 1, &under_gtin("4006381333931")),
        None
    );
}

#[test]
fn a_posting_stays_small_whatever_the_notice_holds() {
    let products = (0..400)
        .map(|line| RecallProduct {
            name: "é".repeat(5_000),
            brands: vec!["ß".repeat(5_000); 50],
            ..product(
                std::iter::once(gtin("036000291452"))
                    .chain(
                        (0..30).map(|number| lot(&format!("{line}-{number}-{}", "x".repeat(50)))),
                    )
                    .chain([lot(&"huge".repeat(10_000))])
                    .collect(),
            )
        })
        .collect();
    let recall = Recall {
        title: "ü".repeat(10_000),
        url: Some("u".repeat(10_000)),
        ..recall(products)
    };
    let posting = &postings(&recall, 1)[&under_gtin("036000291452")];
    assert_eq!(posting.title.chars().count(), 200);
    assert_eq!(posting.products.len(), MAX_PRODUCTS + 1);
    let rest = posting.products.last().unwrap();
    assert_eq!((rest.scope, rest.shortened), (Scope::PartlyListed, true));
    assert!(rest.name.starts_with("384 "));
    let size = serde_json::to_vec(posting).unwrap().len();
    assert!(size < 48_000, "{size} bytes");
}

#[test]
fn a_wholly_covered_product_among_those_left_out_still_covers() {
    let mut products = vec![product(vec![gtin("036000291452"), lot("1")]); MAX_PRODUCTS];
    products.push(RecallProduct {
        scope: Scope::AllUnits,
        ..product(vec![gtin("036000291452")])
    });
    let posting = &postings(&recall(products), 1)[&under_gtin("036000291452")];
    assert_eq!(posting.products.last().unwrap().scope, Scope::AllUnits);
}
