//! The state of a feed: which windows there are, when each is due, when one is quarantined, and
//! what all of them together say about the agency.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    agency::{Agency, Family},
    window::Window,
};

/// A feed that shrinks by more than this is quarantined, in per cent of what the window held.
pub const SHRINK_PERCENT: u64 = 5;
/// A feed of which more than this fails to parse is quarantined, in per cent of its rows. A single
/// bad record never quarantines a feed, however small it is.
pub const REJECT_PERCENT: u64 = 1;
/// How long a job that was sent is waited for before it is planned again.
const QUEUED_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How soon a failed window is tried again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How early a slice may be looked at: planners run every 15 minutes, and a slice that is due a moment
/// after one of them should not wait for the next.
const EARLY: SignedDuration = SignedDuration::from_mins(3);

/// What one job fetches: the parts of a feed that are read together, and the days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slice {
    /// The names of the parts.
    pub parts: Vec<String>,
    /// The days.
    pub window: Window,
}

impl Slice {
    /// Returns the parts as one word, for keys.
    pub fn name(&self) -> String {
        self.parts.join("+")
    }
}

/// What is known about one slice of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowState {
    /// The slice.
    pub slice: Slice,
    /// When a job was last sent for it.
    #[serde(skip)]
    pub queued_at: Option<Timestamp>,
    /// When it was last tried.
    pub last_attempt: Option<Timestamp>,
    /// When it was last applied, or found unchanged.
    pub last_success: Option<Timestamp>,
    /// Why the last try failed; none after a success.
    pub last_error: Option<Failure>,
    /// Why its last payload was not applied; none after a success.
    pub quarantined: Option<Failure>,
    /// Recalls in the last payload that was applied.
    pub recalls: u64,
    /// Source rows in it.
    pub rows: u64,
    /// Rows of it that could not be used.
    pub rejects: u64,
    /// The first of their reasons.
    pub reject_reasons: Vec<String>,
    /// Its pages, for conditional requests.
    pub pages: Vec<PageState>,
    /// The revision of the parsers that read it; a newer one reads the pages again, changed or not.
    pub revision: u32,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What, in a sentence that may be shown.
    pub reason: String,
}

/// A page that was fetched, with what the server said to ask for it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageState {
    /// The address.
    pub url: String,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
    /// The object that holds its payload.
    pub raw_ref: String,
    /// The status it was answered with.
    pub status: u16,
}

impl WindowState {
    /// A slice of which nothing is known yet.
    pub fn new(slice: Slice) -> Self {
        Self {
            slice,
            queued_at: None,
            last_attempt: None,
            last_success: None,
            last_error: None,
            quarantined: None,
            recalls: 0,
            rows: 0,
            rejects: 0,
            reject_reasons: Vec::new(),
            pages: Vec::new(),
            revision: 0,
        }
    }
}

/// Returns every slice of an agency's feed, the newest first: a calendar year each, so that what a
/// window held last time can be compared with what it holds now.
pub fn slices(agency: &Agency, today: Date) -> Vec<Slice> {
    // RappelConso's two data sets describe the same notices and have to be read side by side.
    let together = agency.family == Family::OdsV21;
    let mut slices = Vec::new();
    for year in (agency.from_year..=today.year()).rev() {
        let window = Window::year(year);
        if together {
            let parts = agency.parts.iter().map(|part| part.name.clone()).collect();
            slices.push(Slice { parts, window });
        } else {
            slices.extend(agency.parts.iter().map(|part| Slice {
                parts: vec![part.name.clone()],
                window,
            }));
        }
    }
    slices
}

/// Returns the day it is at the agency.
pub fn today(agency: &Agency, now: Timestamp) -> Date {
    let zone = TimeZone::get(&agency.timezone).unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).date()
}

/// Returns how often a window is looked at: this year by the agency's cadence, last year daily, older
/// ones weekly, because edits do not always move the date by which a feed is asked.
fn interval(agency: &Agency, window: Window, today: Date) -> SignedDuration {
    let cadence = SignedDuration::from_mins(i64::from(agency.cadence_minutes));
    match today.year() - window.to.year() {
        ..=0 => cadence,
        1 => cadence.max(SignedDuration::from_hours(24)),
        _ => cadence.max(SignedDuration::from_hours(24 * 7)),
    }
}

