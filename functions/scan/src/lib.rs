//! Verdicts on scanned products.

mod check_barcode;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use axum::Router;
use babyshield::{
    clock::Clock,
    config::Settings,
    http::described,
    runtime::Start,
    stores::{lookup::Lookup, recalls::RecallStore},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    recalls_table: String,
    products_table: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let recalls_table = settings.required("RECALLS_TABLE");
        let products_table = settings.required("PRODUCTS_TABLE");
        Some(Self {
            recalls_table: recalls_table?,
            products_table: products_table?,
        })
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    lookup: Lookup,
    recalls: RecallStore,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        let dynamo = Dynamo::new(&start.sdk);
        Self {
            recalls: RecallStore::new(dynamo.clone(), &config.recalls_table),
            lookup: Lookup::new(dynamo, config.recalls_table, config.products_table),
            clock: start.clock.clone(),
        }
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(check_barcode::check_barcode))
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    routes().with_state(app).into()
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    described(routes().into_openapi(), &[])
}
