//! Identifiers out of fields and sentences, with where they stood and how far they can be trusted.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    dates::Order,
    limits::{self, Reading, Rules},
    text,
};
use crate::domain::identifier::{Confidence, Identifier, Origin, Scope, Value};

/// A field made for codes, in American English.
pub(super) const CODES_US: Rules = Rules {
    order: Order::MonthFirst,
    month_year: false,
    prose: false,
};
/// A sentence in American English.
pub(super) const PROSE_US: Rules = Rules {
    prose: true,
    ..CODES_US
};
/// A field made for codes, in French.
pub(super) const CODES_FR: Rules = Rules {
    order: Order::DayFirst,
    ..CODES_US
};
/// A sentence in French.
pub(super) const PROSE_FR: Rules = Rules {
    prose: true,
    ..CODES_FR
};

/// The identifiers of one text.
pub(super) fn identifiers(
    reading: &Reading,
    origin: Origin,
) -> impl Iterator<Item = Identifier> + '_ {
    reading.found.iter().map(move |value| Identifier {
        value: value.clone(),
        origin,
        confidence: confidence(value, origin, reading.bare),
    })
}

fn confidence(value: &Value, origin: Origin, bare: bool) -> Confidence {
    let named = !bare;
    // Nobody writes a right check digit beside the word UPC by chance, not even in a sentence.
    let certain = matches!(value, Value::Gtin { .. }) || origin != Origin::Prose;
    match value {
        Value::UpcRaw { .. } => Confidence::Low,
        _ if named && certain => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// What may be called by "all": the words for units and for what is printed on them.
const KINDS: &str = r"(?:(?:product|production|manufacturing|lot|batch|date|serial|unit|expiration)\s)?(?:lots?|codes?|numbers?|batches|batch|dates?|units?|products?|serials?|expirations?|colou?rs|sizes)";

/// Reads a text, with the statements that cover every unit taken out and noted.
pub(super) fn read(words: &str, rules: Rules) -> Reading {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        let list = format!(
            r"all\s(?:of\sthe\s)?{KINDS}(?:(?:\s?[,/&]\s?|\s(?:and|or|&)\s)(?:all\s)?{KINDS})*"
        );
        Regex::new(&format!(
            r"(?i)(?:\b(?:lots?|batch|codes?|serials?)(?:\s(?:numbers?|codes?))?\s?[:#]\s?)?\b{list}(?:\s(?:are|is)\s(?:being\s)?(?:affected|included|recalled|subject\sto\s(?:this|the)\srecall))?(?:\s(?:affected|included|on\sthe\smarket|currently\son\sthe\smarket))?(?:\s(?:remaining\s|still\s)?within\s(?:the\s)?(?:expiry|expiration|shelf[- ]life)(?:\sdates?)?)?\s?(?:[.;,]|$)"
        ))
        .expect("the pattern is compiled by a test")
    });
    static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
        let list =
            format!(r"all\s(?:of\sthe\s)?{KINDS}(?:(?:\s?,\s?|\s(?:and|or)\s)(?:all\s)?{KINDS})*");
        Regex::new(&format!(
            r"(?i)(?:\b{list}\s(?:are|is)\s(?:affected|included|recalled)(?:\sin\s(?:this|the)\srecall)?(?:,?\s(?:whatever|regardless\sof)[^.;]{{0,60}})?\s?(?:[.;]|$)|\b(?:lots?|batch|serials?)(?:\s(?:numbers?|codes?))?\s?:\s?all\b(?:\s{KINDS})?(?:[.;,]|$))"
        ))
        .expect("the pattern is compiled by a test")
    });
    static NO_OTHER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\bno\sother\s(?:\w+\s){1,3}(?:are|is)\s(?:affected|included|recalled|part\sof)[^.;]{0,40}(?:[.;]|$)")
            .expect("the pattern is compiled by a test")
    });
    let pattern = if rules.prose { &SENTENCE } else { &FIELD };
    let cut = text::cut(words, text::LONG - 1).len() < words.len();
    let all = pattern.is_match(words);
    let words = pattern.replace_all(words, " . ");
    let words = NO_OTHER.replace_all(&words, " . ");
    let mut reading = limits::read(&words, rules);
    // A text that was cut may have said anything after the cut.
    if cut {
        reading.whole = false;
        reading.limits = true;
    }
    Reading { all, ..reading }
}

