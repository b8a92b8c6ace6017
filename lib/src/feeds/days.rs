//! Days after a label: one, a span, and the lots that go on after them.

use super::{dates, grammar::Reader, labels::Label, tokens::tokens};
use crate::domain::identifier::Value;

impl Reader<'_> {
    /// "Lot A1, Exp 11/2015; B2, Exp 01/2016": after its date a lot is followed by the next.
    pub(super) fn next_lot(&mut self) -> bool {
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

    pub(super) fn dated(&mut self, label: Label) -> bool {
        let Some(((from, to), used)) = self.span() else {
            return false;
        };
        let value = match label {
            Label::Date(mark) => Value::DateMark { mark, from, to },
            _ => Value::ProductionWindow { from, to },
        };
        self.take(value, used)
    }

    pub(super) fn date(&self, at: usize) -> Option<(dates::Days, usize)> {
        dates::at(self.tokens, at, self.rules.order, self.rules.month_year)
    }

    pub(super) fn whole_date(&self, text: &str) -> Option<dates::Days> {
        let tokens = tokens(text);
        let (days, used) = dates::at(&tokens, 0, self.rules.order, self.rules.month_year)?;
        (used == tokens.len()).then_some(days)
    }

    /// Reads a date or a span of dates: first and last day, tokens.
    pub(super) fn span(&self) -> Option<(dates::Days, usize)> {
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
    pub(super) fn joint(&self, at: usize) -> Option<usize> {
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
}
