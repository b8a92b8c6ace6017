//! One job: fetch a slice of a feed, keep it, read it, judge it, apply it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use babyshield::{
    domain::{
        agency::{Agency, AgencyKey, Part},
        feed_state::{Failure, PageState, Slice, WindowState, quarantine},
    },
    feeds::{self, Adapter, FeedError, Next, Page, PageRequest, Parsed},
    metrics,
    runtime::{Error, chain},
    stores::{StoreError, ledger::Lease, payloads::Payloads},
};

use crate::{
    App, dimension,
    fetch::{FetchError, Fetched},
};

/// How long a worker that died is waited for, in seconds: longer than the function may run.
const LEASE_SECONDS: i64 = 330;
/// The most pages of one slice, a bound on feeds that never end.
const PAGES_MOST: usize = 400;
/// The most that all pages of one slice may have together, in bytes.
const BYTES_MOST: usize = 256_000_000;
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
enum SliceError {
    #[error("{0}")]
    Feed(String),
    #[error("a payload that was kept is gone: {0}")]
    Lost(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All pages of a slice.
#[derive(Debug, Default)]
struct Fetch {
    pages: Vec<(PageRequest, Vec<u8>)>,
    states: Vec<PageState>,
    modified: bool,
}

impl App {
    /// Does the job. An error sends it back to the queue; what is wrong with the feed is no error
    /// but the feed's new state.
    pub(crate) async fn sync_slice(&self, task: &Task) -> Result<(), Error> {
        let agency = task.agency.row();
        let Some(adapter) = feeds::adapter(agency.family).filter(|_| agency.enabled) else {
            return Err(format!("{} is not enabled or has no adapter", task.agency).into());
        };
        let Some(lease) = self.lease(task).await? else {
            return Err(format!(
                "another job is at work on {} {} {}",
                task.agency,
                task.slice.name(),
                task.slice.window
            )
            .into());
        };
        let outcome = self.sync_leased(task, agency, adapter).await;
        self.ledger.release(&lease).await?;
        outcome
    }

    /// Takes the slice's lease, waiting a while for the job before this one. A job that does not get
    /// it must go back to the queue: the other worker may be dead, and this one may ask for more.
    async fn lease(&self, task: &Task) -> Result<Option<Lease>, StoreError> {
        let name = format!(
            "sync#{}#{}#{}",
            task.agency,
            task.slice.name(),
            task.slice.window
        );
        let owner = self.ids.new_id().to_string();
        let begun = Instant::now();
        loop {
            let now = self.clock.now();
            let lease = self.ledger.lease(&name, &owner, LEASE_SECONDS, now).await?;
            if lease.is_some() || begun.elapsed() >= self.fetcher.limits.lease {
                return Ok(lease);
            }
            let wait = rand::random_range(100..=400);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
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
        let raw_ref = fetch
            .states
            .first()
            .map_or_else(String::new, |page| page.raw_ref.clone());
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
            pages: fetch.states,
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

    /// Fetches every page of every part, splitting windows that the feed cannot page through.
    async fn fetch_slice(
        &self,
        task: &Task,
        agency: &'static Agency,
        adapter: &dyn Adapter,
        known: Option<&WindowState>,
    ) -> Result<Fetch, SliceError> {
        let mut waiting: VecDeque<(&Part, PageRequest)> = VecDeque::new();
        for name in &task.slice.parts {
            let part = agency.parts.iter().find(|part| &part.name == name);
            let part =
                part.ok_or_else(|| SliceError::Feed(format!("the feed has no part {name}")))?;
            waiting.push_back((part, adapter.first(part, task.slice.window)));
        }
        let mut fetch = Fetch::default();
        let mut bytes = 0;
        while let Some((part, request)) = waiting.pop_front() {
            if fetch.pages.len() == PAGES_MOST {
                return Err(SliceError::Feed(format!(
                    "the window has more than {PAGES_MOST} pages"
                )));
            }
            if !fetch.pages.is_empty() {
                self.fetcher.pause().await;
            }
            let (body, state, modified) =
                self.fetch_page(task.agency, part, &request, known).await?;
            let info = adapter
                .inspect(state.status, &body)
                .map_err(|error: FeedError| SliceError::Feed(error.to_string()))?;
            match adapter.next(&request, &info) {
                Next::Split => {
                    let Some((first, second)) = request.window.halves() else {
                        let reason = format!(
                            "{} has more rows than the feed hands out",
                            request.window.from
                        );
                        return Err(SliceError::Feed(reason));
                    };
                    waiting.push_front((part, adapter.first(part, second)));
                    waiting.push_front((part, adapter.first(part, first)));
                    continue;
                }
                Next::Page(next) => waiting.push_front((part, next)),
                Next::Done => {}
            }
            bytes += body.len();
            if bytes > BYTES_MOST {
                return Err(SliceError::Feed(format!(
                    "the window has more than {BYTES_MOST} bytes"
                )));
            }
            fetch.modified |= modified;
            fetch.pages.push((request, body));
            fetch.states.push(state);
        }
        Ok(fetch)
    }

    /// Returns a page with its state and whether it differs from the one that was known.
    async fn fetch_page(
        &self,
        agency: AgencyKey,
        part: &Part,
        request: &PageRequest,
        known: Option<&WindowState>,
    ) -> Result<(Vec<u8>, PageState, bool), SliceError> {
        let known = known.and_then(|known| known.pages.iter().find(|page| page.url == request.url));
        match self
            .fetcher
            .get(&request.url, known)
            .await
            .map_err(feed_fault)?
        {
            Fetched::Page { body, mut state } => {
                state.raw_ref = Payloads::key(agency, &part.name, &body);
                let modified = known.is_none_or(|known| known.raw_ref != state.raw_ref);
                if modified {
                    self.payloads.keep(&state.raw_ref, &body).await?;
                }
                Ok((body, state, modified))
            }
            Fetched::NotModified => {
                let state = known
                    .cloned()
                    .ok_or_else(|| SliceError::Feed("304 unasked for".into()))?;
                let body = self.payloads.find(&state.raw_ref, BYTES_MOST).await?;
                match body {
                    Some(body) => Ok((body, state, false)),
                    // Expired in the bucket: ask for it as if it had never been seen.
                    None => match self
                        .fetcher
                        .get(&request.url, None)
                        .await
                        .map_err(feed_fault)?
                    {
                        Fetched::Page { body, mut state } => {
                            state.raw_ref = Payloads::key(agency, &part.name, &body);
                            self.payloads.keep(&state.raw_ref, &body).await?;
                            Ok((body, state, true))
                        }
                        Fetched::NotModified => Err(SliceError::Lost(request.url.clone())),
                    },
                }
            }
        }
    }
}

fn feed_fault(error: FetchError) -> SliceError {
    SliceError::Feed(chain(&error))
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
