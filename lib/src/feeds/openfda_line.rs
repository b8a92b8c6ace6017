//! One row of an enforcement report: a product of an event, or several that the row numbers.

use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::{
    barcode, dates,
    json::Row,
    limits::{Reading, Rules},
    prose, text, vocabulary,
};
use crate::domain::{
    identifier::{Confidence, Identifier, Origin, Scope, Value, is_placeholder},
    recall::{RecallProduct, Severity, SourceLine},
    vocabulary::{Category, SeverityLevel, Status},
};

/// What a made-up line number begins with; the authority's begin with a letter and a hyphen.
pub(super) const MADE_UP: &str = "unnumbered-";

/// Reads a row into products that share its line, or says why it cannot be used.
pub(super) fn lines(row: &Row, part: &str) -> Result<Vec<RecallProduct>, String> {
    let reported = row
        .raw("report_date")
        .and_then(|date| dates::field(&date))
        .ok_or("no usable report_date")?;
    let description = row
        .text("product_description", text::LONG)
        .ok_or("no product_description")?;
    let codes = [
        row.text("code_info", text::LONG),
        row.text("more_code_info", text::LONG),
    ];
    let codes = codes
        .into_iter()
        .flatten()
        .filter(|codes| !is_placeholder(codes))
        .collect::<Vec<_>>()
        .join(" ");
    let shown = text::cut(
        &if codes.is_empty() {
            description.clone()
        } else {
            format!("{description}\n{codes}")
        },
        text::LONG,
    )
    .to_owned();
    let number = row
        .text("recall_number", text::CODE)
        .filter(|number| !is_placeholder(number))
        .unwrap_or_else(|| made_up(part, &shown));
    let line = SourceLine {
        number,
        part: part.to_owned(),
        reported,
        severity: severity(row.text("classification", text::NAME)),
        status: status(row.text("status", text::NAME).as_deref()),
        reason: row.text("reason_for_recall", text::LONG),
        quantity: row
            .text("product_quantity", text::NAME)
            .filter(|quantity| !is_placeholder(quantity)),
        ended: row
            .raw("termination_date")
            .and_then(|date| dates::field(&date)),
    };
    let build = |words: &str, codes: &str, described: &str| {
        product(row, part, &line, words, codes, described)
    };
    // Items are told apart only where the names are numbered, and the codes too or not at all.
    let items = prose::numbered(&description);
    let their_codes = prose::numbered(&codes);
    Ok(match (items, their_codes) {
        (Some(items), Some(own)) if items.len() == own.len() => items
            .iter()
            .zip(own)
            .map(|(item, own)| build(item, own, &format!("{item}\n{own}")))
            .collect(),
        (Some(items), None) => items
            .iter()
            .map(|item| build(item, &codes, &format!("{item}\n{codes}")))
            .collect(),
        _ => vec![build(&description, &codes, &shown)],
    })
}

/// A number for a line that the authority has not numbered yet, out of what the line says.
pub(super) fn made_up(part: &str, shown: &str) -> String {
    let digest = Sha256::digest(format!("{part}\n{shown}"));
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{MADE_UP}{first:016x}")
}

/// The number that a product's line would have without one of the authority's.
pub(super) fn content_number(part: &str, product: &RecallProduct) -> String {
    made_up(part, product.description.as_deref().unwrap_or_default())
}

fn severity(authority: Option<String>) -> Severity {
    let level = match authority.as_deref() {
        Some("Class I") => SeverityLevel::Serious,
        Some("Class II") => SeverityLevel::Moderate,
        Some("Class III") => SeverityLevel::Low,
        _ => SeverityLevel::Unknown,
    };
    Severity { authority, level }
}

fn status(words: Option<&str>) -> Status {
    match words {
        Some("Ongoing") => Status::Ongoing,
        Some("Completed" | "Terminated") => Status::Ended,
        _ => Status::Unknown,
    }
}

fn product(
    row: &Row,
    part: &str,
    line: &SourceLine,
    words: &str,
    codes: &str,
    described: &str,
) -> RecallProduct {
    // In the world of medicines `03/13` beside an expiry is a month.
    let month_year = part == "drug";
    let field = prose::read(
        codes,
        Rules {
            month_year,
            ..prose::CODES_US
        },
    );
    let sentence = prose::read(
        words,
        Rules {
            month_year,
            ..prose::PROSE_US
        },
    );
    let mut identifiers: Vec<Identifier> = prose::identifiers(&field, Origin::Field).collect();
    identifiers.extend(
        prose::identifiers(&sentence, Origin::Prose).filter(|identifier| {
            !matches!(identifier.value, Value::Model { .. }) || part == "device"
        }),
    );
    identifiers.extend(harmonised(row));
    let scope = scope(codes, &field, &sentence);
    let (identifiers, shortened) = prose::unite(identifiers);
    let name = name(words);
    RecallProduct {
        line: Some(line.clone()),
        brands: brands(row, words),
        models: identifiers
            .iter()
            .filter_map(|identifier| match &identifier.value {
                Value::Model { value } => Some(value.clone()),
                _ => None,
            })
            .collect(),
        category: Some(category(part, words)),
        category_text: row.text("product_type", text::NAME),
        description: text::clean(described, text::LONG),
        identifiers,
        scope: if shortened && scope != Scope::Unknown {
            Scope::PartlyListed
        } else {
            scope
        },
        name,
    }
}

