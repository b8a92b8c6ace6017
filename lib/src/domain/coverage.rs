//! Which agencies' notices an answer rests on, and as of when.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::agency::{AGENCIES, Agency, AgencyKey, Certainty};

/// The longest age of the last good fetch of an agency that is polled often.
const SHORTEST_LIMIT: SignedDuration = SignedDuration::from_hours(48);
/// The longest age of the last good fetch of any agency.
const LONGEST_LIMIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How the fetching of one agency stands, as the sync keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyHealth {
    /// The agency.
    pub key: AgencyKey,
    /// When its feed was last taken over whole.
    pub last_success: Option<Timestamp>,
    /// Whether the latest payload was put aside as implausible.
    pub quarantined: bool,
    /// Whether the latest attempt failed.
    pub failing: bool,
}

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// The time as of which all data counted on is complete: the oldest last success among the
    /// agencies whose data is recent enough. Absent when there is none.
    pub as_of: Option<Timestamp>,
    /// Every agency of the registry, checked or not.
    pub agencies: Vec<AgencyCoverage>,
}

/// One agency's part in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgencyCoverage {
    /// The agency's key.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "us-cpsc"))]
    pub key: AgencyKey,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2, upper case; `EU` for the European Union.
    pub country: String,
    /// Whether its notices were checked.
    pub state: AgencyState,
    /// When its feed was last taken over whole.
    pub last_success: Option<Timestamp>,
}

/// Whether an agency's notices were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgencyState {
    /// Checked, and recently fetched.
    Checked,
    /// What we hold is too old to rest on.
    Stale,
    /// The latest payload was implausible; what we hold is the last good one.
    Quarantined,
    /// The latest attempt failed, or none has succeeded yet; what we hold is the last good one.
    Failing,
    /// Nobody has seen its feed yet, so it is not fetched.
    NotVerified,
    /// Not fetched yet.
    Planned,
}

impl Coverage {
    /// Judges every agency of the registry; one without a state has never been fetched.
    ///
    /// Data is too old when the last success lies back more than three times the agency's cadence,
    /// but never before 48 hours (a weekend without polls is no reason to stay silent) and always
    /// after 7 days.
    pub fn assess(states: &[AgencyHealth], now: Timestamp) -> Self {
        let mut as_of = None;
        let agencies = AGENCIES
            .iter()
            .map(|row| {
                let health = states.iter().find(|health| health.key == row.key());
                // A clock that is ahead of ours must not make data look newer than now.
                let last_success = health
                    .and_then(|health| health.last_success)
                    .map(|last| last.min(now));
                let fresh = row.enabled && is_fresh(row, last_success, now);
                if let Some(last) = last_success.filter(|_| fresh) {
                    as_of = Some(as_of.map_or(last, |oldest: Timestamp| oldest.min(last)));
                }
                AgencyCoverage {
                    key: row.key(),
                    name: row.name.clone(),
                    country: row.country.clone(),
                    state: state(row, health, last_success.is_some(), fresh),
                    last_success,
                }
            })
            .collect();
        Self { as_of, agencies }
    }

    /// Returns whether any agency's data is recent enough to say that no recall is known.
    pub fn is_enough(&self) -> bool {
        self.as_of.is_some()
    }

    /// Returns how many agencies were checked.
    pub fn checked(&self) -> usize {
        self.agencies
            .iter()
            .filter(|agency| agency.state == AgencyState::Checked)
            .count()
    }
}

/// Returns whether an agency's last good fetch is recent enough to rest on: at most three times its
/// cadence ago, within 48 hours and 7 days.
pub fn is_fresh(row: &Agency, last_success: Option<Timestamp>, now: Timestamp) -> bool {
    let limit = SignedDuration::from_mins(3 * i64::from(row.cadence_minutes))
        .clamp(SHORTEST_LIMIT, LONGEST_LIMIT);
    last_success.is_some_and(|last| now.duration_since(last) <= limit)
}

