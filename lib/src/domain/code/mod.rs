//! A scanned or typed code: which GTINs it can mean, and what else it carries.
//!
//! Knows the GS1 rules and no store: whether a number is on sale or recalled is decided elsewhere.

mod application_identifiers;
mod digital_link;
mod element_string;
mod format;
mod retail;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::format::CodeFormat;
use self::format::split_identifier;
use super::{
    gtin::{Gtin, InvalidGtin, NumberKind},
    printed_date::PrintedDate,
};

/// The most characters that a code may have.
pub const MAX_CHARACTERS: usize = 512;

/// What a code was found to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScannedCode {
    /// The numbers that it can mean, at least one, each once.
    pub candidates: Vec<Candidate>,
    /// Whether it can mean more than one number, so that the symbol's name would settle it.
    pub ambiguous: bool,
    /// The lot in the code (application identifier 10).
    pub lot: Option<String>,
    /// The serial number in the code (21).
    pub serial: Option<String>,
    /// The best-before date in the code (15).
    pub best_before: Option<PrintedDate>,
    /// The use-by or expiry date in the code (17).
    pub use_by: Option<PrintedDate>,
    /// The production date in the code (11).
    pub production: Option<PrintedDate>,
}

/// One number that a code can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// The number.
    pub gtin: Gtin,
    /// How the code was read to get it.
    pub reading: Reading,
    /// What the number stands for.
    pub number: NumberKind,
}

/// How a code was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// 12 digits.
    UpcA,
    /// 6 to 8 digits that stand for 12.
    UpcE,
    /// 8 digits.
    #[serde(rename = "ean_8")]
    Ean8,
    /// 13 digits.
    #[serde(rename = "ean_13")]
    Ean13,
    /// 14 digits.
    #[serde(rename = "gtin_14")]
    Gtin14,
    /// The older book number, 9 digits and a check character.
    #[serde(rename = "isbn_10")]
    Isbn10,
    /// A GS1 element string.
    ElementString,
    /// A GS1 Digital Link address.
    DigitalLink,
}

impl Reading {
    /// Returns the name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpcA => "UPC-A",
            Self::UpcE => "UPC-E",
            Self::Ean8 => "EAN-8",
            Self::Ean13 => "EAN-13",
            Self::Gtin14 => "GTIN-14",
            Self::Isbn10 => "ISBN-10",
            Self::ElementString => "GS1 element string",
            Self::DigitalLink => "GS1 Digital Link",
        }
    }
}

/// Why a text is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Nothing, or spaces only.
    #[error("there is no code")]
    Empty,
    /// More than [`MAX_CHARACTERS`].
    #[error("a code has at most 512 characters")]
    TooLong,
    /// Digits only, but not a number of any kind that we know.
    #[error("the code has {found} digits, and {allowed} are needed")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there may be.
        allowed: &'static str,
    },
    /// Something that is no digit, space or hyphen in a code of digits.
    #[error(
        "character {position} of the code is {found:?}, and only digits, spaces and hyphens belong there"
    )]
    Character {
        /// The first such character.
        found: char,
        /// Where it stands, from 1, after leading spaces.
        position: usize,
    },
    /// The last digit does not fit the others.
    #[error("the check digit does not fit the other digits: one of them was misread or mistyped")]
    CheckDigit,
    /// Zeros only.
    #[error("the code has only zeros, which is a placeholder and no number")]
    Placeholder,
    /// A GS1 element string that breaks the rules.
    #[error("the GS1 element string cannot be read: {0}")]
    ElementString(String),
    /// An address that is no GS1 Digital Link.
    #[error("the address is no GS1 Digital Link: {0}")]
    DigitalLink(String),
    /// A name of a symbol that we do not know.
    #[error("no barcode format has that name")]
    UnknownFormat,
    /// A code that a symbol of that format cannot hold.
    #[error("the code is not what a symbol of the format {} holds", .0.name())]
    FormatMismatch(CodeFormat),
}

impl InvalidCode {
    /// Returns the stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::TooLong => "TOO_LONG",
            Self::Length { .. } => "INVALID_LENGTH",
            Self::Character { .. } => "INVALID_CHARACTER",
            Self::CheckDigit => "INVALID_CHECK_DIGIT",
            Self::Placeholder => "PLACEHOLDER",
            Self::ElementString(_) => "INVALID_ELEMENT_STRING",
            Self::DigitalLink(_) => "INVALID_DIGITAL_LINK",
            Self::UnknownFormat => "UNKNOWN_FORMAT",
            Self::FormatMismatch(_) => "FORMAT_MISMATCH",
        }
    }
}

impl From<InvalidGtin> for InvalidCode {
    fn from(fault: InvalidGtin) -> Self {
        match fault {
            InvalidGtin::CheckDigit => Self::CheckDigit,
            InvalidGtin::Placeholder => Self::Placeholder,
            InvalidGtin::NotDigits => Self::ElementString("the number has a letter in it".into()),
            InvalidGtin::Length => {
                Self::ElementString("the number has not 8, 12, 13 or 14 digits".into())
            }
        }
    }
}

/// Reads a code as a scanner gives it or as a person types it.
///
/// `format` is the symbol that it was read from, where that is known: it settles what is ambiguous
/// and must fit the code. `today` tells the century of dates with two-digit years.
pub fn read(
    code: &str,
    format: Option<CodeFormat>,
    today: Date,
) -> Result<ScannedCode, InvalidCode> {
    // The first test costs nothing, whatever has been sent.
    if code.len() > 4 * MAX_CHARACTERS || code.chars().count() > MAX_CHARACTERS {
        return Err(InvalidCode::TooLong);
    }
    let (identified, content) = split_identifier(code.trim())?;
    if content.trim().is_empty() {
        return Err(InvalidCode::Empty);
    }
    let format = match (format, identified) {
        (Some(format), Some(identified)) if !identified.formats.contains(&format) => {
            return Err(InvalidCode::FormatMismatch(format));
        }
        (Some(format), _) => Some(format),
        (None, Some(identified)) => retail::implied(identified.formats, content),
        (None, None) => None,
    };
    let separated = identified.is_some_and(|identified| identified.element_string);
    if format.is_some_and(CodeFormat::holds_digits_only) {
        return retail::read(content, format).map(ScannedCode::of_digits);
    }
    if digital_link::is_address(content) {
        return match format {
            Some(symbol @ (CodeFormat::DataBar | CodeFormat::DataBarExpanded)) => {
                Err(InvalidCode::FormatMismatch(symbol))
            }
            _ => digital_link::read(content, today),
        };
    }
    if separated || element_string::looks_like_one(content) {
        return element_string::read(content, separated, today);
    }
    retail::read(content, format).map(ScannedCode::of_digits)
}

impl ScannedCode {
    fn of_digits(candidates: Vec<Candidate>) -> Self {
        Self {
            ambiguous: candidates.len() > 1,
            candidates,
            lot: None,
            serial: None,
            best_before: None,
            use_by: None,
            production: None,
        }
    }
}

impl Candidate {
    fn new(gtin: Gtin, reading: Reading) -> Self {
        Self {
            gtin,
            reading,
            number: gtin.kind(),
        }
    }
}

#[cfg(test)]
mod tests;
