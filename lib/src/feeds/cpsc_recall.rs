//! One row of CPSC's recall API as a recall.

use std::sync::LazyLock;

use regex::Regex;

use super::{barcode, dates, json::Row, prose, sales, text, vocabulary};
use crate::domain::{
    agency::{Agency, AgencyKey},
    identifier::{Confidence, Identifier, Origin, Scope, Value, is_placeholder},
    recall::{
        Firm, FirmRole, Recall, RecallId, RecallProduct, Related, Relation, Severity, Sold, Units,
    },
    vocabulary::{RecallKind, Remedy, SeverityLevel, Status},
};

/// Turns a row into a recall, or says why it cannot be used.
pub(super) fn recall(agency: &'static Agency, row: &Row) -> Result<Recall, String> {
    let number = row
        .text("RecallNumber", text::CODE)
        .ok_or("no RecallNumber")?;
    if is_placeholder(&number) {
        return Err(format!("the RecallNumber {number:?} is a placeholder"));
    }
    let id = RecallId::from_source(agency.key(), &number.replace('-', ""))
        .map_err(|error| format!("the RecallNumber {number:?} cannot be used: {error}"))?;
    let published = row
        .raw("RecallDate")
        .and_then(|date| dates::field(&date))
        .ok_or("no usable RecallDate")?;
    let names: Vec<Row> = row
        .rows("Products")
        .into_iter()
        .filter(|p| p.text("Name", text::NAME).is_some())
        .collect();
    let summary = row
        .raw("Description")
        .and_then(|raw| text::clean(&without_people(&raw), text::LONG));
    let title = row
        .text("Title", text::TITLE)
        .or_else(|| names.first()?.text("Name", text::TITLE))
        .unwrap_or_else(|| format!("CPSC recall {number}"));
    let hazard_text = joined(&row.each("Hazards", "Name", text::LONG));
    let remedy_text = joined(&row.each("Remedies", "Name", text::LONG));
    Ok(Recall {
        id,
        agency: agency.key(),
        source_id: number,
        source_version: None,
        country: agency.country.clone(),
        language: agency.language.clone(),
        kind: kind(&title),
        hazards: vocabulary::hazards(hazard_text.as_deref().or(Some(&title))),
        hazard_text,
        severity: Severity {
            authority: None,
            level: SeverityLevel::Unknown,
        },
        remedies: remedies(row, remedy_text.as_deref()),
        remedy_text,
        published,
        updated: row
            .raw("LastPublishDate")
            .and_then(|date| dates::field(&date)),
        ended: None,
        status: Status::Unknown,
        units: units(row),
        sold: sold(row),
        incidents_text: joined(&row.each("Injuries", "Name", text::LONG)),
        firms: firms(row),
        images: row
            .rows("Images")
            .iter()
            .filter_map(|image| text::link(&image.raw("URL")?))
            .take(100)
            .collect(),
        url: row.raw("URL").and_then(|url| text::link(&url)),
        contact: row
            .raw("ConsumerContact")
            .and_then(|raw| text::clean(&without_people(&raw), text::LONG)),
        related: related(row),
        products: products(row, &names, &title, summary.as_deref()),
        title,
        summary,
    })
}

fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| text::cut(&texts.join("\n"), text::LONG).to_owned())
}

/// Press releases of former years name the people who answer the press; they are not kept.
fn without_people(raw: &str) -> String {
    static PEOPLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:[\w.,&'’]+\s+){0,3}?(?:Media\s+|Press\s+)?Contacts?:\s*(?:CPSC\s+Media\s+Contact:\s*)?(?:\p{Lu}[\p{L}.'’-]+\s+){1,3}\p{Lu}[\p{L}'’-]+,?\s*(?:at\s*)?\(?\d{3}\)?[ -]\d{3}-\d{4}(?:,?\s*(?:ext|x)\.?\s*\d+)?")
            .expect("the pattern is compiled by a test")
    });
    // Until about 2000 a name stands at the head, its telephone number behind the date.
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        let name = r"\p{Lu}[\p{L}'’-]+\s+(?:\p{Lu}\.\s+)?\p{Lu}[\p{Ll}'’-]+";
        Regex::new(&format!(
            r"(RELEASE\s+)(?i:contacts?):\s*{name}(?:,\s*{name})*"
        ))
        .expect("the pattern is compiled by a test")
    });
    let raw = HEAD.replace_all(raw, "$1");
    PEOPLE.replace_all(&raw, " ").into_owned()
}

