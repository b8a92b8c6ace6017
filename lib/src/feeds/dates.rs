//! Dates as agencies and packages write them, in English and in French.
//!
//! A date is read only when it has one reading. `2/9` or `03/04/05` in the wrong company stays
//! unread, and its reader then knows that a list was not read whole.

use jiff::civil::Date;

use super::tokens::Token;

/// How numbers in a date are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Month, day, year: the United States.
    MonthFirst,
    /// Day, month, year: nearly everywhere else.
    DayFirst,
}

/// A date of a day or of a whole month, first and last day included.
pub(super) type Days = (Date, Date);

/// Reads a date of a feed's own field: `2026-07-09`, `2026-07-09T00:00:00`, `20260709`, `07/09/2026`.
pub(super) fn field(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text
        .get(..10)
        .filter(|_| text.as_bytes().get(4) == Some(&b'-'));
    if let Some(day) = day {
        let rest = &text[10..];
        let separate = rest.is_empty() || rest.starts_with(['T', ' ', 'Z', '+']);
        return separate
            .then(|| numbers(day, '-'))
            .flatten()
            .and_then(|p| make(p[0], p[1], p[2]));
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let number = |at: std::ops::Range<usize>| text[at].parse().ok();
        return make(number(0..4)?, number(4..6)?, number(6..8)?);
    }
    let parts = numbers(text, '/').filter(|_| text.len() == 10)?;
    make(parts[2], parts[0], parts[1])
}

fn numbers(text: &str, separator: char) -> Option<[i32; 3]> {
    let mut parts = text.split(separator);
    let all = [
        part(parts.next()?)?,
        part(parts.next()?)?,
        part(parts.next()?)?,
    ];
    parts.next().is_none().then_some(all)
}

fn part(text: &str) -> Option<i32> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Builds a date that could stand on a product or a notice, or nothing.
pub(super) fn make(year: i32, month: i32, day: i32) -> Option<Date> {
    (1950..=2100).contains(&year).then_some(())?;
    Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
}

/// Returns the first and last day of a month.
pub(super) fn month(year: i32, month: i32) -> Option<Days> {
    let first = make(year, month, 1)?;
    Some((first, first.last_of_month()))
}

fn full_year(text: &str) -> Option<i32> {
    let number = part(text)?;
    match text.len() {
        4 => Some(number),
        2 => Some(if number >= 70 {
            1900 + number
        } else {
            2000 + number
        }),
        _ => None,
    }
}

/// Returns the number of a month's name, whole or shortened, in English or French.
pub(super) fn month_name(lower: &str) -> Option<i32> {
    Some(match lower.trim_end_matches('.') {
        "january" | "jan" | "janvier" | "janv" => 1,
        "february" | "feb" | "février" | "fevrier" | "févr" | "fév" => 2,
        "march" | "mar" | "mars" => 3,
        "april" | "apr" | "avril" | "avr" => 4,
        "may" | "mai" => 5,
        "june" | "jun" | "juin" => 6,
        "july" | "jul" | "juillet" | "juil" => 7,
        "august" | "aug" | "août" | "aout" => 8,
        "september" | "sept" | "sep" | "septembre" => 9,
        "october" | "oct" | "octobre" => 10,
        "november" | "nov" | "novembre" => 11,
        "december" | "dec" | "décembre" | "decembre" | "déc" => 12,
        _ => return None,
    })
}

