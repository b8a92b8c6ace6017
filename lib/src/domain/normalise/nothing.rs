//! What people type where there is nothing to read.

use super::{folded, printed};
use crate::domain::identifier::is_placeholder;

/// Words for "it cannot be read" and "I do not know", beside the placeholders of the feeds; upper
/// case, without marks.
const UNREADABLE: &[&str] = &[
    "X",
    "NO",
    "NON",
    "NEIN",
    "NOT KNOWN",
    "NOT READABLE",
    "NOT LEGIBLE",
    "NOT VISIBLE",
    "NOT FOUND",
    "NOT SURE",
    "NOT GIVEN",
    "NO LOT",
    "NO SERIAL",
    "NO MODEL",
    "NO NUMBER",
    "NO CODE",
    "NO IDEA",
    "DONT KNOW",
    "DON T KNOW",
    "I DON T KNOW",
    "CANT READ",
    "CAN T READ",
    "CANNOT READ",
    "ILLEGIBLE",
    "UNREADABLE",
    "MISSING",
    "EMPTY",
    "BLANK",
    "UNDEFINED",
    "NAN",
    "UNKNOWN LOT",
    "ILLISIBLE",
    "PAS LISIBLE",
    "NON LISIBLE",
    "PAS DE LOT",
    "SANS LOT",
    "JE NE SAIS PAS",
    "EFFACÉ",
    "EFFACE",
    "UNLESERLICH",
    "NICHT LESBAR",
    "UNLESBAR",
    "NICHT BEKANNT",
    "WEISS NICHT",
    "KEIN",
    "KEINS",
    "FEHLT",
    "ILEGIBLE",
    "NO SE LEE",
    "NO SE",
    "ILLEGGIBILE",
    "NON LEGGIBILE",
    "NON SO",
    "ILEGÍVEL",
    "ILEGIVEL",
    "ONLEESBAAR",
    "NIET LEESBAAR",
    "GEEN",
    "NIECZYTELNY",
    "NIECZYTELNE",
    "BRAK",
    "NIE WIEM",
    "OLVASHATATLAN",
    "NEČITELNÉ",
    "NECITELNE",
    "OLÄSLIG",
    "OLASLIG",
    "ULÆSELIG",
    "VET EJ",
    "ING",
];

/// Returns whether a text gives nothing: no letter or digit, a word for nothing, or only a label.
///
/// Nothing that was read off a product may be taken for a code that differs from those of a notice.
pub fn is_nothing(text: &str) -> bool {
    let folded = folded(text);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() || is_placeholder(&folded) {
        return true;
    }
    let labels = words
        .iter()
        .take_while(|word| printed::is_label(word))
        .count();
    if labels == words.len() && folded.chars().count() > 1 {
        return true;
    }
    [&words[..], &words[labels..]].iter().any(|words| {
        let text = words.join(" ");
        is_placeholder(&text)
            || is_placeholder(&words.concat())
            || UNREADABLE.contains(&text.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_nothing_is_not_a_code() {
        for text in [
            "",
            " ",
            "?",
            "???",
            "-",
            "--",
            "n/a",
            "N.A.",
            "unknown",
            "Unknown!",
            "illisible",
            "x",
            "XXX",
            "none",
            "(none)",
            "Lot: unknown",
            "LOT",
            "Lot n° ?",
            "LOT -",
            "S/N",
            "000",
            "unleserlich",
            "don't know",
            "\u{200e}?\u{200f}",
            "０",
            "n / a",
            "…",
            "🤷",
        ] {
            assert!(is_nothing(text), "{text}");
        }
        for text in [
            "312", "L312", "X1", "A", "LOT 312", "NO312", "a2302", "26/06", "N4",
        ] {
            assert!(!is_nothing(text), "{text}");
        }
    }
}
