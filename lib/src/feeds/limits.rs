//! Reads lots, serials, dates and codes out of a text, and says whether all of it was understood.
//!
//! One grammar serves a field made for codes (`Lot #: A1, B2; Exp. 02/2021`) and a sentence. It
//! goes from label to label; a label's codes follow it, through punctuation and filling words, in
//! lists and in spans. Anything else is a word that was not understood. A list with such a word in
//! it may still be read, but never counts as whole: only a whole list may exclude an item.

use super::{
    barcode,
    dates::{self, Order},
    labels::{self, Label},
    text,
    tokens::{Token, tokens},
    words::{CLOSERS, FILLERS, HEDGES, OPENERS, UNITS},
};
use crate::domain::identifier::{DateMark, Value, is_placeholder};

/// The most identifiers that are kept of one text.
pub(super) const MOST: usize = 5_000;

/// How a text is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How its dates are ordered.
    pub(super) order: Order,
    /// Whether `03/13` beside an expiry is March 2013.
    pub(super) month_year: bool,
    /// Whether it is prose: a full stop ends a list, and words between lists are nobody's fault.
    pub(super) prose: bool,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent findings, each with a name"
)]
pub(super) struct Reading {
    /// The identifiers in the order of the text, without repeats.
    pub(super) found: Vec<Value>,
    /// Whether the text speaks of lots, serials or dates at all.
    pub(super) limits: bool,
    /// Whether everything that may limit the recall was understood.
    pub(super) whole: bool,
    /// Whether codes stood there without a word that names them.
    pub(super) bare: bool,
    /// Whether the text says in so many words that every unit is covered.
    pub(super) all: bool,
}

