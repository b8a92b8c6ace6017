//! Reads lots, serials, dates and codes out of a text, and says whether all of it was understood.
//!
//! One grammar serves a field made for codes (`Lot #: A1, B2; Exp. 02/2021`) and a sentence. It
//! goes from label to label; a label's codes follow it, through punctuation and filling words, in
//! lists and in spans. Anything else is a word that was not understood. A list with such a word in
//! it may still be read, but never counts as whole: only a whole list may exclude an item.

use super::{
    barcode,
    dates::{self, Order},
    grammar::Reader,
    text,
    tokens::{Token, tokens},
};
use crate::domain::identifier::{DateMark, Value, is_placeholder};

/// The most identifiers that are kept of one text.
pub(super) const MOST: usize = 5_000;

/// How a text is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How its dates are ordered.
    pub(super) order: Order,
    /// Whether `03/13` beside an expiry is March 2013.
    pub(super) month_year: bool,
    /// Whether it is prose: a full stop ends a list, and words between lists are nobody's fault.
    pub(super) prose: bool,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent findings, each with a name"
)]
pub(super) struct Reading {
    /// The identifiers in the order of the text, without repeats.
    pub(super) found: Vec<Value>,
    /// Whether the text speaks of lots, serials or dates at all.
    pub(super) limits: bool,
    /// Whether everything that may limit the recall was understood.
    pub(super) whole: bool,
    /// Whether codes stood there without a word that names them.
    pub(super) bare: bool,
    /// Whether the text says in so many words that every unit is covered.
    pub(super) all: bool,
}

/// Reads a text.
pub(super) fn read(text: &str, rules: Rules) -> Reading {
    let tokens = tokens(text);
    if !rules.prose
        && let Some(reading) = bare_list(&tokens, rules)
    {
        return reading;
    }
    Reader::new(&tokens, rules).run()
}

