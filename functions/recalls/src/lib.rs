//! Recalls and agencies, read: single records from the table, lists from the search snapshot.

mod agencies;
mod get_recall;
mod get_version;
mod list_recalls;
mod view;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use axum::Router;
use babyshield::{
    clock::Clock,
    config::Settings,
    http::{CursorKey, described, snapshot::SearchSnapshot},
    runtime::{Error, Start},
    search::SnapshotBucket,
    stores::{agencies::AgencyStore, recalls::RecallStore},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    recalls_table: String,
    bucket: String,
    cursor_secret: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let recalls_table = settings.required("RECALLS_TABLE");
        let bucket = settings.required("BUCKET");
        let cursor_secret = settings.required("CURSOR_SECRET_ARN");
        Some(Self {
            recalls_table: recalls_table?,
            bucket: bucket?,
            cursor_secret: cursor_secret?,
        })
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    recalls: RecallStore,
    agencies: AgencyStore,
    index: SearchSnapshot,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Result<Self, Error> {
        let dynamo = Dynamo::new(&start.sdk);
        let bucket = SnapshotBucket::new(S3::new(&start.sdk), config.bucket);
        let cursors = CursorKey::new(&start.sdk, config.cursor_secret);
        Ok(Self {
            recalls: RecallStore::new(dynamo.clone(), &config.recalls_table),
            agencies: AgencyStore::new(dynamo, config.recalls_table),
            index: SearchSnapshot::new(
                bucket,
                start.scratch("recalls"),
                cursors,
                start.clock.clone(),
            )?,
            clock: start.clock.clone(),
        })
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_recalls::list_recalls))
        .routes(routes!(get_recall::get_recall))
        .routes(routes!(get_version::get_recall_version))
        .routes(routes!(agencies::list_agencies))
        .routes(routes!(agencies::get_agency))
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    routes().with_state(app).into()
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    described(routes().into_openapi(), &[])
}
