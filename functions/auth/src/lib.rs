//! Who is asking: accounts, sessions, keys, and the staff's view of them.

mod messages;
mod occasion;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_sqs::Client as Sqs;
use axum::Router;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    http::CursorKey,
    runtime::Start,
    stores::{accounts::Accounts, jobs::Queue},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    accounts_table: String,
    ledger_table: String,
    deliver_queue: String,
    cursor_secret: String,
    token_secret: String,
    public_url: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let accounts_table = settings.required("ACCOUNTS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let deliver_queue = settings.required("DELIVER_QUEUE_URL");
        let cursor_secret = settings.required("CURSOR_SECRET_ARN");
        let token_secret = settings.required("TOKEN_SECRET_ARN");
        let public_url = settings.required("PUBLIC_URL");
        Some(Self {
            accounts_table: accounts_table?,
            ledger_table: ledger_table?,
            deliver_queue: deliver_queue?,
            cursor_secret: cursor_secret?,
            token_secret: token_secret?,
            public_url: public_url?,
        })
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    accounts: Accounts,
    deliver: Queue,
    cursors: CursorKey,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    config: Arc<Config>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        let dynamo = Dynamo::new(&start.sdk);
        Self {
            accounts: Accounts::new(dynamo, &config.accounts_table),
            deliver: Queue::new(Sqs::new(&start.sdk), &config.deliver_queue),
            cursors: CursorKey::new(&start.sdk, config.cursor_secret.clone()),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
            config: Arc::new(config),
        }
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    routes().with_state(app).into()
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}
