//! The agencies: which there are, which are fetched, and how fresh each is.

use axum::extract::State;
use babyshield::{
    domain::{
        agency::{AGENCIES, Agency, AgencyKey, Certainty, Family},
        coverage::is_fresh,
        feed_state::{AgencyState, Failure},
    },
    http::{
        answer::{Answer, Success},
        extract::Param,
        list::{List, PageParams, PageRequest},
        params::{NoParams, Params},
        problem::{Problem, ProblemBody},
    },
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Seconds for which the state of the agencies may be kept.
const FRESH: u32 = 30;

/// An agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgencyView {
    /// The key.
    #[schema(examples("us-cpsc"))]
    key: &'static str,
    /// The name.
    name: &'static str,
    /// ISO 3166-1 alpha-2; `EU` for the European Union.
    country: &'static str,
    /// BCP 47 language of its notices.
    language: &'static str,
    /// What it covers.
    covers: &'static str,
    /// The wire format of its feed.
    #[schema(value_type = String)]
    family: Family,
    /// How well that format is known: `verified`, `documented` or `memory`.
    #[schema(value_type = String)]
    certainty: Certainty,
    /// Whether a verdict can rest on it.
    status: AgencyStatus,
    /// When its newest window was last applied or found unchanged.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success: Option<Timestamp>,
    /// Seconds since then.
    lag_seconds: Option<i64>,
    /// When it was last tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt: Option<Timestamp>,
    /// How often the newest window is looked at, in minutes.
    cadence_minutes: u32,
    /// Recalls in the payloads that were applied last.
    records: u64,
    /// Rows of them that could not be used.
    rejects: u64,
    /// Parts of its history that have been loaded.
    windows_loaded: u32,
    /// Parts that there are.
    windows: u32,
    /// The last failure that stands.
    last_error: Option<FailureView>,
    /// Payloads that are held back; what they would have replaced stays.
    quarantined: Vec<QuarantineView>,
    /// The licence of its data.
    licence: &'static str,
    /// The sentence that the licence asks for.
    attribution: &'static str,
}

/// What can be said of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgencyStatus {
    /// Fetched and applied.
    Live,
    /// Loaded, but its last success is too old for a verdict to rest on it.
    Stale,
    /// Being fetched for the first time.
    Loading,
    /// A payload is held back because it does not look right; the last good data stays.
    Quarantined,
    /// Not fetched: nobody could verify its format.
    NotVerified,
    /// Not fetched yet.
    Planned,
}

/// Something that went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What.
    reason: String,
}

/// A payload that is held back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineView {
    /// The part of the feed.
    part: String,
    /// The days, `from..to`.
    window: String,
    /// Since when and why.
    #[serde(flatten)]
    failure: FailureView,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        Self {
            at: failure.at,
            reason: failure.reason,
        }
    }
}

impl AgencyView {
    fn of(agency: &'static Agency, state: Option<AgencyState>, now: Timestamp) -> Self {
        let status = match &state {
            _ if !agency.enabled && agency.certainty == Certainty::Memory => {
                AgencyStatus::NotVerified
            }
            _ if !agency.enabled => AgencyStatus::Planned,
            Some(state) if !state.quarantined.is_empty() => AgencyStatus::Quarantined,
            Some(state) if state.loaded && is_fresh(agency, state.last_success, now) => {
                AgencyStatus::Live
            }
            Some(state) if state.loaded => AgencyStatus::Stale,
            _ => AgencyStatus::Loading,
        };
        let state = state.unwrap_or_else(|| AgencyState::of(agency, &[], now));
        let quarantined = state
            .quarantined
            .into_iter()
            .map(|quarantine| QuarantineView {
                part: quarantine.slice.name(),
                window: quarantine.slice.window.to_string(),
                failure: quarantine.failure.into(),
            });
        Self {
            key: agency.key().as_str(),
            name: &agency.name,
            country: &agency.country,
            language: &agency.language,
            covers: &agency.covers,
            family: agency.family,
            certainty: agency.certainty,
            status,
            last_success: state.last_success,
            lag_seconds: state
                .last_success
                .map(|at| now.duration_since(at).as_secs().max(0)),
            last_attempt: state.last_attempt,
            cadence_minutes: agency.cadence_minutes,
            records: state.records,
            rejects: state.rejects,
            windows_loaded: state.slices_loaded,
            windows: if agency.enabled { state.slices } else { 0 },
            last_error: state.last_error.map(FailureView::from),
            quarantined: quarantined.collect(),
            licence: &agency.licence,
            attribution: &agency.attribution,
        }
    }
}

