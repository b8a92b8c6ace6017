//! Whether what is printed on an item lies within what a notice lists.
//!
//! Every answer has three values. "Cannot tell" is neither yes nor no and must never become one.

mod codes;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    identifier::{DateMark, Value},
    normalise::{self, Code},
    printed_date::PrintedDate,
};

/// Where an item stands towards a list or a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// In it.
    Inside,
    /// Not in it, whichever way it is read.
    Outside,
    /// Nobody can tell.
    CannotTell,
}

impl Fit {
    /// Joins the answers for the entries of one list: inside one is inside; outside only when
    /// outside every one. An empty list tells nothing.
    pub fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut joined = None;
        for answer in answers {
            joined = Some(match (joined, answer) {
                (_, Self::Inside) => return Self::Inside,
                (Some(Self::CannotTell), _) | (_, Self::CannotTell) => Self::CannotTell,
                (_, Self::Outside) => Self::Outside,
            });
        }
        joined.unwrap_or(Self::CannotTell)
    }
}

/// Compares a lot from an item with an entry of a notice; anything that is no lot tells nothing.
pub fn lot(given: &str, listed: &Value) -> Fit {
    let given = normalise::lot(given);
    match listed {
        Value::Lot { value } => codes::one(&given, value, &normalise::lot(value)),
        Value::LotRange { from, to } => {
            codes::span(&given, &normalise::lot(from), &normalise::lot(to))
        }
        _ => Fit::CannotTell,
    }
}

/// Compares a serial number from an item with an entry of a notice.
pub fn serial(given: &str, listed: &Value) -> Fit {
    let given = normalise::serial(given);
    match listed {
        Value::Serial { value } => codes::one(&given, value, &normalise::serial(value)),
        Value::SerialRange { from, to } => {
            codes::span(&given, &normalise::serial(from), &normalise::serial(to))
        }
        _ => Fit::CannotTell,
    }
}

/// Returns whether two readings of the same print agree: one typed, one from the code beside it.
pub fn agree(typed: &Code, held: &Code) -> bool {
    codes::one(typed, "", held) == Fit::Inside || codes::differ_by_l(typed, held)
}

/// Compares a model from an item with an entry of a notice.
///
/// A name ("Snuggle") and a number ("SN-100") of one model have nothing in common: only two
/// numbers can differ, and only when no part of what was given may be the listed one.
pub fn model(given: &str, listed: &Value) -> Fit {
    let (value, is_prefix) = match listed {
        Value::Model { value } => (value, false),
        Value::ModelPrefix { value } => (value, true),
        _ => return Fit::CannotTell,
    };
    let (item, entry) = (normalise::model(given), normalise::model(value));
    if item.is_empty() || entry.is_empty() {
        return Fit::CannotTell;
    }
    if item == entry || is_prefix && item.starts_with(&entry) {
        return Fit::Inside;
    }
    let is_number = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    let bare = |text: &str| -> String {
        let marks = |c: &char| !c.is_ascii() || c.is_alphanumeric();
        text.chars().filter(marks).collect()
    };
    let (item, entry) = (bare(&item), bare(&entry));
    let may_be_part = normalise::look_alike_model(value)
        .is_some_and(|entry| normalise::model_keys(given).contains(&entry));
    let differ = normalise::is_usable_model(&item)
        && is_number(&item)
        && is_number(&entry)
        && normalise::is_plain(&item)
        && normalise::is_plain(&entry)
        && !codes::is_vague(value)
        && !codes::is_close(&item, &entry)
        && !may_be_part;
    if differ {
        Fit::Outside
    } else {
        Fit::CannotTell
    }
}

/// Compares a brand with those of a notice, by [`normalise::brand`].
///
/// "Graco" and "Graco Children's Products" are the same; a missing brand tells nothing.
pub fn brand(given: &str, listed: &[String]) -> Fit {
    // Words that too many brands begin with to be one.
    const COMMON: &[&str] = &[
        "baby", "kids", "kid", "the", "little", "my", "petit", "mini", "toys",
    ];
    let given = normalise::brand_words(given);
    if given.is_empty() {
        return Fit::CannotTell;
    }
    Fit::any(listed.iter().map(|listed| {
        let listed = normalise::brand_words(listed);
        let shorter = given.len().min(listed.len());
        let common = shorter == 1 && COMMON.contains(&given[0].as_str());
        if listed.is_empty() {
            Fit::CannotTell
        } else if given.concat() == listed.concat()
            || given[..shorter] == listed[..shorter] && !common
        {
            Fit::Inside
        } else {
            Fit::Outside
        }
    }))
}

/// Returns whether a product's name, where a notice gives no brand, has the brand in it, word for word.
pub fn names_brand(given: &str, name: &str) -> bool {
    let given = normalise::brand_words(given);
    if given.is_empty() {
        return false;
    }
    let words = normalise::brand_words(name);
    // A single short word stands in too many names: it must look like a brand there.
    let is_particular = given.len() > 1 || given[0].chars().count() > 3;
    let is_written_large = |word: &str| {
        word.contains(char::is_alphabetic)
            && !word.contains(char::is_lowercase)
            && normalise::brand_words(word) == given
    };
    words.starts_with(&given)
        || is_particular && words.windows(given.len()).any(|words| words == given)
        || name
            .split(|c: char| !c.is_alphanumeric())
            .any(is_written_large)
}

/// The date marks as an item carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenDate {
    /// Which date it is, as far as it is known.
    pub mark: DateMark,
    /// The date.
    pub date: PrintedDate,
}

/// Compares a date from an item with a date entry of a notice.
///
/// - Same kind of date: inside, outside, or (a month that is partly in the span) cannot tell.
/// - The item's date is of no stated kind: it may say when the item goes off or when it was made. In
///   a span it is inside. After a span of expiry dates it is outside: if it is the production date,
///   expiry comes later still. Before such a span it may be the production date of an item whose
///   expiry is inside, so nobody can tell. Before a span of production dates it is outside, after it
///   nobody can tell.
/// - Best before and use by are taken for one another, and for a date that the notice does not
///   name: inside counts, outside does not.
/// - A production date and an expiry date tell nothing about one another.
pub fn date(given: GivenDate, listed: &Value) -> Fit {
    use DateMark::{BestBefore, Production, Unspecified, UseBy};
    let (mark, from, to) = match listed {
        Value::DateMark { mark, from, to } => (*mark, *from, *to),
        Value::ProductionWindow { from, to } => (Production, *from, *to),
        _ => return Fit::CannotTell,
    };
    let place = within(given.date, from, to);
    match (given.mark, mark) {
        (Unspecified, Unspecified | BestBefore | UseBy) if given.date.last() < from => {
            Fit::CannotTell
        }
        (a, b) if a == b => place,
        (Unspecified, BestBefore | UseBy) => place,
        (_, Unspecified) | (BestBefore, UseBy) | (UseBy, BestBefore) => inside_only(place),
        (Unspecified, _) if given.date.last() < from => Fit::Outside,
        (Unspecified, _) => inside_only(place),
        _ => Fit::CannotTell,
    }
}

fn inside_only(place: Fit) -> Fit {
    match place {
        Fit::Outside => Fit::CannotTell,
        place => place,
    }
}

fn within(given: PrintedDate, from: Date, to: Date) -> Fit {
    if from > to {
        Fit::CannotTell
    } else if from <= given.first() && given.last() <= to {
        Fit::Inside
    } else if given.last() < from || to < given.first() {
        Fit::Outside
    } else {
        Fit::CannotTell
    }
}

#[cfg(test)]
mod tests;
