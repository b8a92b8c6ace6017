//! Sends a job for every slice of every feed that is due.

use babyshield::{
    domain::{
        agency::{AGENCIES, Agency, AgencyKey},
        feed_state::{WindowState, is_due, slices, today},
    },
    runtime::Error,
    stores::jobs::SyncJob,
};
use serde::Deserialize;

use crate::App;

/// How long a planner that died is waited for, in seconds.
const LEASE_SECONDS: i64 = 300;

/// What to plan. A schedule leaves all of it out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanOrder {
    /// Only this agency.
    agency: Option<AgencyKey>,
    /// Whether it is due or not.
    #[serde(default)]
    force: bool,
    /// Apply what would be quarantined.
    #[serde(default)]
    accept: bool,
    /// Fetch and read even what has not changed.
    #[serde(default)]
    full: bool,
}

impl App {
    /// Returns how many jobs were sent. Two planners at once do not send twice: the second finds the
    /// lease taken and does nothing.
    pub(crate) async fn plan(&self, order: &PlanOrder) -> Result<usize, Error> {
        let planner = self.ids.new_id().to_string();
        let now = self.clock.now();
        let Some(lease) = self
            .ledger
            .lease("plan", &planner, LEASE_SECONDS, now)
            .await?
        else {
            if order.force {
                return Err("another planner is at work; give the order again".into());
            }
            tracing::info!("another planner is at work");
            return Ok(0);
        };
        let outcome = self.plan_all(order, &planner).await;
        self.ledger.release(&lease).await?;
        outcome
    }

    async fn plan_all(&self, order: &PlanOrder, planner: &str) -> Result<usize, Error> {
        let mut sent = 0;
        for agency in AGENCIES.iter().filter(|row| row.enabled) {
            if order.agency.is_none_or(|wanted| wanted == agency.key()) {
                sent += self.plan_agency(agency, order, planner).await?;
            }
        }
        tracing::info!(jobs = sent, "planned");
        Ok(sent)
    }

    async fn plan_agency(
        &self,
        agency: &'static Agency,
        order: &PlanOrder,
        planner: &str,
    ) -> Result<usize, Error> {
        let now = self.clock.now();
        let known = self.agencies.windows(agency.key()).await?;
        let mut due = Vec::new();
        for slice in slices(agency, today(agency, now)) {
            let state = known.iter().find(|state| state.slice == slice);
            let wanted = order.force || is_due(agency, state, &slice, now);
            if wanted {
                due.push(state.cloned().unwrap_or_else(|| WindowState::new(slice)));
            }
        }
        let jobs: Vec<_> = due
            .iter()
            .map(|state| {
                let kind = SyncJob::SyncAgency {
                    agency: agency.key(),
                    parts: state.slice.parts.clone(),
                    window: state.slice.window,
                    // Accepting is for what an operator has looked at, and for nothing else.
                    accept: order.accept && state.quarantined.is_some(),
                    full: order.full,
                };
                self.job(kind, planner)
            })
            .collect();
        // The jobs go first: a crash between the two sends them again, and a job done twice is a job
        // done once.
        self.sync_queue.send(&jobs).await?;
        for state in &due {
            self.agencies
                .queued(agency.key(), &state.slice, now)
                .await?;
        }
        Ok(jobs.len())
    }
}
