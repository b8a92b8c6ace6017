//! The forms in which texts are compared: models, lots, serial numbers, brands.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Returns the model number without case, spaces, hyphens, width and a word such as "Model No.".
///
/// Dots, slashes and plus signs stay: `1.5` is not `15`. Empty when nothing is left.
pub fn model(text: &str) -> String {
    const LABELS: &[&str] = &[
        "MODEL",
        "MODELS",
        "MODELE",
        "MODELL",
        "MODELO",
        "MODELLO",
        "MODÈLE",
        "REF",
        "RÉF",
        "REFERENCE",
        "RÉFÉRENCE",
        "ITEM",
        "STYLE",
        "SKU",
        "NO",
        "NR",
        "N°",
        "NUMBER",
        "NUMMER",
    ];
    let text = folded(text);
    let mut rest = text.as_str();
    while let Some((word, after)) = first_word(rest) {
        if !LABELS.contains(&word) || after.is_empty() {
            break;
        }
        rest = after;
    }
    rest.chars().filter(|c| !is_gap(*c) && *c != '#').collect()
}

/// Returns whether a normalised model number is long and particular enough to look recalls up by.
pub fn is_usable_model(normalised: &str) -> bool {
    (4..=60).contains(&normalised.chars().count()) && normalised.chars().any(char::is_numeric)
}

/// Returns the forms of a lot code that mean the same: with every separator removed, and without
/// `LOT`, `BATCH` or `L` where a separator shows that these are no part of it.
///
/// European law lets a maker put an L before the lot; in `L1234` nobody can tell whether that was
/// done, so `1234` is not among its forms.
pub fn lot(text: &str) -> Vec<String> {
    const LABELS: &[&str] = &[
        "LOT", "LOTS", "BATCH", "LOTE", "LOTTO", "CHARGE", "LOS", "L",
    ];
    coded(&folded(text), LABELS, &["LOT", "BATCH"])
}

/// Returns the forms of a serial number that mean the same, as [`lot`] does for lots.
pub fn serial(text: &str) -> Vec<String> {
    let text = folded(text).replace("S/N", "SN ");
    coded(&text, &["SERIAL", "SN", "SER"], &["SERIAL", "SN"])
}

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
    let text: String = normalised
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
        .collect();
    text.trim_start_matches('0').to_owned()
}

/// NFKC and upper case, which also makes full-width letters and digits plain ones.
fn folded(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_uppercase).collect()
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
            '.' | ',' | '/' | ':' | ';' | '#' | '(' | ')' | '"' | '\'' | '°' | 'º'
        )
}

/// Splits the first word off where a separator follows it.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let at = text.find(|c: char| is_separator(c))?;
    let (word, rest) = text.split_at(at);
    Some((word, rest.trim_start_matches(is_separator)))
}

fn coded(folded: &str, labels: &[&str], attached: &[&str]) -> Vec<String> {
    let bare = |text: &str| -> String { text.chars().filter(|c| !is_separator(*c)).collect() };
    let mut forms = vec![bare(folded)];
    let mut rest = folded;
    // Label by label: "LOT NO. 1234", "L: 1234".
    while let Some((word, after)) = first_word(rest) {
        let is_label =
            labels.contains(&word) || matches!(word, "NO" | "NR" | "N" | "NUMBER" | "CODE");
        if !is_label || after.is_empty() {
            break;
        }
        rest = after;
        forms.push(bare(rest));
    }
    for label in attached {
        if let Some(after) = bare(rest).strip_prefix(label)
            && after.starts_with(|c: char| c.is_ascii_digit())
        {
            forms.push(after.to_owned());
        }
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    forms
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
        let same = |a: &str, b: &str| lot(a).iter().any(|form| lot(b).contains(form));
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
        ] {
            assert!(same("1234AB", other), "{other}");
        }
        assert!(!same("1234", "L1234"));
        assert!(same("L-1234", "L1234"));
        assert!(!same("1234", "1235"));
        assert!(lot("  ").is_empty());
        assert_eq!(lot("LOT"), ["LOT"]);
        assert!(serial("S/N 00123").contains(&"00123".to_owned()));
        assert!(serial("SN00123").contains(&"00123".to_owned()));
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
