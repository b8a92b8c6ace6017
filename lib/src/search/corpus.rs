//! Made-up recalls for the tests of this directory.

use jiff::{ToSpan, civil::Date};
use tantivy::Index;
use tempfile::TempDir;

use super::{
    query::Catalogue,
    schema::{Fields, tokenizers},
    writer::{Batch, build::build},
};
use crate::domain::{
    identifier::{Confidence, Identifier, Origin, Scope, Value},
    recall::{Recall, RecallProduct, Severity},
    vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
};

const AGENCIES: &[(&str, &str)] = &[
    ("us-cpsc", "US"),
    ("us-fda", "US"),
    ("fr-rappelconso", "FR"),
];
const BRANDS: &[&str] = &[
    "Nimbino",
    "Petit Nuage",
    "Tumble & Co",
    "Kestrel-Baby",
    "Ordonné",
    "Wigglewood",
    "Lumiko",
    "Brandvik",
    "Cloverhatch",
    "Sæby",
    "Mondello",
];
const THINGS: &[(&str, Category)] = &[
    ("Convertible Crib", Category::Sleep),
    ("Travel Stroller", Category::Strollers),
    ("Infant Car Seat", Category::CarSeats),
    ("Wooden High Chair", Category::Furniture),
    ("Silicone Pacifier", Category::Feeding),
    ("Teething Ring", Category::Feeding),
    ("Bath Thermometer", Category::BathAndCare),
    ("Organic Carrot Puree", Category::BabyFood),
    ("Stacking Blocks", Category::Toys),
    ("Musical Rattle", Category::Toys),
    ("Bicycle Helmet", Category::Sport),
    ("Hooded Pyjamas", Category::Clothing),
    ("Video Monitor", Category::Sleep),
    ("Electric Breast Pump", Category::Feeding),
    ("Folding Playpen", Category::Furniture),
    ("Mosquito Repellent", Category::Cosmetics),
    ("Nightlight Projector", Category::Household),
];

/// A recall with one product of no interest, to be changed by the test.
pub(super) fn recall(id: &str) -> Recall {
    let id: crate::domain::recall::RecallId = id.parse().unwrap();
    Recall {
        agency: id.agency(),
        source_id: id.as_str().split_once(':').unwrap().1.to_uppercase(),
        source_version: None,
        country: "US".to_owned(),
        language: "en".to_owned(),
        kind: RecallKind::Recall,
        title: "A notice".to_owned(),
        summary: None,
        hazard_text: None,
        hazards: Vec::new(),
        severity: Severity {
            authority: None,
            level: SeverityLevel::Unknown,
        },
        remedy_text: None,
        remedies: Vec::new(),
        published: Date::constant(2024, 1, 1),
        updated: None,
        ended: None,
        status: Status::Unknown,
        units: Vec::new(),
        sold: Vec::new(),
        incidents_text: None,
        firms: Vec::new(),
        images: Vec::new(),
        url: None,
        contact: None,
        related: Vec::new(),
        products: vec![product("Thing")],
        id,
    }
}

pub(super) fn product(name: &str) -> RecallProduct {
    RecallProduct {
        name: name.to_owned(),
        scope: Scope::Unknown,
        ..RecallProduct::default()
    }
}

pub(super) fn identifier(value: Value) -> Identifier {
    Identifier {
        value,
        origin: Origin::Field,
        confidence: Confidence::High,
    }
}

/// Some 190 products: every brand makes every thing, one recall each, spread over agencies, days and words.
pub(super) fn recalls() -> Vec<Recall> {
    let makers = BRANDS.iter().zip(0..);
    makers
        .flat_map(|(brand, b)| {
            THINGS
                .iter()
                .zip(0..)
                .map(move |(thing, t)| (brand, b, thing, t))
        })
        .map(|(brand, b, (thing, category), t)| {
            let n: usize = b * THINGS.len() + t;
            let (agency, country) = AGENCIES[n % AGENCIES.len()];
            let mut made = recall(&format!("{agency}:n{n:04}"));
            country.clone_into(&mut made.country);
            made.title = format!("{brand} recalls {thing}s");
            made.published = Date::constant(2023, 1, 1) + i32::try_from(n / 4).unwrap().days();
            made.updated = n.is_multiple_of(3).then(|| made.published + 30.days());
            made.hazards = vec![Hazard::ALL[n % Hazard::ALL.len()]];
            made.remedies = vec![Remedy::ALL[n % Remedy::ALL.len()]];
            made.severity.level = SeverityLevel::ALL[n % SeverityLevel::ALL.len()];
            made.status = Status::ALL[n % Status::ALL.len()];
            made.kind = RecallKind::ALL[n % RecallKind::ALL.len()];
            let product = &mut made.products[0];
            product.name = format!("{brand} {thing}");
            product.brands = vec![(*brand).to_owned()];
            product.category = Some(*category);
            product.models = vec![format!("{}-{n:03}X", &thing[..2].to_uppercase())];
            product.identifiers = vec![
                identifier(Value::Lot {
                    value: format!("L{n:05}"),
                }),
                identifier(Value::Gtin { value: gtin(n) }),
            ];
            made
        })
        .collect()
}

pub(super) fn gtin(n: usize) -> crate::domain::gtin::Gtin {
    let body = format!("{:012}", 400_000_000_000 + n);
    let check = char::from(crate::domain::gtin::check_digit(body.as_bytes()));
    format!("{body}{check}").parse().unwrap()
}

/// An index of these recalls, and the directory that goes with it.
pub(super) fn catalogue(recalls: &[Recall]) -> (TempDir, Catalogue) {
    let directory = TempDir::new().unwrap();
    let catalogue = extend(&directory, recalls);
    (directory, catalogue)
}

/// Adds recalls as one more generation of the same index.
pub(super) fn extend(directory: &TempDir, recalls: &[Recall]) -> Catalogue {
    let batch = Batch {
        upserts: recalls.iter().map(|recall| (recall.clone(), 1)).collect(),
        removals: Vec::new(),
    };
    build(directory.path(), &batch, &[]).unwrap();
    let mut index = Index::open_in_dir(directory.path()).unwrap();
    index.set_tokenizers(tokenizers());
    Catalogue::new(Fields::new(), index.reader().unwrap().searcher())
}
