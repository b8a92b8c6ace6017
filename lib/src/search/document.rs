//! A recall as documents of the index: one for the whole, one for each of its products.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tantivy::{TantivyDocument, schema::Field};

use super::{
    schema::{Fields, PRODUCT, RECALL},
    words::{normal_codes, normal_name, words},
};
use crate::domain::{
    agency::AgencyKey,
    gtin::Gtin,
    identifier::{Scope, Value},
    recall::{Recall, RecallId, RecallProduct, Severity},
    vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
};

/// How many products, brands, models or GTINs a summary names; the record has them all.
const SHOWN: usize = 5;
/// The longest text in a summary, in characters.
const SHOWN_CHARS: usize = 300;
/// The longest description that is indexed, in characters.
const INDEXED_CHARS: usize = 4000;

/// What a list of recalls shows of one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecallSummary {
    /// Our identifier.
    pub id: RecallId,
    /// The version of the record that this was made from, from 1.
    pub version: u32,
    /// The agency.
    pub agency: AgencyKey,
    /// The authority's own number.
    pub source_id: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// BCP 47 language of the texts.
    pub language: String,
    /// What kind of notice it is.
    pub kind: RecallKind,
    /// The title, shortened to 300 characters.
    pub title: String,
    /// The notice on the authority's site.
    pub url: Option<String>,
    /// The first picture.
    pub image: Option<String>,
    /// When it was published.
    pub published: Date,
    /// When the authority last changed it.
    pub updated: Option<Date>,
    /// When it ended.
    pub ended: Option<Date>,
    /// Whether it still runs.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// What can happen.
    pub hazards: Vec<Hazard>,
    /// What the owner is offered.
    pub remedies: Vec<Remedy>,
    /// How many products it covers.
    pub product_count: usize,
    /// The first five of them.
    pub products: Vec<ProductName>,
}

/// The name of one product of a recall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductName {
    /// The name, shortened to 300 characters.
    pub name: String,
    /// Up to five brands, as written.
    pub brands: Vec<String>,
    /// Our category.
    pub category: Option<Category>,
}

/// What a search shows of one recalled product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductSummary {
    /// The recall.
    pub recall_id: RecallId,
    /// The product's place in the recall, from 1.
    pub position: usize,
    /// The name, shortened to 300 characters.
    pub name: String,
    /// Up to five brands, as written.
    pub brands: Vec<String>,
    /// Up to five models, as written.
    pub models: Vec<String>,
    /// Up to five GTINs.
    pub gtins: Vec<Gtin>,
    /// Our category.
    pub category: Option<Category>,
    /// How much of the product is covered.
    pub scope: Scope,
    /// The agency.
    pub agency: AgencyKey,
    /// The authority's own number of the recall.
    pub source_id: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// BCP 47 language of the texts.
    pub language: String,
    /// What kind of notice it is.
    pub kind: RecallKind,
    /// The recall's title, shortened to 300 characters.
    pub title: String,
    /// The notice on the authority's site.
    pub url: Option<String>,
    /// The recall's first picture.
    pub image: Option<String>,
    /// When the recall was published.
    pub published: Date,
    /// When the authority last changed it.
    pub updated: Option<Date>,
    /// Whether it still runs.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// What can happen.
    pub hazards: Vec<Hazard>,
    /// What the owner is offered.
    pub remedies: Vec<Remedy>,
}

/// Returns every document of a recall, the one for the whole first.
pub(super) fn documents(fields: &Fields, recall: &Recall, version: u32) -> Vec<TantivyDocument> {
    let products = recall.products.iter().zip(1..);
    std::iter::once(whole(fields, recall, version))
        .chain(products.map(|(product, position)| one_product(fields, recall, product, position)))
        .collect()
}

/// Returns the days since 1970-01-01.
pub(super) fn days(date: Date) -> i64 {
    i64::from((date - Date::constant(1970, 1, 1)).get_days())
}

/// Returns the place on the scale by which lists are sorted.
pub(super) fn severity_rank(level: SeverityLevel) -> i64 {
    match level {
        SeverityLevel::Serious => 3,
        SeverityLevel::Moderate => 2,
        SeverityLevel::Low => 1,
        SeverityLevel::Unknown => 0,
    }
}

fn whole(fields: &Fields, recall: &Recall, version: u32) -> TantivyDocument {
    let products: Vec<_> = recall.products.iter().collect();
    let mut document = common(fields, recall, RECALL, recall.id.as_str(), &products);
    document.add_text(fields.recall_text, &recall.title);
    for product in &recall.products {
        let texts = [&product.name].into_iter();
        for text in texts.chain(&product.brands).chain(&product.models) {
            document.add_text(fields.recall_text, text);
        }
    }
    let summary = RecallSummary {
        id: recall.id.clone(),
        version,
        agency: recall.agency,
        source_id: recall.source_id.clone(),
        country: recall.country.clone(),
        language: recall.language.clone(),
        kind: recall.kind,
        title: short(&recall.title, SHOWN_CHARS),
        url: recall.url.clone(),
        image: recall.images.first().cloned(),
        published: recall.published,
        updated: recall.updated,
        ended: recall.ended,
        status: recall.status,
        severity: recall.severity.clone(),
        hazards: recall.hazards.clone(),
        remedies: recall.remedies.clone(),
        product_count: recall.products.len(),
        products: recall
            .products
            .iter()
            .take(SHOWN)
            .map(|product| ProductName {
                name: short(&product.name, SHOWN_CHARS),
                brands: first(&product.brands),
                category: product.category,
            })
            .collect(),
    };
    store(fields, &mut document, &summary);
    document
}

