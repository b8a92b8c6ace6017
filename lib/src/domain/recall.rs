//! The normalised recall: one record for every agency's notice.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    agency::AgencyKey,
    identifier::{Identifier, Scope},
    vocabulary::{Category, Hazard, RecallKind, Remedy, SeverityLevel, Status},
};

/// A recall's identifier: `{agency}:{slug}`, usable in a path as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "us-cpsc:24113"))]
#[serde(try_from = "String", into = "String")]
pub struct RecallId(String);

/// A text that is no recall identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recall identifier is an agency's key, a colon and 1 to 80 of A-Z a-z 0-9 . _ -")]
pub struct InvalidRecallId;

impl RecallId {
    /// Builds the identifier from the authority's own number: `/` and white space become `-`,
    /// letters become lower case, other characters are refused.
    pub fn from_source(agency: AgencyKey, source_id: &str) -> Result<Self, InvalidRecallId> {
        let slug: String = source_id
            .trim()
            .chars()
            .map(|c| {
                if c == '/' || c.is_whitespace() {
                    '-'
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect();
        format!("{agency}:{slug}").parse()
    }

    /// Returns the whole identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the agency's part.
    pub fn agency(&self) -> AgencyKey {
        let (agency, _) = self.0.split_once(':').expect("checked when it was built");
        agency.parse().expect("checked when it was built")
    }
}

impl FromStr for RecallId {
    type Err = InvalidRecallId;
    fn from_str(text: &str) -> Result<Self, InvalidRecallId> {
        let (agency, slug) = text.split_once(':').ok_or(InvalidRecallId)?;
        let agency_ok = agency.parse::<AgencyKey>().is_ok();
        let slug_ok = (1..=80).contains(&slug.len())
            && slug
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        (agency_ok && slug_ok)
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidRecallId)
    }
}

impl TryFrom<String> for RecallId {
    type Error = InvalidRecallId;
    fn try_from(text: String) -> Result<Self, InvalidRecallId> {
        text.parse()
    }
}

impl From<RecallId> for String {
    fn from(id: RecallId) -> Self {
        id.0
    }
}

impl fmt::Display for RecallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One notice of one authority, normalised (agencies page, section 4).
///
/// Holds what the authority says and nothing about when or how it was fetched, so that its hash
/// changes only when the notice does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recall {
    /// Our identifier.
    pub id: RecallId,
    /// The agency that published it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "us-cpsc"))]
    pub agency: AgencyKey,
    /// The authority's own number, verbatim.
    pub source_id: String,
    /// The authority's version of the notice, where it counts them; a higher one replaces.
    pub source_version: Option<u32>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// BCP 47 language of the texts.
    pub language: String,
    /// What kind of notice it is.
    pub kind: RecallKind,
    /// The authority's title, or one made of brand and product where it gives none.
    pub title: String,
    /// The authority's description.
    pub summary: Option<String>,
    /// The hazard in the authority's words.
    pub hazard_text: Option<String>,
    /// The hazard in ours, sorted, without repeats.
    pub hazards: Vec<Hazard>,
    /// How bad it is.
    pub severity: Severity,
    /// The remedy in the authority's words.
    pub remedy_text: Option<String>,
    /// The remedy in ours, sorted, without repeats.
    pub remedies: Vec<Remedy>,
    /// When it was published.
    pub published: Date,
    /// When the authority last changed it.
    pub updated: Option<Date>,
    /// When it ended.
    pub ended: Option<Date>,
    /// Whether it still runs.
    pub status: Status,
    /// How many units, by country.
    pub units: Vec<Units>,
    /// Where and when it was sold.
    pub sold: Vec<Sold>,
    /// Incidents and injuries in the authority's words.
    pub incidents_text: Option<String>,
    /// Who made, imported and sold it.
    pub firms: Vec<Firm>,
    /// Links to pictures.
    pub images: Vec<String>,
    /// The notice on the authority's site, where it has one.
    pub url: Option<String>,
    /// How to reach the firm, in the authority's words.
    pub contact: Option<String>,
    /// Notices of other authorities about the same product.
    pub related: Vec<Related>,
    /// The recalled products, at least one.
    pub products: Vec<RecallProduct>,
}

/// A product that a recall covers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecallProduct {
    /// The authority's number of this line and where it was fetched, in feeds that publish one line a product.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<SourceLine>,
    /// The name.
    pub name: String,
    /// Brands, as written.
    pub brands: Vec<String>,
    /// Models, as written, for people and for search; the typed ones are in `identifiers`.
    pub models: Vec<String>,
    /// Our category.
    pub category: Option<Category>,
    /// The authority's category.
    pub category_text: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// What identifies it.
    pub identifiers: Vec<Identifier>,
    /// How much of it is covered.
    pub scope: Scope,
}

