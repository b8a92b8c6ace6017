//! Whether what is printed on an item lies within what a notice lists.
//!
//! Every answer has three values. "Cannot tell" is neither yes nor no and must never become one.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    identifier::{DateMark, Value},
    normalise::{self, easily_confused},
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

/// The fewest characters that two codes must share before one that begins or ends with the other
/// raises a doubt.
const SHARED: usize = 4;

/// Compares a lot from an item with an entry of a notice; anything that is no lot tells nothing.
pub fn lot(given: &str, listed: &Value) -> Fit {
    match listed {
        Value::Lot { value } => one(&normalise::lot(given), value, &normalise::lot(value)),
        Value::LotRange { from, to } => spans(
            &normalise::lot(given),
            &normalise::lot(from),
            &normalise::lot(to),
        ),
        _ => Fit::CannotTell,
    }
}

/// Compares a serial number from an item with an entry of a notice.
pub fn serial(given: &str, listed: &Value) -> Fit {
    match listed {
        Value::Serial { value } => one(&normalise::serial(given), value, &normalise::serial(value)),
        Value::SerialRange { from, to } => spans(
            &normalise::serial(given),
            &normalise::serial(from),
            &normalise::serial(to),
        ),
        _ => Fit::CannotTell,
    }
}

/// Compares a model from an item with an entry of a notice.
///
/// A name ("Snuggle") and a number ("SN-100") of one model have nothing in common: only two
/// numbers can differ.
pub fn model(given: &str, listed: &Value) -> Fit {
    let given = normalise::model(given);
    match listed {
        Value::Model { value } => {
            let listed = normalise::model(value);
            if given.is_empty() || listed.is_empty() {
                Fit::CannotTell
            } else if given == listed {
                Fit::Inside
            } else if is_vague(value) || !both_numbers(&given, &listed) || is_close(&given, &listed)
            {
                Fit::CannotTell
            } else {
                Fit::Outside
            }
        }
        Value::ModelPrefix { value } => {
            let prefix = normalise::model(value);
            if given.is_empty() || prefix.is_empty() {
                Fit::CannotTell
            } else if given.starts_with(&prefix) {
                Fit::Inside
            } else if !both_numbers(&given, &prefix)
                || easily_confused(&given).starts_with(&easily_confused(&prefix))
                || prefix.starts_with(&given)
            {
                Fit::CannotTell
            } else {
                Fit::Outside
            }
        }
        _ => Fit::CannotTell,
    }
}

fn both_numbers(a: &str, b: &str) -> bool {
    a.contains(char::is_numeric) && b.contains(char::is_numeric)
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
    // A single short word stands in too many names.
    let particular = given.len() > 1 || given.first().is_some_and(|word| word.len() > 3);
    particular
        && normalise::brand_words(name)
            .windows(given.len())
            .any(|words| words == given)
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
/// - The item's date is of no stated kind: it is the date that people call expiry, and is compared
///   with best before, use by and unnamed dates as the same kind. Against a production date only
///   "before the span began" is outside: expiry comes after production.
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

/// Whether a listed code is no code but a rule in words or with placeholders.
fn is_vague(written: &str) -> bool {
    let upper = written.to_uppercase();
    written.contains(['*', '?', '…', '%'])
        || upper.contains("XXX")
        || upper.contains("...")
        || written.chars().count() > 40
        || written.split_whitespace().count() > 4
}

/// Compares one code with one listed code.
fn one(given: &[String], written: &str, listed: &[String]) -> Fit {
    if given.is_empty() || listed.is_empty() {
        return Fit::CannotTell;
    }
    if given.iter().any(|form| listed.contains(form)) {
        return Fit::Inside;
    }
    let close = given
        .iter()
        .any(|a| listed.iter().any(|b| is_close(a, b) || differ_by_l(a, b)));
    if close || is_vague(written) {
        Fit::CannotTell
    } else {
        Fit::Outside
    }
}

/// Whether two codes that differ may be one code, misread or printed with something added.
fn is_close(a: &str, b: &str) -> bool {
    let shared = a.chars().count().min(b.chars().count());
    easily_confused(a) == easily_confused(b)
        || shared >= SHARED
            && (a.starts_with(b) || a.ends_with(b) || b.starts_with(a) || b.ends_with(a))
}

/// Whether two codes differ only by the L that may be put before a lot.
fn differ_by_l(a: &str, b: &str) -> bool {
    a.strip_prefix('L') == Some(b) || b.strip_prefix('L') == Some(a)
}

/// Compares one code with a span, in every form of both ends that belong together.
fn spans(given: &[String], from: &[String], to: &[String]) -> Fit {
    if given.is_empty() || from.is_empty() || to.is_empty() {
        return Fit::CannotTell;
    }
    if given
        .iter()
        .any(|form| from.contains(form) || to.contains(form))
    {
        return Fit::Inside;
    }
    let mut joined = None;
    for item in given {
        for low in from {
            for high in to {
                joined = match (joined, span(item, low, high)) {
                    (_, Some(Fit::Inside)) => return Fit::Inside,
                    (Some(Fit::CannotTell), _) | (_, Some(Fit::CannotTell)) => {
                        Some(Fit::CannotTell)
                    }
                    (joined, None) => joined,
                    (_, outside) => outside,
                };
            }
        }
    }
    joined.unwrap_or(Fit::CannotTell)
}

/// Compares one code with a span of codes; nothing when they are not of one series.
///
/// Two ends make a span when both are digits only, or when they have one length, one beginning and
/// one ending of letters, and digits between; anything else has no order that we know.
fn span(given: &str, from: &str, to: &str) -> Option<Fit> {
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits(from) && all_digits(to) {
        return all_digits(given).then(|| numbers(given, from, to));
    }
    let (low, high, item) = (parts(from)?, parts(to)?, parts(given)?);
    let one_series = |a: &Parts<'_>, b: &Parts<'_>| {
        a.head == b.head && a.tail == b.tail && a.digits.len() == b.digits.len()
    };
    (one_series(&low, &high) && one_series(&low, &item))
        .then(|| numbers(item.digits, low.digits, high.digits))
}

struct Parts<'a> {
    head: &'a str,
    digits: &'a str,
    tail: &'a str,
}