fn kind(title: &str) -> RecallKind {
    let title = title.to_lowercase();
    let warns = ["warns", "warning", "safety alert"]
        .iter()
        .any(|word| title.contains(word));
    if warns && !title.contains("recall") {
        RecallKind::Alert
    } else {
        RecallKind::Recall
    }
}

fn remedies(row: &Row, text: Option<&str>) -> Vec<Remedy> {
    let options = row.each("RemedyOptions", "Option", text::NAME);
    let mut found: Vec<Remedy> = options
        .iter()
        .map(|option| vocabulary::remedy_option(option))
        .collect();
    let said = text.map(vocabulary::remedies).unwrap_or_default();
    if found.is_empty() {
        found = said;
    } else {
        // The list of options names what the firm offers; what the owner does stands in the text.
        found.extend(
            said.into_iter()
                .filter(|remedy| matches!(remedy, Remedy::StopUse | Remedy::Dispose)),
        );
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn units(row: &Row) -> Vec<Units> {
    let mut all: Vec<Units> = Vec::new();
    for words in row.each("Products", "NumberOfUnits", text::NAME) {
        for units in sales::units(&words, "US") {
            if !all.contains(&units) {
                all.push(units);
            }
        }
    }
    all
}

fn sold(row: &Row) -> Vec<Sold> {
    row.each("Retailers", "Name", 2 * text::NAME)
        .iter()
        .flat_map(|words| sales::sold(words))
        .take(100)
        .collect()
}

fn firms(row: &Row) -> Vec<Firm> {
    [
        ("Manufacturers", FirmRole::Manufacturer),
        ("Importers", FirmRole::Importer),
        ("Distributors", FirmRole::Distributor),
    ]
    .into_iter()
    .flat_map(|(list, role)| {
        row.each(list, "Name", text::NAME)
            .into_iter()
            .filter(|name| !is_placeholder(name))
            .map(move |name| Firm { name, role })
    })
    .take(200)
    .collect()
}

/// The same product recalled with a neighbour: a country in former years, a link today.
fn related(row: &Row) -> Vec<Related> {
    let key = |key: &str| key.parse::<AgencyKey>().ok();
    let mut all = Vec::new();
    for twin in row.rows("Inconjunctions") {
        let url = twin.raw("URL").and_then(|url| text::link(&url));
        let host = url
            .as_deref()
            .and_then(|url| url.split('/').nth(2))
            .unwrap_or_default()
            .to_lowercase();
        let country = twin
            .text("Country", text::NAME)
            .unwrap_or_default()
            .to_lowercase();
        let canada = host == "recalls-rappels.canada.ca"
            || host == "healthycanadians.gc.ca"
            || host.ends_with(".hc-sc.gc.ca");
        let agency = if canada || country.contains("canada") {
            key("ca-hc")
        } else if host.ends_with("profeco.gob.mx") || country.contains("mexico") {
            key("mx-profeco")
        } else {
            None
        };
        let twin = Related {
            relation: Relation::Twin,
            agency,
            source_id: None,
            url,
        };
        if (twin.agency.is_some() || twin.url.is_some()) && !all.contains(&twin) {
            all.push(twin);
        }
    }
    all
}

fn products(row: &Row, named: &[Row], title: &str, summary: Option<&str>) -> Vec<RecallProduct> {
    // The prose speaks of the recall, not of one product: what it names is said of each of them,
    // which can only warn too widely.
    let mut shared: Vec<Identifier> = row
        .rows("ProductUPCs")
        .iter()
        .filter_map(|upc| barcode::value(&upc.raw("UPC")?))
        .chain(
            row.texts("ProductUPCs")
                .iter()
                .filter_map(|upc| barcode::value(upc)),
        )
        .map(|value| {
            let confidence = if matches!(value, Value::Gtin { .. }) {
                Confidence::High
            } else {
                Confidence::Low
            };
            Identifier {
                value,
                origin: Origin::Field,
                confidence,
            }
        })
        .collect();
    let mut scope = Scope::Unknown;
    if let Some(summary) = summary {
        let reading = prose::read(summary, prose::PROSE_US);
        scope = prose::scope_of_prose(&reading);
        shared.extend(prose::identifiers(&reading, Origin::Prose));
    }
    if named.len() > 1 && scope == Scope::ListedUnits {
        scope = Scope::PartlyListed;
    }
    let named: Vec<Option<&Row>> = if named.is_empty() {
        vec![None]
    } else {
        named.iter().take(200).map(Some).collect()
    };
    named
        .into_iter()
        .map(|product| {
            let name = product
                .and_then(|p| p.text("Name", text::NAME))
                .unwrap_or_else(|| title.to_owned());
            let kind = product.and_then(|p| p.text("Type", text::NAME));
            let description = product.and_then(|p| p.text("Description", text::LONG));
            let mut identifiers = shared.clone();
            if let Some(model) = product.and_then(|p| p.text("Model", text::NAME)) {
                identifiers.extend(models(&model));
            }
            if let Some(description) = &description {
                let reading = prose::read(description, prose::PROSE_US);
                identifiers.extend(prose::identifiers(&reading, Origin::Prose));
            }
            let (identifiers, shortened) = prose::unite(identifiers);
            RecallProduct {
                line: None,
                category: vocabulary::category(&format!(
                    "{name} {}",
                    kind.as_deref().unwrap_or_default()
                ))
                .or_else(|| vocabulary::category(title)),
                category_text: kind,
                brands: Vec::new(),
                models: model_names(&identifiers),
                scope: if shortened && scope != Scope::Unknown {
                    Scope::PartlyListed
                } else {
                    scope
                },
                name,
                description,
                identifiers,
            }
        })
        .collect()
}

fn models(field: &str) -> Vec<Identifier> {
    field
        .split([',', ';', '|'])
        .flat_map(|piece| piece.split(" and "))
        .map(|piece| text::cut(piece.trim(), text::CODE).trim())
        .filter(|piece| !is_placeholder(piece))
        .map(|piece| Identifier {
            value: Value::Model {
                value: piece.to_owned(),
            },
            origin: Origin::Field,
            confidence: Confidence::High,
        })
        .collect()
}

fn model_names(identifiers: &[Identifier]) -> Vec<String> {
    identifiers
        .iter()
        .filter_map(|identifier| match &identifier.value {
            Value::Model { value } | Value::ModelPrefix { value } => Some(value.clone()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_press_people_are_not_kept() {
        let text = "Hotline: (800) 638-2772 CPSC Media Contact: Nychelle Fleming, (301) 504-7063 Random House Contact: Melanie Chang, (212) 782-8827 Firm’s Media Contact: Leigh Oshirak, at (415) 438-8106 Consumer Contact: call Infantino at (888) 808-3111.";
        let head = "FOR IMMEDIATE RELEASE CONTACT: Nychelle White, Jesus Chairez, Dallas, TX December 19, 1996 (301) 504-7052";
        assert_eq!(
            without_people(head),
            "FOR IMMEDIATE RELEASE , Dallas, TX December 19, 1996 (301) 504-7052"
        );
        let issued = "RELEASE CONTACT: Originally issued April 19, 1990";
        assert_eq!(without_people(issued), issued);
        let kept = without_people(text);
        for name in ["Fleming", "Chang", "Oshirak"] {
            assert!(!kept.contains(name), "{kept}");
        }
        assert!(kept.contains("Infantino at (888) 808-3111"), "{kept}");
    }
}
