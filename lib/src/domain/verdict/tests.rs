use super::{
    question::{next, sentence as question_sentence, which_symbol},
    *,
};
use crate::domain::{
    agency::AGENCIES,
    code,
    coverage::{AgencyHealth, AgencyState},
    identifier::{Confidence, DateMark, Identifier, Origin, Scope, Value},
    matching::Fit,
    posting::PostedProduct,
    recall::Severity,
    vocabulary::{Hazard, RecallKind, Remedy, SeverityLevel, Status},
};
use jiff::civil::Date;

const ITEM: &str = "00036000291452";
/// The same company prefix, another item.
const OTHER: &str = "00036000291469";

fn gtin(text: &str) -> Gtin {
    text.parse().unwrap()
}

fn under(text: &str) -> PostingKey {
    PostingKey::Gtin(gtin(text))
}

fn identifier(value: Value) -> Identifier {
    Identifier {
        value,
        origin: Origin::Field,
        confidence: Confidence::High,
    }
}

fn lot(value: &str) -> Identifier {
    identifier(Value::Lot {
        value: value.into(),
    })
}

fn serials(from: &str, to: &str) -> Identifier {
    identifier(Value::SerialRange {
        from: from.into(),
        to: to.into(),
    })
}

fn model(value: &str) -> Identifier {
    identifier(Value::Model {
        value: value.into(),
    })
}

fn use_by(from: &str, to: &str) -> Identifier {
    identifier(Value::DateMark {
        mark: DateMark::UseBy,
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    })
}

fn made(from: &str, to: &str) -> Identifier {
    identifier(Value::ProductionWindow {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    })
}

fn product(scope: Scope, limits: Vec<Identifier>) -> PostedProduct {
    PostedProduct {
        name: "Rattle".into(),
        brands: vec!["Acme Inc.".into()],
        trust: Confidence::High,
        scope,
        limits,
        shortened: false,
    }
}

fn posting(id: &str, product: PostedProduct) -> Posting {
    Posting {
        recall: id.parse().unwrap(),
        version: 1,
        title: "Acme rattles".into(),
        url: Some("https://example.org/notice".into()),
        published: Date::constant(2026, 2, 1),
        kind: RecallKind::Recall,
        status: Status::Ongoing,
        severity: Severity {
            authority: Some("Class I".into()),
            level: SeverityLevel::Serious,
        },
        hazards: vec![Hazard::Choking],
        remedies: vec![Remedy::Refund],
        products: vec![product],
    }
}

fn filed(product: PostedProduct) -> Vec<(PostingKey, Posting)> {
    vec![(under(ITEM), posting("us-cpsc:1", product))]
}

fn asked() -> Asked {
    Asked {
        candidates: vec![gtin(ITEM)],
        ..Asked::default()
    }
}

fn with_lot(lot: &str) -> Asked {
    Asked {
        lot: Some(lot.into()),
        ..asked()
    }
}

fn known(text: &str) -> KnownProduct {
    KnownProduct {
        gtin: gtin(text),
        name: "Rattle".into(),
        brand: Some("Acme".into()),
    }
}

fn recent() -> Coverage {
    coverage("2026-11-20T10:00:00Z")
}

fn coverage(last_success: &str) -> Coverage {
    Coverage::assess(
        &[AgencyHealth {
            key: "us-cpsc".parse().unwrap(),
            last_success: Some(last_success.parse().unwrap()),
            quarantined: false,
            failing: false,
        }],
        "2026-11-20T12:00:00Z".parse().unwrap(),
    )
}

fn verdict(asked: &Asked, filed: &[(PostingKey, Posting)]) -> Verdict {
    judge(asked, filed, &[known(ITEM)], &recent())
}

fn field(verdict: &Verdict) -> Option<QuestionField> {
    verdict.question.as_ref().map(|question| question.field)
}

#[test]
fn a_number_that_the_notice_covers_whole_decides() {
    for scope in [Scope::AllUnits, Scope::Unknown] {
        let verdict = verdict(&asked(), &filed(product(scope, vec![])));
        assert_eq!(verdict.verdict, VerdictWord::Recalled);
        assert_eq!(verdict.question, None);
        let evidence = &verdict.evidence[0];
        assert_eq!(evidence.level, Level::Exact);
        assert_eq!(
            evidence.matched,
            [Compared {
                field: Field::Gtin,
                given: ITEM.into(),
                notice: ITEM.into()
            }]
        );
        assert_eq!(evidence.agency_name, "Consumer Product Safety Commission");
    }
}

#[test]
fn limits_of_a_product_that_is_covered_whole_are_descriptions() {
    let all = product(Scope::AllUnits, vec![lot("A1234"), model("XL-200")]);
    let verdict = verdict(&with_lot("ZZ999"), &filed(all));
    assert_eq!(verdict.verdict, VerdictWord::Recalled);
    assert!(verdict.evidence[0].excluded.is_empty() && verdict.evidence[0].undecided.is_empty());
}