fn one_product(
    fields: &Fields,
    recall: &Recall,
    product: &RecallProduct,
    position: usize,
) -> TantivyDocument {
    let key = format!("{}#{position:06}", recall.id);
    let mut document = common(fields, recall, PRODUCT, &key, &[product]);
    let name_words = words(&product.name).len();
    document.add_i64(
        fields.name_words,
        i64::try_from(name_words).unwrap_or(i64::MAX),
    );
    document.add_text(fields.name, &product.name);
    for brand in &product.brands {
        document.add_text(fields.brand_text, brand);
    }
    let mut gtins = Vec::new();
    for model in &product.models {
        document.add_text(fields.model, model);
    }
    for identifier in &product.identifiers {
        match &identifier.value {
            Value::Model { value } if !product.models.contains(value) => {
                document.add_text(fields.model, value);
            }
            Value::Gtin { value } if !gtins.contains(value) => gtins.push(*value),
            _ => {}
        }
    }
    if let Some(category) = product.category {
        document.add_text(fields.category_text, category.as_str().replace('_', " "));
    }
    if let Some(category) = &product.category_text {
        document.add_text(fields.category_text, category);
    }
    document.add_text(fields.more, &recall.title);
    if let Some(description) = &product.description {
        document.add_text(fields.more, short(description, INDEXED_CHARS));
    }
    for firm in &recall.firms {
        document.add_text(fields.more, &firm.name);
    }
    gtins.truncate(SHOWN);
    let summary = ProductSummary {
        recall_id: recall.id.clone(),
        position,
        name: short(&product.name, SHOWN_CHARS),
        brands: first(&product.brands),
        models: first(&product.models),
        gtins,
        category: product.category,
        scope: product.scope,
        agency: recall.agency,
        source_id: recall.source_id.clone(),
        country: recall.country.clone(),
        language: recall.language.clone(),
        kind: recall.kind,
        title: short(&recall.title, SHOWN_CHARS),
        url: recall.url.clone(),
        image: recall.images.first().cloned(),
        published: recall.published,
        updated: recall.updated,
        status: recall.status,
        severity: recall.severity.clone(),
        hazards: recall.hazards.clone(),
        remedies: recall.remedies.clone(),
    };
    store(fields, &mut document, &summary);
    document
}

/// What both kinds of document are filtered and sorted by.
fn common(
    fields: &Fields,
    recall: &Recall,
    kind: &str,
    key: &str,
    products: &[&RecallProduct],
) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    let one = |field: Field, word: &str, document: &mut TantivyDocument| {
        document.add_text(field, word);
    };
    one(fields.kind_of_document, kind, &mut document);
    one(fields.recall_id, recall.id.as_str(), &mut document);
    one(fields.key, key, &mut document);
    one(fields.agency, recall.agency.as_str(), &mut document);
    one(
        fields.country,
        &recall.country.to_ascii_uppercase(),
        &mut document,
    );
    one(
        fields.severity,
        recall.severity.level.as_str(),
        &mut document,
    );
    one(fields.status, recall.status.as_str(), &mut document);
    one(fields.kind, recall.kind.as_str(), &mut document);
    for hazard in &recall.hazards {
        one(fields.hazard, hazard.as_str(), &mut document);
    }
    for remedy in &recall.remedies {
        one(fields.remedy, remedy.as_str(), &mut document);
    }
    let mut categories: Vec<_> = products.iter().filter_map(|p| p.category).collect();
    categories.sort_unstable();
    categories.dedup();
    for category in categories {
        one(fields.category, category.as_str(), &mut document);
    }
    let brands = products.iter().flat_map(|product| &product.brands);
    for brand in distinct(brands.map(|brand| normal_name(brand))) {
        one(fields.brand, &brand, &mut document);
    }
    for code in identifiers(recall, products) {
        one(fields.identifier, &code, &mut document);
    }
    document.add_i64(fields.published, days(recall.published));
    document.add_i64(
        fields.updated,
        days(recall.updated.unwrap_or(recall.published)),
    );
    document.add_i64(fields.severity_rank, severity_rank(recall.severity.level));
    document
}

/// Every normal form of every identifier: numbers, codes, both ends of spans.
fn identifiers(recall: &Recall, products: &[&RecallProduct]) -> Vec<String> {
    let mut texts: Vec<&str> = vec![recall.id.as_str(), &recall.source_id];
    if let Some((_, slug)) = recall.id.as_str().split_once(':') {
        texts.push(slug);
    }
    for product in products {
        texts.extend(product.models.iter().map(String::as_str));
        texts.extend(product.line.as_ref().map(|line| line.number.as_str()));
        for identifier in &product.identifiers {
            match &identifier.value {
                Value::Gtin { value } => texts.push(value.as_str()),
                Value::UpcRaw { value }
                | Value::Model { value }
                | Value::ModelPrefix { value }
                | Value::Lot { value }
                | Value::Serial { value }
                | Value::Certificate { value }
                | Value::ListingId { value } => texts.push(value),
                Value::LotRange { from, to } | Value::SerialRange { from, to } => {
                    texts.extend([from.as_str(), to.as_str()]);
                }
                Value::DateMark { .. } | Value::ProductionWindow { .. } => {}
            }
        }
    }
    distinct(texts.into_iter().flat_map(normal_codes))
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn store(fields: &Fields, document: &mut TantivyDocument, summary: &impl Serialize) {
    let json = serde_json::to_vec(summary).expect("a summary has only string keys");
    document.add_bytes(fields.summary, &json);
}

fn first(texts: &[String]) -> Vec<String> {
    texts
        .iter()
        .take(SHOWN)
        .map(|text| short(text, SHOWN_CHARS))
        .collect()
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
