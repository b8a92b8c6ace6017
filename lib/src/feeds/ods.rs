//! `ods-v2.1`: Opendatasoft's Explore API, as `RappelConso` publishes through it.
//!
//! The same notices come in two data sets that differ in how they write the products
//! (`ods_products`); both are read into one record per notice.

use std::collections::BTreeMap;

use super::{
    Adapter, FeedError, Next, Page, PageInfo, PageRequest, Parsed, Reject, dates,
    json::{self, Row},
    ods_products,
    offset::OffsetPaging,
    text, vocabulary,
};
use crate::domain::{
    agency::{Agency, AgencyKey, Part},
    identifier::is_placeholder,
    recall::{Recall, RecallId, Related, Relation, Severity, Sold},
    vocabulary::{RecallKind, SeverityLevel, Status},
    window::Window,
};

/// Rows of a page, the most that the API gives.
const LIMIT: u32 = 100;
/// The highest sum of offset and limit that the API serves.
const REACH: u32 = 10_000;

/// The adapter.
#[derive(Debug, Clone, Copy)]
pub struct Ods;

impl Adapter for Ods {
    fn first(&self, part: &Part, window: Window) -> PageRequest {
        let end = window.to.tomorrow().unwrap_or(window.to);
        // `id` repeats between the authority's own notices and mirrored ones; the guid does not,
        // and the data set with a row for each GTIN needs that too for a total order.
        let order = if part.name.ends_with("gtin-trie") {
            "date_publication,rappel_guid,gtin"
        } else {
            "date_publication,rappel_guid"
        };
        let filter = format!(
            "date_publication >= date'{}' and date_publication < date'{end}'",
            window.from
        );
        PageRequest {
            part: part.name.clone(),
            window,
            url: format!(
                "{}?where={}&order_by={}&limit={LIMIT}&offset=0",
                part.endpoint,
                encoded(&filter),
                encoded(order)
            ),
            offset: 0,
        }
    }

    fn inspect(&self, status: u16, body: &[u8]) -> Result<PageInfo, FeedError> {
        let document = json::document(body)?;
        let answer = answer(&document)?;
        if status >= 400 {
            return Err(FeedError::ErrorBody(format!("status {status}")));
        }
        Ok(PageInfo {
            rows: u32::try_from(answer.rows.len()).unwrap_or(u32::MAX),
            total: answer.total,
        })
    }

    fn next(&self, request: &PageRequest, info: &PageInfo) -> Next {
        OffsetPaging {
            parameter: "&offset=",
            limit: LIMIT,
            reach: REACH,
        }
        .next(request, info)
    }

    fn parse(&self, agency: &'static Agency, pages: &[Page<'_>]) -> Result<Parsed, FeedError> {
        let mut parsed = Parsed::default();
        let mut notices: BTreeMap<RecallId, Vec<(u32, String, Row)>> = BTreeMap::new();
        for page in pages {
            let document = json::document(page.body)?;
            for (place, raw) in (0..).zip(answer(&document)?.rows) {
                parsed.rows += 1;
                let place = page.request.offset.saturating_add(place);
                match Row::read(raw) {
                    Err(reason) => parsed.rejects.push(Reject {
                        source_id: None,
                        row: place,
                        reason,
                    }),
                    Ok(row) => match identity(agency, &row) {
                        Ok((id, version)) => {
                            let print = row.fingerprint();
                            notices.entry(id).or_default().push((version, print, row));
                        }
                        Err(reason) => parsed.rejects.push(Reject {
                            source_id: row.text("numero_fiche", text::CODE),
                            row: place,
                            reason,
                        }),
                    },
                }
            }
        }
        for (id, mut rows) in notices {
            rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            let version = rows.last().map_or(0, |row| row.0);
            let rows: Vec<Row> = rows
                .into_iter()
                .filter(|row| row.0 == version)
                .map(|row| row.2)
                .collect();
            parsed.recalls.push(recall(agency, id, version, &rows));
        }
        parsed.sort_rejects();
        Ok(parsed)
    }
}

struct Answer<'a> {
    rows: Vec<&'a serde_json::value::RawValue>,
    total: Option<u32>,
}

fn answer(document: &str) -> Result<Answer<'_>, FeedError> {
    if document.trim_start().starts_with('[') {
        json::array(document)?;
        return Err(FeedError::NotTheFeed(
            "an array stands where the answer should".into(),
        ));
    }
    let members = json::object(document)?;
    let Some(results) = members.get("results") else {
        let message = ["message", "error_code", "error", "detail"]
            .iter()
            .find_map(|key| members.get(*key));
        return Err(match message {
            Some(message) => FeedError::ErrorBody(json::shown(message.get())),
            None => FeedError::NotTheFeed("the answer has no results".into()),
        });
    };
    Ok(Answer {
        rows: json::array(results.get())?,
        total: json::count(members.get("total_count")),
    })
}

