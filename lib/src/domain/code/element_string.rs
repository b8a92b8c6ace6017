//! GS1 element strings, with brackets for people or with separators as scanners give them.

use jiff::civil::Date;

use super::{
    InvalidCode, Reading, ScannedCode,
    application_identifiers::{Elements, Fault, Rule},
    retail::is_separator,
};

/// The separator that a scanner sends for the FNC1 character.
const SEPARATOR: char = '\u{1d}';

/// How scanners, test tools and keyboards write the separator when they cannot send it.
const SPELLINGS: &[&str] = &[
    "\u{241d}", "<GS>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "[FNC1]", "^FNC1", "\\x1d", "\\u001d",
    "\\F",
];

/// Returns whether the text is meant as an element string, be it right or wrong.
pub(super) fn looks_like_one(content: &str) -> bool {
    if content.starts_with('(') || content.contains(SEPARATOR) || spelled(content).is_some() {
        return true;
    }
    let digits: String = content.chars().filter(|c| !is_separator(*c)).collect();
    digits.len() >= 16
        && digits.starts_with("01")
        && digits.as_bytes()[..16].iter().all(u8::is_ascii_digit)
}

/// Returns the text with every spelling of the separator replaced, if it has one.
fn spelled(content: &str) -> Option<String> {
    let upper = content.to_ascii_uppercase();
    let mut text = content.to_owned();
    let mut changed = false;
    for spelling in SPELLINGS {
        let wanted = spelling.to_ascii_uppercase();
        if !upper.contains(&wanted) {
            continue;
        }
        changed = true;
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        // ASCII upper case keeps every byte in its place, so positions agree.
        while let Some(at) = rest.to_ascii_uppercase().find(&wanted) {
            out.push_str(&rest[..at]);
            out.push(SEPARATOR);
            rest = &rest[at + wanted.len()..];
        }
        out.push_str(rest);
        text = out;
    }
    changed.then_some(text)
}

/// Reads an element string; `separated` says that a scanner sent it with the symbol's identifier, so
/// that nothing in it was typed.
///
/// Only a separator that is seen shows that the scanner sends them: the identifier does not.
pub(super) fn read(
    content: &str,
    separated: bool,
    today: Date,
) -> Result<ScannedCode, InvalidCode> {
    let mut elements = Elements::new(today);
    let text = spelled(content).unwrap_or_else(|| content.to_owned());
    if text.starts_with('(') {
        read_bracketed(&text, &mut elements)?;
    } else {
        let is_seen = text.contains(SEPARATOR);
        let sent = separated || is_seen;
        // A hyphen may belong to a lot; in front, among the digits of the number, it was typed.
        let was_typed = text.chars().take(16).any(is_separator);
        let dropped = |c: &char| is_separator(*c) && (was_typed || *c != '-');
        let text: String = text.chars().filter(|c| sent || !dropped(c)).collect();
        let follower = if sent { is_follower } else { is_any_follower };
        read_plain(&text, (!is_seen).then_some(follower), &mut elements)?;
    }
    elements
        .finish(Reading::ElementString)
        .ok_or_else(|| fault("it has no trade item number (01)"))
}

fn fault(text: impl Into<String>) -> InvalidCode {
    InvalidCode::ElementString(text.into())
}

impl From<Fault> for InvalidCode {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Number(number) => number.into(),
            Fault::Text(text) => Self::ElementString(text),
        }
    }
}

/// Reads `(01)…(10)…`. A bracket inside a value counts as one only when 2 to 4 digits and the
/// closing bracket follow.
fn read_bracketed(content: &str, elements: &mut Elements) -> Result<(), InvalidCode> {
    let mut rest = content;
    while !rest.is_empty() {
        let Some((identifier, after)) = bracket(rest) else {
            return Err(fault("an application identifier in brackets is missing"));
        };
        let end = after
            .char_indices()
            .find(|(at, c)| *c == '(' && bracket(&after[*at..]).is_some())
            .map_or(after.len(), |(at, _)| at);
        let value = after[..end].trim_matches(|c: char| is_separator(c) || c == SEPARATOR);
        // Only numbers are written in groups; a hyphen in a lot belongs to the lot.
        let value: String = match identifier {
            "01" => value.chars().filter(|c| !is_separator(*c)).collect(),
            _ => value.to_owned(),
        };
        // People put the number as it is printed under the bars.
        let value = match (identifier, value.len()) {
            ("01", 8 | 12 | 13) => format!("{value:0>14}"),
            _ => value,
        };
        elements.take(identifier, &value)?;
        rest = &after[end..];
    }
    Ok(())
}

