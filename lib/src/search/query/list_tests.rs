use std::collections::HashSet;

use jiff::{ToSpan, civil::Date};

use super::*;
use crate::{
    domain::{
        identifier::Value as Identified,
        recall::Recall,
        vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
    },
    search::{
        corpus::{self, catalogue, extend, identifier, product, recall, recalls},
        words::{normal_codes, normal_name},
    },
};

fn list(filters: Filters) -> ListQuery {
    ListQuery {
        filters,
        text: None,
        sort: RecallSort::Published,
        direction: Direction::Descending,
        page: Page::Offset {
            offset: 0,
            limit: MOST_ITEMS,
        },
    }
}

fn ids(found: &Items<RecallSummary>) -> Vec<&str> {
    found.items.iter().map(|item| item.id.as_str()).collect()
}

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
    let none = Filters::default;
    let day = Date::constant(2023, 1, 20);
    let span = |from, to| Span { from, to };
    vec![
        Filters {
            agency: vec!["us-fda".parse().unwrap()],
            ..none()
        },
        Filters {
            agency: vec!["us-fda".parse().unwrap(), "us-cpsc".parse().unwrap()],
            ..none()
        },
        Filters {
            country: vec!["fr".to_owned()],
            ..none()
        },
        Filters {
            category: vec![Category::Toys],
            ..none()
        },
        Filters {
            category: vec![Category::Toys, Category::Sleep],
            ..none()
        },
        Filters {
            hazard: vec![Hazard::ALL[3]],
            ..none()
        },
        Filters {
            hazard: Hazard::ALL[..9].to_vec(),
            ..none()
        },
        Filters {
            severity: vec![SeverityLevel::Serious],
            ..none()
        },
        Filters {
            severity: vec![SeverityLevel::Serious, SeverityLevel::Low],
            ..none()
        },
        Filters {
            remedy: vec![Remedy::Refund],
            ..none()
        },
        Filters {
            remedy: Remedy::ALL[..6].to_vec(),
            ..none()
        },
        Filters {
            status: vec![Status::Ended],
            ..none()
        },
        Filters {
            status: vec![Status::Ended, Status::Ongoing],
            ..none()
        },
        Filters {
            kind: vec![RecallKind::Alert],
            ..none()
        },
        Filters {
            kind: vec![RecallKind::Alert, RecallKind::Recall],
            ..none()
        },
        Filters {
            brand: vec!["TUMBLE co".to_owned()],
            ..none()
        },
        Filters {
            brand: vec!["saeby".to_owned(), "ordonne".to_owned()],
            ..none()
        },
        Filters {
            identifier: vec!["l-00042".to_owned()],
            ..none()
        },
        Filters {
            identifier: vec![
                corpus::gtin(7).to_string(),
                "TR-005x".to_owned(),
                "N0090".to_owned(),
            ],
            ..none()
        },
        Filters {
            published: span(Some(day), None),
            ..none()
        },
        Filters {
            published: span(None, Some(day)),
            ..none()
        },
        Filters {
            published: span(Some(day), Some(day + 9.days())),
            ..none()
        },
        Filters {
            updated: span(Some(day), Some(day + 9.days())),
            ..none()
        },
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
fn pages_by_key_show_everything_once_in_every_order_in_spite_of_ties() {
    let all = recalls();
    let (_directory, catalogue) = catalogue(&all);
    for sort in [
        RecallSort::Published,
        RecallSort::Updated,
        RecallSort::Severity,
        RecallSort::Id,
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let query = ListQuery {
                sort,
                direction,
                ..list(Filters::default())
            };
            let expected = sorted(&all, sort, direction);
            for limit in [1, 7, 100] {
                assert_eq!(
                    every_page(&catalogue, &query, limit),
                    expected,
                    "{sort:?} {direction:?} {limit}"
                );
            }
            let by_offset: Vec<_> = (0..all.len())
                .step_by(9)
                .flat_map(|offset| {
                    let page = Page::Offset { offset, limit: 9 };
                    let found = catalogue
                        .recalls(&ListQuery {
                            page,
                            ..query.clone()
                        })
                        .unwrap();
                    assert_eq!(found.total, all.len());
                    assert_eq!(found.next.is_some(), offset + 9 < all.len());
                    found
                        .items
                        .into_iter()
                        .map(|item| item.id.to_string())
                        .collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(by_offset, expected);
        }
    }
}

#[test]
fn what_comes_and_goes_while_somebody_pages_neither_repeats_nor_hides_anything() {
    let all = recalls();
    let (directory, first) = catalogue(&all);
    let query = list(Filters::default());
    let expected = sorted(&all, query.sort, query.direction);
    let page = Page::Offset {
        offset: 0,
        limit: 50,
    };
    let start = first
        .recalls(&ListQuery {
            page,
            ..query.clone()
        })
        .unwrap();
    let mut seen: Vec<String> = ids(&start).into_iter().map(str::to_owned).collect();
    let mut key = start.next.unwrap();

    // New ones before and after the place, in the same days as others, and the item at the place goes.
    let place: &Recall = all.iter().find(|r| r.id.as_str() == key.key).unwrap();
    let newcomers: Vec<_> = ["us-cpsc:a0", "us-fda:z9", "fr-rappelconso:a0"]
        .into_iter()
        .map(|id| Recall {
            published: place.published,
            ..recall(id)
        })
        .collect();
    extend(&directory, &newcomers);
    let removed = crate::search::writer::Batch {
        upserts: Vec::new(),
        removals: vec![place.id.clone()],
    };
    crate::search::writer::build::build(directory.path(), &removed, &[]).unwrap();
    let second = extend(&directory, &[]);

    loop {
        let page = Page::After { key, limit: 50 };
        let found = second
            .recalls(&ListQuery {
                page,
                ..query.clone()
            })
            .unwrap();
        seen.extend(ids(&found).into_iter().map(str::to_owned));
        match found.next {
            Some(next) => key = next,
            None => break,
        }
    }
    let distinct: HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "something was shown twice");
    let old: Vec<_> = seen
        .iter()
        .filter(|id| expected.contains(id))
        .cloned()
        .collect();
    assert_eq!(
        old, expected,
        "something that was there all along was left out"
    );
    assert!(
        seen.len() > old.len(),
        "a newcomer after the place was left out"
    );
}

#[test]
fn a_replaced_recall_stands_once_with_its_new_products() {
    let mut one = recall("us-cpsc:1");
    one.products = vec![product("Old Name"), product("Older Name")];
    let (directory, _) = catalogue(&[one.clone(), recall("us-cpsc:2")]);
    one.products = vec![product("New Name")];
    let after = extend(&directory, &[one]);
    assert_eq!(after.counts().unwrap(), (2, 2));
    let found = after
        .recalls(&ListQuery {
            text: Some("name".to_owned()),
            ..list(Filters::default())
        })
        .unwrap();
    assert_eq!(found.items[0].products[0].name, "New Name");
    assert_eq!((found.total, found.items[0].product_count), (1, 1));
}

#[test]
fn words_narrow_a_list_to_recalls_that_hold_them_all_and_noise_finds_nothing() {
    let (_directory, catalogue) = catalogue(&recalls());
    let total = |text: &str| {
        let query = ListQuery {
            text: Some(text.to_owned()),
            ..list(Filters::default())
        };
        catalogue.recalls(&query).unwrap().total
    };
    assert_eq!(total("pacifiers"), 11);
    assert_eq!(total("pacifier Kestrel-Baby"), 1);
    assert_eq!(total("pacifier zebra"), 0);
    assert_eq!(total("!!! …"), 0);
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

#[test]
fn pages_out_of_bounds_are_refused_and_an_empty_index_answers() {
    let (_directory, catalogue) = catalogue(&[]);
    let answer = |page| {
        catalogue.recalls(&ListQuery {
            page,
            ..list(Filters::default())
        })
    };
    assert!(matches!(
        answer(Page::Offset {
            offset: 0,
            limit: 0
        }),
        Err(QueryError::PageSize)
    ));
    assert!(matches!(
        answer(Page::Offset {
            offset: 0,
            limit: 101
        }),
        Err(QueryError::PageSize)
    ));
    assert!(matches!(
        answer(Page::Offset {
            offset: 9_901,
            limit: 100
        }),
        Err(QueryError::TooDeep)
    ));
    assert!(matches!(
        answer(Page::Offset {
            offset: usize::MAX,
            limit: 100
        }),
        Err(QueryError::TooDeep)
    ));
    let empty = answer(Page::Offset {
        offset: 9_900,
        limit: 100,
    })
    .unwrap();
    assert_eq!((empty.total, empty.items.len(), empty.next), (0, 0, None));
}

#[test]
fn a_summary_shows_five_products_and_shortens_long_texts() {
    let mut one = recall("us-cpsc:1");
    one.title = "é".repeat(400);
    one.products = (0..60).map(|n| product(&format!("Name {n}"))).collect();
    let (_directory, catalogue) = catalogue(&[one]);
    let found = catalogue.recalls(&list(Filters::default())).unwrap();
    let item = &found.items[0];
    assert_eq!((item.product_count, item.products.len()), (60, 5));
    assert_eq!(item.title, format!("{}…", "é".repeat(300)));
}

fn every_page(catalogue: &Catalogue, query: &ListQuery, limit: usize) -> Vec<String> {
    let mut page = Page::Offset { offset: 0, limit };
    let mut all = Vec::new();
    loop {
        let found = catalogue
            .recalls(&ListQuery {
                page,
                ..query.clone()
            })
            .unwrap();
        all.extend(ids(&found).into_iter().map(str::to_owned));
        match found.next {
            Some(key) => page = Page::After { key, limit },
            None => return all,
        }
    }
}

fn sorted(all: &[Recall], sort: RecallSort, direction: Direction) -> Vec<String> {
    let sign = if direction == Direction::Descending {
        -1
    } else {
        1
    };
    let day = |date: Date| i64::from((date - Date::ZERO).get_days());
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by_key(|r| match sort {
        RecallSort::Published => (sign * day(r.published), 0, r.id.clone()),
        RecallSort::Updated => (
            sign * day(r.updated.unwrap_or(r.published)),
            -day(r.published),
            r.id.clone(),
        ),
        RecallSort::Severity => {
            let rank = match r.severity.level {
                SeverityLevel::Serious => 3,
                SeverityLevel::Moderate => 2,
                SeverityLevel::Low => 1,
                SeverityLevel::Unknown => 0,
            };
            (sign * rank, -day(r.published), r.id.clone())
        }
        RecallSort::Id => (0, 0, r.id.clone()),
    });
    if sort == RecallSort::Id && direction == Direction::Descending {
        all.reverse();
    }
    all.into_iter().map(|r| r.id.to_string()).collect()
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
