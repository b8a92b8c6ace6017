//! Answers a repeated POST with the first answer.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::runtime::Start;

/// What it takes to know a repetition.
#[derive(Clone)]
pub(super) struct Repetitions;

impl Repetitions {
    /// Reads the settings.
    pub(super) fn load(_start: &mut Start) -> Option<Self> {
        Some(Self)
    }
}

/// Runs a request once for its `Idempotency-Key`.
pub(super) async fn once(
    State(_repetitions): State<Repetitions>,
    request: Request,
    next: Next,
) -> Response {
    next.run(request).await
}
