//! Fetching, bounded in size and time: conditional, retried with jitter, polite.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use babyshield::domain::feed_state::PageState;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{
        ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
    },
    redirect,
};

/// What fetching may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a job waits for another one that is at work on the same slice.
    pub lease: Duration,
    /// The longest that all pages of a slice may take together, well below the function's own timeout:
    /// a worker that is killed cannot say what was wrong.
    pub slice: Duration,
    /// The largest answer, in bytes.
    pub body: usize,
    /// The longest that one answer may take.
    pub time: Duration,
    /// Tries of one page.
    pub tries: u32,
    /// The wait before the second try; later ones double it.
    pub backoff: Duration,
    /// The time between two requests to one host, of all workers together.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(45),
            slice: Duration::from_mins(3),
            body: 64_000_000,
            time: Duration::from_mins(1),
            tries: 3,
            backoff: Duration::from_millis(500),
            pause: Duration::from_millis(250),
        }
    }
}

/// Fetches pages of feeds.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    client: Arc<OnceLock<Client>>,
    origin: Option<String>,
    pub(crate) limits: Limits,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// The page, with its new state; `raw_ref` is still empty.
    Page { body: Vec<u8>, state: PageState },
    /// The page that is known already.
    NotModified,
}

/// Why a page could not be had. The sentences are shown to operators and in `/agencies`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the feed answered {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer broke off or did not come in time")]
    Broken(#[source] reqwest::Error),
    /// Our fault and not the feed's.
    #[error("no client could be made")]
    Client(#[source] reqwest::Error),
    #[error("the feed redirects too often")]
    Redirected,
    #[error("the address of the feed cannot be used: {0}")]
    Address(String),
}

impl Fetcher {
    pub(crate) fn new(origin: Option<String>, limits: Limits) -> Self {
        Self {
            client: Arc::default(),
            origin,
            limits,
        }
    }

    /// Returns the client, made for the first page: it reads every root certificate of the system,
    /// which a cold start that plans or sweeps need not wait for.
    fn client(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(self.limits.time)
            .redirect(redirect::Policy::limited(3))
            // A redirect must not lead away from https either; the stand-in is on loopback.
            .https_only(self.origin.is_none())
            .user_agent("BabyShield recall sync")
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Returns the agency's host that would be asked; nothing where an origin stands in for all of them.
    pub(crate) fn host(&self, url: &str) -> Option<String> {
        if self.origin.is_some() {
            return None;
        }
        Some(Url::parse(url).ok()?.host_str()?.to_owned())
    }

    /// Fetches a page, unless the server says that it is the one we know.
    ///
    /// Answers of 2xx and 404 are pages (some feeds say 404 for "nothing found"); 429, 5xx and broken
    /// connections are tried again; anything else is an error at once.
    pub(crate) async fn get(
        &self,
        url: &str,
        known: Option<&PageState>,
    ) -> Result<Fetched, FetchError> {
        let address = self.address(url)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let (error, wait) = match self.attempt(address.clone(), url, known).await {
                Ok(fetched) => return Ok(fetched),
                Err((error, wait)) => (error, wait),
            };
            let Some(at_least) = wait.filter(|_| tries < self.limits.tries) else {
                return Err(error);
            };
            let most = self.limits.backoff * (1 << (tries - 1).min(6));
            let jitter = most.mul_f64(rand::random::<f64>());
            tracing::warn!(tries, reason = %error, "fetching again");
            tokio::time::sleep(at_least.max(jitter)).await;
        }
    }

    /// One try. The error says how long to wait at least, or nothing when another try is useless.
    async fn attempt(
        &self,
        address: Url,
        url: &str,
        known: Option<&PageState>,
    ) -> Result<Fetched, (FetchError, Option<Duration>)> {
        let again = Some(Duration::ZERO);
        let client = self
            .client()
            .map_err(|error| (FetchError::Client(error), None))?;
        let mut request = client.get(address);
        if let Some(known) = known {
            if let Some(etag) = &known.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(modified) = &known.last_modified {
                request = request.header(IF_MODIFIED_SINCE, modified);
            }
        }
        let response = request.send().await.map_err(|error| match error {
            circle if circle.is_redirect() => (FetchError::Redirected, None),
            broken => (FetchError::Broken(broken.without_url()), again),
        })?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && known.is_some() {
            return Ok(Fetched::NotModified);
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let wait = retry_after(response.headers());
            return Err((FetchError::Status(status.as_u16()), Some(wait)));
        }
        if !(status.is_success() || status == StatusCode::NOT_FOUND) {
            return Err((FetchError::Status(status.as_u16()), None));
        }
        let state = PageState {
            url: url.to_owned(),
            etag: header(response.headers(), &ETAG),
            last_modified: header(response.headers(), &LAST_MODIFIED),
            raw_ref: String::new(),
            status: status.as_u16(),
        };
        let body = self.body(response).await?;
        Ok(Fetched::Page { body, state })
    }

    async fn body(
        &self,
        mut response: Response,
    ) -> Result<Vec<u8>, (FetchError, Option<Duration>)> {
        let most = self.limits.body;
        let too_large = || (FetchError::TooLarge(most), None);
        let announced = response.content_length().unwrap_or_default();
        if announced > most as u64 {
            return Err(too_large());
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > most => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => {
                    let broken = FetchError::Broken(error.without_url());
                    return Err((broken, Some(Duration::ZERO)));
                }
            }
        }
    }

    /// Returns where to fetch: the address itself, or the same host and path under the origin that
    /// stands in for all agencies.
    fn address(&self, url: &str) -> Result<Url, FetchError> {
        let wrong = |why: &str| FetchError::Address(why.to_owned());
        let real = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        if real.scheme() != "https" {
            return Err(wrong("feeds are fetched by https"));
        }
        let Some(origin) = &self.origin else {
            return Ok(real);
        };
        let rest = url.trim_start_matches("https://");
        let origin = origin.trim_end_matches('/');
        Url::parse(&format!("{origin}/{rest}")).map_err(|error| wrong(&error.to_string()))
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    // What is kept goes into an item; no honest validator is longer.
    (value.len() <= 256).then(|| value.to_owned())
}

/// Returns what `Retry-After` asks for, at most 20 seconds: a job does not sleep for longer, the next
/// schedule comes anyway.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = header(headers, &RETRY_AFTER).and_then(|value| value.parse::<u64>().ok());
    Duration::from_secs(seconds.unwrap_or_default().min(20))
}