/// Returns whether a French field made for lots says "every lot" and nothing else.
pub(super) fn says_only_all(text: &str) -> bool {
    static ALL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)^\W*(?:tous(?:\sles)?\s(?:lots|produits|numéros(?:\sde\slots?)?)(?:\s(?:confondus|concernés|sont\sconcernés))?|toutes(?:\sles)?\s(?:dates|références|dlc|ddm)(?:\sconfondues)?|l['’]ensemble\sdes\slots|all\s(?:lots|batches))\W*$",
        )
        .expect("the pattern is compiled by a test")
    });
    ALL.is_match(text.trim())
}

/// Returns what a field made for codes says about how much is covered.
///
/// `elsewhere` says that limits stand in another text too, which nobody has read whole.
pub(super) fn scope_of_codes(reading: &Reading, elsewhere: bool) -> Scope {
    let limited = reading.found.iter().any(limits_units);
    match (limited, reading.whole && !elsewhere && !reading.bare) {
        (true, true) if !reading.all => Scope::ListedUnits,
        (false, true) if reading.all && !reading.limits => Scope::AllUnits,
        (false, true) if !reading.limits => Scope::Unknown,
        _ => Scope::PartlyListed,
    }
}

/// Returns whether limits, in the order of the text, name lots and dates of the same units: so many
/// lots and their date, and so on to the end.
pub(super) fn together<'a>(values: impl IntoIterator<Item = &'a Value>) -> bool {
    let mut runs: Vec<bool> = Vec::new();
    for value in values {
        let is_lot = match value {
            Value::Lot { .. } | Value::LotRange { .. } => true,
            Value::DateMark { .. } | Value::ProductionWindow { .. } => false,
            Value::Serial { .. } | Value::SerialRange { .. } => return false,
            _ => continue,
        };
        if runs.last() != Some(&is_lot) {
            runs.push(is_lot);
        }
    }
    // Runs alternate, so an even number of them are pairs of one kind and the other.
    runs.len() >= 2 && runs.len().is_multiple_of(2)
}

/// Returns what sentences say about how much is covered: nothing at all where they do not speak of
/// lots, serials or dates.
pub(super) fn scope_of_prose(reading: &Reading) -> Scope {
    let limited = reading.found.iter().any(limits_units);
    match (limited, reading.whole || !reading.limits) {
        (true, true) if !reading.all => Scope::ListedUnits,
        // "The serial number is on the label" limits nothing.
        (false, true) if reading.all => Scope::AllUnits,
        (false, true) => Scope::Unknown,
        _ => Scope::PartlyListed,
    }
}

/// Returns whether an identifier limits a recall to some units of a product.
pub(super) fn limits_units(value: &Value) -> bool {
    matches!(
        value,
        Value::Lot { .. }
            | Value::LotRange { .. }
            | Value::Serial { .. }
            | Value::SerialRange { .. }
            | Value::DateMark { .. }
            | Value::ProductionWindow { .. }
    )
}

/// Sorts identifiers, drops repeats and keeps the more trusted of two readings of one value.
///
/// The bound is [`limits::MOST`] for a product; whether something was left out comes back too.
pub(super) fn unite(mut all: Vec<Identifier>) -> (Vec<Identifier>, bool) {
    all.sort_by(|a, b| (&a.value, b.confidence, a.origin).cmp(&(&b.value, a.confidence, b.origin)));
    all.dedup_by(|next, kept| next.value == kept.value);
    let cut = all.len() > limits::MOST;
    all.truncate(limits::MOST);
    (all, cut)
}

