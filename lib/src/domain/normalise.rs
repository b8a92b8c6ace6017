//! The forms in which texts are compared: models, lots, serial numbers, brands.

mod model;
mod nothing;
mod printed;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub use self::{
    model::{ModelKeys, is_usable_model, look_alike_model, model, model_keys},
    nothing::is_nothing,
    printed::{Code, lot, serial},
};

/// Returns the brand in lower case, without accents, punctuation and the firm's legal form.
pub fn brand(text: &str) -> String {
    brand_words(text).concat()
}

/// Returns the words of the brand in the form of [`brand`].
pub fn brand_words(text: &str) -> Vec<String> {
    const LEGAL_FORMS: &[&str] = &[
        "inc",
        "incorporated",
        "ltd",
        "limited",
        "llc",
        "llp",
        "lp",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "pty",
        "gmbh",
        "ag",
        "kg",
        "kgaa",
        "se",
        "ohg",
        "ug",
        "sa",
        "sas",
        "sasu",
        "sarl",
        "eurl",
        "srl",
        "spa",
        "sl",
        "slu",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "sro",
        "kft",
        "kk",
    ];
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '.' | '\'' | '’' | '®' | '™' | '©'))
        .flat_map(char::to_lowercase)
        .flat_map(|c| match c {
            '&' | '+' => " and ".chars().collect::<Vec<_>>(),
            c if c.is_alphanumeric() => vec![c],
            _ => vec![' '],
        })
        .collect();
    // "™" decomposes to letters before it can be told from them.
    let mut words: Vec<String> = plain.split_whitespace().map(str::to_owned).collect();
    while words.len() > 1
        && words
            .last()
            .is_some_and(|word| word == "and" || LEGAL_FORMS.contains(&word.as_str()))
    {
        words.pop();
    }
    words
}

/// Returns the form in which characters that are taken for one another are the same (O and 0, I, L
/// and 1, S and 5, B and 8, Z and 2), without leading zeros.
///
/// Two codes that agree in it and not otherwise were probably misread: nobody may say that they
/// differ.
pub fn easily_confused(normalised: &str) -> String {
    look_alike(normalised).trim_start_matches('0').to_owned()
}

/// [`easily_confused`] with its leading zeros.
fn look_alike(normalised: &str) -> String {
    normalised
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            'O' | 'Q' => '0',
            'I' | 'L' => '1',
            'S' => '5',
            'B' => '8',
            'Z' => '2',
            c => c,
        })
        .collect()
}

/// Returns whether a normalised code has only the letters and digits that we know how to compare; of
/// anything else (another script, an accent, a mark for what cannot be read) nobody may say that it
/// differs.
pub fn is_plain(normalised: &str) -> bool {
    normalised
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// NFKC and upper case, which also makes full-width letters and digits plain ones; digits of other
/// scripts become plain ones too, and marks that do not show go.
fn folded(text: &str) -> String {
    let shown: String = text
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .flat_map(char::to_uppercase)
        .map(plain_digit)
        .collect();
    shown.trim().to_owned()
}

/// Marks of direction, joiners and the like (the general category Cf, as far as texts carry it).
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Returns the plain digit for a decimal digit of another script (general category Nd, in which the
/// ten of a script follow one another).
fn plain_digit(c: char) -> char {
    const ZEROS: &[u32] = &[
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
        0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
        0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
        0x104a0, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x1e950,
    ];
    let digit = ZEROS
        .iter()
        .find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10));
    digit
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

/// Spaces, hyphens and dashes of all kinds, and the low line.
fn is_gap(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '_' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}'
        )
}

/// Marks between the parts of a lot, which are printed at one time and left out at another.
fn is_separator(c: char) -> bool {
    is_gap(c)
        || matches!(
            c,
            '.' | ','
                | '/'
                | ':'
                | ';'
                | '#'
                | '('
                | ')'
                | '"'
                | '\''
                | '°'
                | 'º'
                | '|'
                | '='
                | '['
                | ']'
                | '\\'
        )
}

