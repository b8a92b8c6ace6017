//! How text becomes search terms, in the index and in queries alike.
//!
//! Letters lose case and accents. Punctuation cuts words, but a word that was cut keeps its joined
//! form as well, so that `NS-RGFGSS1` is found as itself, as `nsrgfgss1` and by its parts. Plurals
//! and the endings -y, -ie fold together (`babies` = `baby`), in words of letters only.

use std::iter;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::domain::gtin::Gtin;

/// Longer runs of letters are no words anybody types; they are left out, in characters.
const LONGEST: usize = 64;
/// A word cut into more parts than this is a list, and has no joined form.
const MOST_PARTS: usize = 4;

/// One word as it stands in a text: a run of letters and digits, perhaps joined by punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The folded parts between the punctuation, at least one.
    pub parts: Vec<String>,
    /// The parts without the punctuation; absent when there is one part or too many.
    pub joined: Option<String>,
    /// Where it begins in the text, in bytes.
    pub from: usize,
    /// Where it ends in the text, in bytes.
    pub to: usize,
}

/// Cuts a text into its words.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut cutter = Cutter::default();
    for (at, c) in text.char_indices() {
        if is_combining_mark(c) {
            continue;
        }
        if c.is_alphanumeric() {
            cutter.take(at, c);
        } else if is_joiner(c) {
            cutter.cut();
        } else {
            found.extend(cutter.finish());
        }
    }
    found.extend(cutter.finish());
    found
}

fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '-' | '.' | '/' | '_' | '\'' | '’' | '&' | '+' | '‐' | '‑' | '‒' | '–'
    )
}

#[derive(Default)]
struct Cutter {
    parts: Vec<String>,
    part: String,
    from: usize,
    to: usize,
}

impl Cutter {
    fn take(&mut self, at: usize, c: char) {
        if self.parts.is_empty() && self.part.is_empty() {
            self.from = at;
        }
        self.to = at + c.len_utf8();
        fold_char(c, &mut self.part);
    }

    fn cut(&mut self) {
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
    }

    fn finish(&mut self) -> Option<Word> {
        self.cut();
        let whole = std::mem::take(&mut self.parts);
        let parts: Vec<_> = whole
            .into_iter()
            .filter(|part| part.chars().count() <= LONGEST)
            .collect();
        let joined = (2..=MOST_PARTS)
            .contains(&parts.len())
            .then(|| parts.concat())
            .filter(|joined| joined.chars().count() <= LONGEST);
        (!parts.is_empty()).then_some(Word {
            parts,
            joined,
            from: self.from,
            to: self.to,
        })
    }
}

fn fold_char(c: char, out: &mut String) {
    decompose_compatible(c, |piece| {
        if is_combining_mark(piece) {
            return;
        }
        match piece {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'þ' | 'Þ' => out.push_str("th"),
            'ı' => out.push('i'),
            // A ligature or a fraction may decompose into something that is no letter.
            _ if !piece.is_alphanumeric() => {}
            _ => out.extend(piece.to_lowercase().filter(|low| !is_combining_mark(*low))),
        }
    });
}

/// Returns the form under which a folded word is filed: plurals and -y, -ie fold together.
///
/// Words with a digit, and words of fewer than four letters, stay as they are.
pub fn stem(word: &str) -> String {
    if word.len() < 4 || word.chars().any(char::is_numeric) {
        return word.to_owned();
    }
    let singular = match word.strip_suffix('s') {
        Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest,
        _ => word,
    };
    let ending = if singular.len() < 4 {
        None
    } else {
        singular
            .strip_suffix("ie")
            .or_else(|| singular.strip_suffix('y'))
    };
    ending.map_or_else(|| singular.to_owned(), |rest| format!("{rest}i"))
}

