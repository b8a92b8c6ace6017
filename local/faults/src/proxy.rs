//! The proxy itself.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::Incoming,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    Call, Fault, Plan, answers,
    partial::Cut,
    plan::{Progress, Verdict},
};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went through.
    Passed,
    /// Something went wrong with it.
    Failed(Fault),
    /// The worker died with it.
    Died {
        /// Whether it took effect.
        commit: bool,
    },
}

/// A call that reached the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked.
    pub call: Call,
    /// What became of it.
    pub outcome: Outcome,
}

/// A running proxy. It stops when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: reqwest::Client,
    state: Mutex<State>,
    dead: watch::Sender<bool>,
    /// Calls on their way to the service.
    under_way: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    log: Vec<Entry>,
}

/// A connection that ends without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

impl Proxy {
    /// Starts on a free port of loopback.
    pub async fn start(upstream: &str, plan: Plan) -> io::Result<Self> {
        Self::listen(([127, 0, 0, 1], 0).into(), upstream, plan).await
    }

    /// Starts on that address, which must be loopback: what it forwards is signed.
    pub async fn listen(address: SocketAddr, upstream: &str, plan: Plan) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::other(format!("{address} is not loopback")));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client,
            state: Mutex::new(State {
                progress: Progress::new(plan),
                log: Vec::new(),
            }),
            dead: watch::Sender::new(false),
            under_way: watch::Sender::new(0),
        });
        tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// Returns the address to give to the code.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Follows another plan from here on: its counts begin anew, and the log is emptied. The dead
    /// stay dead.
    pub fn follow(&self, plan: Plan) {
        let mut state = self.shared.state();
        state.progress = Progress::new(plan);
        state.log.clear();
    }

    /// Dies now: every connection breaks, and none is taken any more.
    pub fn kill(&self) {
        self.shared.dead.send_replace(true);
    }

    /// Returns whether it has died.
    pub fn is_dead(&self) -> bool {
        *self.shared.dead.borrow()
    }

    /// Returns the calls that have come in, in their order.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.state().log.clone()
    }

    /// Returns how many calls have come in.
    pub fn calls(&self) -> u64 {
        self.shared.state().log.len() as u64
    }

    /// Waits until no call is on its way to the service any more.
    pub async fn settled(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        under_way
            .wait_for(|calls| *calls == 0)
            .await
            .expect("the sender is held by self");
    }

    /// Waits until it dies.
    pub async fn died(&self) {
        let mut dead = self.shared.dead.subscribe();
        dead.wait_for(|dead| *dead)
            .await
            .expect("the sender is held by self");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about a call, notes it, and dies with it when it is the one.
    fn decide(&self, call: Call) -> Option<Verdict> {
        let mut state = self.state();
        if *self.dead.borrow() {
            return None;
        }
        let verdict = state.progress.decide(&call);
        let outcome = match verdict {
            Verdict::Pass => Outcome::Passed,
            Verdict::Fault(fault) => Outcome::Failed(fault),
            Verdict::Die { commit } => Outcome::Died { commit },
        };
        state.log.push(Entry { call, outcome });
        // Counted before anybody can see the death, so that `settled` waits for it.
        let forwarded = !matches!(
            verdict,
            Verdict::Die { commit: false } | Verdict::Fault(Fault::DropBefore)
        );
        if forwarded {
            self.under_way.send_modify(|calls| *calls += 1);
        }
        if matches!(verdict, Verdict::Die { .. }) {
            self.dead.send_replace(true);
        }
        Some(verdict)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut dead = shared.dead.subscribe();
    loop {
        tokio::select! {
            _ = dead.wait_for(|dead| *dead) => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    // A proxy that cannot do so is only slower.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(connection(stream, Arc::clone(&shared)));
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut dead = shared.dead.subscribe();
    let service = service_fn(|request| handle(request, Arc::clone(&shared)));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = dead.wait_for(|dead| *dead) => {}
        // A connection that was dropped on purpose ends with the error that says so.
        _ = serving => {}
    }
}

async fn handle(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let call = Call::of(&request);
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let verdict = shared.decide(call.clone()).ok_or(Dropped)?;
    if matches!(
        verdict,
        Verdict::Die { commit: false } | Verdict::Fault(Fault::DropBefore)
    ) {
        return Err(Dropped);
    }
    // A task of its own: what is under way comes through, even when the connection is gone.
    let work = tokio::spawn(async move {
        let answer = perform(verdict, &call, &head, body, &shared).await;
        shared.under_way.send_modify(|calls| *calls -= 1);
        answer
    });
    let answer = work.await.map_err(|_| Dropped)??;
    match verdict {
        Verdict::Die { .. } | Verdict::Fault(Fault::DropAfter) => Err(Dropped),
        Verdict::Pass | Verdict::Fault(_) => Ok(answer),
    }
}

async fn perform(
    verdict: Verdict,
    call: &Call,
    head: &Parts,
    body: Bytes,
    shared: &Shared,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let Verdict::Fault(fault) = verdict else {
        return forward(head, body, shared).await;
    };
    if fault == Fault::Partial
        && let Some(cut) = Cut::of(call, &body)
    {
        let answer = forward(head, Bytes::from(cut.body.clone()), shared).await?;
        let (mut answer_head, answer_body) = answer.into_parts();
        let Ok(answer_body) = answer_body.collect().await;
        let whole = cut.complete(&answer_body.to_bytes()).ok_or(Dropped)?;
        answer_head.headers.remove("x-amz-crc32");
        return Ok(Response::from_parts(answer_head, Full::new(whole.into())));
    }
    if let Fault::DelayMs(milliseconds) = fault {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    match answers::error(fault, call) {
        Some(answer) => Ok(answer),
        None => forward(head, body, shared).await,
    }
}

/// Sends a request on as it came and returns the answer as it came. An emulator that is gone is a
/// connection that breaks.
async fn forward(
    head: &Parts,
    body: Bytes,
    shared: &Shared,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = head.headers.clone();
    hop_by_hop(&mut headers);
    // A batch that was cut has another length than its head says.
    headers.remove(CONTENT_LENGTH);
    if let Some(host) = head.headers.get(HOST) {
        headers.insert(HOST, host.clone());
    }
    let answer = shared
        .client
        .request(head.method.clone(), format!("{}{path}", shared.upstream))
        .headers(headers)
        .body(body)
        .send()
        .await
        .map_err(|_| Dropped)?;
    let status = answer.status();
    let mut headers = answer.headers().clone();
    hop_by_hop(&mut headers);
    if head.method != hyper::Method::HEAD {
        headers.remove(CONTENT_LENGTH);
    }
    let body = answer.bytes().await.map_err(|_| Dropped)?;
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn hop_by_hop(headers: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
