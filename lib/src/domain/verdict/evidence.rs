//! What the answer shows of a notice.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::{
    agency::AgencyKey,
    recall::{RecallId, Severity},
    vocabulary::{Hazard, RecallKind, Remedy, Status},
};

/// A notice that has to do with the item, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The recall.
    pub recall: RecallId,
    /// The agency's key.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "us-cpsc"))]
    pub agency: AgencyKey,
    /// The agency's name.
    pub agency_name: String,
    /// The notice's title.
    pub title: String,
    /// The notice on the authority's site.
    pub url: Option<String>,
    /// When it was published.
    pub published: Date,
    /// What kind of notice it is.
    pub kind: RecallKind,
    /// Whether it still runs; one that has ended counts all the same.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// What can happen.
    pub hazards: Vec<Hazard>,
    /// What the owner is offered.
    pub remedies: Vec<Remedy>,
    /// The recalled product that comes closest to the item.
    pub product: String,
    /// Its brands.
    pub brands: Vec<String>,
    /// How the notice and the item stand to one another.
    pub level: Level,
    /// What agrees.
    pub matched: Vec<Compared>,
    /// What is not in the notice.
    pub excluded: Vec<Compared>,
    /// What was compared and does not settle it.
    pub undecided: Vec<Compared>,
    /// What the notice lists and was not given.
    pub missing: Vec<Field>,
    /// Whether the notice lists more than could be compared here.
    pub shortened: bool,
}

/// How a notice and an item stand to one another, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The notice names the item.
    Exact,
    /// It does as far as it is known.
    Conditional,
    /// It names the product and leaves this item out.
    Excluded,
    /// It shares something with the item that proves nothing.
    Related,
}

/// Something given, and what the notice says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compared {
    /// What it is.
    pub field: Field,
    /// As given.
    pub given: String,
    /// As the notice has it; a long list is cut.
    pub notice: String,
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The number.
    Gtin,
    /// The brand.
    Brand,
    /// The model.
    Model,
    /// The lot.
    Lot,
    /// The serial number.
    Serial,
    /// The best-before date.
    BestBefore,
    /// The use-by date.
    UseBy,
    /// The production date.
    Production,
    /// A date of no stated kind.
    Date,
    /// The symbol that the code was read from.
    Format,
}

impl Evidence {
    /// Marks the evidence as hanging on which symbol the code was read from.
    pub(super) fn depends_on_symbol(&mut self) {
        if self.level == Level::Exact {
            self.level = Level::Conditional;
        }
        if self.level == Level::Conditional && !self.missing.contains(&Field::Format) {
            self.missing.push(Field::Format);
        }
    }
}

/// Keeps the strongest evidence of each recall, the strongest first, then the newest.
pub(super) fn strongest_each(all: impl Iterator<Item = Evidence>) -> Vec<Evidence> {
    let mut kept: Vec<Evidence> = Vec::new();
    for evidence in all {
        match kept
            .iter_mut()
            .find(|other| other.recall == evidence.recall)
        {
            Some(other) if evidence.level < other.level => *other = evidence,
            Some(_) => {}
            None => kept.push(evidence),
        }
    }
    kept.sort_by(|a, b| (a.level, b.published, &a.recall).cmp(&(b.level, a.published, &b.recall)));
    kept
}

impl Compared {
    /// Builds one, with long texts cut.
    pub(super) fn new(field: Field, given: &str, notice: &str) -> Self {
        Self {
            field,
            given: given.chars().take(100).collect(),
            notice: notice.chars().take(300).collect(),
        }
    }
}