/// Splits `(NN)` to `(NNNN)` off the text.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let (identifier, rest) = text.strip_prefix('(')?.split_once(')')?;
    let fits =
        (2..=4).contains(&identifier.len()) && identifier.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some((identifier, rest))
}

/// Whether a text begins with an element that may follow a lot or a serial number.
type Follower = fn(&str) -> bool;

/// Reads elements one after the other, of which those of no predefined length end at a separator.
///
/// `unseparated` is given where no separator was seen, so that further elements may be stuck to a
/// value.
fn read_plain(
    text: &str,
    unseparated: Option<Follower>,
    elements: &mut Elements,
) -> Result<(), InvalidCode> {
    let mut rest = text.trim_start_matches(SEPARATOR);
    while !rest.is_empty() {
        let (identifier, value, after) = split(rest)?;
        elements.take(identifier, value)?;
        if unseparated.is_some_and(|follower| could_go_on(value, follower)) {
            elements.forget_unbounded(identifier);
        }
        rest = after.trim_start_matches(SEPARATOR);
    }
    Ok(())
}

/// Splits one element off: identifier, value, rest.
fn split(text: &str) -> Result<(&str, &str, &str), InvalidCode> {
    let rule = Rule::of(text).ok_or_else(|| {
        let shown: String = text.chars().take(4).collect();
        fault(format!(
            "no application identifier begins with {}",
            shown.escape_debug()
        ))
    })?;
    let (identifier, rest) = text.split_at(rule.width);
    let end = if rule.is_predefined() {
        rule.max
    } else {
        rest.find(SEPARATOR).unwrap_or(rest.len())
    };
    match (rest.get(..end), rest.get(end..)) {
        (Some(value), Some(after)) => Ok((identifier, value, after)),
        _ => Err(fault(format!("the value of ({identifier}) is cut off"))),
    }
}

/// Returns whether the end of a value can be read as further elements.
///
/// Some scanners swallow separators. Then a lot has other elements stuck to it, and comparing it
/// with a list would wrongly find it outside: better no lot than a wrong one.
fn could_go_on(value: &str, is_follower: Follower) -> bool {
    (1..value.len()).any(|at| {
        let Some(mut rest) = value.get(at..).filter(|rest| is_follower(rest)) else {
            return false;
        };
        let mut trial = Elements::new(Date::constant(2000, 1, 1));
        while !rest.is_empty() {
            match split(rest) {
                Ok((identifier, value, after)) if trial.take(identifier, value).is_ok() => {
                    rest = after;
                }
                _ => return false,
            }
        }
        true
    })
}

/// The elements that stand beside a number on products for sale: lot, dates, variant, serial number,
/// and measures and prices, which are long enough not to be chance.
fn is_follower(rest: &str) -> bool {
    const FOLLOWERS: &[&str] = &[
        "10", "11", "12", "13", "15", "16", "17", "21", "22", "310", "311", "312", "313", "314",
        "315", "316", "320", "392", "393",
    ];
    FOLLOWERS.iter().any(|follower| rest.starts_with(follower))
}

/// As [`is_follower`], with the counts (30) and (37) and the maker's own numbers (240) and (241): in
/// what was typed they may stand anywhere.
///
/// On goods for sale they are rare, and many a lot ends like one (`WR2302`, `FB2401`), so in what a
/// scanner sent they are no reason to forget it. The matcher never takes a lot that begins with a
/// listed one, or holds one of a listed span, to be outside.
fn is_any_follower(rest: &str) -> bool {
    is_follower(rest)
        || ["30", "37", "240", "241"]
            .iter()
            .any(|follower| rest.starts_with(follower))
}
