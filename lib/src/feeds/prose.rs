//! Identifiers out of fields and sentences, with where they stood and how far they can be trusted.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    dates::Order,
    limits::{self, Reading, Rules},
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
    match (value, origin) {
        // Nobody writes a right check digit beside the word UPC by chance.
        (Value::Gtin { .. }, _) if !bare => Confidence::High,
        (Value::UpcRaw { .. }, _) => Confidence::Low,
        (_, Origin::Field | Origin::Table) if !bare => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// Returns whether a field made for codes says "every lot" and nothing else.
///
/// "All lots distributed in May" says less than that.
pub(super) fn says_only_all(text: &str) -> bool {
    static ALL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^\W*
            (?: all (?:\s of \s the)? (?:\s (?:lot|batch|date|product|production|serial))?
                \s (?:lots?|codes?|numbers?|batches|dates?|units?|products?|serials?)
                (?: (?:\s?[,/&]\s?|\s(?:and|or|&)\s)
                    (?:all\s)? (?:lots?|codes?|numbers?|batches|dates?|units?|expirations?|expiration\s dates?) )*
                (?: \s (?:are|is) \s (?:affected|included|recalled|being\s recalled|subject\s to\s (?:this|the)\s recall) )?
                (?: \s (?:affected|included|recalled|on\s the\s market) )?
              | tous (?:\s les)? \s (?:lots|produits|numéros(?:\s de\s lots?)?)
                (?: \s (?:confondus|concernés|sont\s concernés) )?
              | toutes (?:\s les)? \s (?:dates|références|dlc|ddm) (?:\s confondues)?
              | l'ensemble \s des \s lots
            )\W*$",
        )
        .expect("the pattern is compiled by a test")
    });
    ALL.is_match(text.trim())
}

/// Returns what a field made for codes says about how much is covered.
///
/// `elsewhere` says that limits stand in another text too, which nobody has read whole.
pub(super) fn scope_of_codes(text: &str, reading: &Reading, elsewhere: bool) -> Scope {
    if says_only_all(text) {
        return if elsewhere {
            Scope::PartlyListed
        } else {
            Scope::AllUnits
        };
    }
    let limited = reading.found.iter().any(limits_units);
    match (limited, reading.whole && !elsewhere && !reading.bare) {
        (true, true) => Scope::ListedUnits,
        (false, true) if !reading.limits => Scope::Unknown,
        _ => Scope::PartlyListed,
    }
}

/// Returns what sentences say about how much is covered: nothing at all where they do not speak of
/// lots, serials or dates.
pub(super) fn scope_of_prose(text: &str, reading: &Reading) -> Scope {
    let all = crate::domain::identifier::says_all_units(text);
    let limited = reading.found.iter().any(limits_units);
    match (reading.limits, limited) {
        (false, _) if all => Scope::AllUnits,
        (false, _) => Scope::Unknown,
        (true, true) if reading.whole && !all => Scope::ListedUnits,
        // "The serial number is on the label" limits nothing.
        (true, false) if reading.whole && all => Scope::AllUnits,
        (true, false) if reading.whole => Scope::Unknown,
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

    #[test]
    fn only_a_plain_all_counts_as_all() {
        for text in [
            "All lots",
            "ALL CODES.",
            "All lot numbers are affected",
            "All lots and codes",
            "tous les lots",
            "Toutes dates",
        ] {
            assert!(says_only_all(text), "{text}");
        }
        for text in [
            "All lots distributed 02/23/2021",
            "All lot codes containing G",
            "lots",
            "",
            "All lots within expiry",
        ] {
            assert!(!says_only_all(text), "{text}");
        }
    }

    fn scope(text: &str) -> Scope {
        scope_of_codes(text, &limits::read(text, CODES_US), false)
    }

    #[test]
    fn only_a_list_that_was_read_whole_excludes() {
        assert_eq!(scope("Lot A12, B34"), Scope::ListedUnits);
        assert_eq!(scope("Lot A12 and others"), Scope::PartlyListed);
        assert_eq!(scope("All lots"), Scope::AllUnits);
        assert_eq!(
            scope("All lots distributed 02/23/2021"),
            Scope::PartlyListed
        );
        assert_eq!(scope("UPC 036000291452"), Scope::Unknown);
        assert_eq!(scope("0423223802"), Scope::PartlyListed);
        let text = "Lot A12";
        assert_eq!(
            scope_of_codes(text, &limits::read(text, CODES_US), true),
            Scope::PartlyListed
        );
    }

    #[test]
    fn sentences_without_limits_leave_the_scope_open() {
        let scope = |text: &str| scope_of_prose(text, &limits::read(text, PROSE_US));
        assert_eq!(scope("This recall involves red wagons."), Scope::Unknown);
        assert_eq!(scope("Wagons with lot number A12."), Scope::ListedUnits);
        assert_eq!(
            scope("The lot number is printed on the bottom."),
            Scope::Unknown
        );
        assert_eq!(scope("Wagons made before May 2014."), Scope::PartlyListed);
        assert_eq!(scope("All lots of red wagons."), Scope::PartlyListed);
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
