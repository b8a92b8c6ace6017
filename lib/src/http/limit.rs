//! Limits how much one caller may ask.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::runtime::Start;

/// What it takes to limit.
#[derive(Clone)]
pub(super) struct Limiter;

impl Limiter {
    /// Reads the settings.
    pub(super) fn load(_start: &mut Start) -> Option<Self> {
        Some(Self)
    }
}

/// Lets a request through, or refuses it with 429.
pub(super) async fn limit(
    State(_limiter): State<Limiter>,
    request: Request,
    next: Next,
) -> Response {
    next.run(request).await
}

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

/// Lets a request to a route with a limit of its own through, or refuses it with 429.
pub async fn within(State(_limit): State<RouteLimit>, request: Request, next: Next) -> Response {
    next.run(request).await
}