/// Returns whether a slice should be fetched now.
pub fn is_due(agency: &Agency, state: Option<&WindowState>, slice: &Slice, now: Timestamp) -> bool {
    let Some(state) = state else { return true };
    let waits = state.queued_at.is_some_and(|queued| {
        queued + QUEUED_FOR > now && state.last_attempt.is_none_or(|attempt| attempt < queued)
    });
    let interval = interval(agency, slice.window, today(agency, now));
    let failed = state.last_error.is_some() || state.quarantined.is_some();
    let pause = if failed {
        interval.min(RETRY_AFTER)
    } else {
        interval
    };
    !waits
        && state
            .last_attempt
            .is_none_or(|attempt| attempt + pause <= now + EARLY)
}

/// Returns why a payload must not be applied, or nothing when it may.
pub fn quarantine(before: &WindowState, recalls: u64, rows: u64, rejects: u64) -> Option<String> {
    if rejects > 1 && rejects * 100 > rows * REJECT_PERCENT {
        return Some(format!(
            "{rejects} of {rows} rows could not be read, more than {REJECT_PERCENT} %"
        ));
    }
    let missing = before.recalls.saturating_sub(recalls);
    (missing * 100 > before.recalls * SHRINK_PERCENT).then(|| {
        format!(
            "the window held {} recalls and now holds {recalls}, a loss of more than {SHRINK_PERCENT} %",
            before.recalls
        )
    })
}

/// What all slices together say about an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyState {
    /// Recalls in the payloads that were applied last.
    pub records: u64,
    /// Rows of them that could not be used.
    pub rejects: u64,
    /// Slices that there are.
    pub slices: u32,
    /// Slices that have been applied at least once.
    pub slices_loaded: u32,
    /// Whether every slice but those of the newest window has been applied at least once.
    pub loaded: bool,
    /// The last try of any slice.
    pub last_attempt: Option<Timestamp>,
    /// When the newest window was last applied or found unchanged.
    pub last_success: Option<Timestamp>,
    /// The last failure that stands.
    pub last_error: Option<Failure>,
    /// The quarantines that stand.
    pub quarantined: Vec<Quarantine>,
}

/// A quarantine that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The slice.
    pub slice: Slice,
    /// Since when and why.
    pub failure: Failure,
}