fn state(row: &Agency, health: Option<&AgencyHealth>, ever: bool, fresh: bool) -> AgencyState {
    if !row.enabled {
        return match row.certainty {
            Certainty::Memory => AgencyState::NotVerified,
            Certainty::Verified | Certainty::Documented => AgencyState::Planned,
        };
    }
    match health {
        Some(health) if health.quarantined => AgencyState::Quarantined,
        _ if !ever => AgencyState::Failing,
        _ if !fresh => AgencyState::Stale,
        Some(health) if health.failing => AgencyState::Failing,
        _ => AgencyState::Checked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn health(key: &str, last_success: Option<&str>) -> AgencyHealth {
        AgencyHealth {
            key: key.parse().unwrap(),
            last_success: last_success.map(|last| last.parse().unwrap()),
            quarantined: false,
            failing: false,
        }
    }

    fn assess(states: &[AgencyHealth]) -> Coverage {
        Coverage::assess(states, NOW.parse().unwrap())
    }

    fn state_of(coverage: &Coverage, key: &str) -> AgencyState {
        coverage
            .agencies
            .iter()
            .find(|agency| agency.key.as_str() == key)
            .unwrap()
            .state
    }

    #[test]
    fn every_agency_of_the_registry_is_named() {
        let coverage = assess(&[]);
        assert_eq!(coverage.agencies.len(), AGENCIES.len());
        assert!(!coverage.is_enough());
        assert_eq!(state_of(&coverage, "us-cpsc"), AgencyState::Failing);
        for (agency, row) in coverage.agencies.iter().zip(AGENCIES.iter()) {
            assert_eq!(agency.key, row.key());
            let expected = match (row.enabled, row.certainty) {
                (true, _) => AgencyState::Failing,
                (false, Certainty::Memory) => AgencyState::NotVerified,
                (false, _) => AgencyState::Planned,
            };
            assert_eq!(agency.state, expected, "{}", agency.key);
        }
    }

    #[test]
    fn the_answer_is_as_old_as_the_oldest_data_that_it_rests_on() {
        let coverage = assess(&[
            health("us-cpsc", Some("2026-11-20T10:00:00Z")),
            health("us-fda", Some("2026-11-19T10:00:00Z")),
            health("fr-rappelconso", Some("2026-10-01T10:00:00Z")),
        ]);
        assert_eq!(
            coverage.as_of,
            Some("2026-11-19T10:00:00Z".parse().unwrap())
        );
        assert_eq!(state_of(&coverage, "us-fda"), AgencyState::Checked);
        assert_eq!(state_of(&coverage, "fr-rappelconso"), AgencyState::Stale);
        assert_eq!(coverage.checked(), 2);
    }

    #[test]
    fn data_goes_stale_at_the_limit_and_not_before() {
        for (last, fresh) in [
            ("2026-11-18T12:00:00Z", true),
            ("2026-11-18T11:59:59Z", false),
            ("2026-11-21T00:00:00Z", true),
        ] {
            let coverage = assess(&[health("us-cpsc", Some(last))]);
            assert_eq!(coverage.is_enough(), fresh, "{last}");
            assert!(coverage.as_of <= Some(NOW.parse().unwrap()));
        }
    }

    #[test]
    fn quarantine_and_failure_are_shown_and_recent_data_still_counts() {
        let recent = Some("2026-11-20T10:00:00Z");
        let quarantined = AgencyHealth {
            quarantined: true,
            ..health("us-cpsc", recent)
        };
        let failing = AgencyHealth {
            failing: true,
            ..health("us-fda", recent)
        };
        let coverage = assess(&[quarantined, failing]);
        assert_eq!(state_of(&coverage, "us-cpsc"), AgencyState::Quarantined);
        assert_eq!(state_of(&coverage, "us-fda"), AgencyState::Failing);
        assert!(coverage.is_enough());
        let old = AgencyHealth {
            quarantined: true,
            ..health("us-cpsc", Some("2026-11-01T10:00:00Z"))
        };
        assert!(!assess(&[old]).is_enough());
    }

    #[test]
    fn an_agency_that_is_not_fetched_never_counts() {
        let coverage = assess(&[health("uk-opss", Some("2026-11-20T10:00:00Z"))]);
        assert!(!coverage.is_enough());
    }
}
