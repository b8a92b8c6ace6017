//! A recall as clients see it.

use babyshield::{
    domain::{
        identifier::{Identifier, Scope},
        recall::{Firm, Recall, RecallProduct, Related, Severity, Sold, SourceLine, Units},
        vocabulary::{Category, Hazard, RecallKind, Remedy, Status},
    },
    stores::recalls::{StoredRecall, StoredVersion, VersionRow},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A recall, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecallView {
    /// Our identifier.
    #[schema(examples("us-cpsc:24113"))]
    id: String,
    /// The agency's key.
    #[schema(examples("us-cpsc"))]
    agency: &'static str,
    /// The agency's name.
    agency_name: &'static str,
    /// The authority's own number, verbatim.
    source_id: String,
    /// The authority's version of the notice, where it counts them.
    source_version: Option<u32>,
    /// ISO 3166-1 alpha-2; `EU` for the European Union.
    country: String,
    /// BCP 47 language of the texts.
    language: String,
    /// What kind of notice it is.
    kind: RecallKind,
    /// Whether it still runs.
    status: Status,
    /// The title.
    title: String,
    /// The authority's description.
    summary: Option<String>,
    /// The hazard in the authority's words.
    hazard_text: Option<String>,
    /// The hazard in ours.
    hazards: Vec<Hazard>,
    /// How bad it is.
    severity: Severity,
    /// The remedy in the authority's words.
    remedy_text: Option<String>,
    /// The remedy in ours.
    remedies: Vec<Remedy>,
    /// When it was published (a day).
    #[schema(value_type = String, format = Date)]
    published: jiff::civil::Date,
    /// When the authority last changed it (a day).
    #[schema(value_type = Option<String>, format = Date)]
    updated: Option<jiff::civil::Date>,
    /// When it ended (a day).
    #[schema(value_type = Option<String>, format = Date)]
    ended: Option<jiff::civil::Date>,
    /// The recalled products.
    products: Vec<ProductView>,
    /// How many units, by country.
    units: Vec<Units>,
    /// Where and when it was sold.
    sold: Vec<Sold>,
    /// Incidents and injuries in the authority's words.
    incidents_text: Option<String>,
    /// Who made, imported and sold it.
    firms: Vec<Firm>,
    /// Links to pictures.
    images: Vec<String>,
    /// How to reach the firm, in the authority's words.
    contact: Option<String>,
    /// Notices of other authorities about the same product.
    related: Vec<Related>,
    /// The notice on the authority's site, where it has one.
    url: Option<String>,
    /// The licence of the data.
    licence: &'static str,
    /// The sentence that the licence asks for.
    attribution: &'static str,
    /// Our version of the record, from 1.
    version: u32,
    /// Every version that we hold, oldest first.
    versions: Vec<VersionView>,
    /// When this version was written here.
    #[schema(value_type = String, format = DateTime)]
    changed_at: jiff::Timestamp,
    /// When the recall was first seen here.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_seen: Option<jiff::Timestamp>,
}

/// A recalled product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductView {
    /// The authority's number of this line, in feeds that publish one line a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_number: Option<String>,
    /// The name.
    name: String,
    /// Brands, as written.
    brands: Vec<String>,
    /// Models, as written.
    models: Vec<String>,
    /// Our category.
    category: Option<Category>,
    /// The authority's category.
    category_text: Option<String>,
    /// The description.
    description: Option<String>,
    /// What identifies it, with where it was read and how far it can be trusted.
    identifiers: Vec<Identifier>,
    /// How much of the product is covered.
    scope: Scope,
    /// How bad this line is, where lines differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    /// Whether this line's recall still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// This line's reason in the authority's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How much of it was sold, in the authority's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<String>,
}

/// A line of a recall's history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// The number, from 1.
    version: u32,
    /// When it was written here.
    #[schema(value_type = String, format = DateTime)]
    changed_at: jiff::Timestamp,
    /// Where it can be read.
    url: String,
}

impl From<StoredRecall> for RecallView {
    fn from(stored: StoredRecall) -> Self {
        let versions = stored.versions;
        let row = VersionRow {
            version: stored.version,
            changed_at: stored.changed_at,
            hash: stored.hash,
        };
        Self::of(stored.recall, &row, &versions, Some(stored.first_seen))
    }
}

impl From<StoredVersion> for RecallView {
    fn from(stored: StoredVersion) -> Self {
        Self::of(
            stored.recall,
            &stored.row,
            std::slice::from_ref(&stored.row),
            None,
        )
    }
}

impl RecallView {
    fn of(
        recall: Recall,
        row: &VersionRow,
        versions: &[VersionRow],
        first_seen: Option<jiff::Timestamp>,
    ) -> Self {
        let agency = recall.agency.row();
        let versions = versions
            .iter()
            .map(|row| VersionView {
                version: row.version,
                changed_at: row.changed_at,
                url: format!("/api/v1/recalls/{}/versions/{}", recall.id, row.version),
            })
            .collect();
        Self {
            id: recall.id.into(),
            agency: recall.agency.as_str(),
            agency_name: &agency.name,
            source_id: recall.source_id,
            source_version: recall.source_version,
            country: recall.country,
            language: recall.language,
            kind: recall.kind,
            status: recall.status,
            title: recall.title,
            summary: recall.summary,
            hazard_text: recall.hazard_text,
            hazards: recall.hazards,
            severity: recall.severity,
            remedy_text: recall.remedy_text,
            remedies: recall.remedies,
            published: recall.published,
            updated: recall.updated,
            ended: recall.ended,
            products: recall.products.into_iter().map(ProductView::from).collect(),
            units: recall.units,
            sold: recall.sold,
            incidents_text: recall.incidents_text,
            firms: recall.firms,
            images: recall.images,
            contact: recall.contact,
            related: recall.related,
            url: recall.url,
            licence: &agency.licence,
            attribution: &agency.attribution,
            version: row.version,
            versions,
            changed_at: row.changed_at,
            first_seen,
        }
    }
}

impl From<RecallProduct> for ProductView {
    fn from(product: RecallProduct) -> Self {
        let line = product.line;
        let of_line = |read: fn(&SourceLine) -> Option<String>| line.as_ref().and_then(read);
        Self {
            source_number: of_line(|line| Some(line.number.clone())),
            severity: line.as_ref().map(|line| line.severity.clone()),
            status: line.as_ref().map(|line| line.status),
            reason: of_line(|line| line.reason.clone()),
            quantity: of_line(|line| line.quantity.clone()),
            name: product.name,
            brands: product.brands,
            models: product.models,
            category: product.category,
            category_text: product.category_text,
            description: product.description,
            identifiers: product.identifiers,
            scope: product.scope,
        }
    }
}
