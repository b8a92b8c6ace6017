//! The GS1 application identifiers: how long their values are, and the six that tell items apart
//! (GS1 General Specifications, section 3.2).

use jiff::civil::Date;

use super::{Candidate, Reading, ScannedCode};
use crate::domain::{gtin::Gtin, printed_date::PrintedDate};

/// A span of application identifiers with the same rule.
pub(super) struct Rule {
    first: u16,
    last: u16,
    /// How many digits the identifier itself has.
    pub(super) width: usize,
    /// The shortest value.
    pub(super) min: usize,
    /// The longest value.
    pub(super) max: usize,
    numeric: bool,
}

const fn rule(first: u16, last: u16, width: usize, min: usize, max: usize, numeric: bool) -> Rule {
    Rule {
        first,
        last,
        width,
        min,
        max,
        numeric,
    }
}

/// Digits of a fixed length.
const fn n(first: u16, last: u16, width: usize, length: usize) -> Rule {
    rule(first, last, width, length, length, true)
}

/// Text up to a length.
const fn x(first: u16, last: u16, width: usize, max: usize) -> Rule {
    rule(first, last, width, 1, max, false)
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    n(0, 0, 2, 18), n(1, 3, 2, 14), x(10, 10, 2, 20), n(11, 13, 2, 6), n(15, 17, 2, 6), n(20, 20, 2, 2),
    x(21, 22, 2, 20), rule(30, 30, 2, 1, 8, true), rule(37, 37, 2, 1, 8, true), x(90, 90, 2, 30), x(91, 99, 2, 90),
    x(235, 235, 3, 28), x(240, 241, 3, 30), rule(242, 242, 3, 1, 6, true), x(243, 243, 3, 20), x(250, 251, 3, 30),
    rule(253, 253, 3, 13, 30, false), x(254, 254, 3, 20), rule(255, 255, 3, 13, 25, true),
    x(400, 401, 3, 30), n(402, 402, 3, 17), x(403, 403, 3, 30), n(410, 417, 3, 13), x(420, 420, 3, 20),
    rule(421, 421, 3, 4, 12, false), n(422, 422, 3, 3), rule(423, 423, 3, 3, 15, true), n(424, 424, 3, 3),
    rule(425, 425, 3, 3, 15, true), n(426, 426, 3, 3), x(427, 427, 3, 3), x(710, 717, 3, 20),
    n(3100, 3169, 4, 6), n(3200, 3379, 4, 6), n(3400, 3579, 4, 6), n(3600, 3699, 4, 6),
    rule(3900, 3909, 4, 1, 15, true), rule(3910, 3919, 4, 4, 18, true), rule(3920, 3929, 4, 1, 15, true),
    rule(3930, 3939, 4, 4, 18, true), n(3940, 3949, 4, 4), n(3950, 3959, 4, 6),
    x(4300, 4301, 4, 35), x(4302, 4306, 4, 70), rule(4307, 4307, 4, 2, 2, false), x(4308, 4308, 4, 30),
    n(4309, 4309, 4, 20), x(4310, 4311, 4, 35), x(4312, 4316, 4, 70), rule(4317, 4317, 4, 2, 2, false),
    x(4318, 4318, 4, 20), x(4319, 4319, 4, 30), x(4320, 4320, 4, 35), n(4321, 4323, 4, 1), n(4324, 4325, 4, 10),
    n(4326, 4326, 4, 6), rule(4330, 4333, 4, 6, 7, false),
    n(7001, 7001, 4, 13), x(7002, 7002, 4, 30), n(7003, 7003, 4, 10), rule(7004, 7004, 4, 1, 4, true),
    x(7005, 7005, 4, 12), n(7006, 7006, 4, 6), rule(7007, 7007, 4, 6, 12, true), x(7008, 7008, 4, 3),
    x(7009, 7009, 4, 10), x(7010, 7010, 4, 2), rule(7011, 7011, 4, 6, 10, true), x(7020, 7022, 4, 20),
    x(7023, 7023, 4, 30), rule(7030, 7039, 4, 4, 30, false), rule(7040, 7040, 4, 4, 4, false), x(7041, 7041, 4, 4),
    rule(7230, 7239, 4, 3, 30, false), x(7240, 7240, 4, 20), n(7241, 7241, 4, 2), x(7242, 7242, 4, 25),
    n(7250, 7250, 4, 8), n(7251, 7251, 4, 12), n(7252, 7252, 4, 1), x(7253, 7254, 4, 40), x(7255, 7255, 4, 10),
    x(7256, 7256, 4, 90), x(7257, 7257, 4, 70), x(7258, 7258, 4, 3), x(7259, 7259, 4, 40),
    n(8001, 8001, 4, 14), x(8002, 8002, 4, 20), rule(8003, 8003, 4, 14, 30, false), x(8004, 8004, 4, 30),
    n(8005, 8005, 4, 6), n(8006, 8006, 4, 18), x(8007, 8007, 4, 34), rule(8008, 8008, 4, 8, 12, true),
    x(8009, 8009, 4, 50), x(8010, 8010, 4, 30), rule(8011, 8011, 4, 1, 12, true), x(8012, 8012, 4, 20),
    x(8013, 8014, 4, 25), n(8017, 8018, 4, 18), rule(8019, 8019, 4, 1, 10, true), x(8020, 8020, 4, 25),
    n(8026, 8026, 4, 18), x(8030, 8030, 4, 90), x(8110, 8110, 4, 70), n(8111, 8111, 4, 4), x(8112, 8112, 4, 70),
    x(8200, 8200, 4, 70),
];

