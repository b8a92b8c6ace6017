//! Where captured and demo feeds lie, and how a test puts them through an adapter.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use babyshield::{
    domain::{
        agency::{Agency, AgencyKey},
        recall::Recall,
        window::Window,
    },
    feeds::{Adapter, FeedError, Page, PageRequest, Parsed, adapter},
};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns a folder of captured payloads, or says that the test is skipped.
pub(crate) fn captured(agency: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("BABYSHIELD_SHARED")
        .map_or_else(|| root().join("../shared"), PathBuf::from);
    let folder = shared.join("recall-samples").join(agency);
    if !folder.is_dir() {
        eprintln!(
            "skipped: no captured feeds of {agency} (BABYSHIELD_SHARED names the folder above them)"
        );
        return None;
    }
    Some(folder)
}

/// Returns a demo feed of the repository.
pub(crate) fn demo(name: &str) -> Vec<u8> {
    let path = root().join("local/demo").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns an agency's row and adapter.
pub(crate) fn feed(key: &str) -> (&'static Agency, &'static dyn Adapter) {
    let agency = key.parse::<AgencyKey>().unwrap().row();
    (agency, adapter(agency.family).unwrap())
}

/// Parses bodies as the pages of one window, each of the part it is named with.
pub(crate) fn parse(key: &str, bodies: &[(&str, &[u8])]) -> Result<Parsed, FeedError> {
    let (agency, adapter) = feed(key);
    let requests: Vec<PageRequest> = bodies
        .iter()
        .map(|(part, _)| {
            let part = agency.parts.iter().find(|row| row.name == *part).unwrap();
            adapter.first(part, Window::year(2024))
        })
        .collect();
    let pages: Vec<Page<'_>> = requests
        .iter()
        .zip(bodies)
        .map(|(request, (_, body))| Page { request, body })
        .collect();
    adapter.parse(agency, &pages)
}

/// Reads JSON that a test takes apart itself.
pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Counts identifiers by type and products by scope.
pub(crate) fn counts(recalls: &[Recall]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for product in recalls.iter().flat_map(|recall| &recall.products) {
        let scope = serde_json::to_value(product.scope).unwrap();
        *counts
            .entry(format!("scope {}", scope.as_str().unwrap()))
            .or_default() += 1;
        for identifier in &product.identifiers {
            let kind = serde_json::to_value(identifier).unwrap()["type"]
                .as_str()
                .unwrap()
                .to_owned();
            *counts.entry(kind).or_default() += 1;
        }
    }
    counts
}

/// Returns the recall with the identifier.
pub(crate) fn find<'a>(parsed: &'a Parsed, id: &str) -> &'a Recall {
    parsed
        .recalls
        .iter()
        .find(|recall| recall.id.as_str() == id)
        .unwrap_or_else(|| panic!("no {id}"))
}

/// Returns the identifiers of a recall's product in a short form.
pub(crate) fn identifiers(recall: &Recall, product: usize) -> Vec<String> {
    recall.products[product]
        .identifiers
        .iter()
        .map(|identifier| {
            let json = serde_json::to_value(identifier).unwrap();
            let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
            let value = if json["value"].is_string() {
                text("value")
            } else {
                format!("{}..{}", text("from"), text("to"))
            };
            format!("{} {value}", text("type"))
        })
        .collect()
}

/// What holds of every parsed window: ids differ and are sorted, products exist, texts are bounded
/// and clean, and the pages' order makes no difference.
pub(crate) fn check(key: &str, bodies: &[(&str, &[u8])]) -> Parsed {
    let parsed = parse(key, bodies).unwrap();
    assert!(
        parsed.recalls.windows(2).all(|two| two[0].id < two[1].id),
        "sorted and different"
    );
    for recall in &parsed.recalls {
        assert!(!recall.products.is_empty(), "{}", recall.id);
        let json = serde_json::to_string(recall).unwrap();
        assert!(
            !json.contains("\\u00") && !json.contains("\\n\\n") && !json.contains("&amp;"),
            "{}: {json}",
            recall.id
        );
        assert!(recall.title.chars().count() <= 300, "{}", recall.id);
        assert_eq!(serde_json::from_str::<Recall>(&json).unwrap(), *recall);
    }
    let mut reversed = bodies.to_vec();
    reversed.reverse();
    assert_eq!(parse(key, &reversed).unwrap().recalls, parsed.recalls);
    parsed
}
