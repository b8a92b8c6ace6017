//! Codes after a label: one, a span, a family, and what only looks like a code.

use super::{grammar::Reader, labels::Label, text, tokens::Token, words::UNITS};
use crate::domain::identifier::{Value, is_placeholder};

impl Reader<'_> {
    /// "model numbers beginning with 0126, 0127 or 0131".
    pub(super) fn prefix(&mut self) {
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

    pub(super) fn code(&mut self, label: Label) -> bool {
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
    pub(super) fn broken_code(&self, first: &str) -> Option<String> {
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
    pub(super) fn measure(&self, token: &Token<'_>) -> bool {
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
    pub(super) fn measured(&self, step: usize) -> bool {
        self.tokens.get(self.at + step).is_some_and(|next| {
            UNITS.contains(&next.lower.trim_end_matches('s'))
                || next.lower == "inches"
                || next.text == "%"
                || next.lower == "percent"
        })
    }

    pub(super) fn codelike(&self, token: &Token<'_>) -> bool {
        let text = token.text;
        let slashes =
            text.matches('/').count() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'/');
        let tiny = text.chars().count() < 2 && (self.rules.prose || !self.fresh);
        let measure = self.context == Some(Label::Model) && self.measure(token);
        token.is_code() && !slashes && !tiny && !measure && !is_placeholder(text)
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