/// Reads a text.
pub(super) fn read(text: &str, rules: Rules) -> Reading {
    let tokens = tokens(text);
    if !rules.prose
        && let Some(reading) = bare_list(&tokens, rules)
    {
        return reading;
    }
    let mut reader = Reader {
        tokens: &tokens,
        rules,
        at: 0,
        context: None,
        fresh: false,
        spanning: false,
        before_dates: None,
        limited_sentence: false,
        hedged_sentence: false,
        reading: Reading {
            whole: true,
            ..Reading::default()
        },
    };
    reader.run();
    reader.reading
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "what stood before, one flag for each thing that matters later"
)]
struct Reader<'a> {
    tokens: &'a [Token<'a>],
    rules: Rules,
    at: usize,
    context: Option<Label>,
    /// No code was read yet since the label.
    fresh: bool,
    /// A word such as "between" stood before, so that "and" joins a span.
    spanning: bool,
    /// The lots or serials that dates were given to, and that go on after a date.
    before_dates: Option<Label>,
    limited_sentence: bool,
    /// A word that makes less of a list stood in this sentence.
    hedged_sentence: bool,
    reading: Reading,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            if let Some((label, used)) =
                labels::at(self.tokens, self.at).filter(|(label, _)| self.applies(*label))
            {
                if !(self.fresh && self.context.is_some_and(|context| context.agrees(label))) {
                    self.leave();
                }
                self.enter(label, used);
            } else if !token.text.starts_with(char::is_alphanumeric) && token.text != "°" {
                self.punctuation();
            } else if !self.value() {
                self.word();
            }
        }
        self.leave();
    }

    /// "Made in China" and "part of the set" are no labels.
    fn applies(&self, label: Label) -> bool {
        let next = |step: usize| self.tokens.get(self.at + step);
        match label {
            Label::Made
                if next(0).is_some_and(|token| {
                    matches!(token.lower.as_str(), "made" | "manufactured" | "produced")
                }) =>
            {
                let opened = next(1).is_some_and(|token| {
                    OPENERS.contains(&token.lower.as_str())
                        || matches!(token.lower.as_str(), "in" | "on" | "during" | "date")
                });
                let undated = next(1).is_some_and(|token| {
                    matches!(
                        token.lower.as_str(),
                        "before" | "after" | "prior" | "since" | "until"
                    )
                });
                undated
                    || opened
                        && (2..4).any(|step| {
                            self.date(self.at + step).is_some()
                                || dates::without_year(self.tokens, self.at + step).is_some()
                        })
            }
            Label::Model
                if next(0).is_some_and(|token| {
                    matches!(token.lower.as_str(), "part" | "items" | "catalog")
                }) =>
            {
                next(1).is_some_and(|token| {
                    matches!(
                        token.lower.as_str(),
                        "number" | "numbers" | "no" | "nos" | "#" | "code" | "codes"
                    )
                })
            }
            // "Lot code" and "UPC code" have said already what it is; in a sentence it says nothing.
            Label::Lot
                if next(0)
                    .is_some_and(|token| matches!(token.lower.as_str(), "code" | "codes")) =>
            {
                !(self.rules.prose || self.fresh && self.context.is_some())
            }
            _ => true,
        }
    }

    fn enter(&mut self, label: Label, used: usize) {
        self.before_dates = match label {
            Label::Lot | Label::Serial => Some(label),
            Label::Date(_) | Label::Made if !self.rules.prose => self.before_dates,
            _ => None,
        };
        self.context = Some(label);
        self.fresh = true;
        self.spanning = false;
        self.at += used;
        if label.limits() {
            self.reading.limits = true;
            self.limited_sentence = true;
            if self.hedged_sentence {
                self.reading.whole = false;
            }
        }
        // "made in May 2014": the word between is part of the label.
        if label == Label::Made
            && let Some(token) = self.tokens.get(self.at)
            && matches!(token.lower.as_str(), "in" | "on" | "during")
        {
            self.at += 1;
        }
    }

    /// A label is left. In a sentence, one without codes is harmless only where it says where to look.
    fn leave(&mut self) {
        let Some(label) = self.context.take() else {
            return;
        };
        if self.fresh && label.limits() && !(self.rules.prose && self.says_where()) {
            self.reading.whole = false;
        }
        self.fresh = false;
    }

    fn says_where(&self) -> bool {
        let from = self.at.saturating_sub(1);
        self.tokens[from..].iter().take(4).any(|token| {
            matches!(
                token.lower.as_str(),
                "printed" | "stamped" | "located" | "found" | "on" | "label" | "sticker"
            )
        })
    }

    fn punctuation(&mut self) {
        let text = self.tokens[self.at].text;
        let ends = self.rules.prose
            && matches!(text, "." | "!" | "?" | "•")
            && self.tokens.get(self.at + 1).is_none_or(|next| next.spaced)
            && !(self.fresh && self.abbreviated());
        if ends {
            self.leave();
            self.limited_sentence = false;
            self.hedged_sentence = false;
        } else if text == "(" && self.rules.prose && !self.fresh && self.context.is_some() {
            // A colour or a size beside a code.
            let close = self.tokens[self.at..]
                .iter()
                .take(14)
                .position(|token| token.text == ")");
            self.at += close.unwrap_or(0);
        } else if matches!(text, "*" | "+" | "<" | ">" | "≤" | "≥" | "%" | "$" | "€")
            && !self.rules.prose
        {
            self.reading.whole = false;
        }
        self.at += 1;
    }

    /// "No." and its like, whose full stop ends no sentence.
    fn abbreviated(&self) -> bool {
        self.at > 0
            && matches!(
                self.tokens[self.at - 1].lower.as_str(),
                "no" | "nos" | "num" | "exp" | "réf" | "mfg"
            )
    }

    fn word(&mut self) {
        let word = self.tokens[self.at].lower.as_str();
        if self.context.is_some() && OPENERS.contains(&word) {
            self.spanning = true;
        } else if self.fresh && matches!(word, "a" | "an")
            || FILLERS.contains(&word) && (self.context.is_some() || !self.rules.prose)
        {
            // Nothing to do.
        } else if self.rules.prose {
            self.prose_word();
        } else {
            self.reading.whole = false;
            // Dates cannot be mistaken for words, so a list of them goes on.
            if !matches!(self.context, Some(Label::Date(_) | Label::Made)) {
                self.context = None;
            }
        }
        self.at += 1;
    }

    fn prose_word(&mut self) {
        let token = &self.tokens[self.at];
        let limiting = self.context.is_some_and(Label::limits);
        let hedge = HEDGES.contains(&token.lower.as_str());
        let loose = limiting && !self.fresh && !CLOSERS.contains(&token.lower.as_str());
        let stray = self.limited_sentence && self.context.is_none() && token.is_code();
        self.hedged_sentence |= hedge;
        if (limiting || self.limited_sentence) && hedge || loose || stray {
            self.reading.whole = false;
        }
        if matches!(
            token.lower.as_str(),
            "beginning" | "starting" | "begin" | "start"
        ) && self.fresh
        {
            self.prefix();
        }
        self.leave();
    }

    /// "model numbers beginning with 0126, 0127 or 0131".
    fn prefix(&mut self) {
        if self.context != Some(Label::Model) {
            return;
        }
        let filling = |token: &Token<'_>| {
            let word = token.lower.as_str();
            matches!(
                word,
                "with" | "in" | "," | "or" | "and" | ":" | "\"" | "“" | "”"
            )
        };
        for (place, token) in self.tokens.iter().enumerate().skip(self.at + 1) {
            if token.is_code() && token.text.len() >= 2 {
                let value = text::cut(token.text.trim_end_matches('*'), text::CODE).to_owned();
                self.push(Value::ModelPrefix { value });
                self.at = place;
            } else if !filling(token) {
                break;
            }
        }
    }

    /// Reads the code or the date here, as the label announces it.
    fn value(&mut self) -> bool {
        let Some(label) = self.context else {
            return false;
        };
        match label {
            Label::Date(_) | Label::Made => self.next_lot() || self.dated(label),
            Label::TradeItem => match barcode::at(self.tokens, self.at) {
                Some((value, used)) => self.take(value, used),
                None => false,
            },
            Label::Trade => {
                let code = self.tokens[self.at].is_code();
                self.at += usize::from(code);
                self.fresh &= !code;
                code
            }
            Label::Lot | Label::Serial | Label::Model | Label::Listing => self.code(label),
        }
    }

    /// "Lot A1, Exp 11/2015; B2, Exp 01/2016": after its date a lot is followed by the next.
    fn next_lot(&mut self) -> bool {
        let Some(label) = self
            .before_dates
            .filter(|_| !self.fresh && !self.rules.prose)
        else {
            return false;
        };
        let token = &self.tokens[self.at];
        let plain = token.text.bytes().all(|b| b.is_ascii_digit());
        let date = self.span().is_some();
        if !token.is_code() || token.text.len() < 4 || date && !plain {
            return false;
        }
        // Eight digits may be the one or the other.
        self.reading.whole &= !date;
        self.context = Some(label);
        self.code(label)
    }

    fn dated(&mut self, label: Label) -> bool {
        let Some(((from, to), used)) = self.span() else {
            return false;
        };
        let value = match label {
            Label::Date(mark) => Value::DateMark { mark, from, to },
            _ => Value::ProductionWindow { from, to },
        };
        self.take(value, used)
    }

    fn date(&self, at: usize) -> Option<(dates::Days, usize)> {
        dates::at(self.tokens, at, self.rules.order, self.rules.month_year)
    }

    fn whole_date(&self, text: &str) -> Option<dates::Days> {
        let tokens = tokens(text);
        let (days, used) = dates::at(&tokens, 0, self.rules.order, self.rules.month_year)?;
        (used == tokens.len()).then_some(days)
    }

    /// Reads a date or a span of dates: first and last day, tokens.
    fn span(&self) -> Option<(dates::Days, usize)> {
        // `10/11/13-11/29/13` without a space.
        if let Some((from, to)) = self
            .tokens
            .get(self.at)
            .and_then(|token| token.text.split_once('-'))
            && from.contains('/')
            && let (Some((first, _)), Some((_, last))) =
                (self.whole_date(from), self.whole_date(to))
            && first <= last
        {
            return Some(((first, last), 1));
        }
        if let Some(((first, last), used)) = self.date(self.at) {
            if let Some(joint) = self.joint(self.at + used)
                && let Some(((_, end), more)) = self.date(self.at + used + joint)
                && end >= first
            {
                return Some(((first, end), used + joint + more));
            }
            return Some(((first, last), used));
        }
        // "January 5 through March 6, 2014": the year stands at the end.
        let (month, day, used) = dates::without_year(self.tokens, self.at)?;
        let joint = self.joint(self.at + used)?;
        let ((_, end), more) = self.date(self.at + used + joint)?;
        let year = i32::from(end.year()) - i32::from(month > i32::from(end.month()));
        let first = dates::make(year, month, day.unwrap_or(1))?;
        (first <= end).then_some(((first, end), used + joint + more))
    }

    /// Returns how many tokens join two ends of a span here, if any do.
    fn joint(&self, at: usize) -> Option<usize> {
        let word = |step: usize| {
            self.tokens
                .get(at + step)
                .map_or("", |token| token.lower.as_str())
        };
        match word(0) {
            "up" if word(1) == "to" => Some(if word(2) == "and" && word(3) == "including" {
                4
            } else {
                2
            }),
            "through" | "thru" | "to" | "until" | "till" | "-" | "–" | "—" | "au" | "à" => {
                Some(1)
            }
            "jusqu" => Some(if word(2) == "au" { 3 } else { 2 }),
            "and" | "et" if self.spanning => Some(1),
            _ => None,
        }
    }

    fn code(&mut self, label: Label) -> bool {
        let token = &self.tokens[self.at];
        if !self.codelike(token) {
            return false;
        }
        let first = text::cut(token.text, text::CODE);
        if first.len() < token.text.len() || stem(first).len() < first.len() {
            // A family of codes, or a part of one, is no list.
            self.reading.whole = false;
        }
        if let Some(joint) = self.joint(self.at + 1)
            && let Some(end) = self
                .tokens
                .get(self.at + 1 + joint)
                .filter(|end| self.codelike(end))
        {
            let hyphen = matches!(self.tokens[self.at + 1].text, "-" | "–" | "—");
            let last = text::cut(end.text, text::CODE);
            let alike = same_shape(first, last);
            if !hyphen || alike {
                self.reading.whole &= alike;
                let value = range(label, first, last);
                self.spanning = false;
                return value.is_some_and(|value| self.take(value, joint + 2));
            }
            self.reading.whole = false;
        }
        if let Some((from, to)) = first
            .split_once('-')
            .filter(|(from, to)| from.len() >= 3 && same_shape(from, to))
            && from != to
            && let Some(span) = range(label, from, to)
        {
            // `4501-4530` is one code or thirty: both are kept, and neither excludes anything.
            self.reading.whole = false;
            self.push(span);
        }
        if let Some(joined) = self.broken_code(first) {
            self.reading.whole = false;
            if let Some(value) = single(label, &joined) {
                self.push(value);
            }
        }
        single(label, first).is_some_and(|value| self.take(value, 1))
    }

    /// `Lot 112 331` is one code or two: with pieces that short nobody can tell.
    fn broken_code(&self, first: &str) -> Option<String> {
        let next = self.tokens.get(self.at + 1)?;
        let short = first.len().min(next.text.len()) < 5;
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        let listed = self
            .tokens
            .get(self.at + 2)
            .is_some_and(|after| matches!(after.text, "." | ")"));
        let listed = listed && next.text.len() < 3;
        (short && !listed && next.is_code() && plain(first) && plain(next.text))
            .then(|| text::cut(&format!("{first} {}", next.text), text::CODE).to_owned())
    }

    /// Sizes, years and telephone numbers stand among models and are none.
    fn measure(&self, token: &Token<'_>) -> bool {
        let text = token.lower.as_str();
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
        let unit = digits.trim_start_matches('-').trim_end_matches('s');
        let year = text.len() == 4
            && token.is_number()
            && (text.starts_with("19") || text.starts_with("20"));
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        let telephone =
            parts.ends_with(&[3, 3, 4]) && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let short = token.is_number()
            && text.len() < 3
            && (!self.fresh || self.rules.prose && self.measured(1));
        let decimal = digits.is_empty() && text.contains('.');
        year || telephone
            || decimal
            || short
            || digits.len() < text.len() && UNITS.contains(&unit)
            || token.is_number() && self.measured(1)
    }

    /// Whether a unit of measure follows.
    fn measured(&self, step: usize) -> bool {
        self.tokens.get(self.at + step).is_some_and(|next| {
            UNITS.contains(&next.lower.trim_end_matches('s'))
                || next.lower == "inches"
                || next.text == "%"
                || next.lower == "percent"
        })
    }

    fn codelike(&self, token: &Token<'_>) -> bool {
        let text = token.text;
        let slashes =
            text.matches('/').count() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'/');
        let tiny = text.chars().count() < 2 && (self.rules.prose || !self.fresh);
        let measure = self.context == Some(Label::Model) && self.measure(token);
        token.is_code() && !slashes && !tiny && !measure && !is_placeholder(text)
    }

    fn take(&mut self, value: Value, used: usize) -> bool {
        self.push(value);
        self.at += used;
        self.fresh = false;
        true
    }

    fn push(&mut self, value: Value) {
        if self.reading.found.len() >= MOST {
            self.reading.whole = false;
        } else if !self.reading.found.contains(&value) {
            self.reading.found.push(value);
        }
    }
}

