use super::*;
use crate::{
    domain::{recall::Recall, vocabulary::Category},
    search::corpus::{self, catalogue, product, recall, recalls},
};

fn query(text: &str) -> ProductQuery {
    ProductQuery {
        text: text.to_owned(),
        filters: Filters::default(),
        sort: ProductSort::Relevance,
        direction: Direction::Descending,
        page: Page::Offset {
            offset: 0,
            limit: 20,
        },
    }
}

fn names(found: &Items<ProductSummary>) -> Vec<&str> {
    found.items.iter().map(|hit| hit.name.as_str()).collect()
}

/// One recall for each product name.
fn named(products: &[&str]) -> Vec<Recall> {
    let numbered = products.iter().zip(0..);
    numbered
        .map(|(name, n)| {
            let mut one = recall(&format!("us-cpsc:{n}"));
            one.products = vec![product(name)];
            one
        })
        .collect()
}

/// What was typed, and the product that must come first. Slips of every kind: a letter too many, too
/// few, another, two swapped; accents, case, punctuation, plurals, order, unfinished words.
const SLIPS: &[(&str, &str)] = &[
    ("nimbino convertable crib", "Nimbino Convertible Crib"),
    ("nimbino convertible crbi", "Nimbino Convertible Crib"),
    ("nimbno convertible crib", "Nimbino Convertible Crib"),
    ("lumiko travle stroller", "Lumiko Travel Stroller"),
    ("lumiko travel strolller", "Lumiko Travel Stroller"),
    ("lumiko travel stroler", "Lumiko Travel Stroller"),
    ("lumiko travel stoller", "Lumiko Travel Stroller"),
    ("lumkio travel strollers", "Lumiko Travel Stroller"),
    ("wiglewood pacifer", "Wigglewood Silicone Pacifier"),
    (
        "wigglewood silicon pacifier",
        "Wigglewood Silicone Pacifier",
    ),
    ("wigglewod pasifier", "Wigglewood Silicone Pacifier"),
    ("brandvik thermomter", "Brandvik Bath Thermometer"),
    ("brandvik bath termometer", "Brandvik Bath Thermometer"),
    ("brandvik thermometre", "Brandvik Bath Thermometer"),
    ("brandwik bath", "Brandvik Bath Thermometer"),
    (
        "petit nuage caort puree",
        "Petit Nuage Organic Carrot Puree",
    ),
    (
        "petit nauge organic purée",
        "Petit Nuage Organic Carrot Puree",
    ),
    ("PETIT NUAGE carott", "Petit Nuage Organic Carrot Puree"),
    ("ordonne helmet", "Ordonné Bicycle Helmet"),
    ("ordoné bycicle", "Ordonné Bicycle Helmet"),
    ("ORDONNÉ bicylce helmt", "Ordonné Bicycle Helmet"),
    ("saeby monitr", "Sæby Video Monitor"),
    ("sæby vidoe monitor", "Sæby Video Monitor"),
    ("sæby moniter", "Sæby Video Monitor"),
    ("tumble co musicl rattle", "Tumble & Co Musical Rattle"),
    ("tumbel co rattel", "Tumble & Co Musical Rattle"),
    ("kestrel baby stackng block", "Kestrel-Baby Stacking Blocks"),
    ("kestrelbaby blocks", "Kestrel-Baby Stacking Blocks"),
    ("kesterl-baby stacking", "Kestrel-Baby Stacking Blocks"),
    (
        "cloverhatch eletric pump",
        "Cloverhatch Electric Breast Pump",
    ),
    ("cloverhach breast pump", "Cloverhatch Electric Breast Pump"),
    ("cloverhatch brest pump", "Cloverhatch Electric Breast Pump"),
    ("mondelo playpen", "Mondello Folding Playpen"),
    ("mondello fodling playpne", "Mondello Folding Playpen"),
    ("mondello mosqito repelent", "Mondello Mosquito Repellent"),
    ("mondello misquito", "Mondello Mosquito Repellent"),
    ("lumiko nightligth projecter", "Lumiko Nightlight Projector"),
    ("lumiko nihgtlight", "Lumiko Nightlight Projector"),
    ("pijamas nimbino", "Nimbino Hooded Pyjamas"),
    ("projector lum", "Lumiko Nightlight Projector"),
];