fn scope(codes: &str, field: &Reading, sentence: &Reading) -> Scope {
    let no_codes = ["no codes", "no code", "none", "not applicable"]
        .contains(&codes.trim().trim_end_matches('.').to_lowercase().as_str());
    if codes.is_empty() || no_codes {
        return if sentence.limits {
            Scope::PartlyListed
        } else {
            Scope::Unknown
        };
    }
    match prose::scope_of_codes(field, sentence.limits) {
        // "Lot 12 or use by May" names alternatives.
        Scope::ListedUnits
            if prose::together(&field.found) && !codes.to_lowercase().contains(" or ") =>
        {
            Scope::ListedTogether
        }
        scope => scope,
    }
}

/// openFDA adds the UPCs of all packages of a medicine, recalled or not: they are hints.
fn harmonised(row: &Row) -> Vec<Identifier> {
    let upcs = row.inner("openfda").texts("upc");
    upcs.iter()
        .take(200)
        .filter_map(|upc| barcode::value(upc))
        .map(|value| Identifier {
            value,
            origin: Origin::Field,
            confidence: Confidence::Low,
        })
        .collect()
}

fn brands(row: &Row, words: &str) -> Vec<String> {
    static BRAND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([^,;:.]{2,50}?)\s+[Bb]rand\b").expect("the pattern is compiled by a test")
    });
    let mut all: Vec<String> = row
        .inner("openfda")
        .texts("brand_name")
        .iter()
        .filter_map(|brand| text::clean(brand, text::NAME))
        .collect();
    all.extend(
        BRAND
            .captures(words)
            .and_then(|found| text::clean(&found[1], text::NAME)),
    );
    all.retain(|brand| !is_placeholder(brand));
    all.truncate(20);
    all.sort();
    all.dedup();
    all
}

fn category(part: &str, words: &str) -> Category {
    let found = vocabulary::category(words);
    match (part, found) {
        (_, Some(Category::BabyFood)) => Category::BabyFood,
        ("food" | "drug", Some(Category::Cosmetics)) => Category::Cosmetics,
        ("food", _) => Category::Food,
        ("drug", _) => Category::Medicines,
        ("device", _) => Category::MedicalDevices,
        (_, other) => other.unwrap_or(Category::Other),
    }
}

/// The first words of a description, up to where weights, codes and addresses begin.
fn name(words: &str) -> String {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:(?:[,;:(\s]\s*|\.\s+)(?:upc|ndc|net\s*w|item\b|lot\b|product\s+code|packaged|package\b|manufactured|mfg|distributed|distr?\.|keep\s+(?:refrigerated|frozen)|rx\b|\d+(?:\.\d+)?[\s-]*(?:oz|ounce|lb|g\b|kg|ml|fl|count|ct\b|pound|capsules\b|tablets\b)|best\b|use\s+by|ingredients|the\s+product)|\s{2,}|\n)")
            .expect("the pattern is compiled by a test")
    });
    let words = words.trim_start_matches(['"', '*', '-', ' ', '.']);
    let end = END
        .find_iter(words)
        .map(|found| found.start())
        .find(|start| *start >= 8);
    let mut name = &words[..end.unwrap_or(words.len())];
    let mut clauses = name.match_indices([',', ';']).map(|(at, _)| at);
    if let Some(at) = clauses.find(|at| *at >= 25) {
        name = &name[..at];
    }
    let name = text::cut(name, 200).trim_matches([' ', ',', ';', ':', '.', '-', '(']);
    if name.is_empty() {
        text::cut(words, 200).to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stops_where_weights_and_codes_begin() {
        for (words, expected) in [
            (
                "Fresh Grab Turkey & Provolone with Garlic Mayo, 6 oz., UPC: 612510090435",
                "Fresh Grab Turkey & Provolone with Garlic Mayo",
            ),
            (
                "Nestle Toll House Chocolate Chip Bar (16.5oz), UPC 050000622313",
                "Nestle Toll House Chocolate Chip Bar",
            ),
            ("Egg Salad Sandwich", "Egg Salad Sandwich"),
            (
                "KERRY, CHEDDAR BEER TYPE 725554 , CONTAINS MILK, Item #1",
                "KERRY, CHEDDAR BEER TYPE 725554",
            ),
            ("", ""),
        ] {
            assert_eq!(name(words), expected);
        }
    }

    #[test]
    fn lines_without_a_number_do_not_collide() {
        assert_ne!(made_up("food", "a\nLot 1"), made_up("food", "a\nLot 2"));
        assert_ne!(made_up("food", "a"), made_up("drug", "a"));
        assert_eq!(made_up("food", "a"), made_up("food", "a"));
    }

    #[test]
    fn classes_become_levels_and_other_words_are_kept() {
        assert_eq!(
            severity(Some("Class I".into())).level,
            SeverityLevel::Serious
        );
        assert_eq!(
            severity(Some("Not Yet Classified".into())),
            Severity {
                authority: Some("Not Yet Classified".into()),
                level: SeverityLevel::Unknown
            }
        );
    }
}
