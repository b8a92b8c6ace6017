//! Model numbers: the form in which they are compared, and those under which notices are looked up.

use super::{first_word, folded, is_gap, is_separator, look_alike};

/// Words before a model number that are no part of it.
const LABELS: &[&str] = &[
    "MODEL",
    "MODELS",
    "MODELE",
    "MODELL",
    "MODELO",
    "MODELLO",
    "MODÈLE",
    "MOD",
    "TYPE",
    "TYP",
    "TIPO",
    "MN",
    "REF",
    "RÉF",
    "REFERENCE",
    "RÉFÉRENCE",
    "REFERENCIA",
    "ART",
    "ARTICLE",
    "ARTIKEL",
    "ITEM",
    "STYLE",
    "SKU",
    "NO",
    "NR",
    "N",
    "N°",
    "NUMBER",
    "NUMMER",
    "NUMERO",
    "NUMÉRO",
];
/// The most forms under which one model is looked up, each of which costs a read.
const MOST_KEYS: usize = 10;

/// Returns the model number without case, spaces, hyphens, width and a word such as "Model No.".
///
/// Dots, slashes and plus signs stay: `1.5` is not `15`. Empty when nothing is left.
pub fn model(text: &str) -> String {
    let text = folded(text);
    compact(without_label(&text))
}

/// Returns whether a normalised model number is long and particular enough to look recalls up by.
pub fn is_usable_model(normalised: &str) -> bool {
    (4..=60).contains(&normalised.chars().count()) && normalised.chars().any(char::is_numeric)
}

/// Returns the form of a model number in which a misread character, a dot or a slash makes no
/// difference; nothing when it is not usable. Notices are filed under it beside [`model`].
pub fn look_alike_model(text: &str) -> Option<String> {
    let form = look_alike(&model(text));
    is_usable_model(&form).then_some(form)
}

/// The forms under which notices on a model are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelKeys {
    /// Forms of all that was given.
    pub whole: Vec<String>,
    /// Forms of parts of it, which may be a model with a colour, a brand or a name beside it.
    pub parts: Vec<String>,
}

impl ModelKeys {
    /// Returns all of them, the whole first.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.whole.iter().chain(&self.parts)
    }

    /// Returns whether a notice filed under the key is one on this model, as far as it is known.
    pub fn contains(&self, key: &str) -> bool {
        self.all().any(|form| form == key)
    }

    /// Adds the look-alike form of a text that has a digit: a word such as "BLOSSOM" must not turn
    /// into a number.
    fn add_alike(&mut self, whole: bool, text: &str) {
        if text.contains(|c: char| c.is_ascii_digit()) {
            self.add(whole, look_alike(text));
        }
    }

    fn add(&mut self, whole: bool, form: String) {
        let is_new = is_usable_model(&form) && !self.contains(&form);
        if is_new && self.all().count() < MOST_KEYS {
            if whole {
                self.whole.push(form);
            } else {
                self.parts.push(form);
            }
        }
    }
}

/// Returns what to look a model up by: as written, without what stands in brackets, what stands in
/// them, and its parts, the longest first.
pub fn model_keys(text: &str) -> ModelKeys {
    let mut keys = ModelKeys::default();
    let text: String = folded(text).chars().take(100).collect();
    let text = without_label(&text);
    keys.add(true, compact(text));
    keys.add_alike(true, text);
    let (outside, within) = brackets(text);
    for part in [&outside, &within] {
        keys.add_alike(true, without_label(part.trim()));
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(8)
        .collect();
    for length in (1..=words.len()).rev() {
        for run in words.windows(length) {
            let run = run.concat();
            keys.add_alike(false, &run);
            // "XL200BLK"
            let number = run.trim_end_matches(|c: char| !c.is_ascii_digit());
            keys.add_alike(false, number);
        }
    }
    keys
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !is_gap(*c) && *c != '#').collect()
}

fn without_label(folded: &str) -> &str {
    let mut rest = folded.strip_prefix("M/N").map_or(folded, |after| {
        if after.starts_with(is_separator) {
            after.trim_start_matches(is_separator)
        } else {
            folded
        }
    });
    while let Some((word, after)) = first_word(rest) {
        if !LABELS.contains(&word) || after.is_empty() {
            break;
        }
        rest = after;
    }
    rest
}

/// Parts what stands in brackets from what stands outside them.
fn brackets(text: &str) -> (String, String) {
    let (mut outside, mut within, mut depth) = (String::new(), String::new(), 0_u8);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth = depth.saturating_add(1),
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            c if depth > 0 => within.push(c),
            c => outside.push(c),
        }
    }
    (outside, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_whatever_stands_beside_it() {
        let filed = look_alike_model("XL-200").unwrap();
        for text in [
            "XL-200",
            "xl2OO",
            "Mod. XL-200",
            "MODEL: XL.200",
            "M/N XL/200",
            "XL-200 (blue)",
            "Rattle (XL-200)",
            "[XL-200]",
            "XL-200 blue",
            "XL-200/BLK",
            "XL200BLK",
            "Acme XL-200",
            "\u{200e}XL\u{200b}-200",
            "XL-\u{662}\u{660}\u{660}",
        ] {
            assert!(
                model_keys(text).contains(&filed),
                "{text}: {:?}",
                model_keys(text)
            );
        }
        assert!(!model_keys("XL-300").contains(&filed));
        assert!(model_keys("Snuggle").all().next().is_none());
        assert!(model_keys("?").all().next().is_none());
    }

    #[test]
    fn the_forms_that_are_looked_up_are_few_whatever_was_given() {
        for text in [
            "1234 2345 3456 4567 5678 6789 7890 8901",
            &"A1-".repeat(1_000),
            &"(".repeat(300),
        ] {
            let keys = model_keys(text);
            assert!(keys.all().count() <= MOST_KEYS, "{keys:?}");
            assert!(keys.all().all(|key| is_usable_model(key)));
        }
    }
}
