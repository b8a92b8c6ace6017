//! Lots and serial numbers as they are printed, with all that may be printed around them.

use super::{folded, is_separator};

/// The most words that are told apart in what was read off a product.
const MOST_WORDS: usize = 16;
/// Words of a number, after or before a word such as "lot".
const NUMBER_WORDS: &[&str] = &[
    "NO", "NR", "N", "NUMBER", "NUM", "NUMERO", "NUMÉRO", "NUMMER", "CODE",
];
/// Words that stand between those ("numéro de lot").
const JOINING: &[&str] = &["DE", "DU", "DEL", "DI", "OF"];

/// What a kind of code is called where it is printed.
struct Names {
    labels: &'static [&'static str],
    /// Labels that are also printed without a separator before digits.
    attached: &'static [&'static str],
    /// Labels with a separator in them, and the application identifier.
    signs: &'static [&'static str],
}

const LOT: Names = Names {
    labels: &[
        "LOT",
        "LOTS",
        "BATCH",
        "BATCHNO",
        "LOTE",
        "LOTTO",
        "CHARGE",
        "CHARGEN",
        "CHARGENNUMMER",
        "LOS",
        "L",
        "LOTNR",
        "LOTNO",
        "LOSNR",
        "CH",
        "CHB",
        "BN",
        "LN",
        "PARTIE",
        "PARTIJ",
        "SARZA",
        "ŠARŽA",
    ],
    attached: &["LOT", "BATCH"],
    signs: &["(10)", "B/N", "CH.-B", "CH.B", "CH-B"],
};

const SERIAL: Names = Names {
    labels: &["SERIAL", "SN", "SER", "SERIE", "SÉRIE", "SERIENNUMMER"],
    attached: &["SERIAL", "SN"],
    signs: &["(21)", "S/N"],
};

/// A code from a product or a notice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// The forms that mean the same: with every separator removed, and without a label where a
    /// separator shows that it is no part of the code. None when there is no letter or digit.
    ///
    /// European law lets a maker put an L before the lot; in `L1234` nobody can tell whether that
    /// was done, so `1234` is not among its forms.
    pub forms: Vec<String>,
    /// The words that separators cut it into, in order.
    pub words: Vec<Word>,
    /// Whether there are more words than these.
    pub has_more_words: bool,
}

/// A part of a code between separators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded, without separators.
    pub text: String,
    /// Whether a space or the beginning stands before it, and not only a mark.
    pub is_apart: bool,
    /// Whether it is a word that announces the code.
    pub is_label: bool,
}

impl Code {
    /// Returns each word and each few words that follow one another, put together, with where the
    /// first and the one after the last stand.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, String)> {
        const LONGEST: usize = 6;
        (0..self.words.len()).flat_map(move |from| {
            (from + 1..=self.words.len().min(from + LONGEST)).map(move |to| {
                let text = self.words[from..to].iter().map(|word| word.text.as_str());
                (from, to, text.collect())
            })
        })
    }
}

/// Reads a lot or batch.
pub fn lot(text: &str) -> Code {
    code(text, &LOT)
}

/// Reads a serial number.
pub fn serial(text: &str) -> Code {
    code(text, &SERIAL)
}

fn code(text: &str, names: &Names) -> Code {
    let folded = folded(text);
    let bare = |text: &str| -> String { text.chars().filter(|c| !is_separator(*c)).collect() };
    let mut forms = vec![bare(&folded)];
    let mut rest = folded.as_str();
    let sign = names.signs.iter().find_map(|sign| rest.strip_prefix(sign));
    let is_code = |after: &&str| !bare(after).is_empty();
    if let Some(after) = sign.filter(is_code) {
        rest = after.trim_start_matches(is_separator);
        forms.push(bare(rest));
    }
    // Label by label: "LOT NO. 1234", "L: 1234", "N° de lot 1234".
    while let Some((word, after)) = super::first_word(rest) {
        let joins = forms.len() > 1 && JOINING.contains(&word);
        if !(names.has(word) || joins || word.is_empty()) || after.is_empty() {
            break;
        }
        rest = after;
        forms.push(bare(rest));
    }
    for label in names.attached {
        if let Some(after) = bare(rest).strip_prefix(label)
            && after.starts_with(|c: char| c.is_ascii_digit())
        {
            forms.push(after.to_owned());
        }
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    let mut words = words(&folded, names);
    let has_more_words = words.len() > MOST_WORDS;
    words.truncate(MOST_WORDS);
    Code {
        forms,
        words,
        has_more_words,
    }
}

/// Returns whether a folded word announces a lot or a serial number.
pub(super) fn is_label(word: &str) -> bool {
    LOT.has(word) || SERIAL.has(word) || word == "S"
}

impl Names {
    fn has(&self, word: &str) -> bool {
        self.labels.contains(&word) || NUMBER_WORDS.contains(&word)
    }
}

fn words(folded: &str, names: &Names) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_apart = true;
    for part in folded.split_inclusive(is_separator) {
        let text = part.trim_end_matches(is_separator);
        if !text.is_empty() && words.len() <= MOST_WORDS {
            words.push(Word {
                is_label: names.has(text),
                text: text.to_owned(),
                is_apart,
            });
            is_apart = false;
        }
        is_apart |= part.ends_with(char::is_whitespace);
    }
    words
}
