//! The worker that brings recalls in: it plans what is due, fetches it, and stores what changed.
//!
//! Two kinds of event reach it: orders of schedules and operators (`{"kind": "plan"}`, `{"kind":
//! "sweep"}`, `{"kind": "reindex"}`), and batches of jobs from the queue `sync`.

mod announce;
mod apply;
mod catalogue;
mod each;
mod fetch;
mod pages;
mod plan;
mod reindex;
mod slice;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use aws_sdk_sqs::Client as Sqs;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    domain::{agency::AgencyKey, feed_state::Slice},
    messages,
    runtime::{Error, Start, chain},
    stores::{
        agencies::AgencyStore,
        jobs::{self, FORMAT, Job, Queue, SyncJob},
        ledger::Ledger,
        payloads::Payloads,
        products::ProductStore,
        recalls::RecallStore,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::Instrument;

use crate::fetch::Fetcher;
pub use crate::fetch::Limits;

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table `recalls`.
    pub recalls_table: String,
    /// The table `products`.
    pub products_table: String,
    /// The table `ledger`.
    pub ledger_table: String,
    /// The bucket.
    pub bucket: String,
    /// The queue `sync`.
    pub sync_queue: String,
    /// The queue `index`.
    pub index_queue: String,
    /// Where feeds are fetched instead of their own hosts; the agencies' real addresses when absent.
    pub feed_origin: Option<String>,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let recalls_table = settings.required("RECALLS_TABLE");
        let products_table = settings.required("PRODUCTS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let bucket = settings.required("BUCKET");
        let sync_queue = settings.required("SYNC_QUEUE_URL");
        let index_queue = settings.required("INDEX_QUEUE_URL");
        let feed_origin = settings.optional("FEED_ORIGIN");
        settings.optional::<String>("ENVIRONMENT");
        Some(Self {
            recalls_table: recalls_table?,
            products_table: products_table?,
            ledger_table: ledger_table?,
            bucket: bucket?,
            sync_queue: sync_queue?,
            index_queue: index_queue?,
            feed_origin,
        })
    }
}

/// The worker.
#[derive(Clone)]
pub struct App {
    recalls: RecallStore,
    agencies: AgencyStore,
    products: ProductStore,
    ledger: Ledger,
    payloads: Payloads,
    sync_queue: Queue,
    index_queue: Queue,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// What a schedule or an operator asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    /// Send jobs for what is due.
    Plan(plan::PlanOrder),
    /// Announce what was stored and not announced.
    Sweep {},
    /// Name every stored recall to the index again.
    Reindex {
        /// Only this agency's.
        #[serde(default)]
        agency: Option<AgencyKey>,
    },
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Result<Self, Error> {
        Self::with_limits(start, config, Limits::default())
    }

    /// Connects the stores and fetches within other limits than the usual ones.
    pub fn with_limits(start: &Start, config: Config, limits: Limits) -> Result<Self, Error> {
        let dynamo = Dynamo::new(&start.sdk);
        let sqs = Sqs::new(&start.sdk);
        Ok(Self {
            recalls: RecallStore::new(dynamo.clone(), &config.recalls_table),
            agencies: AgencyStore::new(dynamo.clone(), &config.recalls_table),
            products: ProductStore::new(dynamo.clone(), config.products_table),
            ledger: Ledger::new(dynamo, config.ledger_table),
            payloads: Payloads::new(S3::new(&start.sdk), config.bucket),
            sync_queue: Queue::new(sqs.clone(), config.sync_queue),
            index_queue: Queue::new(sqs, config.index_queue),
            fetcher: Fetcher::new(config.feed_origin, limits),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
        })
    }

    /// Handles one event: a batch of jobs, or an order of a schedule.
    ///
    /// A batch never fails as a whole: the answer names the messages that go back to the queue.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        match messages::of(&event) {
            None => self.obey(event).await,
            Some(batch) => {
                let mut failed = Vec::new();
                for message in batch? {
                    if let Err(error) = self.work(&message.body).await {
                        tracing::error!(
                            message.id = message.id,
                            cause = chain(&*error),
                            "job failed"
                        );
                        failed.push(message.id);
                    }
                }
                Ok(messages::failed(&failed))
            }
        }
    }

    async fn obey(&self, event: Value) -> Result<Value, Error> {
        match serde_json::from_value(event)? {
            Order::Plan(order) => {
                let jobs = self.plan(&order).await?;
                Ok(json!({"jobs": jobs}))
            }
            Order::Sweep {} => {
                let announced = self.sweep().await?;
                Ok(json!({"announced": announced}))
            }
            Order::Reindex { agency } => {
                let recalls = self.reindex(agency).await?;
                Ok(json!({"recalls": recalls}))
            }
        }
    }

    async fn work(&self, body: &str) -> Result<(), Error> {
        let job = jobs::parse::<SyncJob>(body)?;
        // Every line that follows carries the identifier of the request that caused it.
        let span = tracing::info_span!("job", request.id = job.request_id, job.id = %job.id);
        self.carry_out(job).instrument(span).await
    }

    async fn carry_out(&self, job: Job<SyncJob>) -> Result<(), Error> {
        match job.kind {
            SyncJob::SyncAgency {
                agency,
                parts,
                window,
                accept,
                full,
            } => {
                let task = slice::Task {
                    agency,
                    slice: Slice { parts, window },
                    accept,
                    full,
                    request_id: job.request_id,
                };
                self.sync_slice(&task).await
            }
            SyncJob::ImportCatalogue { key } => self.import_catalogue(&key).await,
        }
    }

    fn job<K>(&self, kind: K, request_id: &str) -> Job<K> {
        Job {
            v: FORMAT,
            kind,
            id: self.ids.new_id(),
            request_id: request_id.to_owned(),
            at: self.clock.now(),
        }
    }
}

/// The dimension under which an agency's metrics are filed.
fn dimension(agency: AgencyKey) -> [(&'static str, &'static str); 1] {
    [("agency", agency.as_str())]
}
