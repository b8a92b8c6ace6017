//! Codes of digits only: UPC-A, UPC-E, EAN-8, EAN-13, GTIN-14 and the older book numbers.

use super::{Candidate, CodeFormat, InvalidCode, Reading};
use crate::domain::gtin::{Gtin, check_digit};

const LENGTHS: &str = "6, 7, 8, 10, 12, 13 or 14";

/// Returns the format that an identifier means, told by the length where it names several.
pub(super) fn implied(formats: &[CodeFormat], content: &str) -> Option<CodeFormat> {
    let wanted = match content.trim().len() {
        12 => CodeFormat::UpcA,
        6..=8 => CodeFormat::UpcE,
        _ => return formats.first().copied(),
    };
    formats
        .iter()
        .copied()
        .find(|format| *format == wanted)
        .or_else(|| formats.first().copied())
}

/// Reads digits, among which spaces and hyphens may stand.
pub(super) fn read(
    content: &str,
    format: Option<CodeFormat>,
) -> Result<Vec<Candidate>, InvalidCode> {
    let digits = match (only_digits(content), format) {
        (Ok(digits), _) => digits,
        (Err(fault), None | Some(CodeFormat::Ean13)) => {
            return read_isbn_10(content).unwrap_or(Err(fault));
        }
        (Err(fault), Some(_)) => return Err(fault),
    };
    let Some(format) = format else {
        return read_unnamed(&digits);
    };
    let mismatch = Err(InvalidCode::FormatMismatch(format));
    // Symbols that can carry any text carry every number whole.
    let is = |wanted| format == wanted || format.carries_text();
    let has_zero = digits.starts_with('0');
    let reading = match digits.len() {
        6..=8 if format == CodeFormat::UpcE => return read_upc_e(&digits).unwrap_or(mismatch),
        10 if format == CodeFormat::Ean13 => return read_isbn_10(&digits).unwrap_or(mismatch),
        // Some decoders give the number that a UPC-E stands for.
        12 if format == CodeFormat::UpcE && is_compressible(&digits) => Reading::UpcE,
        13 if format == CodeFormat::UpcE && has_zero && is_compressible(&digits[1..]) => {
            Reading::UpcE
        }
        8 if is(CodeFormat::Ean8) => Reading::Ean8,
        12 if is(CodeFormat::UpcA) => Reading::UpcA,
        13 if format == CodeFormat::UpcA && has_zero => Reading::UpcA,
        13 if is(CodeFormat::Ean13) => Reading::Ean13,
        14 if is(CodeFormat::Itf) || format == CodeFormat::DataBar => Reading::Gtin14,
        _ => return mismatch,
    };
    Ok(vec![number(&digits, reading)?])
}

/// Reads digits of which nobody says what they are, every way that fits.
fn read_unnamed(digits: &str) -> Result<Vec<Candidate>, InvalidCode> {
    let whole = |reading| Ok(vec![number(digits, reading)?]);
    match digits.len() {
        6 | 7 => read_upc_e(digits).unwrap_or(Err(InvalidCode::CheckDigit)),
        8 => {
            let ean_8 = number(digits, Reading::Ean8);
            let upc_e = read_upc_e(digits).and_then(Result::ok).unwrap_or_default();
            match ean_8 {
                Err(fault) if upc_e.is_empty() => Err(fault),
                ean_8 => Ok(ean_8.into_iter().chain(upc_e).collect()),
            }
        }
        10 => read_isbn_10(digits).unwrap_or(Err(InvalidCode::CheckDigit)),
        12 => whole(Reading::UpcA),
        13 => whole(Reading::Ean13),
        14 => whole(Reading::Gtin14),
        found => Err(InvalidCode::Length {
            found,
            allowed: LENGTHS,
        }),
    }
}

fn number(digits: &str, reading: Reading) -> Result<Candidate, InvalidCode> {
    Ok(Candidate::new(digits.parse::<Gtin>()?, reading))
}

/// Returns the digits, without the spaces and hyphens that people and printers put among them.
pub(super) fn only_digits(content: &str) -> Result<String, InvalidCode> {
    let content = content.trim();
    for (at, found) in content.chars().enumerate() {
        if !found.is_ascii_digit() && !is_separator(found) {
            return Err(InvalidCode::Character {
                found,
                position: at + 1,
            });
        }
    }
    let digits: String = content.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err(InvalidCode::Length {
            found: 0,
            allowed: LENGTHS,
        });
    }
    Ok(digits)
}