impl AgencyState {
    /// Draws the sum of an agency's slices.
    pub fn of(agency: &Agency, states: &[WindowState], now: Timestamp) -> Self {
        let slices = slices(agency, today(agency, now));
        let state_of = |slice: &Slice| states.iter().find(|state| &state.slice == slice);
        let loaded =
            |slice: &&Slice| state_of(slice).is_some_and(|state| state.last_success.is_some());
        let newest: Vec<_> = slices
            .iter()
            .filter(|slice| {
                slices
                    .first()
                    .is_some_and(|first| first.window == slice.window)
            })
            .collect();
        // In the first hours of a year the new window may not have been fetched; the one before it
        // says how fresh the agency is.
        let fresh = |slice: &&Slice| {
            state_of(slice)
                .and_then(|state| state.last_success)
                .or_else(|| {
                    let before = Window::year(slice.window.from.year() - 1);
                    let before = Slice {
                        parts: slice.parts.clone(),
                        window: before,
                    };
                    state_of(&before).and_then(|state| state.last_success)
                })
        };
        let last_success = newest
            .iter()
            .map(fresh)
            .collect::<Option<Vec<_>>>()
            .and_then(|times| times.into_iter().min());
        let quarantined = states
            .iter()
            .filter_map(|state| {
                let failure = state.quarantined.clone()?;
                Some(Quarantine {
                    slice: state.slice.clone(),
                    failure,
                })
            })
            .collect();
        Self {
            records: states.iter().map(|state| state.recalls).sum(),
            rejects: states.iter().map(|state| state.rejects).sum(),
            slices: u32::try_from(slices.len()).unwrap_or(u32::MAX),
            slices_loaded: u32::try_from(slices.iter().filter(loaded).count()).unwrap_or(u32::MAX),
            loaded: last_success.is_some()
                && slices
                    .iter()
                    .filter(|slice| !newest.contains(slice))
                    .all(|slice| loaded(&slice)),
            last_attempt: states.iter().filter_map(|state| state.last_attempt).max(),
            last_success,
            last_error: states
                .iter()
                .filter_map(|state| state.last_error.clone())
                .max_by_key(|failure| failure.at),
            quarantined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AgencyKey;

    fn cpsc() -> &'static Agency {
        "us-cpsc".parse::<AgencyKey>().unwrap().row()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn held(recalls: u64) -> WindowState {
        let slice = Slice {
            parts: vec!["recalls".into()],
            window: Window::year(2026),
        };
        WindowState {
            recalls,
            ..WindowState::new(slice)
        }
    }

    #[test]
    fn a_loss_of_more_than_five_per_cent_is_quarantined() {
        for (before, now, held_back) in [
            (100, 95, false),
            (100, 94, true),
            (100, 0, true),
            (0, 0, false),
            (10, 9, true),
            (0, 50, false),
        ] {
            assert_eq!(
                quarantine(&held(before), now, now, 0).is_some(),
                held_back,
                "{before} -> {now}"
            );
        }
    }

    #[test]
    fn more_than_one_per_cent_of_bad_rows_is_quarantined_but_never_a_single_one() {
        for (rows, rejects, held_back) in [
            (1000, 10, false),
            (1000, 11, true),
            (20, 1, false),
            (20, 2, true),
            (1, 1, false),
            (0, 0, false),
        ] {
            assert_eq!(
                quarantine(&held(0), rows - rejects, rows, rejects).is_some(),
                held_back,
                "{rejects} of {rows}"
            );
        }
    }

    #[test]
    fn this_year_is_due_by_cadence_and_older_years_weekly() {
        let now = at("2026-11-20T12:00:00Z");
        let all = slices(cpsc(), today(cpsc(), now));
        assert_eq!(all[0].window, Window::year(2026));
        assert_eq!(all.len(), 54);
        let tried = |hours| Some(now - SignedDuration::from_hours(hours));
        for (slice, hours, due) in [
            (&all[0], 1, false),
            (&all[0], 2, true),
            (&all[1], 23, false),
            (&all[1], 24, true),
            (&all[9], 167, false),
            (&all[9], 168, true),
        ] {
            let state = WindowState {
                last_attempt: tried(hours),
                last_success: tried(hours),
                ..WindowState::new(slice.clone())
            };
            assert_eq!(
                is_due(cpsc(), Some(&state), slice, now),
                due,
                "{} after {hours} h",
                slice.window
            );
        }
        assert!(is_due(cpsc(), None, &all[0], now));
    }

    #[test]
    fn a_job_that_was_sent_is_waited_for_and_then_sent_again() {
        let now = at("2026-11-20T12:00:00Z");
        let slice = slices(cpsc(), today(cpsc(), now)).remove(0);
        let queued = |minutes| WindowState {
            queued_at: Some(now - SignedDuration::from_mins(minutes)),
            ..WindowState::new(slice.clone())
        };
        assert!(!is_due(cpsc(), Some(&queued(59)), &slice, now));
        assert!(is_due(cpsc(), Some(&queued(60)), &slice, now));
    }

    #[test]
    fn an_agency_is_as_fresh_as_its_stalest_newest_part_and_loaded_when_all_years_are() {
        let fda = "us-fda".parse::<AgencyKey>().unwrap().row();
        let now = at("2026-11-20T12:00:00Z");
        let all = slices(fda, today(fda, now));
        let loaded = |slice: &Slice, hours| WindowState {
            last_success: Some(now - SignedDuration::from_hours(hours)),
            recalls: 2,
            ..WindowState::new(slice.clone())
        };
        let mut states: Vec<_> = all
            .iter()
            .zip(1..)
            .map(|(slice, hours)| loaded(slice, hours))
            .collect();
        let state = AgencyState::of(fda, &states, now);
        assert_eq!(
            state.last_success,
            Some(now - SignedDuration::from_hours(3))
        );
        assert!(state.loaded);
        assert_eq!(state.records, 2 * all.len() as u64);
        states.pop();
        assert!(!AgencyState::of(fda, &states, now).loaded);
    }

    #[test]
    fn a_new_year_does_not_make_an_agency_unknown() {
        let now = at("2027-01-01T12:00:00Z");
        let all = slices(cpsc(), today(cpsc(), now));
        let states: Vec<_> = all[1..]
            .iter()
            .map(|slice| WindowState {
                last_success: Some(now),
                ..WindowState::new(slice.clone())
            })
            .collect();
        let state = AgencyState::of(cpsc(), &states, now);
        assert!(state.loaded);
        assert_eq!(state.last_success, Some(now));
    }
}