/// Reads a date at a token: the days, and how many tokens it took.
///
/// `month_year` says that `03/13` means March 2013, which holds for medicines' expiry and nowhere
/// else.
pub(super) fn at(
    tokens: &[Token<'_>],
    start: usize,
    order: Order,
    month_year: bool,
) -> Option<(Days, usize)> {
    let token = tokens.get(start)?;
    if let Some(month_number) = month_name(&token.lower) {
        return named_month(tokens, start, month_number);
    }
    if let Some(found) = day_then_month(tokens, start).or_else(|| year_first(tokens, start)) {
        return Some(found);
    }
    one_token(token.text, &token.lower, order, month_year).map(|days| (days, 1))
}

/// `May 28, 2026`, `May 28 2026`, `May 2026`, with a full stop after a short name.
fn named_month(tokens: &[Token<'_>], start: usize, number: i32) -> Option<(Days, usize)> {
    let mut next = start + 1;
    let text = |at: usize| tokens.get(at).map(|token| token.text);
    if text(next) == Some(".") {
        next += 1;
    }
    let first = text(next)?;
    if first.len() == 4 {
        return month(part(first)?, number).map(|days| (days, next + 1 - start));
    }
    let day = part(first.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']))
        .filter(|_| first.len() <= 4)?;
    next += 1;
    if text(next) == Some(",") {
        next += 1;
    }
    let year = text(next).filter(|year| year.len() == 4)?;
    let date = make(part(year)?, number, day)?;
    Some(((date, date), next + 1 - start))
}

/// Reads `Month` or `Month day` without a year, for a span whose end has one: month, day, tokens.
pub(super) fn without_year(
    tokens: &[Token<'_>],
    start: usize,
) -> Option<(i32, Option<i32>, usize)> {
    let number = month_name(&tokens.get(start)?.lower)?;
    let day = tokens
        .get(start + 1)
        .filter(|token| token.text.len() <= 2)
        .and_then(|token| part(token.text));
    Some((number, day, if day.is_some() { 2 } else { 1 }))
}

/// `12 mars 2024`, `1er mars 2024`, `31 Jan 2025`.
fn day_then_month(tokens: &[Token<'_>], start: usize) -> Option<(Days, usize)> {
    let day =
        part(tokens[start].lower.trim_end_matches("er")).filter(|day| (1..=31).contains(day))?;
    let number = month_name(&tokens.get(start + 1)?.lower)?;
    let stop = usize::from(tokens.get(start + 2)?.text == ".");
    let date = make(full_year(tokens.get(start + 2 + stop)?.text)?, number, day)?;
    Some(((date, date), 3 + stop))
}

/// `2026 MAR 04`.
fn year_first(tokens: &[Token<'_>], start: usize) -> Option<(Days, usize)> {
    let year = part(tokens[start].text).filter(|_| tokens[start].text.len() == 4)?;
    let number = month_name(&tokens.get(start + 1)?.lower)?;
    let day = tokens.get(start + 2).filter(|day| day.text.len() <= 2)?;
    let date = make(year, number, part(day.text)?)?;
    Some(((date, date), 3))
}

fn one_token(text: &str, lower: &str, order: Order, month_year: bool) -> Option<Days> {
    let separator = ['/', '-', '.'].into_iter().find(|s| text.contains(*s));
    let Some(separator) = separator else {
        return glued(lower)
            .or_else(|| compact(text))
            .map(|date| (date, date));
    };
    let parts: Vec<&str> = text.split(separator).collect();
    match parts[..] {
        [a, b, c] => three(a, b, c, order).map(|date| (date, date)),
        [a, b] if a.len() == 4 => month(part(a)?, part(b)?),
        [a, b] if b.len() == 4 => {
            month(part(b)?, month_name(&a.to_lowercase()).or_else(|| part(a))?)
        }
        [a, b] if month_year && b.len() == 2 => month(full_year(b)?, part(a)?),
        _ => None,
    }
}

fn three(a: &str, b: &str, c: &str, order: Order) -> Option<Date> {
    if let Some(number) = month_name(&a.to_lowercase()) {
        return make(full_year(c)?, number, part(b)?);
    }
    if let Some(number) = month_name(&b.to_lowercase()) {
        return if a.len() == 4 {
            make(part(a)?, number, part(c)?)
        } else {
            make(full_year(c)?, number, part(a)?)
        };
    }
    let (first, second) = (part(a)?, part(b)?);
    if a.len() == 4 {
        return make(first, second, part(c)?);
    }
    let year = full_year(c)?;
    let (usual, other) = match order {
        Order::MonthFirst => (make(year, first, second), make(year, second, first)),
        Order::DayFirst => (make(year, second, first), make(year, first, second)),
    };
    usual.or(other)
}

/// `31JAN2025`, `31JAN25`, `2025JAN31`; never `JAN2025`, for a month alone is too often a lot.
fn glued(lower: &str) -> Option<Date> {
    let letters = lower.find(|c: char| c.is_alphabetic())?;
    let (head, rest) = lower.split_at(letters);
    let end = rest.find(|c: char| !c.is_alphabetic())?;
    let (name, tail) = rest.split_at(end);
    let number = month_name(name)?;
    match (head.len(), tail.len()) {
        (1 | 2, 2 | 4) => make(full_year(tail)?, number, part(head)?),
        (4, 2) => make(part(head)?, number, part(tail)?),
        _ => None,
    }
}

/// Six or eight digits that are a date in one order only.
fn compact(text: &str) -> Option<Date> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let piece = |from: usize, to: usize| text.get(from..to).and_then(part);
    let readings = match text.len() {
        8 if digits => [
            make(piece(4, 8)?, piece(0, 2)?, piece(2, 4)?),
            make(piece(0, 4)?, piece(4, 6)?, piece(6, 8)?),
        ],
        6 if digits => [
            make(2000 + piece(4, 6)?, piece(0, 2)?, piece(2, 4)?),
            make(2000 + piece(0, 2)?, piece(2, 4)?, piece(4, 6)?),
        ],
        _ => return None,
    };
    match readings {
        [Some(date), None] | [None, Some(date)] => Some(date),
        [Some(one), Some(other)] if one == other => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tokens::tokens, *};

    fn read(text: &str, order: Order) -> Option<String> {
        let tokens = tokens(text);
        at(&tokens, 0, order, false)
            .filter(|(_, used)| *used == tokens.len())
            .map(|((from, to), _)| {
                if from == to {
                    from.to_string()
                } else {
                    format!("{from}..{to}")
                }
            })
    }

    #[test]
    fn fields_are_read_and_impossible_days_refused() {
        for good in [
            "2026-07-09T00:00:00",
            "2026-07-09",
            "20260709",
            "07/09/2026",
            "2026-07-09T16:19:30+00:00",
        ] {
            assert_eq!(field(good), make(2026, 7, 9), "{good}");
        }
        for bad in [
            "2023-02-30",
            "20230230",
            "",
            "N/A",
            "2026-7-9x",
            "13/13/2026",
            "0000-00-00",
            "99999999",
            "2026-07-09garbage",
            "é026-07-09",
        ] {
            assert_eq!(field(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_on_packages_are_read() {
        for (text, date) in [
            ("05/13/14", "2014-05-13"),
            ("7/31/2025", "2025-07-31"),
            ("13/05/2014", "2014-05-13"),
            ("11/2020", "2020-11-01..2020-11-30"),
            ("May/28/2026", "2026-05-28"),
            ("December 15, 2014", "2014-12-15"),
            ("Jan. 2016", "2016-01-01..2016-01-31"),
            ("31JAN2025", "2025-01-31"),
            ("01May22", "2022-05-01"),
            ("2026 MAR 04", "2026-03-04"),
            ("31 Jan 2025", "2025-01-31"),
            ("2025.8.25", "2025-08-25"),
            ("102217", "2017-10-22"),
            ("20260524", "2026-05-24"),
        ] {
            assert_eq!(
                read(text, Order::MonthFirst).as_deref(),
                Some(date),
                "{text}"
            );
        }
        assert_eq!(
            read("1er mars 2024", Order::DayFirst).as_deref(),
            Some("2024-03-01")
        );
        assert_eq!(
            read("05/06/2024", Order::DayFirst).as_deref(),
            Some("2024-06-05")
        );
    }

    #[test]
    fn what_has_two_readings_or_none_is_left_unread() {
        for text in [
            "2/9",
            "FEB 10",
            "03/13",
            "010203",
            "2023-02-30",
            "31 Feb 2024",
            "L1051",
            "99999999",
        ] {
            assert_eq!(read(text, Order::MonthFirst), None, "{text}");
        }
        let tokens = tokens("03/13");
        assert_eq!(
            at(&tokens, 0, Order::MonthFirst, true).map(|(days, _)| days),
            month(2013, 3)
        );
    }
}