#[test]
fn forty_slips_of_the_finger_find_what_was_meant() {
    let (_directory, catalogue) = catalogue(&recalls());
    let mut missed = Vec::new();
    for (typed, meant) in SLIPS {
        let (found, matched) = catalogue.products(&query(typed)).unwrap();
        if names(&found).first() != Some(meant) {
            missed.push((
                typed,
                meant,
                names(&found).first().map(ToString::to_string),
                matched,
            ));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_word_as_typed_stands_before_a_longer_one_and_slips_are_not_tried_when_something_fits() {
    let (_directory, catalogue) = catalogue(&named(&["Cart Deluxe", "Carton", "Cars", "Card"]));
    let (found, matched) = catalogue.products(&query("cart")).unwrap();
    assert_eq!(names(&found), ["Cart Deluxe", "Carton"]);
    assert_eq!(matched, Matched::AllWords);
    let (found, matched) = catalogue.products(&query("carz")).unwrap();
    assert_eq!(matched, Matched::WithSlips);
    assert_eq!(names(&found), ["Cars", "Card", "Cart Deluxe"]);
}

#[test]
fn one_slip_stands_before_two_and_short_words_are_taken_as_they_are() {
    let (_directory, catalogue) = catalogue(&named(&["Pushchair", "Pushchiars", "Crib", "Cot"]));
    let (found, _) = catalogue.products(&query("pushchxir")).unwrap();
    assert_eq!(names(&found), ["Pushchair", "Pushchiars"]);
    assert_eq!(catalogue.products(&query("cit")).unwrap().0.total, 0);
    assert_eq!(
        catalogue.products(&query("crbi")).unwrap().0.total,
        1,
        "two letters swapped are one slip"
    );
}

#[test]
fn name_stands_before_brand_before_category_before_the_rest() {
    let mut all = named(&["One", "Two", "Three", "Four Zebra"]);
    all[0].title = "Zebra".to_owned();
    all[1].products[0].category_text = Some("zebra".to_owned());
    all[2].products[0].brands = vec!["Zebra".to_owned()];
    let (_directory, catalogue) = catalogue(&all);
    let (found, _) = catalogue.products(&query("zebra")).unwrap();
    assert_eq!(names(&found), ["Four Zebra", "Three", "Two", "One"]);
}

#[test]
fn equals_stand_by_shorter_name_then_newer_publication_then_identifier() {
    let mut all = named(&["Swing with Canopy", "Swing", "Swing", "Swing"]);
    all[2].published = all[1].published.tomorrow().unwrap();
    let (_directory, catalogue) = catalogue(&all);
    let (found, _) = catalogue.products(&query("swing")).unwrap();
    let order: Vec<_> = found
        .items
        .iter()
        .map(|hit| hit.recall_id.as_str())
        .collect();
    assert_eq!(order, ["us-cpsc:2", "us-cpsc:1", "us-cpsc:3", "us-cpsc:0"]);
}

#[test]
fn identifiers_come_first_in_any_spelling_and_are_never_fuzzed() {
    let mut all = named(&[
        "Sheep SM-200 compatible with SM-100 bags",
        "Soother",
        "Other",
        "NS-RGFGSS1 Grill",
    ]);
    all[1].products[0].models = vec!["SM-100".to_owned()];
    all[2].products[0].models = vec!["SM-200".to_owned()];
    let (_directory, catalogue) = catalogue(&all);
    for typed in ["SM-100", "sm100", "sm 100", " Sm/100 "] {
        let (found, matched) = catalogue.products(&query(typed)).unwrap();
        assert_eq!(names(&found)[0], "Soother", "{typed}");
        assert!(!names(&found).contains(&"Other"), "{typed}");
        assert_eq!(matched, Matched::AllWords);
    }
    assert_eq!(catalogue.products(&query("SM-300")).unwrap().0.total, 0);
    for typed in ["NS-RGFGSS1", "nsrgfgss1", "ns rgfgss1"] {
        assert_eq!(
            names(&catalogue.products(&query(typed)).unwrap().0),
            ["NS-RGFGSS1 Grill"],
            "{typed}"
        );
    }
}

#[test]
fn gtins_and_recall_numbers_typed_as_text_find_their_product() {
    let (_directory, catalogue) = catalogue(&recalls());
    let gtin = corpus::gtin(33).to_string();
    let spaced = format!("{} {}", &gtin[1..7], &gtin[7..]);
    for typed in [
        gtin.as_str(),
        &gtin[1..],
        &spaced,
        "N0033",
        "us-cpsc:n0033",
        "L00033",
    ] {
        let (found, _) = catalogue.products(&query(typed)).unwrap();
        assert_eq!(
            found.items[0].recall_id.as_str(),
            "us-cpsc:n0033",
            "{typed}"
        );
    }
}

#[test]
fn when_no_product_has_all_words_those_with_most_are_shown_and_it_is_said() {
    let (_directory, catalogue) = catalogue(&recalls());
    let (found, matched) = catalogue
        .products(&query("lumiko travel stroller purplezz"))
        .unwrap();
    assert_eq!(
        (names(&found), matched),
        (vec!["Lumiko Travel Stroller"], Matched::MostWords)
    );
    let (found, matched) = catalogue
        .products(&query("lumiko travel stroller purplezz quux frobnik"))
        .unwrap();
    assert_eq!(
        (found.total, matched),
        (0, Matched::Nothing),
        "three of six are not most"
    );
}

#[test]
fn noise_finds_nothing_and_no_text_breaks_anything() {
    let (_directory, catalogue) = catalogue(&recalls());
    for noise in [
        "!!!",
        "™ ®",
        "\u{0}\u{1}\u{2}",
        "xqzzvk",
        "🍼🍼",
        "\u{202e}",
        "-",
        "'",
        "zz top qqqq",
    ] {
        let (found, matched) = catalogue.products(&query(noise)).unwrap();
        assert_eq!((found.total, matched), (0, Matched::Nothing), "{noise:?}");
    }
    // What a query language would read as syntax is read as text.
    for text in [
        "name:crib",
        "crib AND NOT x",
        "crib*",
        "\"crib",
        "crib~9",
        "[a TO z]",
        "(((crib",
        "crib^9",
        "+crib -crib",
    ] {
        catalogue.products(&query(text)).unwrap();
    }
    assert_eq!(
        catalogue.products(&query("\"crib\"~2")).unwrap().1,
        Matched::MostWords
    );
}

#[test]
fn text_past_its_bounds_is_refused() {
    let (_directory, catalogue) = catalogue(&recalls());
    let refused = |text: &str| catalogue.products(&query(text)).unwrap_err();
    assert!(matches!(refused(&"é".repeat(201)), QueryError::TextTooLong));
    assert!(matches!(
        refused(&"ab ".repeat(17)),
        QueryError::TooManyWords
    ));
    assert!(matches!(
        refused(&"x".repeat(10_000)),
        QueryError::TextTooLong
    ));
    catalogue.products(&query(&"é".repeat(200))).unwrap();
    catalogue.products(&query(&"ab ".repeat(16))).unwrap();
}

#[test]
fn no_text_lists_what_the_filters_leave_newest_first() {
    let (_directory, catalogue) = catalogue(&recalls());
    let filters = Filters {
        category: vec![Category::Toys],
        ..Filters::default()
    };
    let narrowed = |text: &str| ProductQuery {
        filters: filters.clone(),
        ..query(text)
    };
    let (found, matched) = catalogue.products(&narrowed("  ")).unwrap();
    assert_eq!((found.total, matched), (22, Matched::Filters));
    assert!(
        found
            .items
            .is_sorted_by(|one, next| one.published >= next.published)
    );
    let (found, _) = catalogue.products(&narrowed("lumiko")).unwrap();
    assert_eq!(
        names(&found),
        ["Lumiko Stacking Blocks", "Lumiko Musical Rattle"]
    );
}

#[test]
fn hits_are_paged_by_key_in_the_order_of_relevance_each_product_once() {
    let mut all = recalls();
    // One recall of many products, to fill pages of its own.
    all[0].products = (0..60)
        .map(|n| product(&format!("Baby Stroller {n}")))
        .collect();
    let (_directory, catalogue) = catalogue(&all);
    for (text, sort) in [
        ("stroller", ProductSort::Relevance),
        ("strolelr", ProductSort::Relevance),
        ("stroller", ProductSort::Published),
        ("", ProductSort::Published),
    ] {
        let whole = ProductQuery {
            sort,
            ..query(text)
        };
        let page = |page| {
            catalogue
                .products(&ProductQuery {
                    page,
                    ..whole.clone()
                })
                .unwrap()
                .0
        };
        let mut offsets = Vec::new();
        while let Some(more) = Some(page(Page::Offset {
            offset: offsets.len(),
            limit: 13,
        }))
        .filter(|p| !p.items.is_empty())
        {
            offsets.extend(more.items);
        }
        let mut keyed = page(Page::Offset {
            offset: 0,
            limit: 13,
        });
        assert_eq!(keyed.total, offsets.len());
        let mut all = std::mem::take(&mut keyed.items);
        while let Some(key) = keyed.next {
            keyed = page(Page::After { key, limit: 13 });
            all.append(&mut keyed.items);
        }
        assert_eq!(all, offsets, "{text}");
        let mut places: Vec<_> = all
            .iter()
            .map(|hit| (hit.recall_id.clone(), hit.position))
            .collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), all.len());
    }
}

#[test]
fn the_order_does_not_depend_on_how_documents_lie_in_segments() {
    let all = recalls();
    let (_one, together) = catalogue(&all);
    let (several, _) = catalogue(&[]);
    for some in all.chunks(17) {
        corpus::extend(&several, some);
    }
    // Replacing leaves deletions behind, which must not count either.
    corpus::extend(&several, &all[..40]);
    let apart = corpus::extend(&several, &all[20..90]);
    for text in ["baby", "stroler", "lumiko", "silicone zzz pacifier", ""] {
        let whole = ProductQuery {
            page: Page::Offset {
                offset: 0,
                limit: 100,
            },
            ..query(text)
        };
        assert_eq!(
            together.products(&whole).unwrap(),
            apart.products(&whole).unwrap(),
            "{text}"
        );
    }
}