/// Spaces and hyphens, also the ones that web pages and word processors put in their place.
pub(super) const fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2013}'
    )
}

/// Reads a UPC-E: 6 digits (number system 0), 7 (with the number system, or with the check digit)
/// or 8 (with both). Returns nothing when the digits cannot be one.
fn read_upc_e(digits: &str) -> Option<Result<Vec<Candidate>, InvalidCode>> {
    let mut expanded = Vec::new();
    match digits.len() {
        6 => expanded.push(expand("0", digits)?),
        7 => {
            if digits.starts_with(['0', '1']) {
                expanded.push(expand(&digits[..1], &digits[1..])?);
            }
            let whole = expand("0", &digits[..6])?;
            if whole.ends_with(&digits[6..]) && !expanded.contains(&whole) {
                expanded.push(whole);
            }
        }
        8 if digits.starts_with(['0', '1']) => {
            let whole = expand(&digits[..1], &digits[1..7])?;
            if !whole.ends_with(&digits[7..]) {
                return Some(Err(InvalidCode::CheckDigit));
            }
            expanded.push(whole);
        }
        _ => {}
    }
    if expanded.is_empty() {
        return None;
    }
    Some(
        expanded
            .iter()
            .map(|whole| number(whole, Reading::UpcE))
            .collect(),
    )
}

/// Writes the 12 digits out that a UPC-E stands for (GS1 General Specifications, zero suppression):
/// the last of the six tells where zeros were left out.
fn expand(system: &str, six: &str) -> Option<String> {
    let (first_two, third, fourth, fifth, last) =
        (&six[..2], &six[2..3], &six[3..4], &six[4..5], &six[5..6]);
    let body = match last {
        "0" | "1" | "2" => format!("{system}{first_two}{last}0000{third}{fourth}{fifth}"),
        "3" => format!("{system}{first_two}{third}00000{fourth}{fifth}"),
        "4" => format!("{system}{first_two}{third}{fourth}00000{fifth}"),
        "5" | "6" | "7" | "8" | "9" => {
            format!("{system}{first_two}{third}{fourth}{fifth}0000{last}")
        }
        _ => return None,
    };
    let check = char::from(check_digit(body.as_bytes()));
    Some(format!("{body}{check}"))
}

/// Returns whether the 12 digits are such as a UPC-E can stand for.
fn is_compressible(twelve: &str) -> bool {
    let (company, item) = (&twelve[1..6], &twelve[6..11]);
    let ends_in_zeros = |count: usize| company.ends_with(&"00000"[..count]);
    let begins_with_zeros = |count: usize| item.starts_with(&"00000"[..count]);
    twelve.starts_with(['0', '1'])
        && (ends_in_zeros(2) && matches!(&company[2..3], "0" | "1" | "2") && begins_with_zeros(2)
            || ends_in_zeros(2) && begins_with_zeros(3)
            || ends_in_zeros(1) && begins_with_zeros(4)
            || begins_with_zeros(4) && item.ends_with(['5', '6', '7', '8', '9']))
}

/// Reads the older book number, 9 digits and a check character (ISO 2108:1992: modulo 11, weights 10
/// to 1, X for ten). Returns nothing when it is not of that form.
fn read_isbn_10(content: &str) -> Option<Result<Vec<Candidate>, InvalidCode>> {
    let characters: Vec<char> = content
        .trim()
        .chars()
        .filter(|c| !is_separator(*c))
        .collect();
    let (last, nine) = characters.split_last()?;
    if nine.len() != 9 || !nine.iter().all(char::is_ascii_digit) {
        return None;
    }
    let check = match last {
        'X' | 'x' => 10,
        digit => digit.to_digit(10)?,
    };
    let sum: u32 = nine
        .iter()
        .filter_map(|c| c.to_digit(10))
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    if !(sum + check).is_multiple_of(11) {
        return Some(Err(InvalidCode::CheckDigit));
    }
    if sum == 0 {
        return Some(Err(InvalidCode::Placeholder));
    }
    let body: String = "978".chars().chain(nine.iter().copied()).collect();
    let whole = format!("{body}{}", char::from(check_digit(body.as_bytes())));
    Some(number(&whole, Reading::Isbn10).map(|candidate| vec![candidate]))
}
