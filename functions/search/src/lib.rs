//! Search over recalled products, answered from the snapshot alone.

mod search_products;

use aws_sdk_s3::Client as S3;
use axum::Router;
use babyshield::{
    config::Settings,
    http::{CursorKey, described, snapshot::SearchSnapshot},
    runtime::{Error, Start},
    search::SnapshotBucket,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    bucket: String,
    cursor_secret: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let bucket = settings.required("BUCKET");
        let cursor_secret = settings.required("CURSOR_SECRET_ARN");
        Some(Self {
            bucket: bucket?,
            cursor_secret: cursor_secret?,
        })
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    index: SearchSnapshot,
}

impl App {
    /// Connects the snapshot.
    pub fn new(start: &Start, config: Config) -> Result<Self, Error> {
        let bucket = SnapshotBucket::new(S3::new(&start.sdk), config.bucket);
        let cursors = CursorKey::new(&start.sdk, config.cursor_secret);
        let index = SearchSnapshot::new(
            bucket,
            start.scratch("search"),
            cursors,
            start.clock.clone(),
        )?;
        Ok(Self { index })
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_products::search_products))
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    routes().with_state(app).into()
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    described(routes().into_openapi(), &[])
}
