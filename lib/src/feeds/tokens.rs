//! Words, codes and punctuation of a notice, with their places.

/// A word, a code or a single punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// In lower case.
    pub(super) lower: String,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
}

impl Token<'_> {
    /// Returns whether it has a digit and could be a code.
    pub(super) fn is_code(&self) -> bool {
        self.text.chars().any(|c| c.is_ascii_digit())
    }

    /// Returns whether it is digits and nothing else.
    pub(super) fn is_number(&self) -> bool {
        self.text.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Splits a text. A code keeps the marks inside it (`94000-10`, `1/mf/24`, `12.5`), not those at
/// its end.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut spaced = true;
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            spaced = true;
            at += first.len_utf8();
            continue;
        }
        let length = if first.is_alphanumeric() {
            word(&text[at..])
        } else {
            first.len_utf8()
        };
        let piece = &text[at..at + length];
        all.push(Token {
            text: piece,
            lower: piece.to_lowercase(),
            spaced,
        });
        spaced = false;
        at += length;
    }
    all
}

fn word(text: &str) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() {
            end = at + c.len_utf8();
        } else if at > end || !(is_inner(c) || c == ':' && between_digits(text, at)) {
            // Two marks in a row end the word: `12--34`, `LOT...5`.
            break;
        }
    }
    // A star at the very end is a wildcard and belongs to the code.
    if text[end..].starts_with('*') {
        end + 1
    } else {
        end
    }
}

fn is_inner(c: char) -> bool {
    matches!(c, '-' | '_' | '/' | '.' | '@' | '*' | '+')
}

/// `07192021:91` is one code, `Lot:91` is two words.
fn between_digits(text: &str, at: usize) -> bool {
    let digit = |place: Option<&u8>| place.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_inner_marks_and_lose_the_outer() {
        let text = "Lot:5:6 Lot#: AB-12/3, (L7.) n°5 SNUG* L'Or";
        let texts: Vec<_> = tokens(text).into_iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            [
                "Lot", ":", "5:6", "Lot", "#", ":", "AB-12/3", ",", "(", "L7", ".", ")", "n", "°",
                "5", "SNUG*", "L", "'", "Or"
            ]
        );
    }
}
