//! Bytes of any quality into text. Never fails: what cannot be read becomes U+FFFD.

use std::borrow::Cow;

/// Returns the bytes as text.
///
/// A byte order mark decides between UTF-8 and the two UTF-16s. Invalid UTF-8 is replaced, except
/// the two spoils that CPSC's feed is known for, which leave only one reading: a closing double
/// quote whose last byte was lost (`E2 80 3F`), and text that was encoded twice (see [`repair`]).
pub(super) fn text(bytes: &[u8]) -> String {
    let decoded = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        all => utf8(all),
    };
    match repair(&decoded) {
        Cow::Owned(repaired) => repaired,
        Cow::Borrowed(_) => decoded,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        _ => 0xFFFD,
    });
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn utf8(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    // 0x9D has no character in Windows-1252, so somebody's converter wrote a question mark for it.
    let mut mended = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(3).position(|three| three == b"\xE2\x80?") {
        mended.extend_from_slice(&rest[..at]);
        mended.extend_from_slice("\u{201D}".as_bytes());
        rest = &rest[at + 3..];
    }
    mended.extend_from_slice(rest);
    String::from_utf8_lossy(&mended).into_owned()
}

/// What the first byte of the characters in question becomes in Windows-1252.
const LEADS: [char; 4] = ['\u{C2}', '\u{C3}', '\u{C5}', '\u{E2}'];

/// Undoes UTF-8 that was read as Windows-1252 and encoded again (`â€™` for `’`), wherever the
/// characters have no other sensible reading; everything else is left as it is.
pub(super) fn repair(text: &str) -> Cow<'_, str> {
    if !LEADS.iter().any(|lead| text.contains(*lead)) {
        return Cow::Borrowed(text);
    }
    let mut repaired = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(at) = rest.find(LEADS) {
        let (before, here) = rest.split_at(at);
        repaired.push_str(before);
        if let Some((real, length)) = twice_encoded(here) {
            repaired.push(real);
            changed = true;
            rest = &here[length..];
        } else {
            let lead = here.chars().next().map_or(0, char::len_utf8);
            repaired.push_str(&here[..lead]);
            rest = &here[lead..];
        }
    }
    repaired.push_str(rest);
    if changed {
        Cow::Owned(repaired)
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the character that a twice encoded sequence at the start of the text stands for, and
/// how many bytes the sequence takes.
fn twice_encoded(text: &str) -> Option<(char, usize)> {
    let mut chars = text.chars();
    let lead = chars.next()?;
    let wanted = match lead {
        '\u{C2}' | '\u{C3}' | '\u{C5}' => 1,
        '\u{E2}' => 2,
        _ => return None,
    };
    let mut bytes = vec![u8::try_from(u32::from(lead)).ok()?];
    let mut length = lead.len_utf8();
    for place in 0..wanted {
        let next = chars.next()?;
        // The quote whose last byte was lost, as it looks once the rest was encoded twice.
        if bytes == [0xE2, 0x80] && next == char::REPLACEMENT_CHARACTER {
            return Some(('\u{201D}', length + next.len_utf8()));
        }
        let byte = windows_1252(next).filter(|byte| (0x80..=0xBF).contains(byte))?;
        let plausible = match (lead, place) {
            // oe, s and z with caron: what French and Czech names need.
            ('\u{C5}', _) => matches!(byte, 0x92 | 0x93 | 0xA0 | 0xA1 | 0xBD | 0xBE),
            ('\u{E2}', 0) => matches!(byte, 0x80 | 0x82 | 0x84),
            _ => true,
        };
        if !plausible {
            return None;
        }
        bytes.push(byte);
        length += next.len_utf8();
    }
    let real = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some((real, length))
}

/// Returns the byte that Windows-1252 (or Latin-1, for the C1 range) writes for the character.
fn windows_1252(character: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    if let Some(at) = HIGH.iter().position(|high| *high == character) {
        return u8::try_from(0x80 + at).ok();
    }
    u8::try_from(u32::from(character)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_utf8_is_left_alone() {
        let french = "à l’étal – 5 € «œuf»";
        assert_eq!(text(french.as_bytes()), french);
        assert!(matches!(repair(french), Cow::Borrowed(_)));
    }

    #[test]
    fn byte_order_marks_choose_the_encoding() {
        assert_eq!(text(b"\xEF\xBB\xBF[]"), "[]");
        assert_eq!(text(b"\xFF\xFE[\0]\0"), "[]");
        assert_eq!(text(b"\xFE\xFF\0[\0]"), "[]");
        assert_eq!(text(b"\xFF\xFE[\0]"), "[\u{FFFD}");
    }

    #[test]
    fn a_quote_that_lost_its_last_byte_is_a_quote() {
        assert_eq!(text(b"\xE2\x80\x9CRed,\xE2\x80? x"), "“Red,” x");
        assert_eq!(text("â€œRed,â€\u{FFFD} x".as_bytes()), "“Red,” x");
    }

    #[test]
    fn text_that_was_encoded_twice_is_repaired() {
        assert_eq!(
            repair("Childrenâ€™s CafÃ© Â® Å“uf"),
            "Children’s Café ® œuf"
        );
        assert_eq!(
            repair("SÃO PAULO, château, Ångström, pâté"),
            "SÃO PAULO, château, Ångström, pâté"
        );
    }

    #[test]
    fn invalid_bytes_are_replaced_and_the_rest_is_kept() {
        assert_eq!(text(b"a\xFFb\xC3"), "a\u{FFFD}b\u{FFFD}");
    }
}