/// Splits a code at its last run of digits.
fn parts(text: &str) -> Option<Parts<'_>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let end = text.rfind(is_digit)? + 1;
    let start = text[..end].rfind(|c| !is_digit(c)).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    Some(Parts {
        head: &text[..start],
        digits: &text[start..end],
        tail: &text[end..],
    })
}

/// Compares digits as a number, and as the dates that lots are often made of: when these readings
/// disagree, nobody can tell.
fn numbers(given: &str, from: &str, to: &str) -> Fit {
    let value = |text: &str| text.parse::<u128>().ok();
    let (Some(low), Some(high), Some(item)) = (value(from), value(to), value(given)) else {
        return Fit::CannotTell;
    };
    let dated = dates(given, from, to);
    if low > high {
        // Not in numerical order: only as dates can it be a span, and that is a guess.
        return Fit::CannotTell;
    }
    let inside = low <= item && item <= high;
    let width_fits = (from.len()..=to.len()).contains(&given.len());
    let numeric = match (inside, width_fits) {
        (true, true) => Fit::Inside,
        (true, false) => Fit::CannotTell,
        (false, _) if has_part_inside(given, from, low, high) => Fit::CannotTell,
        (false, _) => Fit::Outside,
    };
    match dated {
        Some(dated) if dated != numeric => Fit::CannotTell,
        _ => numeric,
    }
}

/// Whether a number that is too long begins or ends with one of the span, so that a time, a line or
/// a line's number may have been typed with it.
fn has_part_inside(given: &str, from: &str, low: u128, high: u128) -> bool {
    let width = from.len();
    if given.len() <= width || width < SHARED {
        return false;
    }
    [&given[..width], &given[given.len() - width..]]
        .iter()
        .any(|part| {
            part.parse::<u128>()
                .is_ok_and(|part| low <= part && part <= high)
        })
}

/// Compares codes of 6 or 8 digits as dates that begin with the day or the month, when all three are
/// such dates of few years; these do not sort as numbers.
fn dates(given: &str, from: &str, to: &str) -> Option<Fit> {
    let mut answers = [true, false].into_iter().filter_map(|day_first| {
        let (low, high) = (written_date(from, day_first)?, written_date(to, day_first)?);
        if low > high || high.year() - low.year() > 2 {
            return None;
        }
        let item = written_date(given, day_first)?;
        Some(within(item.into(), low, high))
    });
    let first = answers.next()?;
    Some(match answers.next() {
        Some(second) if second != first => Fit::CannotTell,
        _ => first,
    })
}

fn written_date(text: &str, day_first: bool) -> Option<Date> {
    if !matches!(text.len(), 6 | 8) {
        return None;
    }
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    let (day, month) = if day_first {
        (two(0)?, two(2)?)
    } else {
        (two(2)?, two(0)?)
    };
    let year: i16 = text.get(4..)?.parse().ok()?;
    let year = if text.len() == 6 { 2000 + year } else { year };
    if !(2010..=2045).contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests;
