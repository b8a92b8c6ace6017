//! Finds out who asks, before any handler runs.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::caller::Identity;
use crate::runtime::Start;

/// What it takes to know a caller.
#[derive(Clone)]
pub(super) struct Identities;

impl Identities {
    /// Reads the settings.
    pub(super) fn load(_start: &mut Start) -> Option<Self> {
        Some(Self)
    }
}

/// Puts an [`Identity`] into the request.
pub(super) async fn identify(
    State(_identities): State<Identities>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Identity::Anonymous);
    next.run(request).await
}