fn single(label: Label, code: &str) -> Option<Value> {
    let value = code.to_owned();
    Some(match label {
        Label::Lot => Value::Lot { value },
        Label::Serial => Value::Serial { value },
        Label::Listing => Value::ListingId { value },
        Label::Model if stem(code).len() < code.len() => Value::ModelPrefix {
            value: stem(code).to_owned(),
        },
        Label::Model => Value::Model { value },
        _ => return None,
    })
}

/// Returns what stands before the wildcards of `24003xx` or `SNUG*`; the whole code without any.
fn stem(code: &str) -> &str {
    if let Some(stem) = code.strip_suffix('*') {
        return stem;
    }
    let stem = code.trim_end_matches(['x', 'X']);
    if code.len() - stem.len() >= 2 && stem.chars().any(|c| c.is_ascii_digit()) {
        stem
    } else {
        code
    }
}

fn range(label: Label, from: &str, to: &str) -> Option<Value> {
    let (from, to) = (from.to_owned(), to.to_owned());
    match label {
        Label::Lot => Some(Value::LotRange { from, to }),
        Label::Serial => Some(Value::SerialRange { from, to }),
        // A span of model numbers is no list: both ends are models, what lies between is unknown.
        Label::Model => Some(Value::Model { value: from }),
        _ => None,
    }
}

