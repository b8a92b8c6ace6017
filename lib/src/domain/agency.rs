//! The registry of agencies: one table of data, `agencies.toml`, and no code per agency.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// The key of an agency in the registry, such as `us-cpsc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, examples("us-cpsc")))]
pub struct AgencyKey(&'static str);

// Written out, since the derived one would want the input to live as long as the registry.
impl<'de> Deserialize<'de> for AgencyKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no key of the registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no agency has that key")]
pub struct UnknownAgency;

impl AgencyKey {
    /// Returns the key as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns the agency's row.
    pub fn row(self) -> &'static Agency {
        AGENCIES
            .iter()
            .find(|row| row.key == self.0)
            .expect("a key is made from a row")
    }
}

impl FromStr for AgencyKey {
    type Err = UnknownAgency;
    fn from_str(text: &str) -> Result<Self, UnknownAgency> {
        AGENCIES
            .iter()
            .find(|row| row.key == text)
            .map(|row| Self(&row.key))
            .ok_or(UnknownAgency)
    }
}

impl fmt::Display for AgencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A row of the registry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    key: String,
    /// The authority's name in English or in its own language.
    pub name: String,
    /// ISO 3166-1 alpha-2, upper case; `EU` for the European Union.
    pub country: String,
    /// BCP 47 language of its notices.
    pub language: String,
    /// The wire format.
    pub family: Family,
    /// What to fetch; empty while nobody has written it down.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Minutes between two polls of the current window.
    pub cadence_minutes: u32,
    /// The first year that is fetched.
    #[serde(default = "first_year")]
    pub from_year: i16,
    /// IANA time zone of its dates.
    pub timezone: String,
    /// The licence of its data.
    pub licence: String,
    /// The sentence that the licence asks for.
    pub attribution: String,
    /// What it covers, in a few words.
    pub covers: String,
    /// How well the format is known.
    pub certainty: Certainty,
    /// Whether it is fetched.
    #[serde(default)]
    pub enabled: bool,
}

const fn first_year() -> i16 {
    2015
}

impl Agency {
    /// Returns the row's key.
    pub fn key(&'static self) -> AgencyKey {
        AgencyKey(&self.key)
    }
}

/// One endpoint of an agency's feed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The name of the part (`food`, a dataset), unique in the agency.
    pub name: String,
    /// The address without a query.
    pub endpoint: String,
}

/// The wire formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// CPSC's recall API.
    CpscRest,
    /// openFDA enforcement reports.
    Openfda,
    /// A whole data set in one JSON array.
    JsonDump,
    /// NHTSA flat file and APIs.
    Nhtsa,
    /// Opendatasoft Explore 2.1.
    #[serde(rename = "ods-v2.1")]
    OdsV21,
    /// EU Safety Gate.
    SafetyGate,
    /// EU RASFF window.
    Rasff,
    /// GOV.UK search and content.
    Govuk,
    /// Food Standards Agency linked data.
    FsaLd,
    /// RSS and Atom.
    Rss,
    /// Paged JSON of an agency's own.
    JsonPaged,
    /// A listing page with detail pages.
    HtmlList,
}

/// How well a row's format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Read in captured records.
    Verified,
    /// Read in documentation or public code.
    Documented,
    /// From memory; must not be switched on before somebody has looked.
    Memory,
}

#[derive(Deserialize)]
struct Registry {
    agency: Vec<Agency>,
}

/// Every agency, in the order of the registry.
pub static AGENCIES: LazyLock<Vec<Agency>> = LazyLock::new(|| {
    toml::from_str::<Registry>(include_str!("agencies.toml"))
        .expect("the registry is checked by a test")
        .agency
});

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn thirty_nine_agencies_each_once() {
        let keys: HashSet<_> = AGENCIES.iter().map(|row| &row.key).collect();
        assert_eq!((AGENCIES.len(), keys.len()), (39, 39));
    }

    #[test]
    fn what_is_fetched_has_an_endpoint_and_a_format_that_somebody_has_seen() {
        for row in AGENCIES.iter().filter(|row| row.enabled) {
            assert!(!row.parts.is_empty(), "{}", row.key);
            assert_ne!(row.certainty, Certainty::Memory, "{}", row.key);
            for part in &row.parts {
                assert!(part.endpoint.starts_with("https://"), "{}", part.endpoint);
            }
        }
        let enabled: Vec<_> = AGENCIES
            .iter()
            .filter(|row| row.enabled)
            .map(|row| row.key.as_str())
            .collect();
        assert_eq!(enabled, ["us-cpsc", "us-fda", "fr-rappelconso"]);
    }

    #[test]
    fn every_row_carries_its_licence_and_attribution() {
        for row in AGENCIES.iter() {
            for text in [
                &row.name,
                &row.licence,
                &row.attribution,
                &row.covers,
                &row.timezone,
            ] {
                assert!(!text.is_empty(), "{}", row.key);
            }
            assert!(
                row.cadence_minutes >= 60,
                "{} would be polled too often",
                row.key
            );
        }
    }
}
