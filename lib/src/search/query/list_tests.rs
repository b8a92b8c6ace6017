use std::collections::HashSet;

use jiff::civil::Date;

use super::*;
use crate::{
    domain::{recall::Recall, vocabulary::SeverityLevel},
    search::corpus::{catalogue, extend, product, recall, recalls},
};

pub(super) fn list(filters: Filters) -> ListQuery {
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

pub(super) fn ids(found: &Items<RecallSummary>) -> Vec<&str> {
    found.items.iter().map(|item| item.id.as_str()).collect()
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

pub(super) fn every_page(catalogue: &Catalogue, query: &ListQuery, limit: usize) -> Vec<String> {
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