/// Returns the percent-encoded form of a query's value (RFC 3986, section 2.3).
fn encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Returns what makes a row usable: its number, its version and a date that can be read.
fn identity(agency: &'static Agency, row: &Row) -> Result<(RecallId, u32), String> {
    let number = row
        .text("numero_fiche", text::CODE)
        .ok_or("no numero_fiche")?;
    if is_placeholder(&number) {
        return Err(format!("the numero_fiche {number:?} is a placeholder"));
    }
    let id = RecallId::from_source(agency.key(), &number)
        .map_err(|error| format!("the numero_fiche {number:?} cannot be used: {error}"))?;
    row.raw("date_publication")
        .and_then(|date| dates::field(&date))
        .ok_or("no usable date_publication")?;
    let version = row
        .raw("numero_version")
        .and_then(|version| version.trim().parse().ok())
        .unwrap_or(0);
    Ok((id, version))
}

/// Builds the record from all rows of its latest version, whichever data set they come from.
fn recall(agency: &'static Agency, id: RecallId, version: u32, rows: &[Row]) -> Recall {
    let text = |key: &str, limit: usize| rows.iter().filter_map(|row| row.text(key, limit)).max();
    let raw = |key: &str| rows.iter().filter_map(|row| row.raw(key)).max();
    let source_id = text("numero_fiche", text::CODE).unwrap_or_default();
    let published = rows
        .iter()
        .filter_map(|row| dates::field(&row.raw("date_publication")?))
        .min()
        .expect("rows without a date were rejected");
    let brand = text("marque_produit", text::NAME).filter(|brand| !is_placeholder(brand));
    let name = text("libelle", text::NAME).or_else(|| text("modeles_ou_references", text::NAME));
    let title = [brand, name.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" - ");
    let title = text::clean(&title, text::TITLE).unwrap_or_else(|| format!("rappel {source_id}"));
    let reason = text("motif_rappel", text::LONG);
    let risks = text("risques_encourus", text::LONG);
    let hazard_text = lines(&[
        reason.clone(),
        risks.as_deref().map(listed),
        text("description_complementaire_risque", text::LONG),
    ]);
    let conduct = text("conduites_a_tenir_par_le_consommateur", text::LONG);
    let compensation = text("modalites_de_compensation", text::LONG);
    let remedies = [&conduct, &compensation]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join("|");
    let ended = raw("date_de_fin_de_la_procedure_de_rappel").and_then(|date| dates::field(&date));
    Recall {
        agency: agency.key(),
        source_version: Some(version),
        country: agency.country.clone(),
        language: agency.language.clone(),
        kind: RecallKind::Recall,
        summary: lines(&[
            reason,
            text("informations_complementaires", text::LONG),
            text("informations_complementaires_publiques", text::LONG),
        ]),
        hazards: hazards(risks.as_deref(), hazard_text.as_deref()),
        hazard_text,
        severity: Severity {
            authority: None,
            level: SeverityLevel::Unknown,
        },
        remedies: vocabulary::remedies(&remedies),
        remedy_text: lines(&[
            conduct.as_deref().map(listed),
            compensation.as_deref().map(listed),
        ]),
        published,
        updated: rows
            .iter()
            .filter_map(|row| dates::field(&row.raw("date_publication")?))
            .max(),
        ended,
        // Whether that day has come is for whoever knows what day it is.
        status: if ended.is_some() {
            Status::Ongoing
        } else {
            Status::Unknown
        },
        units: Vec::new(),
        sold: sold(&text, &raw),
        incidents_text: None,
        firms: Vec::new(),
        images: raw("liens_vers_les_images")
            .map(|links| links.split('|').filter_map(text::link).take(100).collect())
            .unwrap_or_default(),
        url: raw("lien_vers_la_fiche_rappel").and_then(|url| text::link(&url)),
        contact: text("numero_contact", text::NAME),
        related: related(&source_id, raw("lien_vers_la_fiche_rappel").as_deref()),
        products: ods_products::products(rows, name.as_deref().unwrap_or(&title)),
        id,
        source_id,
        title,
    }
}

