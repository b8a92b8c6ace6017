//! All pages of a slice: fetched, kept, counted, and known ones taken from where they were kept.

use std::collections::VecDeque;

use babyshield::{
    domain::{
        agency::{Agency, AgencyKey, Part},
        feed_state::{PageState, WindowState},
    },
    feeds::{Adapter, FeedError, Next, PageRequest},
    runtime::chain,
    stores::{StoreError, payloads::Payloads},
};
use serde_json::json;

use crate::{
    App,
    fetch::{FetchError, Fetched},
    slice::{SliceError, Task},
};

/// The most pages of one slice, a bound on feeds that never end.
const PAGES_MOST: usize = 400;
/// The most that all pages of one slice may have together, in bytes: they are parsed in memory.
const BYTES_MOST: usize = 96_000_000;

/// All pages of a slice.
#[derive(Debug, Default)]
pub(crate) struct Fetch {
    /// What was asked for and what came.
    pub(crate) pages: Vec<(PageRequest, Vec<u8>)>,
    /// The pages' states, in the same order.
    pub(crate) states: Vec<PageState>,
    /// Whether any page differs from the one that was known.
    pub(crate) modified: bool,
}

impl App {
    /// Fetches every page of every part, splitting windows that the feed cannot page through.
    pub(crate) async fn fetch_slice(
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
        let mut rows = 0;
        while let Some((part, request)) = waiting.pop_front() {
            if fetch.pages.len() == PAGES_MOST {
                return Err(SliceError::Feed(format!(
                    "the window has more than {PAGES_MOST} pages"
                )));
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
                Next::Page(next) => {
                    rows += info.rows;
                    waiting.push_front((part, next));
                }
                Next::Done => {
                    // A feed that ends early looks like a feed that holds no more.
                    let given = std::mem::take(&mut rows) + info.rows;
                    if let Some(total) = info.total.filter(|total| given < *total) {
                        let reason = format!("the feed said {total} rows and gave {given}");
                        return Err(SliceError::Feed(reason));
                    }
                }
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
        self.wait_for_turn(&request.url).await?;
        match self.fetcher.get(&request.url, known).await.map_err(fault)? {
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
                    None => match self.fetcher.get(&request.url, None).await.map_err(fault)? {
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

    /// Waits until this worker may ask the host: all workers together press it no harder than one.
    async fn wait_for_turn(&self, url: &str) -> Result<(), SliceError> {
        if let Some(host) = self.fetcher.host(url) {
            let apart = self.fetcher.limits.pause;
            let wait = self.ledger.turn(&host, apart, self.clock.now()).await?;
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Returns the object in which a slice's payload is found: the page itself, or a list of its pages.
    pub(crate) async fn payload_of(
        &self,
        task: &Task,
        pages: &[PageState],
    ) -> Result<String, StoreError> {
        if let [page] = pages {
            return Ok(page.raw_ref.clone());
        }
        let list: Vec<_> = pages
            .iter()
            .map(|page| json!({"url": page.url, "payload": page.raw_ref}))
            .collect();
        let list = json!(list).to_string();
        let key = Payloads::key(task.agency, "pages", list.as_bytes());
        self.payloads.keep(&key, list.as_bytes()).await?;
        Ok(key)
    }
}

/// Files a failed fetch under whose fault it is: without a client of our own no feed is to blame.
fn fault(error: FetchError) -> SliceError {
    match error {
        FetchError::Client(error) => SliceError::Client(error),
        error => SliceError::Feed(chain(&error)),
    }
}
