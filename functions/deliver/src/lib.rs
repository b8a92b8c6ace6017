//! Sends what is to be sent: for now, e-mail.
//!
//! Two kinds of event reach it: the order of a schedule (`{"kind": "sweep"}`), and batches of jobs from
//! the queue `deliver`, each of which names a message in the table `accounts`.

mod mail;
mod rendering;
mod send;
mod sweep;
mod words;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_sqs::Client as Sqs;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    domain::account::Email,
    messages,
    runtime::{Error, Start, chain},
    stores::{
        accounts::{Accounts, LinkKeys},
        jobs::Queue,
    },
};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{mail::Mail, rendering::Origin};

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
    pub mail_from: Email,
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
    queue: Queue,
    links: LinkKeys,
    origin: Arc<Origin>,
    mail: Mail,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// What a schedule or an operator asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    /// Name messages to the queue whose mark stands too long.
    Sweep {},
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        Self {
            accounts: Accounts::new(Dynamo::new(&start.sdk), &config.accounts_table),
            queue: Queue::new(Sqs::new(&start.sdk), &config.deliver_queue),
            links: LinkKeys::new(&start.sdk, &config.link_secret),
            origin: Arc::new(Origin::new(&config.public_url, config.app_url.as_deref())),
            mail: Mail::new(&start.sdk, &config.mail_from),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
        }
    }

    /// Handles one event: a batch of jobs, or an order of a schedule.
    ///
    /// A batch never fails as a whole: the answer names the messages that go back to the queue. They are
    /// sent side by side, so that one that the mail service is slow about does not use up the others' time.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        let Some(batch) = messages::of(&event) else {
            return self.obey(event).await;
        };
        let work = batch?.into_iter().map(async |message| {
            let error = self.work(&message.body).await.err()?;
            tracing::error!(
                message.id = message.id,
                cause = chain(&*error),
                "job failed"
            );
            Some(message.id)
        });
        let failed: Vec<_> = join_all(work).await.into_iter().flatten().collect();
        Ok(messages::failed(&failed))
    }

    async fn obey(&self, event: Value) -> Result<Value, Error> {
        match serde_json::from_value(event)? {
            Order::Sweep {} => {
                let named = self.sweep().await?;
                Ok(json!({"named": named}))
            }
        }
    }
}
