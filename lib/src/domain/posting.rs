//! What a scan needs about one recall to decide without reading the recall itself.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    gtin::Gtin,
    identifier::{Identifier, Scope},
    recall::{RecallId, Severity},
    vocabulary::{Hazard, RecallKind, Remedy, Status},
};

/// What a posting is filed under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "by", content = "value", rename_all = "snake_case")]
pub enum PostingKey {
    /// A GTIN.
    Gtin(Gtin),
    /// A model number, normalised by the matcher.
    Model(String),
}

/// One recall as it is filed under one key: a summary for the answer and the products that carry the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// The recall.
    pub recall: RecallId,
    /// The version of the recall that this was made from, from 1.
    pub version: u32,
    /// The recall's title.
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
    /// The products of the recall that carry the key.
    pub products: Vec<PostedProduct>,
}

/// One recalled product as it stands in a posting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostedProduct {
    /// The name.
    pub name: String,
    /// Brands, as written.
    pub brands: Vec<String>,
    /// How much of the product is covered.
    pub scope: Scope,
    /// Lots, serials, dates and models that limit it; GTINs left out.
    pub limits: Vec<Identifier>,
    /// Whether limits were left out here for want of room, so that the recall itself must be read.
    pub shortened: bool,
}
