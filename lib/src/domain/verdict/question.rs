//! The one thing to read off the product next.

use serde::{Deserialize, Serialize};

use crate::domain::identifier::DateMark;

/// What to read off the product, and where it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// What to give with the next request.
    pub field: QuestionField,
    /// The name under which the next request gives it; absent when there is nothing to give.
    pub parameter: Option<String>,
    /// Which date is meant, for a date of which the notice says it.
    pub mark: Option<DateMark>,
    /// The question for people, with where to look.
    pub sentence: String,
    /// Some of what the notice lists, so that people know what it looks like.
    pub listed: Vec<String>,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionField {
    /// The lot or batch.
    Lot,
    /// The serial number.
    Serial,
    /// A date.
    Date,
    /// The model.
    Model,
    /// Which symbol the code was read from.
    Format,
    /// Nothing that we could compare: people must compare the product with the notice themselves.
    Notice,
}

/// Something that would help to decide about one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) field: QuestionField,
    pub(super) mark: Option<DateMark>,
    pub(super) listed: Vec<String>,
}

/// Returns the question that helps with most notices; among equals lot, serial, date, model, and
/// comparing with the notice only when nothing else is left.
pub(super) fn next(wants: &[Want]) -> Question {
    let count = |want: &Want| {
        wants
            .iter()
            .filter(|other| (other.field, other.mark) == (want.field, want.mark))
            .count()
    };
    let best = wants
        .iter()
        .filter(|want| want.field != QuestionField::Notice)
        .min_by_key(|want| (std::cmp::Reverse(count(want)), want.field));
    let Some(best) = best else {
        return Question {
            field: QuestionField::Notice,
            parameter: None,
            mark: None,
            sentence: sentence(QuestionField::Notice, None).to_owned(),
            listed: Vec::new(),
        };
    };
    let mut listed: Vec<String> = Vec::new();
    for text in wants
        .iter()
        .filter(|want| (want.field, want.mark) == (best.field, best.mark))
        .flat_map(|want| &want.listed)
    {
        if listed.len() < 5 && !listed.contains(text) {
            listed.push(text.clone());
        }
    }
    Question {
        field: best.field,
        parameter: parameter(best.field, best.mark).map(str::to_owned),
        mark: best.mark,
        sentence: sentence(best.field, best.mark).to_owned(),
        listed,
    }
}

/// Returns the question which symbol the code was read from.
pub(super) fn which_symbol() -> Question {
    Question {
        field: QuestionField::Format,
        parameter: parameter(QuestionField::Format, None).map(str::to_owned),
        mark: None,
        sentence: sentence(QuestionField::Format, None).to_owned(),
        listed: vec!["EAN_8".into(), "UPC_E".into()],
    }
}

/// Returns the name of the request's field that takes the answer.
const fn parameter(field: QuestionField, mark: Option<DateMark>) -> Option<&'static str> {
    Some(match (field, mark) {
        (QuestionField::Lot, _) => "lot",
        (QuestionField::Serial, _) => "serial",
        (QuestionField::Model, _) => "model",
        (QuestionField::Format, _) => "format",
        (QuestionField::Date, Some(DateMark::BestBefore)) => "best_before",
        (QuestionField::Date, Some(DateMark::UseBy)) => "use_by",
        (QuestionField::Date, Some(DateMark::Production)) => "production",
        (QuestionField::Date, Some(DateMark::Unspecified) | None) => "date",
        (QuestionField::Notice, _) => return None,
    })
}

/// Returns the question as a sentence for people.
pub(super) const fn sentence(field: QuestionField, mark: Option<DateMark>) -> &'static str {
    match (field, mark) {
        (QuestionField::Lot, _) => {
            "Which lot or batch code is printed on the product? It often begins with L or LOT and stands near the date, on the bottom, the lid or the seam of the package."
        }
        (QuestionField::Serial, _) => {
            "Which serial number does the product have? It often begins with SN or S/N and stands on the label on the bottom or the back, or under the seat cover."
        }
        (QuestionField::Model, _) => {
            "Which model number does the product have? It stands on the label on the bottom or the back, often after Model, Ref. or Item. Compare it and the brand with the notice."
        }
        (QuestionField::Date, Some(DateMark::BestBefore)) => {
            "Which best-before date is printed on the package? Look at the lid, the bottom or the seam."
        }
        (QuestionField::Date, Some(DateMark::UseBy)) => {
            "Which use-by or expiry date is printed on the package? Look at the lid, the bottom or the seam."
        }
        (QuestionField::Date, Some(DateMark::Production)) => {
            "When was the product made? Look for a production date, a date code or a month and year on the label on the bottom or the back."
        }
        (QuestionField::Date, _) => {
            "Which date is printed on the product? Look at the lid, the bottom, the seam or the label on the back."
        }
        (QuestionField::Format, _) => {
            "Which kind of barcode is it? The digits fit an EAN-8, which has four digits on each side of its middle bars, and a UPC-E, which has a digit outside the bars on both sides and no middle bars. Scan it, or give the format."
        }
        (QuestionField::Notice, _) => {
            "Compare what is printed on the product with what the notice lists: lot, serial number, dates and model. What we could read of the notice does not settle it."
        }
    }
}
