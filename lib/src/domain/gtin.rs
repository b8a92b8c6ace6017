//! The GTIN: 14 digits of which the last is a check digit (GS1 General Specifications, section 7.9).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A Global Trade Item Number with a right check digit, as 14 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9]{14}$"))]
#[serde(try_from = "String", into = "String")]
pub struct Gtin([u8; 14]);

/// What a number of GTIN form stands for, told by its GS1 prefix (the list of GS1
/// prefixes in the GS1 General Specifications).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// An item in trade, the same all over the world.
    TradeItem,
    /// A book (ISBN, prefixes 978 and 979) or printed music (9790); a trade item as well.
    Book,
    /// A periodical (ISSN, prefix 977); a trade item as well.
    Periodical,
    /// Restricted circulation (prefixes 02, 04, 20 to 29, and GTIN-8 beginning with 0 or 2): means
    /// something inside one shop or one country only.
    InStore,
    /// A coupon (prefixes 05, 981 to 984 and 99).
    Coupon,
    /// A refund receipt (prefix 980).
    RefundReceipt,
}

impl NumberKind {
    /// Returns whether the number names one item for everybody.
    pub const fn is_trade_item(self) -> bool {
        matches!(self, Self::TradeItem | Self::Book | Self::Periodical)
    }
}

/// Why a text is no GTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGtin {
    /// Something other than the digits 0 to 9.
    #[error("a GTIN has digits only")]
    NotDigits,
    /// Not 8, 12, 13 or 14 digits.
    #[error("a GTIN has 8, 12, 13 or 14 digits")]
    Length,
    /// The last digit does not fit the others.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// Only zeros: a placeholder, not a number.
    #[error("only zeros, which is a placeholder")]
    Placeholder,
}

/// Returns the GS1 check digit for the digits before it (modulo 10, weights 3 and 1 from the right).
pub fn check_digit(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    b'0' + u8::try_from((10 - sum % 10) % 10).expect("a number below 10 fits")
}

impl Gtin {
    /// Returns the 14 digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII digits are stored")
    }

    /// Returns what the number stands for.
    ///
    /// Six leading zeros mean a GTIN-8: GS1 keeps the company prefixes that would read the same
    /// for it. The first digit of a GTIN-14 is the packaging level and says nothing here.
    pub fn kind(&self) -> NumberKind {
        let digits = self.as_str();
        if let Some(eight) = digits.strip_prefix("000000") {
            return match eight.as_bytes()[0] {
                b'0' | b'2' => NumberKind::InStore,
                _ => NumberKind::TradeItem,
            };
        }
        let prefix = digits[1..4]
            .bytes()
            .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        match prefix {
            20..=29 | 40..=49 | 200..=299 => NumberKind::InStore,
            50..=59 | 981..=984 | 990..=999 => NumberKind::Coupon,
            980 => NumberKind::RefundReceipt,
            977 => NumberKind::Periodical,
            978 | 979 => NumberKind::Book,
            _ => NumberKind::TradeItem,
        }
    }
}

impl FromStr for Gtin {
    type Err = InvalidGtin;

    /// Reads exactly 8, 12, 13 or 14 digits; no spaces, no hyphens.
    fn from_str(text: &str) -> Result<Self, InvalidGtin> {
        let digits = text.as_bytes();
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidGtin::NotDigits);
        }
        if !matches!(digits.len(), 8 | 12 | 13 | 14) {
            return Err(InvalidGtin::Length);
        }
        if digits.iter().all(|digit| *digit == b'0') {
            return Err(InvalidGtin::Placeholder);
        }
        let (body, check) = digits.split_at(digits.len() - 1);
        if check_digit(body) != check[0] {
            return Err(InvalidGtin::CheckDigit);
        }
        let mut all = [b'0'; 14];
        all[14 - digits.len()..].copy_from_slice(digits);
        Ok(Self(all))
    }
}

impl TryFrom<String> for Gtin {
    type Error = InvalidGtin;
    fn try_from(text: String) -> Result<Self, InvalidGtin> {
        text.parse()
    }
}

impl From<Gtin> for String {
    fn from(gtin: Gtin) -> Self {
        gtin.as_str().to_owned()
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gtin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_becomes_fourteen_digits() {
        assert_eq!(
            "036000291452".parse::<Gtin>().unwrap().as_str(),
            "00036000291452"
        );
        assert_eq!(
            "4006381333931".parse::<Gtin>().unwrap().as_str(),
            "04006381333931"
        );
        assert_eq!(
            "96385074".parse::<Gtin>().unwrap().as_str(),
            "00000096385074"
        );
    }

    #[test]
    fn a_wrong_check_digit_is_refused() {
        assert_eq!("036000291453".parse::<Gtin>(), Err(InvalidGtin::CheckDigit));
    }

    #[test]
    fn placeholders_letters_and_odd_lengths_are_refused() {
        assert_eq!(
            "0000000000000".parse::<Gtin>(),
            Err(InvalidGtin::Placeholder)
        );
        assert_eq!("03600029145X".parse::<Gtin>(), Err(InvalidGtin::NotDigits));
        assert_eq!("123456789".parse::<Gtin>(), Err(InvalidGtin::Length));
        assert_eq!("".parse::<Gtin>(), Err(InvalidGtin::Length));
    }

    #[test]
    fn the_prefix_tells_what_a_number_stands_for() {
        let kind = |body: &str| {
            let check = check_digit(body.as_bytes()) as char;
            format!("{body}{check}").parse::<Gtin>().unwrap().kind()
        };
        for (body, expected) in [
            ("400638133393", NumberKind::TradeItem),
            ("04900004256", NumberKind::TradeItem),
            ("978080481663", NumberKind::Book),
            ("979026000043", NumberKind::Book),
            ("977147396801", NumberKind::Periodical),
            ("211234501234", NumberKind::InStore),
            ("21234567890", NumberKind::InStore),
            ("41234567890", NumberKind::InStore),
            ("51234567890", NumberKind::Coupon),
            ("980123456789", NumberKind::RefundReceipt),
            ("981123456789", NumberKind::Coupon),
            ("991234567890", NumberKind::Coupon),
            ("9638507", NumberKind::TradeItem),
            ("0002037", NumberKind::InStore),
            ("2012345", NumberKind::InStore),
            ("1400638133393", NumberKind::TradeItem),
        ] {
            assert_eq!(kind(body), expected, "{body}");
        }
    }
}
