//! What stands between the edge and a function's own code: who asks, how much they may ask, and whether
//! they have asked the same before.

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    edge::panicked,
    idempotency::{Repetitions, once},
    identity::{Identities, admit, identify},
    limit::limit,
    limiter::Limiter,
};
use crate::runtime::Start;

/// The guards of one function.
#[derive(Clone)]
pub(super) struct Guards {
    identities: Identities,
    limiter: Limiter,
    repetitions: Repetitions,
}

impl Guards {
    /// Reads the settings.
    pub(super) fn load(start: &mut Start) -> Option<Self> {
        let identities = Identities::load(start);
        let limiter = Limiter::load(start);
        let repetitions = Repetitions::load(start);
        Some(Self {
            identities: identities?,
            limiter: limiter?,
            repetitions: repetitions?,
        })
    }

    /// Names the canonical paths whose answers are never stored.
    pub(super) fn never_keep(&mut self, paths: &'static [&'static str]) {
        self.repetitions.never_keep(paths);
    }

    /// Puts the guards around a router, from the inside out.
    pub(super) fn around(self, router: Router) -> Router {
        // A router of its own, so that the guards stand before what has no route too.
        Router::new()
            .fallback_service(router)
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(self.repetitions, once))
            .layer(middleware::from_fn_with_state(
                self.identities.clone(),
                admit,
            ))
            .layer(middleware::from_fn_with_state(self.limiter, limit))
            .layer(middleware::from_fn_with_state(self.identities, identify))
    }
}
