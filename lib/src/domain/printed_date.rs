//! A date as it is printed on a product: a day, or only a month.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A day or a whole month, as far as the print says; text form `2025-03-31` or `2025-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrintedDate {
    from: Date,
    to: Date,
}

// By hand: in JSON it is a text, which the derive cannot say of a struct with named fields.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for PrintedDate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A day, or a month where only that is printed."))
            .pattern(Some("^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"))
            .examples(["2025-03-31", "2025-03"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for PrintedDate {}

/// A text that is neither a day nor a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date is written 2025-03-31, or 2025-03 when only the month is printed")]
pub struct InvalidPrintedDate;

impl PrintedDate {
    /// Returns the whole month, or an error when there is no such month.
    pub fn month(year: i16, month: i8) -> Result<Self, InvalidPrintedDate> {
        let from = Date::new(year, month, 1).map_err(|_| InvalidPrintedDate)?;
        Ok(Self {
            from,
            to: from.last_of_month(),
        })
    }

    /// Returns whether a product of today can carry the date: from 1990 to 50 years ahead of `today`.
    ///
    /// Anything else was mistyped or misread, and would lie outside every list.
    pub fn is_plausible(&self, today: Date) -> bool {
        (1990..=today.year().saturating_add(50)).contains(&self.from.year())
    }

    /// Returns whether the two can mean the same day.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// Returns the one of two overlapping dates that says more.
    #[must_use]
    pub fn narrower(self, other: Self) -> Self {
        if self.from == self.to { self } else { other }
    }

    /// Returns the first day that can be meant.
    pub const fn first(&self) -> Date {
        self.from
    }

    /// Returns the last day that can be meant; for a month its last day, which is also how GS1
    /// reads a date without a day.
    pub const fn last(&self) -> Date {
        self.to
    }
}

impl From<Date> for PrintedDate {
    fn from(day: Date) -> Self {
        Self { from: day, to: day }
    }
}

impl FromStr for PrintedDate {
    type Err = InvalidPrintedDate;
    fn from_str(text: &str) -> Result<Self, InvalidPrintedDate> {
        let parts: Vec<&str> = text.split('-').collect();
        let widths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        if !parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(InvalidPrintedDate);
        }
        let number = |at: usize| parts[at].parse::<i16>().map_err(|_| InvalidPrintedDate);
        let small = |at: usize| parts[at].parse::<i8>().map_err(|_| InvalidPrintedDate);
        match widths.as_slice() {
            [4, 2] => Self::month(number(0)?, small(1)?),
            [4, 2, 2] => Date::new(number(0)?, small(1)?, small(2)?)
                .map(Self::from)
                .map_err(|_| InvalidPrintedDate),
            _ => Err(InvalidPrintedDate),
        }
    }
}

impl TryFrom<String> for PrintedDate {
    type Error = InvalidPrintedDate;
    fn try_from(text: String) -> Result<Self, InvalidPrintedDate> {
        text.parse()
    }
}

impl From<PrintedDate> for String {
    fn from(date: PrintedDate) -> Self {
        date.to_string()
    }
}

impl fmt::Display for PrintedDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{:04}-{:02}", self.from.year(), self.from.month())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_read_back_as_they_were_written() {
        for text in ["2025-03-31", "2024-02-29", "2025-03", "1999-12"] {
            assert_eq!(text.parse::<PrintedDate>().unwrap().to_string(), text);
        }
        let february: PrintedDate = "2024-02".parse().unwrap();
        assert_eq!(february.first(), Date::constant(2024, 2, 1));
        assert_eq!(february.last(), Date::constant(2024, 2, 29));
    }

    #[test]
    fn dates_that_no_product_carries_are_told() {
        let today = Date::constant(2026, 11, 20);
        for (text, plausible) in [
            ("0000-01", false),
            ("1989-12-31", false),
            ("1990-01-01", true),
            ("2026-11", true),
            ("2076-12-31", true),
            ("2077-01", false),
            ("9999-12-31", false),
        ] {
            let date: PrintedDate = text.parse().unwrap();
            assert_eq!(date.is_plausible(today), plausible, "{text}");
        }
    }

    #[test]
    fn a_month_and_a_day_of_it_agree_and_the_day_says_more() {
        let date = |text: &str| text.parse::<PrintedDate>().unwrap();
        let (month, day) = (date("2027-12"), date("2027-12-31"));
        assert!(month.overlaps(&day) && day.overlaps(&month));
        assert_eq!((month.narrower(day), day.narrower(month)), (day, day));
        assert!(!month.overlaps(&date("2028-01-01")));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2025",
            "2025-13",
            "2025-02-30",
            "2025-00",
            "25-03-31",
            "2025-3-1",
            "2025-03-31-",
            "31/03/2025",
            "+025-03",
            "2025-03-3x",
            "２０２５-03",
        ] {
            assert_eq!(
                text.parse::<PrintedDate>(),
                Err(InvalidPrintedDate),
                "{text}"
            );
        }
    }
}
