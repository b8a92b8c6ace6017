//! The digits beside the letters UPC or EAN: a GTIN when the check digit says so, and otherwise a
//! code that is shown and never matched exactly.

use super::tokens::Token;
use crate::domain::{
    gtin::{Gtin, check_digit},
    identifier::{Value, is_placeholder},
};

/// Returns the identifier for a code that claims to be a trade item number, or nothing for a
/// placeholder.
pub(super) fn value(written: &str) -> Option<Value> {
    let written = written.trim();
    let digits: String = written.chars().filter(|c| !" -–.".contains(*c)).collect();
    if is_placeholder(&digits) || digits.is_empty() {
        return None;
    }
    let real = trade_item(&digits);
    Some(match real {
        Some(gtin) => Value::Gtin { value: gtin },
        None => Value::UpcRaw {
            value: super::text::cut(&digits, super::text::CODE).to_owned(),
        },
    })
}

/// Returns the GTIN that identifies a trade item everywhere.
///
/// Eight digits are an EAN-8 or a UPC-E, whose check digits differ; where both fit, nothing is
/// decided. Numbers that shops give out themselves (GS1 General Specifications, section 2.1.11:
/// prefixes 02, 04 and 20 to 29, and 0 and 2 in EAN-8) mean another thing in the next shop.
pub(super) fn trade_item(digits: &str) -> Option<Gtin> {
    let gtin: Option<Gtin> = digits.parse().ok();
    if digits.len() == 8 {
        let expanded = expand_upc_e(digits);
        let in_store = digits.starts_with(['0', '2']);
        return match (gtin.filter(|_| !in_store), expanded) {
            (Some(one), None) | (None, Some(one)) => Some(one),
            _ => None,
        };
    }
    gtin.filter(|gtin| !in_store(*gtin))
}

fn in_store(gtin: Gtin) -> bool {
    let all = gtin.as_str();
    let ean = &all[1..];
    all.starts_with('0') && (ean.starts_with('2') || ean.starts_with("02") || ean.starts_with("04"))
}

/// Returns the twelve digits behind a UPC-E (GS1 General Specifications, section 5.2.2.4.2), when
/// its check digit fits them.
fn expand_upc_e(digits: &str) -> Option<Gtin> {
    let d = digits.as_bytes();
    if !matches!(d[0], b'0' | b'1') || !d.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = |count: usize| vec![b'0'; count];
    let body: Vec<u8> = match d[6] {
        b'0'..=b'2' => [&d[0..3], &d[6..7], &zeros(4), &d[3..6]].concat(),
        b'3' => [&d[0..4], &zeros(5), &d[4..6]].concat(),
        b'4' => [&d[0..5], &zeros(5), &d[5..6]].concat(),
        _ => [&d[0..6], &zeros(4), &d[6..7]].concat(),
    };
    (check_digit(&body) == d[7]).then_some(())?;
    let all = [body, vec![d[7]]].concat();
    std::str::from_utf8(&all).ok()?.parse().ok()
}

/// Reads one code at a token, put together from groups as printed (`8 46358 00063 3`): the
/// identifier and how many tokens it took.
pub(super) fn at(tokens: &[Token<'_>], start: usize) -> Option<(Value, usize)> {
    let first = tokens.get(start)?;
    let digits: String = first.text.chars().filter(|c| *c != '-').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        // An Amazon number or a mistyped code beside the word UPC is still worth showing.
        let code = digits.len() >= 8 && first.is_code() && !first.text.contains(['/', '@']);
        return code
            .then(|| value(first.text).map(|value| (value, 1)))
            .flatten();
    }
    if digits.len() >= 8 && trade_item(&digits).is_some() {
        return value(&digits).map(|value| (value, 1));
    }
    let mut joined = digits.clone();
    let mut end = start + 1;
    while let Some((next, place)) = group(tokens, end) {
        let grows = joined.len() + next.len() <= 14;
        // A complete code is followed by another code more often than by more of itself.
        let belongs = digits.len() < 8 || next.len() == 1;
        if !grows || !belongs {
            break;
        }
        joined.push_str(next);
        end = place + 1;
        if joined.len() >= 12 && trade_item(&joined).is_some() {
            return value(&joined).map(|value| (value, end - start));
        }
    }
    if digits.len() >= 8 {
        return value(&digits).map(|value| (value, 1));
    }
    (joined.len() >= 8)
        .then(|| value(&joined).map(|value| (value, end - start)))
        .flatten()
}

/// Returns the next group of digits and its place, over a lone hyphen.
fn group<'a>(tokens: &[Token<'a>], at: usize) -> Option<(&'a str, usize)> {
    let token = tokens.get(at)?;
    if token.is_number() {
        return Some((token.text, at));
    }
    let next = tokens.get(at + 1)?;
    (matches!(token.text, "-" | "–") && next.is_number()).then_some((next.text, at + 1))
}

#[cfg(test)]
mod tests {
    use super::{super::tokens::tokens, *};

    fn all(text: &str) -> Vec<String> {
        let tokens = tokens(text);
        let (mut found, mut start) = (Vec::new(), 0);
        while start < tokens.len() {
            let (value, used) = at(&tokens, start).unwrap_or((Value::Lot { value: "-".into() }, 1));
            found.push(match value {
                Value::Gtin { value } => value.to_string(),
                Value::UpcRaw { value } => format!("raw {value}"),
                _ => "-".into(),
            });
            start += used;
        }
        found
    }

    #[test]
    fn groups_are_joined_and_neighbours_kept_apart() {
        assert_eq!(all("8 46358 00063 3"), ["00846358000633"]);
        assert_eq!(all("4 006381 333931"), ["04006381333931"]);
        assert_eq!(all("4 923673 527332"), ["raw 4923673527332"]);
        assert_eq!(all("7-41431-00114-2"), ["00741431001142"]);
        assert_eq!(
            all("055325000808  055325001638"),
            ["00055325000808", "00055325001638"]
        );
        assert_eq!(all("7 - 41431 - 00114 - 2"), ["00741431001142"]);
    }

    #[test]
    fn a_wrong_check_digit_or_a_shortened_code_is_kept_raw() {
        assert_eq!(all("036000291453"), ["raw 036000291453"]);
        assert_eq!(all("11110-02887"), ["raw 1111002887"]);
        assert_eq!(all("X002SSIRIF"), ["raw X002SSIRIF"]);
        assert_eq!(all("000000000000"), ["-"]);
    }

    #[test]
    fn codes_of_one_shop_identify_nothing_elsewhere() {
        assert_eq!(all("0200590000000"), ["raw 0200590000000"]);
        assert_eq!(all("2000000000008"), ["raw 2000000000008"]);
        assert_eq!(all("20020017"), ["raw 20020017"]);
    }

    #[test]
    fn eight_digits_are_read_only_where_one_symbology_fits() {
        assert_eq!(all("06543217"), ["00065100004327"]);
        assert_eq!(all("96385074"), ["00000096385074"]);
        assert_eq!(all("12345670"), ["raw 12345670"]);
    }
}
