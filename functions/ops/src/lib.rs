//! Health, documentation, and the answer to everything that no other function serves.

mod docs;
mod health;
mod probes;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use aws_sdk_secretsmanager::Client as Secrets;
use aws_sdk_sqs::Client as Sqs;
use axum::Router;
use babyshield::{
    clock::Clock, config::Settings, http::described, runtime::Start, stores::agencies::AgencyStore,
};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    recalls_table: String,
    products_table: String,
    bucket: String,
    sync_queue: String,
    index_queue: String,
    cursor_secret: String,
    environment: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let recalls_table = settings.required("RECALLS_TABLE");
        let products_table = settings.required("PRODUCTS_TABLE");
        let bucket = settings.required("BUCKET");
        let sync_queue = settings.required("SYNC_QUEUE_URL");
        let index_queue = settings.required("INDEX_QUEUE_URL");
        let cursor_secret = settings.required("CURSOR_SECRET_ARN");
        let environment = settings.required("ENVIRONMENT");
        Some(Self {
            recalls_table: recalls_table?,
            products_table: products_table?,
            bucket: bucket?,
            sync_queue: sync_queue?,
            index_queue: index_queue?,
            cursor_secret: cursor_secret?,
            environment: environment?,
        })
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    dynamo: Dynamo,
    s3: S3,
    sqs: Sqs,
    secrets: Secrets,
    agencies: AgencyStore,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
}

impl App {
    /// Connects the clients.
    pub fn new(start: &Start, config: Config) -> Self {
        let dynamo = Dynamo::new(&start.sdk);
        Self {
            agencies: AgencyStore::new(dynamo.clone(), &config.recalls_table),
            dynamo,
            s3: S3::new(&start.sdk),
            sqs: Sqs::new(&start.sdk),
            secrets: Secrets::new(&start.sdk),
            clock: start.clock.clone(),
            config: Arc::new(config),
        }
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_ready))
        .routes(routes!(health::get_health_detail))
        .merge(docs::routes())
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    routes().with_state(app).into()
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    described(routes().into_openapi(), &[])
}