/// A field that holds nothing but codes, or nothing but dates: lots of which nobody says so.
fn bare_list(tokens: &[Token<'_>], rules: Rules) -> Option<Reading> {
    let separator = |token: &Token<'_>| {
        matches!(
            token.lower.as_str(),
            "," | ";" | "." | "&" | "and" | "or" | "et" | "ou"
        )
    };
    let codes: Vec<&Token<'_>> = tokens.iter().filter(|token| !separator(token)).collect();
    let plain = |token: &&Token<'_>| {
        token.is_code() && token.text.chars().count() >= 3 && !is_placeholder(token.text)
    };
    if codes.is_empty() || !codes.iter().all(plain) {
        return None;
    }
    let mut reading = Reading {
        limits: true,
        bare: true,
        whole: codes.len() <= MOST,
        ..Reading::default()
    };
    for token in codes.into_iter().take(MOST) {
        let date = dates::at(std::slice::from_ref(token), 0, rules.order, false);
        let value = match date {
            Some(((from, to), _)) if token.text.contains('/') => Value::DateMark {
                mark: DateMark::Unspecified,
                from,
                to,
            },
            _ => match barcode::trade_item(token.text) {
                Some(gtin) if token.text.len() >= 12 => Value::Gtin { value: gtin },
                _ => Value::Lot {
                    value: text::cut(token.text, text::CODE).to_owned(),
                },
            },
        };
        if !reading.found.contains(&value) {
            reading.found.push(value);
        }
    }
    Some(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: Rules = Rules {
        order: Order::MonthFirst,
        month_year: false,
        prose: false,
    };
    const PROSE: Rules = Rules {
        prose: true,
        ..FIELD
    };

    fn shown(value: &Value) -> String {
        match value {
            Value::Gtin { value } => format!("gtin {value}"),
            Value::UpcRaw { value } => format!("upc {value}"),
            Value::Model { value } => format!("model {value}"),
            Value::ModelPrefix { value } => format!("prefix {value}"),
            Value::Lot { value } => format!("lot {value}"),
            Value::LotRange { from, to } => format!("lots {from}..{to}"),
            Value::Serial { value } => format!("serial {value}"),
            Value::SerialRange { from, to } => format!("serials {from}..{to}"),
            Value::DateMark { mark, from, to } => format!("{mark:?} {from}..{to}"),
            Value::ProductionWindow { from, to } => format!("made {from}..{to}"),
            Value::Certificate { value } | Value::ListingId { value } => format!("other {value}"),
        }
    }

    fn check(text: &str, rules: Rules, expected: &[&str], whole: bool) {
        let reading = read(text, rules);
        let found: Vec<_> = reading.found.iter().map(shown).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(reading.whole, whole, "whole: {text}");
    }

    #[test]
    fn fields_of_lots_and_dates_are_read_whole() {
        check(
            "Lot #: JX907, Exp. Date 02/2021",
            FIELD,
            &["lot JX907", "UseBy 2021-02-01..2021-02-28"],
            true,
        );
        check("Lot 300511.", FIELD, &["lot 300511"], true);
        check(
            "Lots: 454584, 458407 and 456851",
            FIELD,
            &["lot 454584", "lot 458407", "lot 456851"],
            true,
        );
        check(
            "Batch/Lot No. 41740RH00 Best By: 06/01/23",
            FIELD,
            &["lot 41740RH00", "BestBefore 2023-06-01..2023-06-01"],
            true,
        );
        check(
            "lot number from 00112 through 10412",
            FIELD,
            &["lots 00112..10412"],
            true,
        );
        check("Lots L1234 - L1299", FIELD, &["lots L1234..L1299"], true);
        check(
            "best by:01/09/2025 up to and including 06/16/2025 UPC: 687456214160",
            FIELD,
            &["BestBefore 2025-01-09..2025-06-16", "gtin 00687456214160"],
            true,
        );
        check(
            "Use by dates:  2/8/2020  3/21/2020",
            FIELD,
            &[
                "UseBy 2020-02-08..2020-02-08",
                "UseBy 2020-03-21..2020-03-21",
            ],
            true,
        );
        check(
            "Serial numbers between 10001 and 10999",
            FIELD,
            &["serials 10001..10999"],
            true,
        );
    }

    #[test]
    fn lots_go_on_after_their_dates() {
        check(
            "Lot #: 113312, Exp 11/2015; 014315 Exp 01/2016",
            FIELD,
            &[
                "lot 113312",
                "UseBy 2015-11-01..2015-11-30",
                "lot 014315",
                "UseBy 2016-01-01..2016-01-31",
            ],
            true,
        );
        check(
            "Lot A123, Exp 01/02/2020; 20210102",
            FIELD,
            &["lot A123", "UseBy 2020-01-02..2020-01-02", "lot 20210102"],
            false,
        );
        check(
            "Use by dates 10/11/13-11/29/13.",
            FIELD,
            &["UseBy 2013-10-11..2013-11-29"],
            true,
        );
        check(
            "Best by: BB Sep 21 2010",
            FIELD,
            &["BestBefore 2010-09-21..2010-09-21"],
            true,
        );
        check(
            "Expiration 01/02/21 Code: (0359, 0361)",
            FIELD,
            &["UseBy 2021-01-02..2021-01-02", "lot 0359", "lot 0361"],
            true,
        );
    }

    #[test]
    fn one_word_too_many_and_the_list_is_not_whole() {
        check(
            "Lot A123 (organic only) and B456",
            FIELD,
            &["lot A123"],
            false,
        );
        check(
            "All product with Best By date of 2/6/20 and prior",
            FIELD,
            &["BestBefore 2020-02-06..2020-02-06"],
            false,
        );
        check("Sell By Dates: 2/9, 2/11", FIELD, &[], false);
        check(
            "Lots 4501-4530",
            FIELD,
            &["lots 4501..4530", "lot 4501-4530"],
            false,
        );
        check("See product description for lot numbers", FIELD, &[], false);
        check("Lot", FIELD, &[], false);
        check(
            "Lot 112 331",
            FIELD,
            &["lot 112 331", "lot 112", "lot 331"],
            false,
        );
        check("Lots AB1 through 99", FIELD, &["lots AB1..99"], false);
    }

    #[test]
    fn a_bare_list_of_codes_is_lots_that_nobody_named() {
        let reading = read("SRK91512; SRK92112; SRK92512.", FIELD);
        assert!(reading.bare && reading.whole);
        assert_eq!(reading.found.len(), 3);
        check(
            "1/15/2021, 1/16/2021",
            FIELD,
            &[
                "Unspecified 2021-01-15..2021-01-15",
                "Unspecified 2021-01-16..2021-01-16",
            ],
            true,
        );
    }

    #[test]
    fn sentences_are_searched_for_labels() {
        check(
            "with model numbers NS-RGFGSS1 and NS-RGFCGS2. The ranges are 30 inches.",
            PROSE,
            &["model NS-RGFGSS1", "model NS-RGFCGS2"],
            true,
        );
        check(
            "Recalled carriers have a production date code of S16SB03, S16SB04 or S16SB07. “X” is printed.",
            PROSE,
            &["lot S16SB03", "lot S16SB04", "lot S16SB07"],
            true,
        );
        check(
            "UPC code 602444000907 are printed on the label. The batch number 12717-65 is printed on the bottom.",
            PROSE,
            &["gtin 00602444000907", "lot 12717-65"],
            true,
        );
        check(
            "were manufactured between 6/7/2014 and 7/5/2014 and have batch code GP1410028. The manufacture date is printed on it.",
            PROSE,
            &["made 2014-06-07..2014-07-05", "lot GP1410028"],
            true,
        );
        check(
            "manufactured from January 2012 through December 2014",
            PROSE,
            &["made 2012-01-01..2014-12-31"],
            true,
        );
        check(
            "made in China with a lot of love. Manufactured by ACME 3000.",
            PROSE,
            &[],
            false,
        );
        check(
            "model numbers beginning with 0126 or 0127 are included",
            PROSE,
            &["prefix 0126", "prefix 0127"],
            true,
        );
    }

    #[test]
    fn sizes_years_and_telephones_are_no_models() {
        check(
            "models 440 (red), 2017, 12-inch, 30 inches and 446 (white)",
            PROSE,
            &["model 440"],
            true,
        );
        check(
            "style 100 percent acrylic, as part of the 2004 range, part number 55-1",
            PROSE,
            &["model 55-1"],
            true,
        );
        check(
            "Models: call 800-555-1234. Model 16, SK-501N.",
            PROSE,
            &["model 16", "model SK-501N"],
            true,
        );
    }

    #[test]
    fn hedges_keep_a_sentence_from_excluding_anything() {
        for text in [
            "some have lot number A123 on the box",
            "date codes starting with 2014",
            "lot A123 in red and B456 in blue",
            "batch numbers 24003xx and 24004xx",
            "batch code: 01 A 01 16",
            "manufactured before May 2014",
            "serial numbers lower than 5000",
        ] {
            assert!(!read(text, PROSE).whole, "{text}");
        }
    }

    #[test]
    fn french_reads_too() {
        let french = Rules {
            order: Order::DayFirst,
            ..FIELD
        };
        check("lot n° 312", french, &["lot 312"], true);
        check("lots 24001 à 24015", french, &["lots 24001..24015"], true);
        check(
            "dlc du 05/06/2024 au 07/06/2024",
            french,
            &["UseBy 2024-06-05..2024-06-07"],
            true,
        );
        check("vendu au rayon traditionnel", french, &[], false);
    }
}
