//! `openfda`: enforcement reports for food, drugs and devices.
//!
//! A row is one product of an event; rows of one event come with report dates of their own, so an
//! event is put together over windows and years (`openfda_event`). An
//! answer without rows is a 404.

use std::collections::BTreeMap;

use super::{
    Adapter, FeedError, Next, Page, PageInfo, PageRequest, Parsed, Reject,
    json::{self, Row},
    offset::OffsetPaging,
    openfda_event::{self, Event},
    openfda_line, text,
};
use crate::domain::{
    agency::{Agency, Part},
    identifier::is_placeholder,
    recall::{Recall, RecallId},
    window::Window,
};

/// Rows of a page, the most that the API gives.
const LIMIT: u32 = 1_000;
/// The highest `skip` that the API serves.
const REACH: u32 = 25_000;

/// The adapter.
#[derive(Debug, Clone, Copy)]
pub struct OpenFda;

impl Adapter for OpenFda {
    fn first(&self, part: &Part, window: Window) -> PageRequest {
        let compact = |day: jiff::civil::Date| day.to_string().replace('-', "");
        PageRequest {
            part: part.name.clone(),
            window,
            url: format!(
                "{}?search=report_date:[{}+TO+{}]&sort=report_date:asc&limit={LIMIT}&skip=0",
                part.endpoint,
                compact(window.from),
                compact(window.to)
            ),
            offset: 0,
        }
    }

    fn inspect(&self, status: u16, body: &[u8]) -> Result<PageInfo, FeedError> {
        let document = json::document(body)?;
        let answer = answer(&document)?;
        if status >= 400 && !(status == 404 && answer.total == Some(0)) {
            return Err(FeedError::ErrorBody(format!("status {status}")));
        }
        Ok(PageInfo {
            rows: u32::try_from(answer.rows.len()).unwrap_or(u32::MAX),
            total: answer.total,
        })
    }

    fn next(&self, request: &PageRequest, info: &PageInfo) -> Next {
        OffsetPaging {
            parameter: "&skip=",
            limit: LIMIT,
            reach: REACH + LIMIT,
        }
        .next(request, info)
    }

    fn parse(&self, agency: &'static Agency, pages: &[Page<'_>]) -> Result<Parsed, FeedError> {
        let mut parsed = Parsed::default();
        let mut events: BTreeMap<RecallId, Event> = BTreeMap::new();
        for page in pages {
            let document = json::document(page.body)?;
            for (place, raw) in (0..).zip(answer(&document)?.rows) {
                parsed.rows += 1;
                let place = page.request.offset.saturating_add(place);
                let row = Row::read(raw);
                let read = row.as_ref().map_err(Clone::clone).and_then(|row| {
                    let (id, number) = identity(agency, row)?;
                    Ok((id, number, openfda_line::lines(row, &page.request.part)?))
                });
                match (read, row) {
                    (Ok((id, number, lines)), Ok(row)) => {
                        let event = events.entry(id).or_insert_with(|| Event::new(number));
                        event.add(&row, lines);
                    }
                    (Err(reason), row) => parsed.rejects.push(Reject {
                        source_id: row
                            .ok()
                            .and_then(|row| row.text("recall_number", text::CODE)),
                        row: place,
                        reason,
                    }),
                    (Ok(_), Err(_)) => {}
                }
            }
        }
        parsed.recalls = events
            .into_iter()
            .filter_map(|(id, event)| event.recall(agency, id))
            .collect();
        parsed.sort_rejects();
        Ok(parsed)
    }

    fn merge(&self, stored: &Recall, incoming: Recall, window: Window) -> Option<Recall> {
        Some(openfda_event::merge(stored, incoming, window))
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
    if let Some(error) = members.get("error") {
        let code = Row::read(error).ok().and_then(|error| error.raw("code"));
        if code.as_deref() == Some("NOT_FOUND") {
            return Ok(Answer {
                rows: Vec::new(),
                total: Some(0),
            });
        }
        return Err(FeedError::ErrorBody(json::shown(error.get())));
    }
    let Some(results) = members.get("results") else {
        return Err(FeedError::NotTheFeed("the answer has no results".into()));
    };
    let total = members
        .get("meta")
        .and_then(|meta| json::object(meta.get()).ok())
        .and_then(|meta| {
            json::object(meta.get("results")?.get())
                .ok()
                .and_then(|results| json::count(results.get("total")))
        });
    Ok(Answer {
        rows: json::array(results.get())?,
        total,
    })
}

/// Returns the event of a row.
fn identity(agency: &'static Agency, row: &Row) -> Result<(RecallId, String), String> {
    let number = row.text("event_id", text::CODE).ok_or("no event_id")?;
    if is_placeholder(&number) {
        return Err(format!("the event_id {number:?} is a placeholder"));
    }
    RecallId::from_source(agency.key(), &number)
        .map(|id| (id, number.clone()))
        .map_err(|error| format!("the event_id {number:?} cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AgencyKey;

    #[test]
    fn the_window_is_asked_for_by_report_date() {
        let agency = "us-fda".parse::<AgencyKey>().unwrap().row();
        let first = OpenFda.first(&agency.parts[0], Window::year(2026));
        assert_eq!(
            first.url,
            "https://api.fda.gov/food/enforcement.json?search=report_date:[20260101+TO+20261231]&sort=report_date:asc&limit=1000&skip=0"
        );
        let info = |rows, total| PageInfo {
            rows,
            total: Some(total),
        };
        let Next::Page(second) = OpenFda.next(&first, &info(1_000, 1_500)) else {
            panic!("a page follows")
        };
        assert!(
            second.url.ends_with("&limit=1000&skip=1000"),
            "{}",
            second.url
        );
        assert_eq!(OpenFda.next(&second, &info(500, 1_500)), Next::Done);
        assert_eq!(OpenFda.next(&first, &info(1_000, 26_001)), Next::Split);
        let last = PageRequest {
            offset: 25_000,
            ..first
        };
        assert_eq!(OpenFda.next(&last, &info(1_000, 26_000)), Next::Done);
    }

    #[test]
    fn nothing_found_is_no_error_and_every_other_error_is() {
        let none = br#"{"error":{"code":"NOT_FOUND","message":"No matches found!"}}"#;
        assert_eq!(
            OpenFda.inspect(404, none),
            Ok(PageInfo {
                rows: 0,
                total: Some(0)
            })
        );
        let limit = br#"{"error":{"code":"OVER_RATE_LIMIT","message":"slow down"}}"#;
        assert!(
            matches!(OpenFda.inspect(429, limit), Err(FeedError::ErrorBody(m)) if m.contains("slow down"))
        );
        assert!(matches!(
            OpenFda.inspect(404, b"<html>"),
            Err(FeedError::NotTheFeed(_))
        ));
        assert!(matches!(
            OpenFda.inspect(500, br#"{"results":[]}"#),
            Err(FeedError::ErrorBody(_))
        ));
    }
}
