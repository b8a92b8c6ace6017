//! What operators do to accounts: the first administrator, imports, the keys that sign tokens.
//!
//! Nothing of it is reachable through the gateway: whoever may invoke the function is an operator.

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    runtime::{Error, Start},
    stores::accounts::Accounts,
};
use serde_json::Value;

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table `accounts`.
    pub accounts_table: String,
    /// The table `ledger`.
    pub ledger_table: String,
    /// The bucket.
    pub bucket: String,
    /// The secret with the keys that sign access tokens.
    pub token_secret: String,
    /// How long an access token lives, in minutes.
    pub access_minutes: i64,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let accounts_table = settings.required("ACCOUNTS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let bucket = settings.required("BUCKET");
        let token_secret = settings.required("TOKEN_SECRET_ARN");
        let access_minutes = settings.required("ACCESS_TOKEN_EXPIRE_MINUTES");
        settings.optional::<String>("ENVIRONMENT");
        Some(Self {
            accounts_table: accounts_table?,
            ledger_table: ledger_table?,
            bucket: bucket?,
            token_secret: token_secret?,
            access_minutes: access_minutes?,
        })
    }
}

/// The worker.
#[derive(Clone)]
pub struct App {
    accounts: Accounts,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    config: Arc<Config>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        Self {
            accounts: Accounts::new(Dynamo::new(&start.sdk), &config.accounts_table),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
            config: Arc::new(config),
        }
    }

    /// Carries out one order.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        Err(format!("there is no such order: {event}").into())
    }
}
