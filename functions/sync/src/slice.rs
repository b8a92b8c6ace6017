//! One job: fetch a slice of a feed, keep it, read it, judge it, apply it.

use std::time::Duration;

use babyshield::{
    domain::{
        agency::{Agency, AgencyKey},
        feed_state::{Failure, PageState, Slice, WindowState, quarantine},
    },
    feeds::{self, Adapter, Page, Parsed},
    metrics,
    runtime::Error,
    stores::StoreError,
};

use crate::{App, dimension, pages::Fetch};

/// How long a worker that died is waited for, in seconds: longer than the function may run.
const LEASE_SECONDS: i64 = 330;
/// How many reasons of rejects are kept to be shown.
const REASONS: usize = 10;
/// The longest reason that is kept, in characters.
const REASON_LENGTH: usize = 300;

/// What a job asks for.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) agency: AgencyKey,
    pub(crate) slice: Slice,
    pub(crate) accept: bool,
    pub(crate) full: bool,
    pub(crate) request_id: String,
}

/// Why a slice could not be read. The feed's faults are noted and shown; ours send the job back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SliceError {
    #[error("{0}")]
    Feed(String),
    #[error("a payload that was kept is gone: {0}")]
    Lost(String),
    #[error("no client could be made to fetch with")]
    Client(#[source] reqwest::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Does the job. An error sends it back to the queue; what is wrong with the feed is no error
    /// but the feed's new state.
    pub(crate) async fn sync_slice(&self, task: &Task) -> Result<(), Error> {
        let agency = task.agency.row();
        let Some(adapter) = feeds::adapter(agency.family).filter(|_| agency.enabled) else {
            return Err(format!("{} is not enabled or has no adapter", task.agency).into());
        };
        let name = format!(
            "sync#{}#{}#{}",
            task.agency,
            task.slice.name(),
            task.slice.window
        );
        let owner = self.ids.new_id().to_string();
        let wait = self.fetcher.limits.lease;
        let lease = self
            .ledger
            .lease_within(&name, &owner, LEASE_SECONDS, wait, &*self.clock)
            .await?;
        // A job that does not get the lease goes back to the queue: the other worker may be dead, and
        // this job may ask for more.
        let lease = lease.ok_or_else(|| format!("another job is at work on {name}"))?;
        let outcome = self.sync_leased(task, agency, adapter).await;
        let released = self.ledger.release(&lease).await;
        outcome?;
        Ok(released?)
    }

    async fn sync_leased(
        &self,
        task: &Task,
        agency: &'static Agency,
        adapter: &dyn Adapter,
    ) -> Result<(), Error> {
        let begun = self.clock.now();
        let before = self.agencies.window(task.agency, &task.slice).await?;
        let conditional =
            !task.full && before.revision == feeds::REVISION && before.last_error.is_none();
        let most = self.fetcher.limits.slice;
        let fetching = self.fetch_slice(task, agency, adapter, conditional.then_some(&before));
        let fetched = tokio::time::timeout(most, fetching)
            .await
            .unwrap_or_else(|_| Err(too_slow(most)));
        let mut state = WindowState {
            last_attempt: Some(begun),
            ..before.clone()
        };
        let outcome = match fetched {
            Ok(fetch) if !fetch.modified && same_pages(&fetch.states, &before.pages) => {
                // Whatever was wrong meanwhile, the feed is what was applied last.
                state.last_success = Some(begun);
                state.last_error = None;
                state.quarantined = None;
                // The validators may be new ones.
                state.pages = fetch.states;
                Ok(())
            }
            Ok(fetch) => {
                self.judge(task, agency, adapter, fetch, &before, &mut state)
                    .await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {}
            Err(SliceError::Feed(reason)) => {
                tracing::warn!(agency = %task.agency, window = %task.slice.window, reason, "feed failed");
                state.last_error = Some(Failure {
                    at: begun,
                    reason: shortened(&reason),
                });
            }
            Err(error) => return Err(error.into()),
        }
        self.agencies.put_window(task.agency, &state).await?;
        let sum = self.agencies.sum_up(agency, self.clock.now()).await?;
        metrics::emit(
            self.clock.now(),
            &dimension(task.agency),
            &[
                (
                    "sync_failed",
                    "Count",
                    f64::from(u8::from(state.last_error.is_some())),
                ),
                ("quarantined", "Count", sum.quarantined.len() as f64),
            ],
        );
        Ok(())
    }

    /// Reads what was fetched and applies it, or holds it back.
    async fn judge(
        &self,
        task: &Task,
        agency: &'static Agency,
        adapter: &dyn Adapter,
        fetch: Fetch,
        before: &WindowState,
        state: &mut WindowState,
    ) -> Result<(), SliceError> {
        let at = state.last_attempt.unwrap_or_else(|| self.clock.now());
        let pages: Vec<_> = fetch
            .pages
            .iter()
            .map(|(request, body)| Page { request, body })
            .collect();
        let parsed = adapter
            .parse(agency, &pages)
            .map_err(|error| SliceError::Feed(error.to_string()))?;
        drop(pages);
        let Fetch { states, .. } = fetch;
        let Parsed {
            recalls,
            rejects,
            rows,
        } = parsed;
        let held_back = quarantine(
            before,
            recalls.len() as u64,
            rows.into(),
            rejects.len() as u64,
        );
        if let Some(reason) = held_back.filter(|_| !task.accept) {
            tracing::warn!(agency = %task.agency, window = %task.slice.window, reason, "feed quarantined");
            state.quarantined = Some(Failure { at, reason });
            // The fetch itself worked.
            state.last_error = None;
            return Ok(());
        }
        let found = recalls.len() as u64;
        let raw_ref = self.payload_of(task, &states).await?;
        let applied = self.apply(task, adapter, recalls, &raw_ref).await?;
        let reasons = rejects
            .iter()
            .map(|reject| match &reject.source_id {
                Some(id) => format!("{id}: {}", reject.reason),
                None => format!("row {}: {}", reject.row, reject.reason),
            })
            .chain(applied.refused.iter().cloned());
        *state = WindowState {
            slice: task.slice.clone(),
            queued_at: state.queued_at,
            last_attempt: state.last_attempt,
            last_success: Some(at),
            last_error: None,
            quarantined: None,
            recalls: found,
            rows: rows.into(),
            rejects: (rejects.len() + applied.refused.len()) as u64,
            reject_reasons: reasons
                .take(REASONS)
                .map(|reason| shortened(&reason))
                .collect(),
            pages: states,
            revision: feeds::REVISION,
        };
        tracing::info!(
            agency = %task.agency, window = %task.slice.window, rows, recalls = found, rejects = state.rejects,
            new = applied.new, changed = applied.changed, unchanged = applied.unchanged, "feed applied"
        );
        metrics::emit(
            self.clock.now(),
            &dimension(task.agency),
            &[
                ("recalls_new", "Count", f64::from(applied.new)),
                ("recalls_changed", "Count", f64::from(applied.changed)),
                ("rejects", "Count", state.rejects as f64),
            ],
        );
        Ok(())
    }
}

fn too_slow(most: Duration) -> SliceError {
    let seconds = most.as_secs_f64();
    SliceError::Feed(format!("the feed took longer than {seconds} s"))
}

fn same_pages(now: &[PageState], before: &[PageState]) -> bool {
    let urls = |pages: &[PageState]| {
        pages
            .iter()
            .map(|page| page.url.clone())
            .collect::<Vec<_>>()
    };
    urls(now) == urls(before)
}

fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_LENGTH).collect()
}