/// Splits the first word off where a separator follows it.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let at = text.find(|c: char| is_separator(c))?;
    let (word, rest) = text.split_at(at);
    Some((word, rest.trim_start_matches(is_separator)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_compared_without_case_spaces_hyphens_and_width() {
        for text in [
            "XL-200/B",
            "xl 200/b",
            "ＸＬ－２００/Ｂ",
            "Model No. XL-200/B",
            "model: XL–200/b",
            "Réf. XL200/B",
            "#XL_200/B",
            " XL\u{a0}200/B ",
            "MOD XL-200/B",
            "M/N: XL-200/B",
            "MN XL-200/B",
            "Type: XL-200/B",
            "\u{200e}XL-200/B",
        ] {
            assert_eq!(model(text), "XL200/B", "{text}");
        }
        assert_ne!(model("1.5"), model("15"));
        assert_eq!(model("Model 3"), "3");
        assert_eq!(model("Model"), "MODEL");
        assert_eq!(model(" - "), "");
    }

    #[test]
    fn short_and_wordy_models_are_not_looked_up() {
        for (text, usable) in [
            ("XL200", true),
            ("1234", true),
            ("123", false),
            ("SNUGGLE", false),
            ("", false),
        ] {
            assert_eq!(is_usable_model(text), usable, "{text}");
        }
        assert!(!is_usable_model(&"A1".repeat(31)));
    }

    #[test]
    fn a_label_before_a_lot_goes_and_an_attached_l_stays() {
        let same = |a: &str, b: &str| lot(a).forms.iter().any(|form| lot(b).forms.contains(form));
        for other in [
            "1234 ab",
            "LOT 1234-AB",
            "Lot: 1234AB",
            "lot1234ab",
            "L 1234AB",
            "L:1234 AB",
            "Batch No. 1234/AB",
            "１２３４ab",
            "lot n° 1234ab",
            "N° de lot 1234ab",
            "Numéro de lot : 1234AB",
            "Lotnr. 1234AB",
            "Los-Nr. 1234AB",
            "CH. 1234AB",
            "Ch.-B. 1234AB",
            "(10)1234AB",
            "B/N 1234AB",
            "LN: 1234AB",
            "\u{200e}1234AB\u{202c}",
            "\u{661}\u{662}\u{663}\u{664}AB",
        ] {
            assert!(same("1234AB", other), "{other}");
        }
        assert!(!same("1234", "L1234"));
        assert!(same("L-1234", "L1234"));
        assert!(!same("1234", "1235"));
        assert!(lot("  ").forms.is_empty());
        assert_eq!(lot("LOT").forms, ["LOT"]);
        assert!(serial("S/N 00123").forms.contains(&"00123".to_owned()));
        assert!(serial("SN00123").forms.contains(&"00123".to_owned()));
    }

    #[test]
    fn brands_lose_case_accents_and_legal_forms() {
        for (a, b) in [
            ("Béaba S.A.S.", "BEABA"),
            ("Dr. Brown's", "dr browns"),
            ("Fisher-Price, Inc.", "fisher price"),
            ("Philips GmbH & Co. KG", "philips"),
            ("Mam Babyartikel GmbH", "MAM BABYARTIKEL"),
            ("Black & Decker", "black and decker"),
            ("Ｇｒａｃｏ", "graco"),
            ("Chicco®", "chicco"),
            ("Łódź Toys S.A.", "łódź toys"),
        ] {
            assert_eq!(brand(a), brand(b), "{a}");
        }
        assert_ne!(brand("Baby Trend"), brand("Baby Jogger"));
        assert_eq!(brand("Co"), "co");
        assert_eq!(brand("!!!"), "");
    }

    #[test]
    fn characters_that_look_alike_are_one_in_the_confusable_form() {
        assert_eq!(easily_confused("LO12S"), easily_confused("1012S"));
        assert_eq!(easily_confused("00123"), easily_confused("123"));
        assert_ne!(easily_confused("1234"), easily_confused("1243"));
    }
}
