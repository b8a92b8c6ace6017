//! Codes against codes and spans of codes.

use jiff::civil::Date;

use super::{Fit, within};
use crate::domain::normalise::{self, Code, easily_confused};

/// Whether a listed code is no code but a rule in words or with placeholders.
pub(super) fn is_vague(written: &str) -> bool {
    let upper = written.to_uppercase();
    written.contains(['*', '?', '…', '%'])
        || upper.contains("XXX")
        || upper.contains("...")
        || written.chars().count() > 40
        || written.split_whitespace().count() > 4
}

/// Compares a code from an item with one listed code, of which `written` is the text.
///
/// Inside when a form agrees, or when the listed code stands for itself in a longer print: after a
/// word such as "lot", or with nothing but such words around it. Outside only when the two have
/// nothing to do with one another.
pub(super) fn one(given: &Code, written: &str, listed: &Code) -> Fit {
    if given.forms.is_empty() || listed.forms.is_empty() {
        return Fit::CannotTell;
    }
    if given.forms.iter().any(|form| listed.forms.contains(form)) || stands_in(given, listed) {
        return Fit::Inside;
    }
    if is_vague(written) || is_doubtful(given, listed) {
        Fit::CannotTell
    } else {
        Fit::Outside
    }
}

/// Whether the listed code stands for itself among the words of the item's print.
fn stands_in(given: &Code, listed: &Code) -> bool {
    given.runs().any(|(from, to, text)| {
        let words = &given.words;
        let is_announced = from > 0 && words[from - 1].is_label;
        let begins = words[from].is_apart || is_announced;
        let ends = words.get(to).is_none_or(|next| next.is_apart);
        let is_alone = || {
            let mut others = words[..from].iter().chain(&words[to..]);
            !given.has_more_words && others.all(|word| word.is_label)
        };
        let is_code = || !words[from..to].iter().all(|word| word.is_label);
        begins && ends && listed.forms.contains(&text) && is_code() && (is_announced || is_alone())
    })
}

/// Whether two codes that differ may still be one code: misread, cut, or printed with something.
fn is_doubtful(given: &Code, listed: &Code) -> bool {
    let plain = |code: &Code| code.forms.iter().all(|form| normalise::is_plain(form));
    let numbered = |code: &Code| code.forms.iter().any(|form| has_digit(form));
    let pairs = |test: &dyn Fn(&str, &str) -> bool| {
        given
            .forms
            .iter()
            .any(|item| listed.forms.iter().any(|entry| test(item, entry)))
    };
    given.has_more_words
        || !plain(given)
        || !plain(listed)
        || numbered(listed) && !numbered(given)
        || pairs(&is_close)
        || has_part(given, listed)
        || is_between(given, listed)
}

/// Whether two codes that differ may be one code, misread or printed with something added.
pub(super) fn is_close(a: &str, b: &str) -> bool {
    let (like_a, like_b) = (easily_confused(a), easily_confused(b));
    let holds = |long: &str, short: &str| !short.is_empty() && long.contains(short);
    like_a == like_b
        || holds(a, b)
        || holds(b, a)
        || holds(&like_a, &like_b)
        || holds(&like_b, &like_a)
}

/// Whether a number among the words of a longer print begins or ends the listed code: often only the
/// last digits are read off.
fn has_part(given: &Code, listed: &Code) -> bool {
    let parts = given.words.iter().map(|word| word.text.as_str());
    parts.filter(|word| has_digit(word)).any(|word| {
        let is_end = |form: &String| form.starts_with(word) || form.ends_with(word);
        listed.forms.iter().any(is_end)
    })
}

/// Whether the item's print is itself a span ("311-313") with the listed code in it.
fn is_between(given: &Code, listed: &Code) -> bool {
    let numbers: Vec<&str> = given
        .words
        .iter()
        .map(|word| word.text.as_str())
        .filter(|word| has_digit(word))
        .collect();
    numbers.iter().enumerate().any(|(at, low)| {
        numbers[at + 1..].iter().any(|high| {
            let inside = |form: &String| series(form, low, high) == Some(Fit::Inside);
            listed.forms.iter().any(inside)
        })
    })
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Whether two codes differ only by the L that may be put before a lot.
pub(super) fn differ_by_l(a: &Code, b: &Code) -> bool {
    a.forms.iter().any(|a| {
        b.forms
            .iter()
            .any(|b| a.strip_prefix('L') == Some(b) || b.strip_prefix('L') == Some(a))
    })
}

/// Compares a code from an item with a span.
///
/// Outside only when what was given is one code, as long as the ends: a part of a code, and several
/// codes or dates in one line, do not tell.
pub(super) fn span(given: &Code, from: &Code, to: &Code) -> Fit {
    let fit = forms_in_span(&given.forms, &from.forms, &to.forms);
    if fit != Fit::Outside {
        return fit;
    }
    let shortest = |code: &Code| code.forms.iter().map(String::len).min().unwrap_or(0);
    let is_short = shortest(given) < shortest(from).max(shortest(to));
    let numbers = given.words.iter().filter(|word| has_digit(&word.text));
    let is_plain = [given, from, to]
        .into_iter()
        .flat_map(|code| &code.forms)
        .all(|form| normalise::is_plain(form));
    if is_short || given.has_more_words || numbers.count() > 1 || !is_plain {
        Fit::CannotTell
    } else {
        Fit::Outside
    }
}

/// Compares one code with a span, in every form of both ends that belong together.
fn forms_in_span(given: &[String], from: &[String], to: &[String]) -> Fit {
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
                joined = match (joined, series(item, low, high)) {
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
fn series(given: &str, from: &str, to: &str) -> Option<Fit> {
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
        (false, _) if has_part_inside(given, from, to, low, high) => Fit::CannotTell,
        (false, _) => Fit::Outside,
    };
    match dated {
        Some(dated) if dated != numeric => Fit::CannotTell,
        _ => numeric,
    }
}

/// Whether a number that is too long has one of the span in it, so that a time, a date or a line's
/// number may have been typed with it.
fn has_part_inside(given: &str, from: &str, to: &str, low: u128, high: u128) -> bool {
    (from.len()..=to.len().min(given.len().saturating_sub(1))).any(|width| {
        (0..=given.len() - width).any(|at| {
            given[at..at + width]
                .parse::<u128>()
                .is_ok_and(|part| low <= part && part <= high)
        })
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
