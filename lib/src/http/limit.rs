//! Limits how much one caller may ask: for every request, and for the routes that declare it.

use std::pin::pin;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, Method};

use super::{
    limiter::{self, Counted, Limiter, Verdict},
    problem::{Code, Problem},
    subject::{address, subject},
};
use crate::domain::sliding_window::Policy;

/// What is never limited: what tells whether the service is up, what describes it, and what other
/// services fetch to check its tokens.
const OPEN: &[&str] = &[
    "/health",
    "/ready",
    "/api/v1/health",
    "/docs",
    "/redoc",
    "/api-docs",
    "/api/v1/docs",
    "/api/v1/redoc",
    "/openapi.json",
];
const OPEN_BELOW: &[&str] = &["/.well-known/", "/docs/"];

/// A limit of some routes, beside the one that every request has.
///
/// A function puts it before its routes, as an axum layer:
/// `router.route_layer(middleware::from_fn_with_state(REGISTRATIONS, limit::within))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteLimit {
    /// Its name, as clients see it in `RateLimit-Policy`: lower case letters and hyphens.
    pub name: &'static str,
    /// How many requests pass.
    pub most: u32,
    /// In how many seconds.
    pub window: u32,
    /// Whose requests are counted together.
    pub per: Per,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// An account's or an API key's; an address's where nobody is known.
    Caller,
    /// An address's, whoever asks: a household's whole network in IPv6. For what one may try before one
    /// is known, so that an account of one's own buys no further tries.
    Address,
}

/// Lets a request through, or refuses it with 429.
pub(super) async fn limit(
    State(limiter): State<Limiter>,
    mut request: Request,
    next: Next,
) -> Response {
    // For the routes that have a limit of their own.
    request.extensions_mut().insert(limiter.clone());
    if !is_limited(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    let Some(counted) = limiter.general(request.extensions()) else {
        return next.run(request).await;
    };
    pass(&limiter, counted, request, next).await
}

/// Lets a request to a route with a limit of its own through, or refuses it with 429.
pub async fn within(State(limit): State<RouteLimit>, request: Request, next: Next) -> Response {
    let Some((limiter, counted)) = limit.count(request.extensions()) else {
        return next.run(request).await;
    };
    pass(&limiter, counted, request, next).await
}

impl RouteLimit {
    fn count(self, extensions: &Extensions) -> Option<(Limiter, Counted)> {
        let limiter = extensions.get::<Limiter>()?.clone();
        let subject = match self.per {
            Per::Caller => subject(extensions)?,
            Per::Address => address(extensions)?,
        };
        let policy = Policy {
            most: self.most,
            seconds: self.window,
        };
        Some((
            limiter,
            Counted {
                name: self.name,
                policy,
                subject,
                general: false,
            },
        ))
    }
}

async fn pass(limiter: &Limiter, counted: Counted, request: Request, next: Next) -> Response {
    let open = falls_open(request.method(), request.uri().path());
    if !open {
        return match limiter.judge(&counted, open).await {
            Verdict::Refused(state, seconds) => refused(&state, seconds),
            passes => shown(passes, &counted, next.run(request).await),
        };
    }
    // What changes nothing need not wait for the counter: both go on at once, and an answer that is not
    // to be given is dropped. A refusal that the instance knows by itself comes before any work.
    let mut judged = pin!(limiter.judge(&counted, open));
    let mut answered = pin!(next.run(request));
    let (verdict, response) = tokio::select! {
        biased;
        verdict = &mut judged => match verdict {
            Verdict::Refused(state, seconds) => return refused(&state, seconds),
            passes => (passes, answered.await),
        },
        response = &mut answered => (judged.await, response),
    };
    match verdict {
        Verdict::Refused(state, seconds) => refused(&state, seconds),
        passes => shown(passes, &counted, response),
    }
}

/// Writes how much is left of the general limit onto an answer.
fn shown(verdict: Verdict, counted: &Counted, mut response: Response) -> Response {
    if let Verdict::Passes(state) = verdict
        && counted.general
    {
        state.write(response.headers_mut());
    }
    response
}

fn refused(state: &limiter::State, seconds: u32) -> Response {
    let (most, window) = (state.policy.most, state.policy.seconds);
    let detail = format!("at most {most} requests in {window} seconds; try again in {seconds} s");
    let problem = Problem {
        retry_after: Some(seconds),
        ..Problem::new(Code::RateLimited, detail)
    };
    let mut response = problem.into_response();
    state.write(response.headers_mut());
    response
}

/// Returns whether requests are counted there.
pub(super) fn is_limited(method: &Method, path: &str) -> bool {
    let open = OPEN.contains(&path) || OPEN_BELOW.iter().any(|prefix| path.starts_with(prefix));
    !open && method != Method::OPTIONS
}

/// Returns whether a request passes while nobody can count it: a read, and the check of a product, which
/// must not wait for a counter. What tries a password or sends a message is counted by the instance.
fn falls_open(method: &Method, path: &str) -> bool {
    let reads = method == Method::GET || method == Method::HEAD;
    reads || (method == Method::POST && path.starts_with("/api/v1/scan/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_documentation_keys_and_preflights_are_not_limited() {
        for path in ["/health", "/ready", "/docs/x.js", "/.well-known/jwks.json"] {
            assert!(!is_limited(&Method::GET, path), "{path}");
        }
        assert!(!is_limited(&Method::OPTIONS, "/api/v1/recalls"));
        for path in [
            "/",
            "/nowhere",
            "/api/v1/recalls",
            "/healthy",
            "/.well-known",
        ] {
            assert!(is_limited(&Method::GET, path), "{path}");
        }
    }

    #[test]
    fn only_reads_and_checks_pass_uncounted() {
        assert!(falls_open(&Method::GET, "/api/v1/auth/me"));
        assert!(falls_open(&Method::POST, "/api/v1/scan/barcode"));
        assert!(!falls_open(&Method::POST, "/api/v1/auth/login"));
        assert!(!falls_open(&Method::DELETE, "/api/v1/user/me"));
    }
}