impl Rule {
    /// Finds the rule for the identifier that the text begins with.
    pub(super) fn of(text: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| {
            text.get(..rule.width)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse::<u16>().ok())
                .is_some_and(|number| (rule.first..=rule.last).contains(&number))
        })
    }

    /// Returns whether the value needs no separator after it (the table of predefined
    /// lengths).
    pub(super) const fn is_predefined(&self) -> bool {
        let mut first = self.first;
        while first >= 100 {
            first /= 10;
        }
        matches!(first, 0..=4 | 11..=20 | 31..=36 | 41) && self.width != 3
            || self.width == 3 && self.first / 10 == 41
    }

    /// Returns what is wrong with a value, if anything.
    pub(super) fn fault(&self, value: &str) -> Option<&'static str> {
        if self.numeric && !value.bytes().all(|byte| byte.is_ascii_digit()) {
            Some("may hold digits only")
        } else if !value.bytes().all(is_in_character_set_82) {
            Some("holds a character that GS1 does not allow")
        } else if !(self.min..=self.max).contains(&value.len()) {
            Some("has a wrong length")
        } else {
            None
        }
    }
}

/// The characters that texts may hold (section 7.11, table 7.11-1).
fn is_in_character_set_82(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'#' | b'$' | b'@' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | b'~'
        )
}

/// What has been read so far.
pub(super) struct Elements {
    today: Date,
    gtin: Option<Gtin>,
    read: ScannedCode,
}

impl Elements {
    pub(super) fn new(today: Date) -> Self {
        Self {
            today,
            gtin: None,
            read: ScannedCode::of_digits(Vec::new()),
        }
    }

    /// Takes one element; `Err` says what is wrong with it.
    ///
    /// The same element may come twice only with the same value.
    pub(super) fn take(&mut self, identifier: &str, value: &str) -> Result<(), Fault> {
        let Some(rule) = Rule::of(identifier).filter(|rule| rule.width == identifier.len()) else {
            return Err(Fault::Text(format!(
                "({}) is no application identifier",
                identifier.escape_debug()
            )));
        };
        if let Some(fault) = rule.fault(value) {
            return Err(Fault::Text(format!("the value of ({identifier}) {fault}")));
        }
        let fresh = match identifier {
            "01" => {
                let gtin = value.parse::<Gtin>().map_err(Fault::Number)?;
                *self.gtin.get_or_insert(gtin) == gtin
            }
            "10" => self.read.lot.get_or_insert_with(|| value.to_owned()) == value,
            "21" => self.read.serial.get_or_insert_with(|| value.to_owned()) == value,
            "11" | "15" | "17" => {
                let date = date(value, self.today).ok_or_else(|| {
                    Fault::Text(format!("the value of ({identifier}) is no date"))
                })?;
                let place = match identifier {
                    "11" => &mut self.read.production,
                    "15" => &mut self.read.best_before,
                    _ => &mut self.read.use_by,
                };
                *place.get_or_insert(date) == date
            }
            _ => true,
        };
        if fresh {
            Ok(())
        } else {
            Err(Fault::Text(format!(
                "({identifier}) stands there twice with different values"
            )))
        }
    }

    /// Forgets the lot and the serial number, of which nobody can tell where they end.
    pub(super) fn forget_unbounded(&mut self, identifier: &str) {
        match identifier {
            "10" => self.read.lot = None,
            "21" => self.read.serial = None,
            _ => {}
        }
    }

    /// Returns what was read, or nothing when no item was named.
    pub(super) fn finish(self, reading: Reading) -> Option<ScannedCode> {
        Some(ScannedCode {
            candidates: vec![Candidate::new(self.gtin?, reading)],
            ..self.read
        })
    }
}

/// What is wrong with an element.
pub(super) enum Fault {
    /// The trade item number is none.
    Number(crate::domain::gtin::InvalidGtin),
    /// Anything else, in words.
    Text(String),
}

/// Reads `YYMMDD` (section 7.12: the century is the one that puts the year within 49 years back and
/// 50 ahead of today); day 00 means that only the month is given.
fn date(text: &str, today: Date) -> Option<PrintedDate> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    let (year, month, day) = (i16::from(two(0)?), two(2)?, two(4)?);
    let (century, current) = (
        today.year().div_euclid(100) * 100,
        today.year().rem_euclid(100),
    );
    let year = match year - current {
        51.. => century - 100 + year,
        ..=-50 => century + 100 + year,
        _ => century + year,
    };
    if day == 0 {
        return PrintedDate::month(year, month).ok();
    }
    Date::new(year, month, day).ok().map(PrintedDate::from)
}
