use std::collections::HashSet;

use jiff::{ToSpan, civil::Date};

use super::{
    list_tests::{every_page, ids, list},
    *,
};
use crate::{
    domain::{
        identifier::Value as Identified,
        recall::Recall,
        vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
    },
    search::{
        corpus::{self, catalogue, identifier, recall, recalls},
        words::{normal_codes, normal_name},
    },
};

/// What the filters mean, said once more without an index.
fn holds(filters: &Filters, recall: &Recall) -> bool {
    fn any<T: PartialEq>(wanted: &[T], mut there: impl FnMut(&T) -> bool) -> bool {
        wanted.is_empty() || wanted.iter().any(&mut there)
    }
    let within = |span: Span, day: Date| {
        span.from.is_none_or(|from| from <= day) && span.to.is_none_or(|to| day <= to)
    };
    let products = &recall.products;
    let codes: Vec<String> = products
        .iter()
        .flat_map(|p| {
            let typed = p.identifiers.iter().map(|i| match &i.value {
                Identified::Gtin { value } => value.to_string(),
                Identified::Lot { value } => value.clone(),
                other => panic!("the corpus has no {other:?}"),
            });
            typed.chain(p.models.clone())
        })
        .chain([recall.source_id.clone()])
        .flat_map(|code| normal_codes(&code))
        .collect();
    any(&filters.agency, |a| recall.agency == *a)
        && any(&filters.country, |c| recall.country == c.to_uppercase())
        && any(&filters.category, |c| {
            products.iter().any(|p| p.category == Some(*c))
        })
        && any(&filters.hazard, |h| recall.hazards.contains(h))
        && any(&filters.severity, |s| recall.severity.level == *s)
        && any(&filters.remedy, |r| recall.remedies.contains(r))
        && any(&filters.status, |s| recall.status == *s)
        && any(&filters.kind, |k| recall.kind == *k)
        && any(&filters.brand, |b| {
            products
                .iter()
                .flat_map(|p| &p.brands)
                .any(|x| normal_name(x) == normal_name(b))
        })
        && any(&filters.identifier, |i| {
            normal_codes(i).iter().any(|code| codes.contains(code))
        })
        && within(filters.published, recall.published)
        && within(filters.updated, recall.updated.unwrap_or(recall.published))
}

/// One filter of each kind, with one and with two values.
fn each_filter() -> Vec<Filters> {
    let with = |set: &dyn Fn(&mut Filters)| {
        let mut filters = Filters::default();
        set(&mut filters);
        filters
    };
    let day = Date::constant(2023, 1, 20);
    let span = |from, to| Span { from, to };
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let codes = [
        corpus::gtin(7).to_string(),
        "TR-005x".to_owned(),
        "N0090".to_owned(),
    ];
    let agencies = ["us-fda", "us-cpsc"].map(|key| key.parse().unwrap());
    vec![
        with(&|f| f.agency = agencies[..1].to_vec()),
        with(&|f| f.agency = agencies.to_vec()),
        with(&|f| f.country = texts(&["fr"])),
        with(&|f| f.category = vec![Category::Toys]),
        with(&|f| f.category = vec![Category::Toys, Category::Sleep]),
        with(&|f| f.hazard = vec![Hazard::ALL[3]]),
        with(&|f| f.hazard = Hazard::ALL[..9].to_vec()),
        with(&|f| f.severity = vec![SeverityLevel::Serious]),
        with(&|f| f.severity = vec![SeverityLevel::Serious, SeverityLevel::Low]),
        with(&|f| f.remedy = vec![Remedy::Refund]),
        with(&|f| f.remedy = Remedy::ALL[..6].to_vec()),
        with(&|f| f.status = vec![Status::Ended]),
        with(&|f| f.status = vec![Status::Ended, Status::Ongoing]),
        with(&|f| f.kind = vec![RecallKind::Alert]),
        with(&|f| f.kind = vec![RecallKind::Alert, RecallKind::Recall]),
        with(&|f| f.brand = texts(&["TUMBLE co"])),
        with(&|f| f.brand = texts(&["saeby", "ordonne"])),
        with(&|f| f.identifier = texts(&["l-00042"])),
        with(&|f| f.identifier = codes.to_vec()),
        with(&|f| f.published = span(Some(day), None)),
        with(&|f| f.published = span(None, Some(day))),
        with(&|f| f.published = span(Some(day), Some(day + 9.days()))),
        with(&|f| f.updated = span(Some(day), Some(day + 9.days()))),
    ]
}

#[test]
fn every_filter_alone_gives_what_it_means_and_something_is_left_out() {
    let all = recalls();
    let (_directory, catalogue) = catalogue(&all);
    for filters in each_filter() {
        let expected: HashSet<_> = all
            .iter()
            .filter(|r| holds(&filters, r))
            .map(|r| r.id.as_str())
            .collect();
        assert!(
            !expected.is_empty() && expected.len() < all.len(),
            "a filter that tests nothing: {filters:?}"
        );
        let found = every_page(&catalogue, &list(filters.clone()), 100);
        assert_eq!(
            found.iter().map(String::as_str).collect::<HashSet<_>>(),
            expected,
            "{filters:?}"
        );
    }
}

#[test]
fn any_two_filters_must_both_hold() {
    let all = recalls();
    let (_directory, catalogue) = catalogue(&all);
    let (filters, mut some) = (each_filter(), 0);
    for one in &filters {
        for other in &filters {
            let Some(both) = together(one, other) else {
                continue;
            };
            let expected: HashSet<_> = all
                .iter()
                .filter(|r| holds(&both, r))
                .map(|r| r.id.as_str())
                .collect();
            some += usize::from(!expected.is_empty());
            let found = catalogue.recalls(&list(both.clone())).unwrap();
            assert_eq!(found.total, expected.len(), "{both:?}");
            assert!(
                ids(&found).iter().all(|id| expected.contains(id)),
                "{both:?}"
            );
        }
    }
    assert!(
        some > 150,
        "only {some} pairs leave anything, which tests little"
    );
}