/// Shows a closed list of the authority's (`a|b`, `a¤b`) as words.
fn listed(list: &str) -> String {
    list.split(['|', '¤'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn lines(texts: &[Option<String>]) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    for text in texts.iter().flatten() {
        if !kept.contains(&text.as_str()) {
            kept.push(text);
        }
    }
    (!kept.is_empty()).then(|| text::cut(&kept.join("\n"), text::LONG).to_owned())
}

/// The closed list of risks speaks first; where it says nothing ("autre risque"), the sentences do.
fn hazards(risks: Option<&str>, words: Option<&str>) -> Vec<crate::domain::vocabulary::Hazard> {
    use crate::domain::vocabulary::Hazard;
    let named = vocabulary::hazards(risks);
    match named[..] {
        [] | [Hazard::Other | Hazard::Injury] => {
            let told = vocabulary::hazards(words);
            if told.is_empty() || told == [Hazard::Other] {
                if named.is_empty() { told } else { named }
            } else {
                told
            }
        }
        _ => named,
    }
}

fn sold(
    text: &impl Fn(&str, usize) -> Option<String>,
    raw: &impl Fn(&str) -> Option<String>,
) -> Vec<Sold> {
    let day = |key: &str| raw(key).and_then(|date| dates::field(&date));
    let shops = text("distributeurs", 2 * text::NAME)
        .map(|shops| listed(&shops))
        .filter(|shops| !is_placeholder(shops));
    let zone = text("zone_geographique_de_vente", text::NAME).map(|zone| listed(&zone));
    let place = [shops, zone]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" - ");
    let sold = Sold {
        place: (!place.is_empty()).then_some(place),
        from: day("date_debut_commercialisation"),
        to: day("date_date_fin_commercialisation"),
        price_text: None,
    };
    if sold == Sold::default() {
        Vec::new()
    } else {
        vec![sold]
    }
}

/// Notices numbered like Safety Gate's, or linked as such, are copies of its alerts.
fn related(number: &str, link: Option<&str>) -> Vec<Related> {
    let numbered = number.starts_with("sr/") || number.starts_with("SR/");
    let mirrored = link.is_some_and(|link| link.trim_end_matches('/').ends_with("/rapex"));
    if !numbered && !mirrored {
        return Vec::new();
    }
    vec![Related {
        relation: Relation::Mirror,
        agency: "eu-safety-gate".parse::<AgencyKey>().ok(),
        source_id: Some(number.to_uppercase()),
        url: None,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(at: usize) -> &'static Part {
        &"fr-rappelconso".parse::<AgencyKey>().unwrap().row().parts[at]
    }

    #[test]
    fn the_window_is_half_open_encoded_and_totally_ordered() {
        let url = Ods.first(part(1), Window::year(2026)).url;
        assert!(url.ends_with(
            "records?where=date_publication%20%3E%3D%20date%272026-01-01%27%20and%20date_publication%20%3C%20date%272027-01-01%27&order_by=date_publication%2Crappel_guid%2Cgtin&limit=100&offset=0"
        ), "{url}");
        assert!(!Ods.first(part(0), Window::year(2026)).url.contains("gtin&"));
    }

    #[test]
    fn pages_follow_until_the_reach_of_the_api() {
        let first = Ods.first(part(0), Window::year(2026));
        let info = |total| PageInfo {
            rows: 100,
            total: Some(total),
        };
        let Next::Page(second) = Ods.next(&first, &info(250)) else {
            panic!("a page follows")
        };
        assert_eq!(second.offset, 100);
        assert!(
            second.url.ends_with("&limit=100&offset=100"),
            "{}",
            second.url
        );
        let Next::Page(third) = Ods.next(&second, &info(250)) else {
            panic!("a page follows")
        };
        assert_eq!(
            Ods.next(
                &third,
                &PageInfo {
                    rows: 50,
                    total: Some(250)
                }
            ),
            Next::Done
        );
        assert_eq!(Ods.next(&first, &info(10_001)), Next::Split);
        let last = PageRequest {
            offset: 9_900,
            ..first.clone()
        };
        assert_eq!(Ods.next(&last, &info(10_000)), Next::Done);
        assert_eq!(
            Ods.next(
                &last,
                &PageInfo {
                    rows: 100,
                    total: None
                }
            ),
            Next::Split
        );
        assert_eq!(
            Ods.next(
                &first,
                &PageInfo {
                    rows: 99,
                    total: None
                }
            ),
            Next::Done
        );
    }

    #[test]
    fn error_bodies_are_errors() {
        let body = br#"{"error_code":"ODSQLError","message":"bad query"}"#;
        assert_eq!(
            Ods.inspect(200, body),
            Err(FeedError::ErrorBody("\"bad query\"".into()))
        );
        assert!(matches!(
            Ods.inspect(200, b"[]"),
            Err(FeedError::NotTheFeed(_))
        ));
        assert!(matches!(
            Ods.inspect(200, b"{}"),
            Err(FeedError::NotTheFeed(_))
        ));
    }
}
