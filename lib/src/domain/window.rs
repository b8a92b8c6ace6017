//! The span of days that one fetch of a feed covers.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A closed span of days, `from` and `to` both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Window {
    /// Returns the whole calendar year.
    pub fn year(year: i16) -> Self {
        Self {
            from: Date::constant(year, 1, 1),
            to: Date::constant(year, 12, 31),
        }
    }

    /// Returns whether the day lies in the span.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Returns the number of days, at least 1 for a window that was built the right way round.
    pub fn days(&self) -> i32 {
        (self.to - self.from).get_days() + 1
    }

    /// Splits the span in two halves, or returns nothing when it is one day long.
    pub fn halves(&self) -> Option<(Self, Self)> {
        let half = self.days() / 2;
        let middle = self
            .from
            .checked_add(jiff::Span::new().days(half - 1))
            .ok()?;
        let next = middle.tomorrow().ok()?;
        (half >= 1).then_some((
            Self {
                from: self.from,
                to: middle,
            },
            Self {
                from: next,
                to: self.to,
            },
        ))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_cover_the_whole_without_overlap() {
        let year = Window::year(2024);
        let (first, second) = year.halves().unwrap();
        assert_eq!(first.from, year.from);
        assert_eq!(first.to.tomorrow().unwrap(), second.from);
        assert_eq!(second.to, year.to);
        assert_eq!(first.days() + second.days(), 366);
    }

    #[test]
    fn a_single_day_cannot_be_split() {
        let day = Date::constant(2024, 2, 29);
        assert_eq!(Window { from: day, to: day }.halves(), None);
    }
}
