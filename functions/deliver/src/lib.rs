//! Sends what is to be sent: for now, e-mail.

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use babyshield::{
    clock::Clock,
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
    /// The queue `deliver`.
    pub deliver_queue: String,
    /// The secret that signs links.
    pub link_secret: String,
    /// Where clients reach the API.
    pub public_url: String,
    /// Where links lead instead, when an app answers them.
    pub app_url: Option<String>,
    /// The address that messages come from.
    pub mail_from: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let accounts_table = settings.required("ACCOUNTS_TABLE");
        let deliver_queue = settings.required("DELIVER_QUEUE_URL");
        let link_secret = settings.required("CURSOR_SECRET_ARN");
        let public_url = settings.required("PUBLIC_URL");
        let app_url = settings.optional("APP_URL");
        let mail_from = settings.required("MAIL_FROM");
        settings.optional::<String>("ENVIRONMENT");
        Some(Self {
            accounts_table: accounts_table?,
            deliver_queue: deliver_queue?,
            link_secret: link_secret?,
            public_url: public_url?,
            app_url,
            mail_from: mail_from?,
        })
    }
}

/// The worker.
#[derive(Clone)]
pub struct App {
    accounts: Accounts,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        Self {
            accounts: Accounts::new(Dynamo::new(&start.sdk), &config.accounts_table),
            clock: start.clock.clone(),
            config: Arc::new(config),
        }
    }

    /// Handles one event: a batch of jobs, or an order of a schedule.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        Err(format!("there is no such order: {event}").into())
    }
}
