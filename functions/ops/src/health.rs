//! Whether the service is up, ready, and how it is doing.

use axum::extract::State;
use babyshield::{
    domain::{
        agency::{AGENCIES, AgencyKey},
        coverage::is_fresh,
    },
    http::{
        answer::{Answer, Success},
        params::NoParams,
        problem::{FieldError, Problem, ProblemBody},
    },
    stores::agencies::CoverageRow,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, probes::Dependency};

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: a process that cannot answer does not answer.
    status: &'static str,
    /// The version of the code.
    version: &'static str,
}

/// The dependencies, all answering.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Always `ready`; otherwise the answer is 503.
    status: &'static str,
    /// Each dependency by name.
    dependencies: Vec<Dependency>,
}

/// How the service is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthDetail {
    /// `ok`, `degraded` (a feed is held back, failing or loading) or `down` (a dependency does not answer).
    status: Condition,
    /// The version of the code.
    version: &'static str,
    /// The environment.
    environment: String,
    /// Each dependency by name.
    dependencies: Vec<Dependency>,
    /// The feeds; null when the table does not answer.
    feeds: Option<Feeds>,
}

/// How the service is doing, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Condition {
    /// All is well.
    Ok,
    /// Some feeds are not as they should be.
    Degraded,
    /// A dependency does not answer.
    Down,
}

/// The feeds, counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Feeds {
    /// Agencies that are fetched.
    enabled: usize,
    /// Of these, loaded, not held back and recently fetched.
    live: usize,
    /// Of these, loaded, and fetched too long ago for a verdict to rest on them.
    stale: usize,
    /// Of these, held back.
    quarantined: usize,
    /// Of these, those whose last fetch failed.
    failing: usize,
    /// The success that is longest ago.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_success: Option<Timestamp>,
}

impl Feeds {
    fn of(rows: &[(AgencyKey, CoverageRow)], now: Timestamp) -> Self {
        let rows: Vec<_> = rows.iter().filter(|(key, _)| key.row().enabled).collect();
        let count = |is: &dyn Fn(&CoverageRow, bool) -> bool| {
            rows.iter()
                .filter(|(key, row)| is(row, is_fresh(key.row(), row.last_success, now)))
                .count()
        };
        Self {
            enabled: AGENCIES.iter().filter(|agency| agency.enabled).count(),
            live: count(&|row, fresh| row.loaded && !row.quarantined && fresh),
            stale: count(&|row, fresh| row.loaded && !fresh),
            quarantined: count(&|row, _| row.quarantined),
            failing: count(&|row, _| row.failing),
            oldest_success: rows.iter().filter_map(|(_, row)| row.last_success).min(),
        }
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Say that the service is up.
#[utoipa::path(get, path = "/health", tag = "operations",
    responses(
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),(status = 200, body = Success<Health>)))]
pub(crate) async fn get_health(_: NoParams) -> Answer<Health> {
    Answer::ok(Health {
        status: "ok",
        version: VERSION,
    })
}

/// Say whether every dependency answers.
#[utoipa::path(get, path = "/ready", tag = "operations",
    responses(
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<Ready>),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_ready(
    State(app): State<App>,
    _: NoParams,
) -> Result<Answer<Ready>, Problem> {
    let dependencies = Box::pin(app.probe()).await;
    let down: Vec<_> = dependencies
        .iter()
        .filter(|dependency| !dependency.up)
        .map(|dependency| FieldError::new(dependency.name, "DOWN", "does not answer"))
        .collect();
    if !down.is_empty() {
        return Err(Problem {
            errors: down,
            ..Problem::unavailable("dependencies are down")
        });
    }
    Ok(Answer::ok(Ready {
        status: "ready",
        dependencies,
    }))
}

/// Say how the service is doing.
///
/// Always 200 while the function runs; `status` says the rest.
#[utoipa::path(get, path = "/api/v1/health", tag = "operations",
    responses(
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),(status = 200, body = Success<HealthDetail>)))]
pub(crate) async fn get_health_detail(State(app): State<App>, _: NoParams) -> Answer<HealthDetail> {
    let (dependencies, coverage) = tokio::join!(Box::pin(app.probe()), app.agencies.coverage());
    let feeds = coverage.ok().map(|rows| Feeds::of(&rows, app.clock.now()));
    let status = if dependencies.iter().any(|dependency| !dependency.up) || feeds.is_none() {
        Condition::Down
    } else if feeds
        .as_ref()
        .is_some_and(|feeds| feeds.live < feeds.enabled || feeds.failing > 0)
    {
        Condition::Degraded
    } else {
        Condition::Ok
    };
    Answer::ok(HealthDetail {
        status,
        version: VERSION,
        environment: app.config.environment.clone(),
        dependencies,
        feeds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_fetched_lately_is_live() {
        let row = CoverageRow {
            last_success: Some("2026-11-20T12:00:00Z".parse().unwrap()),
            loaded: true,
            quarantined: false,
            failing: false,
        };
        let rows = [("us-cpsc".parse().unwrap(), row)];
        let counts = |now: &str| {
            let feeds = Feeds::of(&rows, now.parse().unwrap());
            (feeds.live, feeds.stale)
        };
        assert_eq!(counts("2026-11-20T13:00:00Z"), (1, 0));
        assert_eq!(counts("2026-12-20T13:00:00Z"), (0, 1));
    }
}
