//! What operators do to accounts: the first administrator, imports, the keys that sign tokens.
//!
//! Nothing of it is reachable through the gateway: whoever may invoke the function is an operator.

mod happened;
mod import;
mod make_admin;
mod master_token;
mod orders;
mod revoke_key;
mod rotation;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use aws_sdk_secretsmanager::Client as Secrets;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    runtime::{Error, Start},
    stores::{accounts::Accounts, imports::Imports, key_set::KeySets},
};
use serde_json::Value;

use crate::{orders::Order, rotation::Step};

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
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let accounts_table = settings.required("ACCOUNTS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let bucket = settings.required("BUCKET");
        let token_secret = settings.required("TOKEN_SECRET_ARN");
        settings.optional::<String>("ENVIRONMENT");
        Some(Self {
            accounts_table: accounts_table?,
            ledger_table: ledger_table?,
            bucket: bucket?,
            token_secret: token_secret?,
        })
    }
}

/// The worker.
#[derive(Clone)]
pub struct App {
    accounts: Accounts,
    imports: Imports,
    key_sets: KeySets,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    config: Arc<Config>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        let dynamo = Dynamo::new(&start.sdk);
        Self {
            key_sets: KeySets::new(dynamo.clone(), &config.accounts_table),
            accounts: Accounts::new(dynamo, &config.accounts_table),
            imports: Imports::new(S3::new(&start.sdk), &config.bucket),
            secrets: Secrets::new(&start.sdk),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
            config: Arc::new(config),
        }
    }

    /// Carries out one order, or one step of the rotation that Secrets Manager goes through.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        if event.get("Step").is_some() {
            let step: Step = serde_json::from_value(event)?;
            return self.take_step(&step).await;
        }
        match Order::of(event)? {
            Order::RotateKeys {} => self.rotate_keys().await,
            Order::RevokeKey { kid, end_sessions } => self.revoke_key(&kid, end_sessions).await,
            Order::MakeAdmin { email } => self.make_admin(&email).await,
            Order::SetMasterToken { addresses, days } => {
                self.set_master_token(&addresses, days).await
            }
            Order::ClearMasterToken {} => self.clear_master_token().await,
            Order::ImportUsers { key, seconds } => self.import_users(&key, seconds).await,
        }
    }
}