#[test]
fn a_listed_lot_decides_an_unlisted_one_excludes_and_a_missing_one_is_asked_for() {
    let listed = || {
        filed(product(
            Scope::ListedUnits,
            vec![lot("A1234"), lot("A1240")],
        ))
    };
    let inside = verdict(&with_lot("lot a-1240"), &listed());
    assert_eq!(inside.verdict, VerdictWord::Recalled);
    assert_eq!(
        inside.evidence[0].matched[1],
        Compared {
            field: Field::Lot,
            given: "lot a-1240".into(),
            notice: "A1240".into()
        }
    );

    let missing = verdict(&asked(), &listed());
    assert_eq!(missing.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(field(&missing), Some(QuestionField::Lot));
    assert_eq!(missing.question.unwrap().listed, ["A1234", "A1240"]);
    assert_eq!(missing.evidence[0].missing, [Field::Lot]);

    let outside = verdict(&with_lot("B7777"), &listed());
    assert_eq!(outside.verdict, VerdictWord::NoKnownRecall);
    assert_eq!(outside.evidence[0].level, Level::Excluded);
    assert_eq!(outside.evidence[0].excluded[0].field, Field::Lot);
    assert_eq!(outside.evidence[0].excluded[0].notice, "A1234, A1240");
    // The notice itself knows the product, be it in the catalogue or not.
    let unlisted = judge(&with_lot("B7777"), &listed(), &[], &recent());
    assert_eq!(unlisted.verdict, VerdictWord::NoKnownRecall);
    // Blank is not given.
    assert_eq!(
        verdict(&with_lot("  "), &listed()).verdict,
        VerdictWord::PossiblyRecalled
    );
}

#[test]
fn a_list_that_was_not_read_whole_never_excludes() {
    let partly = product(Scope::PartlyListed, vec![lot("A1234")]);
    let cut = PostedProduct {
        shortened: true,
        ..product(Scope::ListedUnits, vec![lot("A1234")])
    };
    let guess = product(
        Scope::ListedUnits,
        vec![Identifier {
            confidence: Confidence::Low,
            ..lot("A1234")
        }],
    );
    let half_guess = product(
        Scope::ListedUnits,
        vec![
            lot("A1234"),
            Identifier {
                confidence: Confidence::Low,
                ..lot("A1240")
            },
        ],
    );
    let unread = product(Scope::PartlyListed, vec![]);
    let unknown = product(Scope::Unknown, vec![lot("A1234")]);
    for listed in [partly, cut.clone(), guess, half_guess, unread, unknown] {
        let verdict = verdict(&with_lot("B7777"), &filed(listed.clone()));
        assert_eq!(verdict.verdict, VerdictWord::PossiblyRecalled, "{listed:?}");
        assert!(verdict.evidence[0].excluded.is_empty());
        assert_eq!(field(&verdict), Some(QuestionField::Notice), "{listed:?}");
    }
    let cut = verdict(&with_lot("B7777"), &filed(cut));
    assert_eq!(cut.unread, ["us-cpsc:1".parse().unwrap()]);
}

#[test]
fn a_guess_neither_includes_nor_is_asked_for() {
    let guess = product(
        Scope::ListedUnits,
        vec![Identifier {
            confidence: Confidence::Low,
            ..lot("A1234")
        }],
    );
    let included = verdict(&with_lot("A1234"), &filed(guess.clone()));
    assert_eq!(included.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(
        field(&verdict(&asked(), &filed(guess))),
        Some(QuestionField::Notice)
    );
    let guessed_number = PostedProduct {
        trust: Confidence::Low,
        ..product(Scope::AllUnits, vec![])
    };
    let by_guess = verdict(&asked(), &filed(guessed_number));
    assert_eq!(by_guess.verdict, VerdictWord::PossiblyRecalled);
}

/// How the item stands to one kind of limit, as the tests set it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// The notice does not list it.
    Unlisted,
    /// It is listed and not given.
    Missing,
    /// It is listed, given, and so compared.
    Given(Fit),
}

const STANDS: [Stand; 5] = [
    Stand::Unlisted,
    Stand::Missing,
    Stand::Given(Fit::Inside),
    Stand::Given(Fit::Outside),
    Stand::Given(Fit::CannotTell),
];

/// Returns the kinds that are listed, with how the item stands to each where it is given.
fn listed_fits(stands: [Stand; 4]) -> Vec<Option<Fit>> {
    stands
        .into_iter()
        .filter_map(|stand| match stand {
            Stand::Unlisted => None,
            Stand::Missing => Some(None),
            Stand::Given(fit) => Some(Some(fit)),
        })
        .collect()
}

/// A notice that lists a lot, a serial number, a use-by and a production date, as far as wanted, and
/// an item that stands to each as wanted.
fn set_up(stands: [Stand; 4]) -> (Vec<Identifier>, Asked) {
    let limits = [
        lot("A1234"),
        serials("SN1000", "SN1999"),
        use_by("2026-03-10", "2026-03-20"),
        made("2026-03-10", "2026-03-20"),
    ]
    .into_iter()
    .zip(stands)
    .filter(|(_, stand)| *stand != Stand::Unlisted)
    .map(|(limit, _)| limit)
    .collect();
    let text = |at: usize, inside: &str, outside: &str, unclear: &str| match stands[at] {
        Stand::Given(Fit::Inside) => Some(inside.to_owned()),
        Stand::Given(Fit::Outside) => Some(outside.to_owned()),
        Stand::Given(Fit::CannotTell) => Some(unclear.to_owned()),
        Stand::Unlisted | Stand::Missing => None,
    };
    let date =
        |at| text(at, "2026-03-15", "2026-05-01", "2026-03").map(|text| text.parse().unwrap());
    let item = Asked {
        lot: text(0, "A1234", "B7777", "A12345"),
        serial: text(1, "SN1500", "SN2500", "X9"),
        use_by: date(2),
        production: date(3),
        ..asked()
    };
    (limits, item)
}

/// Every combination of listed kinds and how the item stands to them: 5^4 notices.
fn all_stands() -> impl Iterator<Item = [Stand; 4]> {
    (0..625).map(|number| [1, 5, 25, 125].map(|place| STANDS[number / place % 5]))
}

#[test]
fn every_combination_of_kinds_follows_the_truth_table() {
    let mut seen = [0_u32; 3];
    for stands in all_stands() {
        for scope in [
            Scope::AllUnits,
            Scope::ListedUnits,
            Scope::ListedTogether,
            Scope::PartlyListed,
            Scope::Unknown,
        ] {
            for shortened in [false, true] {
                let (limits, item) = set_up(stands);
                let listed = PostedProduct {
                    shortened,
                    ..product(scope, limits)
                };
                let verdict = verdict(&item, &filed(listed));
                let fits = listed_fits(stands);
                let inside = fits.contains(&Some(Fit::Inside));
                let outside = fits.contains(&Some(Fit::Outside));
                let all_outside =
                    !fits.is_empty() && fits.iter().all(|fit| *fit == Some(Fit::Outside));
                let expected = match (scope, shortened) {
                    (Scope::AllUnits, _) => VerdictWord::Recalled,
                    (Scope::Unknown, _) if !outside => VerdictWord::Recalled,
                    (Scope::Unknown, _) => VerdictWord::PossiblyRecalled,
                    _ if inside && !outside => VerdictWord::Recalled,
                    (Scope::ListedUnits, false) if all_outside => VerdictWord::NoKnownRecall,
                    (Scope::ListedTogether, false) if outside && !inside => {
                        VerdictWord::NoKnownRecall
                    }
                    _ => VerdictWord::PossiblyRecalled,
                };
                assert_eq!(
                    verdict.verdict, expected,
                    "{stands:?} {scope:?} {shortened}"
                );
                assert_eq!(
                    verdict.question.is_some(),
                    expected == VerdictWord::PossiblyRecalled
                );
                seen[expected as usize] += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// Whether the item can be among the recalled ones, in some reading of the notice and for some truth
/// about what was not given or is unclear.
fn may_be_recalled(fits: &[Option<Fit>]) -> bool {
    let may_be_inside = |fit: &Option<Fit>| *fit != Some(Fit::Outside);
    // As alternatives one is enough; as a description all must agree, which implies one.
    fits.iter().any(may_be_inside)
}

#[test]
fn an_item_is_cleared_only_when_no_reading_of_the_notice_holds_it() {
    for stands in all_stands() {
        let (limits, item) = set_up(stands);
        let fits = listed_fits(stands);
        let verdict = verdict(&item, &filed(product(Scope::ListedUnits, limits)));
        if verdict.verdict == VerdictWord::NoKnownRecall {
            assert!(!may_be_recalled(&fits), "{stands:?}");
        }
    }
}

#[test]
fn a_question_is_about_something_that_is_listed_not_given_and_can_decide() {
    for stands in all_stands() {
        let (limits, item) = set_up(stands);
        let verdict = verdict(&item, &filed(product(Scope::ListedUnits, limits)));
        let Some(question) = verdict.question else {
            continue;
        };
        let open = |at: usize| stands[at] == Stand::Missing;
        let fine = match (question.field, question.mark) {
            (QuestionField::Lot, None) => open(0),
            (QuestionField::Serial, None) => open(1),
            (QuestionField::Date, Some(DateMark::UseBy)) => open(2),
            (QuestionField::Date, Some(DateMark::Production)) => open(3),
            (QuestionField::Notice, None) => {
                let given = |fit| stands.contains(&Stand::Given(fit));
                !(0..4).any(open)
                    || (given(Fit::Outside) && (given(Fit::Inside) || given(Fit::CannotTell)))
            }
            _ => false,
        };
        assert!(fine, "{stands:?} asks {question:?}");
        let answered = [Fit::Inside, Fit::Outside].into_iter().any(|fit| {
            let mut stands = stands;
            for stand in &mut stands {
                if *stand == Stand::Missing {
                    *stand = Stand::Given(fit);
                }
            }
            let (limits, item) = set_up(stands);
            self::verdict(&item, &filed(product(Scope::ListedUnits, limits))).verdict
                != VerdictWord::PossiblyRecalled
        });
        assert_eq!(
            answered,
            question.field != QuestionField::Notice,
            "{stands:?}"
        );
    }
}

#[test]
fn a_model_decides_only_where_nothing_else_is_listed() {
    let with = |model: Option<&str>| Asked {
        model: model.map(Into::into),
        ..asked()
    };
    let only = || filed(product(Scope::ListedUnits, vec![model("XL-200")]));
    for (given, word, question) in [
        (Some("xl200"), VerdictWord::Recalled, None),
        (Some("XL-300"), VerdictWord::NoKnownRecall, None),
        (
            None,
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Model),
        ),
        (
            Some("XL-200B"),
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Notice),
        ),
    ] {
        let verdict = verdict(&with(given), &only());
        assert_eq!(
            (verdict.verdict, field(&verdict)),
            (word, question),
            "{given:?}"
        );
    }
}

#[test]
fn a_model_beside_serial_numbers_names_the_product_or_one_of_several() {
    let with = |model: Option<&str>, serial: Option<&str>| Asked {
        model: model.map(Into::into),
        serial: serial.map(Into::into),
        ..asked()
    };
    let one = || vec![model("XL-200"), serials("1000", "1999")];
    let several = || vec![model("XL-200"), model("XL-300"), serials("1000", "1999")];
    for (limits, model, serial, word, question) in [
        // One model is the product: its serial numbers settle it.
        (one(), None, Some("2500"), VerdictWord::NoKnownRecall, None),
        (
            one(),
            Some("XL-200"),
            Some("2500"),
            VerdictWord::NoKnownRecall,
            None,
        ),
        (
            one(),
            Some("XL-200"),
            Some("1500"),
            VerdictWord::Recalled,
            None,
        ),
        (
            one(),
            Some("XL-200"),
            None,
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Serial),
        ),
        (
            one(),
            None,
            None,
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Serial),
        ),
        (
            one(),
            Some("XL-900"),
            Some("1500"),
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Notice),
        ),
        // Of several models one may be recalled without regard to serial numbers.
        (
            several(),
            None,
            Some("2500"),
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Model),
        ),
        (
            several(),
            Some("XL-200"),
            Some("2500"),
            VerdictWord::PossiblyRecalled,
            Some(QuestionField::Notice),
        ),
        (
            several(),
            Some("XL-900"),
            Some("2500"),
            VerdictWord::NoKnownRecall,
            None,
        ),
        (
            several(),
            Some("XL-300"),
            Some("1500"),
            VerdictWord::Recalled,
            None,
        ),
    ] {
        let verdict = verdict(
            &with(model, serial),
            &filed(product(Scope::ListedUnits, limits.clone())),
        );
        assert_eq!(
            (verdict.verdict, field(&verdict)),
            (word, question),
            "{model:?} {serial:?} {limits:?}"
        );
    }
}