#[test]
fn all_filters_together_find_the_one_recall_that_fits_and_a_near_miss_in_any_finds_nothing() {
    let all = recalls();
    let (_directory, catalogue) = catalogue(&all);
    let one = &all[60];
    let whole = |day| Span {
        from: Some(day),
        to: Some(day),
    };
    let fits = Filters {
        agency: vec![one.agency],
        country: vec![one.country.clone()],
        category: vec![one.products[0].category.unwrap()],
        hazard: one.hazards.clone(),
        severity: vec![one.severity.level],
        remedy: one.remedies.clone(),
        status: vec![one.status],
        kind: vec![one.kind],
        brand: one.products[0].brands.clone(),
        identifier: vec![one.source_id.clone()],
        published: whole(one.published),
        updated: whole(one.updated.unwrap()),
    };
    assert_eq!(
        ids(&catalogue.recalls(&list(fits.clone())).unwrap()),
        [one.id.as_str()]
    );
    let day = one.published - 1.day();
    let misses = [
        Filters {
            agency: vec!["us-fda".parse().unwrap(), "fr-rappelconso".parse().unwrap()],
            ..fits.clone()
        },
        Filters {
            country: vec!["FR".to_owned()],
            ..fits.clone()
        },
        Filters {
            category: vec![Category::Other],
            ..fits.clone()
        },
        Filters {
            hazard: vec![Hazard::ALL[1]],
            ..fits.clone()
        },
        Filters {
            severity: vec![SeverityLevel::ALL[3]],
            ..fits.clone()
        },
        Filters {
            remedy: vec![Remedy::ALL[0]],
            ..fits.clone()
        },
        Filters {
            status: vec![Status::ALL[3]],
            ..fits.clone()
        },
        Filters {
            kind: vec![RecallKind::ALL[4]],
            ..fits.clone()
        },
        Filters {
            brand: vec!["Nobody".to_owned()],
            ..fits.clone()
        },
        Filters {
            identifier: vec!["n0061".to_owned()],
            ..fits.clone()
        },
        Filters {
            published: whole(day),
            ..fits.clone()
        },
        Filters {
            updated: whole(day),
            ..fits.clone()
        },
    ];
    for miss in misses {
        assert_eq!(
            catalogue.recalls(&list(miss.clone())).unwrap().total,
            0,
            "{miss:?}"
        );
    }
}

#[test]
fn a_value_without_letters_or_digits_matches_nothing_rather_than_everything() {
    let (_directory, catalogue) = catalogue(&recalls());
    for filters in [
        Filters {
            brand: vec!["™ !".to_owned()],
            ..Filters::default()
        },
        Filters {
            identifier: vec!["--".to_owned()],
            ..Filters::default()
        },
        Filters {
            country: vec![String::new()],
            ..Filters::default()
        },
    ] {
        assert_eq!(catalogue.recalls(&list(filters)).unwrap().total, 0);
    }
}

#[test]
fn every_identifier_of_every_kind_finds_its_recall() {
    let mut one = recall("us-fda:98765");
    one.source_id = "F-0123/2024".to_owned();
    let values = [
        Identified::UpcRaw {
            value: "0 12345 67890 1".to_owned(),
        },
        Identified::Model {
            value: "AB 12".to_owned(),
        },
        Identified::ModelPrefix {
            value: "QX9".to_owned(),
        },
        Identified::LotRange {
            from: "4501".to_owned(),
            to: "4530".to_owned(),
        },
        Identified::Serial {
            value: "S/N 77".to_owned(),
        },
        Identified::Certificate {
            value: "CE-1".to_owned(),
        },
        Identified::ListingId {
            value: "B00ABCDEFG".to_owned(),
        },
    ];
    one.products[0].identifiers = values.map(identifier).to_vec();
    let (_directory, catalogue) = catalogue(&[one, recall("us-cpsc:2")]);
    for code in [
        "012345678901",
        "ab12",
        "qx9",
        "4501",
        "4530",
        "sn77",
        "ce1",
        "b00abcdefg",
        "F-0123/2024",
        "98765",
        "us-fda:98765",
    ] {
        let filters = Filters {
            identifier: vec![code.to_owned()],
            ..Filters::default()
        };
        assert_eq!(
            catalogue.recalls(&list(filters)).unwrap().total,
            1,
            "{code}"
        );
    }
}

/// Both filters as one, unless they are of the same kind.
fn together(one: &Filters, other: &Filters) -> Option<Filters> {
    fn list<T: Clone>(one: &[T], other: &[T]) -> Option<Vec<T>> {
        (one.is_empty() || other.is_empty()).then(|| [one, other].concat())
    }
    fn span(one: Span, other: Span) -> Option<Span> {
        if one == Span::default() {
            Some(other)
        } else {
            (other == Span::default()).then_some(one)
        }
    }
    Some(Filters {
        agency: list(&one.agency, &other.agency)?,
        country: list(&one.country, &other.country)?,
        category: list(&one.category, &other.category)?,
        hazard: list(&one.hazard, &other.hazard)?,
        severity: list(&one.severity, &other.severity)?,
        remedy: list(&one.remedy, &other.remedy)?,
        status: list(&one.status, &other.status)?,
        kind: list(&one.kind, &other.kind)?,
        brand: list(&one.brand, &other.brand)?,
        identifier: list(&one.identifier, &other.identifier)?,
        published: span(one.published, other.published)?,
        updated: span(one.updated, other.updated)?,
    })
}
