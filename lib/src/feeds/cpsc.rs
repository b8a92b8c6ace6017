//! `cpsc-rest`: the recall API of the US Consumer Product Safety Commission.
//!
//! A JSON array without paging, asked for by a window of recall dates. Errors come with status 200,
//! which is why the body alone decides. Models, lots and most UPCs stand in the prose.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use super::{
    Adapter, FeedError, Next, Page, PageInfo, PageRequest, Parsed, Reject, barcode, dates,
    json::{self, Row},
    prose, sales, text, vocabulary,
};
use crate::domain::{
    agency::{Agency, AgencyKey, Part},
    identifier::{Confidence, Identifier, Origin, Scope, Value, is_placeholder},
    recall::{
        Firm, FirmRole, Recall, RecallId, RecallProduct, Related, Relation, Severity, Sold, Units,
    },
    vocabulary::{RecallKind, Remedy, SeverityLevel, Status},
    window::Window,
};

/// The adapter.
#[derive(Debug, Clone, Copy)]
pub struct Cpsc;

impl Adapter for Cpsc {
    fn first(&self, part: &Part, window: Window) -> PageRequest {
        PageRequest {
            part: part.name.clone(),
            window,
            url: format!(
                "{}?format=json&RecallDateStart={}&RecallDateEnd={}",
                part.endpoint, window.from, window.to
            ),
            offset: 0,
        }
    }

    fn inspect(&self, status: u16, body: &[u8]) -> Result<PageInfo, FeedError> {
        let document = json::document(body)?;
        let rows = rows(&document)?.len();
        if status >= 400 {
            return Err(FeedError::ErrorBody(format!("status {status}")));
        }
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        Ok(PageInfo {
            rows,
            total: Some(rows),
        })
    }

    fn next(&self, _request: &PageRequest, _info: &PageInfo) -> Next {
        Next::Done
    }

    fn parse(&self, agency: &'static Agency, pages: &[Page<'_>]) -> Result<Parsed, FeedError> {
        let mut parsed = Parsed::default();
        let mut kept: BTreeMap<RecallId, (Recall, String)> = BTreeMap::new();
        for page in pages {
            let document = json::document(page.body)?;
            for (place, raw) in (0..).zip(rows(&document)?) {
                parsed.rows += 1;
                let row = match Row::read(raw) {
                    Ok(row) => row,
                    Err(reason) => {
                        parsed.rejects.push(Reject {
                            source_id: None,
                            row: place,
                            reason,
                        });
                        continue;
                    }
                };
                match recall(agency, &row) {
                    Ok(recall) => keep(&mut kept, recall, row.fingerprint()),
                    Err(reason) => parsed.rejects.push(Reject {
                        source_id: row.text("RecallNumber", text::CODE),
                        row: place,
                        reason,
                    }),
                }
            }
        }
        parsed.recalls = kept.into_values().map(|(recall, _)| recall).collect();
        parsed.sort_rejects();
        Ok(parsed)
    }
}

/// Of two rows with one number the later published counts; of two of one day, always the same.
fn keep(kept: &mut BTreeMap<RecallId, (Recall, String)>, recall: Recall, fingerprint: String) {
    let newer = kept
        .get(&recall.id)
        .is_none_or(|(old, print)| (recall.updated, &fingerprint) > (old.updated, print));
    if newer {
        kept.insert(recall.id.clone(), (recall, fingerprint));
    }
}

/// Returns the rows, or the error that the body is.
fn rows(document: &str) -> Result<Vec<&serde_json::value::RawValue>, FeedError> {
    if document.trim_start().starts_with('{') {
        let members = json::object(document)?;
        let message = members
            .iter()
            .find(|(key, _)| {
                matches!(
                    key.to_lowercase().as_str(),
                    "message" | "error" | "errormessage" | "exceptionmessage" | "detail"
                )
            })
            .map_or(document, |(_, message)| message.get());
        return Err(FeedError::ErrorBody(json::shown(message)));
    }
    let rows = json::array(document)?;
    if let [only] = rows.as_slice()
        && let Some(message) = error_row(only.get())
    {
        return Err(FeedError::ErrorBody(message));
    }
    Ok(rows)
}

/// An answer of one element that is no recall but a message.
fn error_row(raw: &str) -> Option<String> {
    match serde_json::from_str(raw).ok()? {
        serde_json::Value::String(message) => Some(json::shown(&message)),
        serde_json::Value::Object(members) => {
            let recall = ["RecallID", "RecallNumber", "RecallDate"]
                .iter()
                .any(|key| members.contains_key(*key));
            let message = members.iter().find(|(key, _)| {
                matches!(
                    key.to_lowercase().as_str(),
                    "message" | "error" | "errormessage" | "exceptionmessage" | "detail"
                )
            });
            message
                .filter(|_| !recall)
                .map(|(_, message)| json::shown(&message.to_string()))
        }
        _ => None,
    }
}

fn recall(agency: &'static Agency, row: &Row) -> Result<Recall, String> {
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
    PEOPLE.replace_all(raw, " ").into_owned()
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
        let kept = without_people(text);
        for name in ["Fleming", "Chang", "Oshirak"] {
            assert!(!kept.contains(name), "{kept}");
        }
        assert!(kept.contains("Infantino at (888) 808-3111"), "{kept}");
    }

    #[test]
    fn error_bodies_are_told_from_empty_answers() {
        for body in [
            r#"{"Message":"Bad date"}"#,
            r#"[{"Error":"Bad date"}]"#,
            r#"["Bad date"]"#,
            r#""Bad date""#,
        ] {
            assert!(
                matches!(Cpsc.inspect(200, body.as_bytes()), Err(FeedError::ErrorBody(m)) if m.contains("Bad date")),
                "{body}"
            );
        }
        assert_eq!(
            Cpsc.inspect(200, b"[]"),
            Ok(PageInfo {
                rows: 0,
                total: Some(0)
            })
        );
    }

    #[test]
    fn the_window_is_asked_for_by_recall_date() {
        let agency = "us-cpsc".parse::<AgencyKey>().unwrap().row();
        let request = Cpsc.first(&agency.parts[0], Window::year(2026));
        assert_eq!(
            request.url,
            "https://www.saferproducts.gov/RestWebServices/Recall?format=json&RecallDateStart=2026-01-01&RecallDateEnd=2026-12-31"
        );
    }
}
