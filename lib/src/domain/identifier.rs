//! What can be read off a product or out of a notice to tell one item from another.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::gtin::Gtin;

/// One identifier of a recalled product, with where it was read and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identifier {
    /// What it is and its value.
    #[serde(flatten)]
    pub value: Value,
    /// Where in the notice it stood.
    pub origin: Origin,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// A typed identifier. Texts are kept as the authority wrote them, trimmed; comparing them is the
/// matcher's business.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = IdentifierValue))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Value {
    /// A GTIN with a right check digit.
    Gtin {
        /// The number, 14 digits.
        value: Gtin,
    },
    /// A code that claims to be a UPC or an EAN but is not one; never matched exactly.
    UpcRaw {
        /// As written.
        value: String,
    },
    /// A model number or name.
    Model {
        /// As written.
        value: String,
    },
    /// The beginning of a family of model numbers.
    ModelPrefix {
        /// As written, without the wildcard.
        value: String,
    },
    /// A lot or batch code.
    Lot {
        /// As written.
        value: String,
    },
    /// A span of lot codes, both ends included.
    LotRange {
        /// The first, as written.
        from: String,
        /// The last, as written.
        to: String,
    },
    /// A serial number.
    Serial {
        /// As written.
        value: String,
    },
    /// A span of serial numbers, both ends included.
    SerialRange {
        /// The first, as written.
        from: String,
        /// The last, as written.
        to: String,
    },
    /// A date printed on the product (best before, use by), or a span of them.
    DateMark {
        /// Which date it is, as far as the notice says.
        mark: DateMark,
        /// The first day.
        from: Date,
        /// The last day; the same as `from` for a single date.
        to: Date,
    },
    /// When the product was made, both ends included.
    ProductionWindow {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// A certificate or approval number.
    Certificate {
        /// As written.
        value: String,
    },
    /// A marketplace's own number (ASIN and the like).
    ListingId {
        /// As written.
        value: String,
    },
}

/// The kinds of date that are printed on products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DateMark {
    /// Quality until (GS1 application identifier 15).
    BestBefore,
    /// Not to be used or eaten afterwards (GS1 application identifier 17).
    UseBy,
    /// When it was made (GS1 application identifier 11).
    Production,
    /// The notice does not say which.
    Unspecified,
}

/// Where in the notice an identifier stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A field of its own.
    Field,
    /// A table or a label and value list.
    Table,
    /// A sentence.
    Prose,
}

/// How far an identifier can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess; shown, never decides.
    Low,
    /// Read from prose beside a word that names it.
    Medium,
    /// Read from a field made for it, or prose that leaves no other reading.
    High,
}

/// How much of a product the recall covers.
///
/// Only a *complete* list may exclude an item: a lot outside a list that was read in part says
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every unit, stated by the authority or implied by its giving no limit.
    AllUnits,
    /// Only units with the listed lots, serials, dates or models, and the list was read whole.
    ListedUnits,
    /// As [`Self::ListedUnits`], and every line of the list names each kind of limit (a lot *and* its
    /// date), so that an item outside one kind is outside the list.
    ListedTogether,
    /// Limited to some units, but the limits could not be read, or only in part.
    PartlyListed,
    /// The notice does not let us tell whether it is limited.
    #[default]
    Unknown,
}

/// Words that stand where an identifier should, in the languages of the feeds, lower case.
const PLACEHOLDERS: &[&str] = &[
    "",
    "-",
    "--",
    ".",
    "0",
    "n/a",
    "na",
    "n.a.",
    "n.a",
    "none",
    "nil",
    "null",
    "unknown",
    "not applicable",
    "not available",
    "not provided",
    "not specified",
    "various",
    "see list",
    "all",
    "all lots",
    "all lot numbers",
    "all batches",
    "all codes",
    "all models",
    "all units",
    "tous",
    "tous les lots",
    "toutes",
    "tous lots",
    "toutes les références",
    "toutes dates",
    "sans marque",
    "sans",
    "sans objet",
    "non concerné",
    "non concerne",
    "aucun",
    "aucune",
    "néant",
    "neant",
    "inconnu",
    "inconnue",
    "nincs",
    "ismeretlen",
    "unbekannt",
    "keine",
    "keine angabe",
    "ohne",
    "sin marca",
    "desconocido",
    "ninguno",
    "nessuno",
    "sconosciuto",
    "onbekend",
    "ukendt",
    "tbd",
    "pending",
];

/// Returns whether the text stands for "nothing" and must not become an identifier.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    PLACEHOLDERS.contains(&text.as_str())
        || (text.len() > 1 && text.chars().all(|c| c == '0' || c == '-' || c == ' '))
        || (text.len() > 1 && text.chars().all(|c| c == 'x'))
}

/// Returns whether the text says "every lot" (or batch, or unit) in so many words.
pub fn says_all_units(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    [
        "all lots",
        "all lot numbers",
        "all lot codes",
        "all batches",
        "all batch codes",
        "all units",
        "all codes",
        "all product codes",
        "all serial numbers",
        "tous les lots",
        "tous lots",
        "toutes les dates",
        "toutes dates",
        "toutes les références",
        "alle chargen",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_in_several_languages_are_told_from_codes() {
        for text in [
            "N/A",
            " sans marque ",
            "nincs",
            "000000000",
            "Tous les lots",
            "unknown.",
            "XXXX",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["A1", "312", "1/mf/pbdb/ab/24", "XL-200"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn an_identifier_reads_as_one_flat_object() {
        let identifier = Identifier {
            value: Value::LotRange {
                from: "4501".into(),
                to: "4530".into(),
            },
            origin: Origin::Prose,
            confidence: Confidence::Medium,
        };
        let json = serde_json::to_value(&identifier).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"type": "lot_range", "from": "4501", "to": "4530", "origin": "prose", "confidence": "medium"})
        );
        assert_eq!(
            serde_json::from_value::<Identifier>(json).unwrap(),
            identifier
        );
    }
}
