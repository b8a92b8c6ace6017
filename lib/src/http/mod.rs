//! What every HTTP function shares, in one place: the edge around its router, the shape of answers
//! and errors, lists, cursors and extractors. It knows no function and no table.

mod access;
mod alias;
pub mod answer;
pub mod caller;
pub mod client;
pub mod cursor;
mod described;
pub mod edge;
mod event;
pub mod extract;
mod finish;
pub mod form;
mod guards;
mod idempotency;
mod identity;
pub mod if_match;
mod json;
pub mod limit;
mod limiter;
pub mod list;
mod negotiation;
mod origins;
pub mod params;
pub mod problem;
#[cfg(feature = "search")]
pub mod recall_filters;
#[cfg(feature = "search")]
pub mod snapshot;
mod subject;

pub use described::described;
pub use negotiation::tag;

use std::sync::Arc;

use axum::Router;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::{
    http::{cursor::SigningKey, edge::Edge, guards::Guards, problem::Problem},
    runtime::{self, Error, Start},
};

/// Runs an HTTP function: `build` makes its router, the edge goes around it.
pub fn serve<B>(build: B) -> Result<(), Error>
where
    B: AsyncFnOnce(&mut Start) -> Result<Router, Error>,
{
    serve_never_keeping(&[], build)
}

/// Runs an HTTP function of which some routes answer with credentials; see [`Front::never_keeping`].
pub fn serve_never_keeping<B>(paths: &'static [&'static str], build: B) -> Result<(), Error>
where
    B: AsyncFnOnce(&mut Start) -> Result<Router, Error>,
{
    runtime::block_on(async {
        let mut start = runtime::start().await;
        let front = Front::load(&mut start);
        let router = build(&mut start).await?;
        let front = start.settings.finish(front)?.never_keeping(paths);
        let app = front.around(router);
        let app = lambda_http::Adapter::from(app).map_request(event::mend);
        lambda_runtime::run(app).await
    })
}

/// What stands before the router of every HTTP function: the edge, and behind it the guards.
#[derive(Clone)]
pub struct Front {
    edge: Edge,
    guards: Guards,
}

impl Front {
    /// Reads the settings.
    pub fn load(start: &mut Start) -> Option<Self> {
        let edge = Edge::load(start);
        let guards = Guards::load(start);
        Some(Self {
            edge: edge?,
            guards: guards?,
        })
    }

    /// Names the canonical paths whose answers hold credentials. These are made once by their own rules:
    /// an `Idempotency-Key` is ignored there, and nothing of the answer is ever stored.
    #[must_use]
    pub fn never_keeping(mut self, paths: &'static [&'static str]) -> Self {
        self.guards.never_keep(paths);
        self
    }

    /// Puts all of it around a router.
    pub fn around(self, router: Router) -> Router {
        self.edge.around(router, Some(self.guards))
    }
}

/// The key that signs cursors, fetched when the first cursor is made or read.
#[derive(Clone)]
pub struct CursorKey {
    client: aws_sdk_secretsmanager::Client,
    secret: String,
    key: Arc<OnceCell<SigningKey>>,
}

impl CursorKey {
    /// Names the secret; nothing is fetched yet.
    pub fn new(sdk: &aws_config::SdkConfig, secret: String) -> Self {
        Self {
            client: aws_sdk_secretsmanager::Client::new(sdk),
            secret,
            key: Arc::default(),
        }
    }

    /// Returns the key, fetching it once in the life of the instance.
    pub async fn get(&self) -> Result<&SigningKey, Problem> {
        self.key
            .get_or_try_init(|| async {
                let answer = self
                    .client
                    .get_secret_value()
                    .secret_id(&self.secret)
                    .send()
                    .await
                    .map_err(Problem::unavailable)?;
                let text = answer.secret_string().unwrap_or_default();
                SigningKey::new(text).map_err(Problem::internal)
            })
            .await
    }
}