#[test]
fn some_date_is_no_answer_to_when_the_item_was_made() {
    let item = |date: &str| Asked {
        date: Some(date.parse().unwrap()),
        ..asked()
    };
    let listed = || {
        filed(product(
            Scope::ListedUnits,
            vec![made("2026-03-10", "2026-03-20")],
        ))
    };
    let later = verdict(&item("2027-03-01"), &listed());
    assert_eq!(later.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(
        later.question.as_ref().unwrap().mark,
        Some(DateMark::Production)
    );
    assert_eq!(
        verdict(&item("2026-03-15"), &listed()).verdict,
        VerdictWord::Recalled
    );
    assert_eq!(
        verdict(&item("2025-01-01"), &listed()).verdict,
        VerdictWord::NoKnownRecall
    );
    let by_use = || {
        filed(product(
            Scope::ListedUnits,
            vec![use_by("2026-03-10", "2026-03-20")],
        ))
    };
    assert_eq!(
        verdict(&item("2026-03-15"), &by_use()).verdict,
        VerdictWord::Recalled
    );
    assert_eq!(
        verdict(&item("2027-03-01"), &by_use()).verdict,
        VerdictWord::NoKnownRecall
    );
}

#[test]
fn another_item_of_the_same_company_never_matches() {
    let others = vec![
        (
            under(OTHER),
            posting("us-cpsc:1", product(Scope::AllUnits, vec![])),
        ),
        (
            PostingKey::Model("XL200".into()),
            posting("us-cpsc:2", product(Scope::AllUnits, vec![])),
        ),
    ];
    let verdict = verdict(&asked(), &others);
    assert_eq!(verdict.verdict, VerdictWord::NoKnownRecall);
    assert!(verdict.evidence.is_empty());
    for digit in 0..10 {
        let body = format!("0003600029{digit}45");
        let check = crate::domain::gtin::check_digit(body.as_bytes()) as char;
        let near = format!("{body}{check}");
        if near != ITEM {
            let others = [(
                under(&near),
                posting("us-cpsc:1", product(Scope::AllUnits, vec![])),
            )];
            assert!(
                self::verdict(&asked(), &others).evidence.is_empty(),
                "{near}"
            );
        }
    }
}

#[test]
fn the_strongest_of_several_notices_and_products_speaks() {
    let mut listed = posting("us-cpsc:1", product(Scope::ListedUnits, vec![lot("A1234")]));
    listed
        .products
        .push(product(Scope::ListedUnits, vec![lot("B7777")]));
    let open = posting(
        "us-fda:2",
        product(Scope::ListedUnits, vec![serials("1", "9")]),
    );
    let filed = vec![(under(ITEM), open), (under(ITEM), listed)];
    let both = verdict(&with_lot("B7777"), &filed);
    assert_eq!(both.verdict, VerdictWord::Recalled);
    let levels: Vec<_> = both
        .evidence
        .iter()
        .map(|evidence| evidence.level)
        .collect();
    assert_eq!(levels, [Level::Exact, Level::Conditional]);
    let neither = verdict(&with_lot("C1111"), &filed);
    assert_eq!(neither.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(field(&neither), Some(QuestionField::Serial));
    let levels: Vec<_> = neither
        .evidence
        .iter()
        .map(|evidence| evidence.level)
        .collect();
    assert_eq!(levels, [Level::Conditional, Level::Excluded]);
}

#[test]
fn the_question_that_helps_with_most_notices_is_asked() {
    let lots = || product(Scope::ListedUnits, vec![lot("A1234")]);
    let serial = || product(Scope::ListedUnits, vec![serials("1", "9")]);
    let one_each = vec![
        (under(ITEM), posting("us-cpsc:1", serial())),
        (under(ITEM), posting("us-cpsc:2", lots())),
    ];
    assert_eq!(
        field(&verdict(&asked(), &one_each)),
        Some(QuestionField::Lot)
    );
    let more_serials = vec![
        (under(ITEM), posting("us-cpsc:1", serial())),
        (under(ITEM), posting("us-cpsc:2", lots())),
        (under(ITEM), posting("us-cpsc:3", serial())),
    ];
    assert_eq!(
        field(&verdict(&asked(), &more_serials)),
        Some(QuestionField::Serial)
    );
}

#[test]
fn ended_recalls_and_notices_of_every_kind_count_and_withdrawn_ones_do_not() {
    for kind in RecallKind::ALL {
        for status in Status::ALL {
            let notice = Posting {
                kind: *kind,
                status: *status,
                ..posting("us-cpsc:1", product(Scope::AllUnits, vec![]))
            };
            let verdict = verdict(&asked(), &[(under(ITEM), notice)]);
            if *status == Status::Withdrawn {
                assert_eq!(verdict.verdict, VerdictWord::NoKnownRecall);
                assert!(verdict.evidence.is_empty());
            } else {
                assert_eq!(verdict.verdict, VerdictWord::Recalled, "{kind} {status}");
                assert_eq!(
                    (verdict.evidence[0].kind, verdict.evidence[0].status),
                    (*kind, *status)
                );
            }
        }
    }
}

#[test]
fn a_model_needs_its_brand_and_never_decides() {
    let by_model = |product| {
        vec![(
            PostingKey::Model("XL200".into()),
            posting("us-cpsc:1", product),
        )]
    };
    let item = |brand: Option<&str>, serial: Option<&str>| Asked {
        model: Some("xl-200".into()),
        brand: brand.map(Into::into),
        serial: serial.map(Into::into),
        ..asked()
    };
    let all = || by_model(product(Scope::AllUnits, vec![model("XL-200")]));
    let limited = || {
        by_model(product(
            Scope::ListedUnits,
            vec![model("XL-200"), serials("1000", "1999")],
        ))
    };
    let judged = |item: &Asked, filed: &[_]| judge(item, filed, &[], &recent());

    let same = judged(&item(Some("ACME"), None), &all());
    assert_eq!(same.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(field(&same), Some(QuestionField::Model));
    let fields: Vec<_> = same.evidence[0]
        .matched
        .iter()
        .map(|found| found.field)
        .collect();
    assert_eq!(fields, [Field::Model, Field::Brand]);

    // A brand that cannot be told may be the same, be the product known or not.
    for known in [
        vec![],
        vec![KnownProduct {
            brand: None,
            ..known(ITEM)
        }],
    ] {
        let without = judge(&item(None, None), &all(), &known, &recent());
        assert_eq!(without.verdict, VerdictWord::PossiblyRecalled);
        assert_eq!(without.evidence[0].level, Level::Conditional);
        assert_eq!(field(&without), Some(QuestionField::Notice));
    }
    // Nor can a notice on what may be another product clear the item.
    let elsewhere = judged(&item(None, Some("2500")), &limited());
    assert_eq!(elsewhere.verdict, VerdictWord::UnknownProduct);
    assert_eq!(elsewhere.evidence[0].level, Level::Related);

    let other = judged(&item(Some("Other"), None), &all());
    assert!(other.evidence.is_empty());

    // The catalogue's brand serves as well.
    let catalogue = judge(&item(None, None), &all(), &[known(ITEM)], &recent());
    assert_eq!(catalogue.verdict, VerdictWord::PossiblyRecalled);
    // And the catalogue's product without its model is not accused.
    let unnamed = judge(&asked(), &all(), &[known(ITEM)], &recent());
    assert_eq!(unnamed.verdict, VerdictWord::NoKnownRecall);

    let inside = judged(&item(Some("Acme"), Some("1500")), &limited());
    assert_eq!(inside.verdict, VerdictWord::PossiblyRecalled);
    let outside = judged(&item(Some("Acme"), Some("2500")), &limited());
    assert_eq!(outside.verdict, VerdictWord::NoKnownRecall);
    let open = judged(&item(Some("Acme"), None), &limited());
    assert_eq!(field(&open), Some(QuestionField::Serial));

    let no_code = Asked {
        candidates: vec![],
        ..item(Some("Acme"), None)
    };
    assert_eq!(
        judged(&no_code, &all()).verdict,
        VerdictWord::PossiblyRecalled
    );
    assert_eq!(judged(&no_code, &[]).verdict, VerdictWord::UnknownProduct);
}

#[test]
fn a_model_is_found_under_more_forms_and_what_is_no_model_is_not_given() {
    let notice = |products| posting("us-cpsc:1", products);
    let all = product(Scope::AllUnits, vec![model("XL-200")]);
    // As it is filed: under its own form and under the forgiving one.
    let filed: Vec<_> = ["XL200", "X1200"]
        .map(|key| (PostingKey::Model(key.into()), notice(all.clone())))
        .into();
    let with = |model: &str| Asked {
        model: Some(model.into()),
        ..asked()
    };
    for text in [
        "XL-2OO",
        "MOD XL-200",
        "M/N: XL.200",
        "XL-200 (blue)",
        "XL-200 blue",
        "XL/200",
    ] {
        let verdict = verdict(&with(text), &filed);
        assert_eq!(verdict.verdict, VerdictWord::PossiblyRecalled, "{text}");
        assert_eq!(verdict.evidence.len(), 1);
        assert_eq!(verdict.evidence[0].matched[0].notice, "XL-200", "{text}");
    }
    // A part of what was given, and no brand: nobody is accused.
    let part = judge(&with("Chair XL-200 blue"), &filed, &[], &recent());
    assert_eq!(part.verdict, VerdictWord::UnknownProduct);
    assert_eq!(part.evidence[0].level, Level::Related);

    let listed = super::tests::filed(product(Scope::ListedUnits, vec![model("XL-200")]));
    for text in ["?", "n/a", "12", "-", "Chair", "illisible"] {
        let verdict = verdict(&with(text), &listed);
        assert_eq!(field(&verdict), Some(QuestionField::Model), "{text}");
    }
    let no_code = Asked {
        candidates: vec![],
        ..with("?")
    };
    let nothing = judge(&no_code, &listed, &[], &recent());
    assert_eq!(nothing.reason, Some(Reason::NothingToCheck));
}

#[test]
fn what_was_read_off_badly_never_clears_an_item() {
    // As a notice of March 2026 lists it: lot 312, best before the end of 2027.
    let together = || {
        let best_before = identifier(Value::DateMark {
            mark: DateMark::BestBefore,
            from: Date::constant(2027, 12, 31),
            to: Date::constant(2027, 12, 31),
        });
        filed(product(
            Scope::ListedTogether,
            vec![lot("312"), best_before],
        ))
    };
    assert_eq!(
        verdict(&with_lot("999"), &together()).verdict,
        VerdictWord::NoKnownRecall
    );
    for text in [
        "?",
        "n/a",
        "unknown",
        "illisible",
        "x",
        "-",
        "none",
        "Lot: ?",
        "unleserlich",
        "000",
    ] {
        let verdict = verdict(&with_lot(text), &together());
        assert_eq!(verdict.verdict, VerdictWord::PossiblyRecalled, "{text}");
        assert_eq!(field(&verdict), Some(QuestionField::Lot), "{text}");
    }
    for text in [
        "312 14:32",
        "L312 14:32",
        "312 EXP 03/2026",
        "N° de lot 312",
        "Numéro de lot : 312",
        "Lotnr 312",
        "CH. 312",
        "(10)312",
        "312/1",
        "312A",
        "312,313",
        "311-313",
        "12",
        "٣١٢",
        "３１２",
        "3123103000500",
    ] {
        let verdict = verdict(&with_lot(text), &together());
        assert!(verdict.verdict.is_warning(), "{text}: {verdict:?}");
    }
    // A date of no stated kind before the span may be that of production.
    let early = Asked {
        date: Some("2026-03".parse().unwrap()),
        ..asked()
    };
    let early = verdict(
        &early,
        &filed(product(
            Scope::ListedUnits,
            vec![use_by("2027-12-01", "2027-12-31")],
        )),
    );
    assert_eq!(early.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(early.question.unwrap().parameter.as_deref(), Some("use_by"));
    let swallowed = Asked {
        candidates: vec![gtin(ITEM)],
        ..scanned("]C10100036000291452103123103000500")
    };
    assert_eq!(
        field(&verdict(&swallowed, &together())),
        Some(QuestionField::Lot)
    );
}

#[test]
fn silence_needs_a_known_product_and_recent_data() {
    let old = coverage("2026-10-01T10:00:00Z");
    let none = Coverage::assess(&[], "2026-11-20T12:00:00Z".parse().unwrap());
    let outside = filed(product(Scope::ListedUnits, vec![lot("A1234")]));
    for (item, filed, known, coverage, word, reason) in [
        (
            asked(),
            &[][..],
            &[known(ITEM)][..],
            &recent(),
            VerdictWord::NoKnownRecall,
            None,
        ),
        (
            asked(),
            &[][..],
            &[][..],
            &recent(),
            VerdictWord::UnknownProduct,
            None,
        ),
        (
            asked(),
            &[][..],
            &[known(OTHER)][..],
            &recent(),
            VerdictWord::UnknownProduct,
            None,
        ),
        (
            asked(),
            &[][..],
            &[known(ITEM)][..],
            &old,
            VerdictWord::CannotCheck,
            Some(Reason::NoRecentData),
        ),
        (
            asked(),
            &[][..],
            &[][..],
            &none,
            VerdictWord::CannotCheck,
            Some(Reason::NoRecentData),
        ),
        (
            with_lot("B7777"),
            &outside[..],
            &[][..],
            &old,
            VerdictWord::CannotCheck,
            Some(Reason::NoRecentData),
        ),
        (
            with_lot("A1234"),
            &outside[..],
            &[][..],
            &old,
            VerdictWord::Recalled,
            None,
        ),
        (
            asked(),
            &outside[..],
            &[][..],
            &none,
            VerdictWord::PossiblyRecalled,
            None,
        ),
        (
            Asked::default(),
            &[][..],
            &[][..],
            &recent(),
            VerdictWord::CannotCheck,
            Some(Reason::NothingToCheck),
        ),
    ] {
        let verdict = judge(&item, filed, known, coverage);
        assert_eq!((verdict.verdict, verdict.reason), (word, reason));
        assert_eq!(&verdict.coverage, coverage);
    }
}

fn scanned(text: &str) -> Asked {
    Asked::from(&code::read(text, None, Date::constant(2026, 11, 20)).unwrap())
}

#[test]
fn shop_numbers_and_coupons_cannot_be_checked_and_books_can() {
    let check = |body: &str| {
        let digit = crate::domain::gtin::check_digit(body.as_bytes()) as char;
        format!("{body}{digit}")
    };
    for body in [
        "211234501234",
        "21234567890",
        "990123456789",
        "51234567890",
        "980123456789",
    ] {
        let text = check(body);
        let silent = judge(&scanned(&text), &[], &[], &recent());
        assert_eq!(silent.verdict, VerdictWord::CannotCheck, "{text}");
        assert_eq!(silent.reason, Some(Reason::NotATradeItem), "{text}");
        // A notice that lists the number of a shop may mean another shop's.
        let key = PostingKey::Gtin(text.parse().unwrap());
        let listed = [(key, posting("us-cpsc:1", product(Scope::AllUnits, vec![])))];
        let possible = judge(&scanned(&text), &listed, &[], &recent());
        assert_eq!(possible.verdict, VerdictWord::PossiblyRecalled, "{text}");
        assert_eq!(field(&possible), Some(QuestionField::Notice));
    }
    let book = judge(&scanned("0-306-40615-2"), &[], &[], &recent());
    assert_eq!(book.verdict, VerdictWord::UnknownProduct);
}

#[test]
fn an_ambiguous_code_is_tried_every_way() {
    let item = scanned("12345670");
    let (ean, upc) = ("00000012345670", "00123456000070");
    let recalled =
        |gtin: &str, id: &str| (under(gtin), posting(id, product(Scope::AllUnits, vec![])));
    let one = judge(
        &item,
        &[recalled(upc, "us-cpsc:1")],
        &[known(ean)],
        &recent(),
    );
    assert_eq!(one.verdict, VerdictWord::PossiblyRecalled);
    assert!(one.ambiguous);
    assert_eq!(field(&one), Some(QuestionField::Format));
    assert_eq!(one.evidence[0].level, Level::Conditional);
    assert!(one.evidence[0].missing.contains(&Field::Format));
    let words: Vec<_> = one
        .candidates
        .iter()
        .map(|one| (one.gtin.to_string(), one.verdict))
        .collect();
    assert_eq!(
        words,
        [
            (ean.to_owned(), VerdictWord::NoKnownRecall),
            (upc.to_owned(), VerdictWord::Recalled),
        ]
    );

    let both = judge(
        &item,
        &[recalled(upc, "us-cpsc:1"), recalled(ean, "us-cpsc:2")],
        &[],
        &recent(),
    );
    assert_eq!(
        (both.verdict, both.evidence.len()),
        (VerdictWord::Recalled, 2)
    );

    let nothing = judge(&item, &[], &[], &recent());
    assert_eq!(
        (nothing.verdict, field(&nothing)),
        (VerdictWord::UnknownProduct, None)
    );
    let half = judge(&item, &[], &[known(upc)], &recent());
    assert_eq!(half.verdict, VerdictWord::UnknownProduct);
    assert_eq!(field(&half), Some(QuestionField::Format));
    assert_eq!(half.product.unwrap().gtin.as_str(), upc);
    let all = judge(&item, &[], &[known(upc), known(ean)], &recent());
    assert_eq!(
        (all.verdict, field(&all)),
        (VerdictWord::NoKnownRecall, None)
    );
    assert_eq!(all.product, None);
}

#[test]
fn a_code_that_may_be_one_shops_number_warns_only_with_a_question() {
    let item = scanned("00020374");
    let (shop, product_number) = (item.candidates[0], item.candidates[1]);
    assert_eq!(shop.kind(), NumberKind::InStore);
    let listed = [(
        PostingKey::Gtin(product_number),
        posting("us-cpsc:1", product(Scope::AllUnits, vec![])),
    )];
    let named = judge(&item, &listed, &[], &recent());
    assert_eq!(named.verdict, VerdictWord::PossiblyRecalled);
    assert_eq!(field(&named), Some(QuestionField::Format));
    let silent = judge(&item, &[], &[], &recent());
    assert_eq!(
        (silent.verdict, silent.reason),
        (VerdictWord::UnknownProduct, None)
    );
}

#[test]
fn what_the_code_carries_is_compared() {
    let listed = filed(product(
        Scope::ListedUnits,
        vec![lot("AB-12/3"), use_by("2027-12-01", "2027-12-31")],
    ));
    let inside = scanned("(01)00036000291452(17)271231(10)AB-12/3");
    assert_eq!(verdict(&inside, &listed).verdict, VerdictWord::Recalled);
    let outside = scanned("(01)00036000291452(17)280131(10)ZZ-99/9");
    assert_eq!(
        verdict(&outside, &listed).verdict,
        VerdictWord::NoKnownRecall
    );
    let contradictory = scanned("(01)00036000291452(17)280131(10)AB-12/3");
    assert_eq!(
        verdict(&contradictory, &listed).verdict,
        VerdictWord::PossiblyRecalled
    );
}

#[test]
fn hostile_input_ends_in_a_bounded_answer() {
    let huge = "A1".repeat(50_000);
    let item = Asked {
        lot: Some(huge.clone()),
        serial: Some("\u{0}\u{feff}😀".into()),
        model: Some(huge.clone()),
        brand: Some(huge.clone()),
        date: Some("9999-12-31".parse().unwrap()),
        candidates: vec![gtin(ITEM); 50],
        ..asked()
    };
    let listed = filed(product(
        Scope::ListedUnits,
        vec![
            lot(&huge),
            serials("", ""),
            model("\u{0}"),
            use_by("0001-01-01", "9999-12-31"),
        ],
    ));
    let verdict = verdict(&item, &listed);
    assert_eq!(verdict.candidates.len(), 1);
    let texts: usize = verdict
        .evidence
        .iter()
        .flat_map(|evidence| {
            evidence
                .matched
                .iter()
                .chain(&evidence.excluded)
                .chain(&evidence.undecided)
        })
        .map(|found| found.given.len() + found.notice.len())
        .sum();
    assert!(texts < 4_000, "{texts}");
}

#[test]
fn no_sentence_ever_promises_safety() {
    let mut sentences = Vec::new();
    for word in [
        VerdictWord::Recalled,
        VerdictWord::PossiblyRecalled,
        VerdictWord::NoKnownRecall,
        VerdictWord::UnknownProduct,
        VerdictWord::CannotCheck,
    ] {
        for reason in [
            None,
            Some(Reason::NotATradeItem),
            Some(Reason::NoRecentData),
            Some(Reason::NothingToCheck),
        ] {
            sentences.push(sentence(word, reason).to_owned());
        }
        sentences.push(serde_json::to_string(&word).unwrap());
    }
    for field in [
        QuestionField::Lot,
        QuestionField::Serial,
        QuestionField::Date,
        QuestionField::Model,
        QuestionField::Format,
        QuestionField::Notice,
    ] {
        for mark in [
            None,
            Some(DateMark::BestBefore),
            Some(DateMark::UseBy),
            Some(DateMark::Production),
            Some(DateMark::Unspecified),
        ] {
            sentences.push(question_sentence(field, mark).to_owned());
        }
    }
    sentences.push(next(&[]).sentence);
    sentences.push(which_symbol().sentence);
    for sentence in sentences {
        assert!(!sentence.to_lowercase().contains("safe"), "{sentence}");
        assert!(!sentence.is_empty());
    }
}

#[test]
fn the_answer_reads_as_documented_and_back() {
    let verdict = verdict(
        &asked(),
        &filed(product(Scope::ListedUnits, vec![lot("A1234")])),
    );
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "possibly_recalled");
    assert_eq!(json["question"]["field"], "lot");
    assert_eq!(json["evidence"][0]["level"], "conditional");
    assert_eq!(json["evidence"][0]["missing"], serde_json::json!(["lot"]));
    assert_eq!(json["evidence"][0]["matched"][0]["field"], "gtin");
    assert_eq!(
        json["coverage"]["agencies"].as_array().unwrap().len(),
        AGENCIES.len()
    );
    assert!(
        verdict
            .coverage
            .agencies
            .iter()
            .any(|agency| agency.state == AgencyState::Checked)
    );
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}

#[cfg(feature = "openapi")]
#[test]
fn the_schema_of_a_verdict_names_every_type_once_and_promises_nothing() {
    use utoipa::{PartialSchema, ToSchema};

    let mut schemas = vec![("Verdict".to_owned(), Verdict::schema())];
    Verdict::schemas(&mut schemas);
    crate::domain::recall::Recall::schemas(&mut schemas);
    let mut names: std::collections::BTreeMap<String, serde_json::Value> =
        std::collections::BTreeMap::new();
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).unwrap();
        let words = schema.to_string().to_lowercase();
        let promises = words
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "safe");
        assert!(!promises, "{name}: {words}");
        if let Some(other) = names.insert(name.clone(), schema.clone()) {
            assert_eq!(other, schema, "two types are called {name}");
        }
    }
    for name in ["Evidence", "Question", "Coverage", "Gtin", "RecallId"] {
        assert!(
            names.contains_key(name),
            "{name} is not among {:?}",
            names.keys()
        );
    }
    assert_eq!(names["Gtin"]["type"], "string");
    // Every reference leads somewhere.
    let all = serde_json::to_string(&names).unwrap();
    for reference in all.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            names.contains_key(name),
            "{name} is referred to and missing"
        );
    }
}