/// Where one product line of a grouped recall comes from, with what the authority says per line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceLine {
    /// The authority's number of the line.
    pub number: String,
    /// The part of the feed (`food`, `drug`, `device`).
    pub part: String,
    /// The day by which the feed is asked for it.
    pub reported: Date,
    /// How bad this line is.
    pub severity: Severity,
    /// Whether this line's recall still runs.
    pub status: Status,
    /// The reason in the authority's words.
    pub reason: Option<String>,
    /// How many units.
    pub quantity: Option<String>,
    /// When this line's recall ended.
    pub ended: Option<Date>,
}

/// How bad it is, in the authority's word and on our scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Severity {
    /// The authority's word, verbatim.
    pub authority: Option<String>,
    /// Our level.
    pub level: SeverityLevel,
}

/// How many units were sold or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Units {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// How many; absent when only words are given.
    pub count: Option<u64>,
    /// Whether the authority says "about".
    pub approximate: bool,
    /// The authority's words.
    pub text: String,
}

/// Where and when it was sold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sold {
    /// Shops, in the authority's words.
    pub place: Option<String>,
    /// First day of sale.
    pub from: Option<Date>,
    /// Last day of sale.
    pub to: Option<Date>,
    /// The price, in the authority's words.
    pub price_text: Option<String>,
}

/// A firm and its part in the matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Firm {
    /// The name.
    pub name: String,
    /// Its part.
    pub role: FirmRole,
}

/// A firm's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FirmRole {
    /// Made it.
    Manufacturer,
    /// Brought it into the country.
    Importer,
    /// Moved it to shops.
    Distributor,
    /// Sold it.
    Retailer,
    /// Recalls it.
    Recaller,
}

/// A notice of another authority about the same matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Related {
    /// How it is related.
    pub relation: Relation,
    /// The other agency, where known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub agency: Option<AgencyKey>,
    /// The other authority's number, where given.
    pub source_id: Option<String>,
    /// A link, where given.
    pub url: Option<String>,
}

/// How two notices are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same product recalled by two authorities together.
    Twin,
    /// A copy of the other notice.
    Mirror,
    /// The same notice in another language.
    Translation,
    /// This one replaces the other.
    Supersedes,
}

/// Returns the SHA-256 of the record's canonical JSON, in lower-case hexadecimal.
///
/// Field order is the declaration's, so two equal records hash alike.
pub fn content_hash(recall: &Recall) -> String {
    use sha2::{Digest, Sha256};
    let json = serde_json::to_vec(recall).expect("a recall has only string keys");
    hex::encode(Sha256::digest(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_made_of_the_authoritys_number() {
        let france: AgencyKey = "fr-rappelconso".parse().unwrap();
        assert_eq!(
            RecallId::from_source(france, " sr/01308/26")
                .unwrap()
                .as_str(),
            "fr-rappelconso:sr-01308-26"
        );
        assert_eq!(
            "us-cpsc:24113"
                .parse::<RecallId>()
                .unwrap()
                .agency()
                .as_str(),
            "us-cpsc"
        );
    }

    #[test]
    fn unknown_agencies_and_odd_characters_are_refused() {
        for text in [
            "",
            "24113",
            "xx-none:1",
            "us-cpsc:",
            "us-cpsc:a b",
            "us-cpsc:a/b",
            "us-cpsc:é",
        ] {
            assert_eq!(text.parse::<RecallId>(), Err(InvalidRecallId), "{text}");
        }
    }
}