/// Returns the normal form of a name that is compared as a whole: folded words with one space between.
///
/// Empty when the text has neither letters nor digits.
pub fn normal_name(text: &str) -> String {
    words(text)
        .into_iter()
        .flat_map(|word| word.parts)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the normal forms under which an identifier is filed and looked for, without repeats.
///
/// A code is its folded letters and digits; digits that make a GTIN with a right check digit are also
/// that GTIN in 14 digits. Empty when the text has neither letters nor digits, or more than 64.
pub fn normal_codes(text: &str) -> Vec<String> {
    let mut code = String::new();
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        fold_char(c, &mut code);
        if code.len() > 4 * LONGEST {
            return Vec::new();
        }
    }
    if code.is_empty() || code.chars().count() > LONGEST {
        return Vec::new();
    }
    let gtin = code
        .parse::<Gtin>()
        .ok()
        .map(String::from)
        .filter(|gtin| *gtin != code);
    iter::once(code).chain(gtin).collect()
}

/// The tokenizer of the text fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct WordTokenizer;

/// The terms of one text.
pub struct WordStream {
    tokens: std::vec::IntoIter<Token>,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let mut tokens = Vec::new();
        let mut position = 0;
        for word in words(text) {
            let token = |text: &str, position, length| Token {
                offset_from: word.from,
                offset_to: word.to,
                position,
                text: stem(text),
                position_length: length,
            };
            if let Some(joined) = &word.joined {
                tokens.push(token(joined, position, word.parts.len()));
            }
            for part in &word.parts {
                tokens.push(token(part, position, 1));
                position += 1;
            }
        }
        WordStream {
            tokens: tokens.into_iter(),
            token: Token::default(),
        }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        match self.tokens.next() {
            Some(token) => {
                self.token = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let mut tokenizer = WordTokenizer;
        let mut stream = tokenizer.token_stream(text);
        iter::from_fn(|| stream.next().map(|token| token.text.clone())).collect()
    }

    #[test]
    fn a_model_number_is_filed_joined_and_in_parts() {
        assert_eq!(terms("NS-RGFGSS1"), ["nsrgfgss1", "ns", "rgfgss1"]);
        assert_eq!(terms("nsrgfgss1"), ["nsrgfgss1"]);
    }

    #[test]
    fn accents_case_and_ligatures_fold() {
        assert_eq!(terms("Bébé CONFORT"), ["bebe", "confort"]);
        assert_eq!(terms("Be\u{301}be\u{301}"), ["bebe"]);
        assert_eq!(terms("Straße Ørsted œuf"), ["strasse", "orsted", "oeuf"]);
        assert_eq!(terms("ＡＢＣ１２"), ["abc12"]);
    }

    #[test]
    fn plurals_and_y_fold_together_in_words_of_letters_only() {
        assert_eq!(terms("babies baby"), ["babi", "babi"]);
        assert_eq!(
            terms("strollers stroller glass bus SX200S"),
            ["stroller", "stroller", "glass", "bus", "sx200s"]
        );
        assert_eq!(terms("bougies bougie"), ["bougi", "bougi"]);
    }

    #[test]
    fn a_long_list_has_no_joined_form_and_endless_runs_are_left_out() {
        assert_eq!(terms("a/b/c/d/e"), ["a", "b", "c", "d", "e"]);
        assert_eq!(terms(&"x".repeat(65)), Vec::<String>::new());
        assert_eq!(terms("\u{0}\u{7}…!?"), Vec::<String>::new());
    }

    #[test]
    fn where_a_word_stands_is_known_in_bytes() {
        let text = "é Bébé-Car!";
        let word = words(text).pop().unwrap();
        assert_eq!(&text[word.from..word.to], "Bébé-Car");
    }

    #[test]
    fn codes_have_one_normal_form_and_gtins_fourteen_digits() {
        assert_eq!(normal_codes("sm-100 B"), ["sm100b"]);
        assert_eq!(
            normal_codes("0 36000 29145 2"),
            ["036000291452", "00036000291452"]
        );
        assert_eq!(normal_codes("00036000291452"), ["00036000291452"]);
        assert_eq!(normal_codes("036000291453"), ["036000291453"]);
        assert!(normal_codes(" -- ").is_empty());
        assert!(normal_codes(&"9".repeat(10_000)).is_empty());
    }

    #[test]
    fn names_are_compared_without_case_accents_and_punctuation() {
        assert_eq!(normal_name(" Fisher-Price® "), "fisher price");
        assert_eq!(normal_name("!!!"), "");
    }
}