/// Whether two codes can be the ends of a span: as long as each other, digits where the other has
/// digits, the same letters where both have letters, and the first not after the last.
fn same_shape(from: &str, to: &str) -> bool {
    from.len() == to.len()
        && from <= to
        && from
            .bytes()
            .zip(to.bytes())
            .all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit())
}

/// A field that holds nothing but codes, or nothing but dates: lots of which nobody says so.
fn bare_list(tokens: &[Token<'_>], rules: Rules) -> Option<Reading> {
    let separator = |token: &Token<'_>| {
        matches!(
            token.lower.as_str(),
            "," | ";" | "." | "&" | "and" | "or" | "et" | "ou"
        )
    };
    let codes: Vec<&Token<'_>> = tokens.iter().filter(|token| !separator(token)).collect();
    let plain = |token: &&Token<'_>| {
        token.is_code() && token.text.chars().count() >= 3 && !is_placeholder(token.text)
    };
    if codes.is_empty() || !codes.iter().all(plain) {
        return None;
    }
    let mut reading = Reading {
        limits: true,
        bare: true,
        whole: codes.len() <= MOST,
        ..Reading::default()
    };
    for token in codes.into_iter().take(MOST) {
        let date = dates::at(std::slice::from_ref(token), 0, rules.order, false);
        let value = match date {
            Some(((from, to), _)) if token.text.contains('/') => Value::DateMark {
                mark: DateMark::Unspecified,
                from,
                to,
            },
            _ => match barcode::trade_item(token.text) {
                Some(gtin) if token.text.len() >= 12 => Value::Gtin { value: gtin },
                _ => Value::Lot {
                    value: text::cut(token.text, text::CODE).to_owned(),
                },
            },
        };
        if !reading.found.contains(&value) {
            reading.found.push(value);
        }
    }
    Some(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: Rules = Rules {
        order: Order::MonthFirst,
        month_year: false,
        prose: false,
    };
    const PROSE: Rules = Rules {
        prose: true,
        ..FIELD
    };

    fn shown(value: &Value) -> String {
        match value {
            Value::Gtin { value } => format!("gtin {value}"),
            Value::UpcRaw { value } => format!("upc {value}"),
            Value::Model { value } => format!("model {value}"),
            Value::ModelPrefix { value } => format!("prefix {value}"),
            Value::Lot { value } => format!("lot {value}"),
            Value::LotRange { from, to } => format!("lots {from}..{to}"),
            Value::Serial { value } => format!("serial {value}"),
            Value::SerialRange { from, to } => format!("serials {from}..{to}"),
            Value::DateMark { mark, from, to } => format!("{mark:?} {from}..{to}"),
            Value::ProductionWindow { from, to } => format!("made {from}..{to}"),
            Value::Certificate { value } | Value::ListingId { value } => format!("other {value}"),
        }
    }

    fn check(text: &str, rules: Rules, expected: &[&str], whole: bool) {
        let reading = read(text, rules);
        let found: Vec<_> = reading.found.iter().map(shown).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(reading.whole, whole, "whole: {text}");
    }

    #[test]
    fn fields_of_lots_and_dates_are_read_whole() {
        check(
            "Lot #: JX907, Exp. Date 02/2021",
            FIELD,
            &["lot JX907", "UseBy 2021-02-01..2021-02-28"],
            true,
        );
        check("Lot 300511.", FIELD, &["lot 300511"], true);
        check(
            "Lots: 454584, 458407 and 456851",
            FIELD,
            &["lot 454584", "lot 458407", "lot 456851"],
            true,
        );
        check(
            "Batch/Lot No. 41740RH00 Best By: 06/01/23",
            FIELD,
            &["lot 41740RH00", "BestBefore 2023-06-01..2023-06-01"],
            true,
        );
        check(
            "lot number from 00112 through 10412",
            FIELD,
            &["lots 00112..10412"],
            true,
        );
        check("Lots L1234 - L1299", FIELD, &["lots L1234..L1299"], true);
        check(
            "best by:01/09/2025 up to and including 06/16/2025 UPC: 687456214160",
            FIELD,
            &["BestBefore 2025-01-09..2025-06-16", "gtin 00687456214160"],
            true,
        );
        check(
            "Use by dates:  2/8/2020  3/21/2020",
            FIELD,
            &[
                "UseBy 2020-02-08..2020-02-08",
                "UseBy 2020-03-21..2020-03-21",
            ],
            true,
        );
        check(
            "Serial numbers between 10001 and 10999",
            FIELD,
            &["serials 10001..10999"],
            true,
        );
    }

    #[test]
    fn lots_go_on_after_their_dates() {
        check(
            "Lot #: 113312, Exp 11/2015; 014315 Exp 01/2016",
            FIELD,
            &[
                "lot 113312",
                "UseBy 2015-11-01..2015-11-30",
                "lot 014315",
                "UseBy 2016-01-01..2016-01-31",
            ],
            true,
        );
        check(
            "Lot A123, Exp 01/02/2020; 20210102",
            FIELD,
            &["lot A123", "UseBy 2020-01-02..2020-01-02", "lot 20210102"],
            false,
        );
        check(
            "Use by dates 10/11/13-11/29/13.",
            FIELD,
            &["UseBy 2013-10-11..2013-11-29"],
            true,
        );
        check(
            "Best by: BB Sep 21 2010",
            FIELD,
            &["BestBefore 2010-09-21..2010-09-21"],
            true,
        );
        check(
            "Expiration 01/02/21 Code: (0359, 0361)",
            FIELD,
            &["UseBy 2021-01-02..2021-01-02", "lot 0359", "lot 0361"],
            true,
        );
    }

    #[test]
    fn one_word_too_many_and_the_list_is_not_whole() {
        check(
            "Lot A123 (organic only) and B456",
            FIELD,
            &["lot A123"],
            false,
        );
        check(
            "All product with Best By date of 2/6/20 and prior",
            FIELD,
            &["BestBefore 2020-02-06..2020-02-06"],
            false,
        );
        check("Sell By Dates: 2/9, 2/11", FIELD, &[], false);
        check(
            "Lots 4501-4530",
            FIELD,
            &["lots 4501..4530", "lot 4501-4530"],
            false,
        );
        check("See product description for lot numbers", FIELD, &[], false);
        check("Lot", FIELD, &[], false);
        check(
            "Lot 112 331",
            FIELD,
            &["lot 112 331", "lot 112", "lot 331"],
            false,
        );
        check("Lots AB1 through 99", FIELD, &["lots AB1..99"], false);
    }

    #[test]
    fn a_bare_list_of_codes_is_lots_that_nobody_named() {
        let reading = read("SRK91512; SRK92112; SRK92512.", FIELD);
        assert!(reading.bare && reading.whole);
        assert_eq!(reading.found.len(), 3);
        check(
            "1/15/2021, 1/16/2021",
            FIELD,
            &[
                "Unspecified 2021-01-15..2021-01-15",
                "Unspecified 2021-01-16..2021-01-16",
            ],
            true,
        );
    }

    #[test]
    fn sentences_are_searched_for_labels() {
        check(
            "with model numbers NS-RGFGSS1 and NS-RGFCGS2. The ranges are 30 inches.",
            PROSE,
            &["model NS-RGFGSS1", "model NS-RGFCGS2"],
            true,
        );
        check(
            "Recalled carriers have a production date code of S16SB03, S16SB04 or S16SB07. “X” is printed.",
            PROSE,
            &["lot S16SB03", "lot S16SB04", "lot S16SB07"],
            true,
        );
        check(
            "UPC code 602444000907 are printed on the label. The batch number 12717-65 is printed on the bottom.",
            PROSE,
            &["gtin 00602444000907", "lot 12717-65"],
            true,
        );
        check(
            "were manufactured between 6/7/2014 and 7/5/2014 and have batch code GP1410028. The manufacture date is printed on it.",
            PROSE,
            &["made 2014-06-07..2014-07-05", "lot GP1410028"],
            true,
        );
        check(
            "manufactured from January 2012 through December 2014",
            PROSE,
            &["made 2012-01-01..2014-12-31"],
            true,
        );
        check(
            "made in China with a lot of love. Manufactured by ACME 3000.",
            PROSE,
            &[],
            false,
        );
        check(
            "model numbers beginning with 0126 or 0127 are included",
            PROSE,
            &["prefix 0126", "prefix 0127"],
            true,
        );
    }

    #[test]
    fn sizes_years_and_telephones_are_no_models() {
        check(
            "models 440 (red), 2017, 12-inch, 30 inches and 446 (white)",
            PROSE,
            &["model 440"],
            true,
        );
        check(
            "style 100 percent acrylic, as part of the 2004 range, part number 55-1",
            PROSE,
            &["model 55-1"],
            true,
        );
        check(
            "Models: call 800-555-1234. Model 16, SK-501N.",
            PROSE,
            &["model 16", "model SK-501N"],
            true,
        );
    }

    #[test]
    fn hedges_keep_a_sentence_from_excluding_anything() {
        for text in [
            "some have lot number A123 on the box",
            "date codes starting with 2014",
            "lot A123 in red and B456 in blue",
            "batch numbers 24003xx and 24004xx",
            "batch code: 01 A 01 16",
            "manufactured before May 2014",
            "serial numbers lower than 5000",
        ] {
            assert!(!read(text, PROSE).whole, "{text}");
        }
    }

    #[test]
    fn french_reads_too() {
        let french = Rules {
            order: Order::DayFirst,
            ..FIELD
        };
        check("lot n° 312", french, &["lot 312"], true);
        check("lots 24001 à 24015", french, &["lots 24001..24015"], true);
        check(
            "dlc du 05/06/2024 au 07/06/2024",
            french,
            &["UseBy 2024-06-05..2024-06-07"],
            true,
        );
        check("vendu au rayon traditionnel", french, &[], false);
    }
}