/// List the agencies.
///
/// Every agency of the registry, those that are not fetched included and named as such, in the order
/// of the registry; all on one page unless fewer are asked for.
#[utoipa::path(get, path = "/api/v1/agencies", tag = "agencies",
    params(PageParams),
    responses(
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<List<AgencyView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn list_agencies(
    State(app): State<App>,
    mut params: Params,
) -> Result<Answer<List<AgencyView>>, Problem> {
    let request = PageRequest::read_short(&mut params);
    params.finish()?;
    let mut states = app.agencies.sums().await?;
    let now = app.clock.now();
    let page = List::short(AGENCIES.iter(), &request, |agency| {
        AgencyView::of(agency, states.remove(&agency.key()), now)
    })?;
    let tag = tag_source(page.items.iter())?;
    Ok(Answer::public(page, FRESH).tagged_by(tag))
}

/// Returns what the tag is made of: everything but the lag, which grows while nothing happens.
fn tag_source<'a>(views: impl Iterator<Item = &'a AgencyView>) -> Result<Vec<u8>, Problem> {
    let mut values = views
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()
        .map_err(Problem::internal)?;
    for value in &mut values {
        value["lag_seconds"].take();
    }
    serde_json::to_vec(&values).map_err(Problem::internal)
}

/// Get one agency.
#[utoipa::path(get, path = "/api/v1/agencies/{key}", tag = "agencies",
    params(("key" = String, Path, description = "The agency's key", example = "us-cpsc")),
    responses(
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<AgencyView>),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_agency(
    State(app): State<App>,
    Param(key): Param<String>,
    _: NoParams,
) -> Result<Answer<AgencyView>, Problem> {
    let key: AgencyKey = key.parse().map_err(|_| Problem::not_found("agency"))?;
    let state = app.agencies.sum(key).await?;
    let view = AgencyView::of(key.row(), state, app.clock.now());
    let tag = tag_source(std::iter::once(&view))?;
    Ok(Answer::public(view, FRESH).tagged_by(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(now: &str) -> AgencyView {
        let agency = "us-cpsc".parse::<AgencyKey>().unwrap().row();
        let mut state = AgencyState::of(agency, &[], Timestamp::UNIX_EPOCH);
        state.loaded = true;
        state.last_success = Some("2026-11-20T12:00:00Z".parse().unwrap());
        AgencyView::of(agency, Some(state), now.parse().unwrap())
    }

    #[test]
    fn what_is_too_old_is_stale() {
        assert_eq!(view("2026-11-22T12:00:00Z").status, AgencyStatus::Live);
        assert_eq!(view("2026-12-20T12:00:00Z").status, AgencyStatus::Stale);
    }

    #[test]
    fn the_tag_stays_while_only_the_lag_grows() {
        let (one, two) = (view("2026-11-20T12:00:01Z"), view("2026-11-20T12:00:02Z"));
        assert_ne!(one.lag_seconds, two.lag_seconds);
        let tag = |view| tag_source(std::iter::once(view)).unwrap();
        assert_eq!(tag(&one), tag(&two));
        assert_ne!(tag(&one), tag(&view("2026-12-20T12:00:00Z")));
    }
}