/// Splits a text that numbers its items (`1. … 2. …`) into them; nothing unless the numbers run
/// from 1 without a gap and at least to 2.
pub(super) fn numbered(text: &str) -> Option<Vec<&str>> {
    static MARK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[\s;,])\(?(\d{1,2})[.)]\s*[^\d\s]")
            .expect("the pattern is compiled by a test")
    });
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for found in MARK.captures_iter(text) {
        let number = found.get(1)?;
        if number.as_str().parse() == Ok(starts.len() + 1) {
            starts.push((number.start(), number.end() + 1));
        } else {
            return None;
        }
    }
    let first = starts.first().filter(|_| starts.len() >= 2)?;
    // What stands before the first number speaks of all items, or of none.
    if text[..first.0].trim_matches(['(', ' ']).chars().count() > 0 {
        return None;
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([text.len()]);
    let items = starts
        .iter()
        .zip(ends)
        .map(|((_, from), to)| text[*from..to].trim_matches([' ', '(', ';', ',']));
    Some(items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Scope {
        scope_of_codes(&read(text, CODES_US), false)
    }

    fn sentence(text: &str) -> Scope {
        scope_of_prose(&read(text, PROSE_US))
    }

    #[test]
    fn only_a_plain_all_counts_as_all() {
        for text in [
            "All lots",
            "ALL CODES.",
            "All lot numbers are affected",
            "All lots and codes",
            "All lots within expiry",
            "UPC 036000291452; all serial numbers",
            "Lot: all lots.",
        ] {
            assert_eq!(codes(text), Scope::AllUnits, "{text}");
        }
        for text in [
            "All lots distributed 02/23/2021",
            "All lot codes containing G",
            "All lots. Lot A12",
            "All codes with best by 01/02/2024",
        ] {
            assert_eq!(codes(text), Scope::PartlyListed, "{text}");
        }
        assert!(
            says_only_all("tous les lots")
                && says_only_all("Toutes dates")
                && !says_only_all("tous les lots du 3 mai")
        );
    }

    #[test]
    fn only_a_list_that_was_read_whole_excludes() {
        assert_eq!(codes("Lot A12, B34"), Scope::ListedUnits);
        assert_eq!(codes("Lot A12 and others"), Scope::PartlyListed);
        assert_eq!(codes("UPC 036000291452"), Scope::Unknown);
        assert_eq!(codes("0423223802"), Scope::PartlyListed);
        assert_eq!(
            scope_of_codes(&read("Lot A12", CODES_US), true),
            Scope::PartlyListed
        );
    }

    #[test]
    fn sentences_without_limits_leave_the_scope_open() {
        assert_eq!(sentence("This recall involves red wagons."), Scope::Unknown);
        assert_eq!(sentence("Wagons with lot number A12."), Scope::ListedUnits);
        assert_eq!(
            sentence("Lot numbers A12 and A14 are included. No other lots are included."),
            Scope::ListedUnits
        );
        assert_eq!(
            sentence(
                "Only units manufactured from March 2023 through June 2023 are included; the date is on the label."
            ),
            Scope::ListedUnits
        );
        assert_eq!(
            sentence("The lot number is printed on the bottom."),
            Scope::Unknown
        );
        assert_eq!(
            sentence("Wagons made before May 2014."),
            Scope::PartlyListed
        );
        assert_eq!(sentence("All lots of red wagons."), Scope::PartlyListed);
        assert_eq!(
            sentence("All units are included, whatever their lot."),
            Scope::AllUnits
        );
        assert_eq!(
            sentence("All colors and all production dates are included."),
            Scope::AllUnits
        );
        assert_eq!(
            sentence("Model number n/a, lot: all lots. All units are included."),
            Scope::AllUnits
        );
    }

    #[test]
    fn items_are_split_only_where_the_numbers_run() {
        assert_eq!(
            numbered("1. Red, UPC 1 2. Blue, UPC 2").unwrap(),
            ["Red, UPC 1", "Blue, UPC 2"]
        );
        assert_eq!(numbered("1) a 2) b").unwrap(), ["a", "b"]);
        for text in ["1. Red", "1. a 3. b", "Sold as: 1. a 2. b", "", "2. a 1. b"] {
            assert_eq!(numbered(text), None, "{text}");
        }
    }

    #[test]
    fn one_value_is_kept_once_with_its_best_confidence() {
        let value = Value::Lot { value: "A1".into() };
        let low = Identifier {
            value: value.clone(),
            origin: Origin::Prose,
            confidence: Confidence::Medium,
        };
        let high = Identifier {
            value,
            origin: Origin::Field,
            confidence: Confidence::High,
        };
        assert_eq!(
            unite(vec![low.clone(), high.clone(), low]),
            (vec![high], false)
        );
    }
}
