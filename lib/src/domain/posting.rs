//! What a scan needs about one recall to decide without reading the recall itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    gtin::Gtin,
    identifier::{Confidence, Identifier, Scope, Value},
    normalise,
    recall::{Recall, RecallId, RecallProduct, Severity},
    vocabulary::{Hazard, RecallKind, Remedy, Status},
};

/// The most characters of a title or of a product's name, the mark of the cut included.
const MAX_TITLE: usize = 200;
/// The most limits that a product brings along.
const MAX_LIMITS: usize = 100;
/// The most bytes of JSON that the limits of one product take.
const MAX_LIMIT_BYTES: usize = 3_000;
/// The most bytes of JSON that all limits of one posting take, so that a posting stays a cheap read.
const MAX_POSTING_BYTES: usize = 12_000;
/// The most products of one recall under one key; the rest is told of by one that stands for them.
const MAX_PRODUCTS: usize = 16;
/// The most brands of a product.
const MAX_BRANDS: usize = 5;

/// What a posting is filed under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "by", content = "value", rename_all = "snake_case")]
pub enum PostingKey {
    /// A GTIN.
    Gtin(Gtin),
    /// A model number in the form of [`normalise::model`], or in that of
    /// [`normalise::look_alike_model`], in which misread characters, dots and slashes are forgiven.
    Model(String),
}

/// One recall as it is filed under one key: a summary for the answer and the products that carry the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Posting {
    /// The recall.
    pub recall: RecallId,
    /// The version of the recall that this was made from, from 1.
    pub version: u32,
    /// The recall's title, at most 200 characters.
    pub title: String,
    /// The notice on the authority's site.
    pub url: Option<String>,
    /// When it was published.
    pub published: Date,
    /// What kind of notice it is.
    pub kind: RecallKind,
    /// Whether it still runs.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// What can happen.
    pub hazards: Vec<Hazard>,
    /// What the owner is offered.
    pub remedies: Vec<Remedy>,
    /// The products of the recall that carry the key, at least one.
    pub products: Vec<PostedProduct>,
}

/// One recalled product as it stands in a posting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostedProduct {
    /// The name.
    pub name: String,
    /// Brands, as written.
    pub brands: Vec<String>,
    /// How far the key itself can be trusted to be this product's.
    pub trust: Confidence,
    /// How much of the product is covered.
    pub scope: Scope,
    /// Lots, serials, dates and models that limit it; GTINs left out.
    pub limits: Vec<Identifier>,
    /// Whether limits were left out here for want of room, so that the recall itself must be read.
    pub shortened: bool,
}

/// Returns what the recall is filed under: one posting for each GTIN of its products and for each
/// model number that is particular enough ([`normalise::is_usable_model`]) and no guess, the latter
/// also under the form in which misread characters are forgiven.
///
/// Postings are bounded: at most 16 products, 100 limits and 3 kB of them for each product, 12 kB
/// in all. What was cut says so, and never counts as a complete list.
pub fn postings(recall: &Recall, version: u32) -> BTreeMap<PostingKey, Posting> {
    let mut filed: BTreeMap<PostingKey, Posting> = BTreeMap::new();
    for (key, carriers) in carriers(recall) {
        let mut room = MAX_POSTING_BYTES;
        let mut products: Vec<PostedProduct> = carriers
            .iter()
            .take(MAX_PRODUCTS)
            .map(|(product, trust)| posted(product, *trust, Some(&mut room)))
            .collect();
        if carriers.len() > MAX_PRODUCTS {
            products.push(further(&carriers[MAX_PRODUCTS..]));
        }
        let posting = summary(recall, version, products);
        filed.insert(key, posting);
    }
    filed
}

/// Returns the posting under one key with nothing cut, or nothing when the recall does not carry
/// the key: what to judge by when a posting was shortened.
pub fn posting_in_full(recall: &Recall, version: u32, key: &PostingKey) -> Option<Posting> {
    let carriers = carriers(recall).remove(key)?;
    let products = carriers
        .iter()
        .map(|(product, trust)| posted(product, *trust, None))
        .collect();
    Some(summary(recall, version, products))
}

type Carriers<'a> = Vec<(&'a RecallProduct, Confidence)>;

/// Returns the products under each key, each once, with the better trust where a key stands twice.
fn carriers(recall: &Recall) -> BTreeMap<PostingKey, Carriers<'_>> {
    let mut found: BTreeMap<PostingKey, Carriers<'_>> = BTreeMap::new();
    for product in &recall.products {
        let mut keys: BTreeMap<PostingKey, Confidence> = BTreeMap::new();
        for identifier in &product.identifiers {
            for key in keys_of(identifier) {
                let trust = keys.entry(key).or_insert(identifier.confidence);
                *trust = (*trust).max(identifier.confidence);
            }
        }
        for (key, trust) in keys {
            found.entry(key).or_default().push((product, trust));
        }
    }
    found
}

