//! `cpsc-rest`: the recall API of the US Consumer Product Safety Commission.
//!
//! A JSON array without paging, asked for by a window of recall dates. Errors come with status 200,
//! which is why the body alone decides. Models, lots and most UPCs stand in the prose.

use std::collections::BTreeMap;

use super::{
    Adapter, FeedError, Next, Page, PageInfo, PageRequest, Parsed, Reject, cpsc_recall,
    json::{self, Row},
    text,
};
use crate::domain::{
    agency::{Agency, Part},
    recall::{Recall, RecallId},
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
                match cpsc_recall::recall(agency, &row) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AgencyKey;

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