fn keys_of(identifier: &Identifier) -> Vec<PostingKey> {
    match &identifier.value {
        Value::Gtin { value } => vec![PostingKey::Gtin(*value)],
        Value::Model { value } if identifier.confidence >= Confidence::Medium => {
            let model = normalise::model(value);
            if !normalise::is_usable_model(&model) {
                return Vec::new();
            }
            let alike = normalise::look_alike_model(value).filter(|alike| *alike != model);
            let forms = std::iter::once(model).chain(alike);
            forms.map(PostingKey::Model).collect()
        }
        _ => Vec::new(),
    }
}

fn summary(recall: &Recall, version: u32, products: Vec<PostedProduct>) -> Posting {
    Posting {
        recall: recall.id.clone(),
        version,
        title: cut(&recall.title, MAX_TITLE),
        url: recall.url.clone().filter(|url| url.len() <= 2_000),
        published: recall.published,
        kind: recall.kind,
        status: recall.status,
        severity: Severity {
            authority: recall
                .severity
                .authority
                .as_deref()
                .map(|word| cut(word, 100)),
            level: recall.severity.level,
        },
        hazards: recall.hazards.clone(),
        remedies: recall.remedies.clone(),
        products,
    }
}

/// Returns the product with its limits, as many as there is room for; no room given means all.
fn posted(product: &RecallProduct, trust: Confidence, room: Option<&mut usize>) -> PostedProduct {
    let wanted = limits(product);
    let (limits, shortened) = match room {
        None => (wanted, false),
        Some(room) => {
            let mut taken = Vec::new();
            let mut left = MAX_LIMIT_BYTES.min(*room);
            let all = wanted.len();
            for limit in kinds_first(wanted).into_iter().take(MAX_LIMITS) {
                let size = serde_json::to_vec(&limit).map_or(usize::MAX, |json| json.len() + 1);
                if size <= left {
                    left -= size;
                    *room -= size;
                    taken.push(limit);
                }
            }
            let shortened = taken.len() < all;
            (taken, shortened)
        }
    };
    PostedProduct {
        name: cut(&product.name, MAX_TITLE),
        brands: product
            .brands
            .iter()
            .take(MAX_BRANDS)
            .map(|brand| cut(brand, 100))
            .collect(),
        trust,
        scope: product.scope,
        limits,
        shortened,
    }
}

/// Stands for the products that there is no room for. Of a product that is wholly covered no limit
/// is lost; of any other nobody may say from here that an item is outside.
fn further(rest: &[(&RecallProduct, Confidence)]) -> PostedProduct {
    let covered = rest
        .iter()
        .any(|(product, _)| product.scope == Scope::AllUnits);
    PostedProduct {
        name: format!("{} further products of the same notice", rest.len()),
        brands: Vec::new(),
        trust: rest
            .iter()
            .map(|(_, trust)| *trust)
            .max()
            .unwrap_or(Confidence::Low),
        scope: if covered {
            Scope::AllUnits
        } else {
            Scope::PartlyListed
        },
        limits: Vec::new(),
        shortened: !covered,
    }
}

/// Returns what limits the product, each once, in the order of the notice.
fn limits(product: &RecallProduct) -> Vec<Identifier> {
    let mut seen = BTreeSet::new();
    product
        .identifiers
        .iter()
        .filter(|identifier| {
            !matches!(
                identifier.value,
                Value::Gtin { .. }
                    | Value::UpcRaw { .. }
                    | Value::Certificate { .. }
                    | Value::ListingId { .. }
            )
        })
        .filter(|identifier| seen.insert((*identifier).clone()))
        .cloned()
        .collect()
}

/// Puts the first of each kind in front, so that what is cut leaves every kind to ask for.
fn kinds_first(limits: Vec<Identifier>) -> Vec<Identifier> {
    let mut seen = Vec::new();
    let (mut first, rest): (Vec<_>, Vec<_>) = limits.into_iter().partition(|limit| {
        let kind = std::mem::discriminant(&limit.value);
        let is_new = !seen.contains(&kind);
        seen.push(kind);
        is_new
    });
    first.extend(rest);
    first
}

/// Cuts a text to so many characters, the mark of the cut included.
fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars()
        .take(characters - 1)
        .chain(std::iter::once('…'))
        .collect()
}

#[cfg(test)]
mod tests;
