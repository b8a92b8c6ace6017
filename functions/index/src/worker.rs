//! The worker around [`apply`]: its settings, the writer's lease, the recalls' store.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    domain::recall::{Recall, RecallId},
    messages, metrics,
    runtime::{Error, Start},
    search::{SnapshotBucket, writer::SnapshotWriter},
    stores::{
        StoreError,
        ledger::{Lease, Ledger},
        recalls::RecallStore,
    },
};
use serde_json::Value;

use crate::apply;

/// The name of the writer's lease.
const LEASE: &str = "index";
/// How long a writer that died is waited for, in seconds: longer than the function may run.
const LEASE_SECONDS: i64 = 330;
/// How long a worker waits for the one before it, before its messages go back to the queue.
const WAIT_FOR_LEASE: Duration = Duration::from_secs(130);
/// What fetched files may take of the temporary directory, in bytes.
const DISK: u64 = 300_000_000;

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table `recalls`.
    pub recalls_table: String,
    /// The table `ledger`.
    pub ledger_table: String,
    /// The bucket.
    pub bucket: String,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let recalls_table = settings.required("RECALLS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let bucket = settings.required("BUCKET");
        settings.optional::<String>("ENVIRONMENT");
        Some(Self {
            recalls_table: recalls_table?,
            ledger_table: ledger_table?,
            bucket: bucket?,
        })
    }
}

/// The worker.
#[derive(Clone)]
pub struct App {
    recalls: RecallStore,
    ledger: Ledger,
    writer: Arc<SnapshotWriter>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Result<Self, Error> {
        let dynamo = Dynamo::new(&start.sdk);
        let bucket = SnapshotBucket::new(S3::new(&start.sdk), config.bucket);
        let writer = SnapshotWriter::open(bucket, &start.scratch("index"), DISK)?;
        Ok(Self {
            recalls: RecallStore::new(dynamo.clone(), config.recalls_table),
            ledger: Ledger::new(dynamo, config.ledger_table),
            writer: Arc::new(writer),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
        })
    }

    /// Handles one delivery of the queue `index`.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        let batch = messages::of(&event).ok_or("not a delivery of a queue")??;
        let lease = self.lease().await?.ok_or("another writer is at work")?;
        let outcome = apply(
            &self.writer,
            &batch,
            async |ids| self.load(ids).await,
            self.clock.now(),
        )
        .await;
        self.ledger.release(&lease).await?;
        if let Some(manifest) = &outcome.published {
            metrics::emit(
                self.clock.now(),
                &[("worker", "index")],
                &[
                    ("index_generations", "Count", 1.0),
                    ("index_recalls", "Count", manifest.recalls as f64),
                ],
            );
        }
        Ok(messages::failed(&outcome.failed))
    }

    /// Takes the lease, waiting a while for the worker before this one: sent back, the messages
    /// would be out of sight for many minutes.
    async fn lease(&self) -> Result<Option<Lease>, StoreError> {
        let owner = self.ids.new_id().to_string();
        self.ledger
            .lease_within(LEASE, &owner, LEASE_SECONDS, WAIT_FOR_LEASE, &*self.clock)
            .await
    }

    async fn load(
        &self,
        ids: &[RecallId],
    ) -> Result<Vec<(RecallId, Option<(Recall, u32)>)>, StoreError> {
        let mut stored = self.recalls.find_many(ids).await?;
        let record = |id: &RecallId| {
            let record = stored
                .remove(id)
                .map(|stored| (stored.recall, stored.version));
            (id.clone(), record)
        };
        Ok(ids.iter().map(record).collect())
    }
}
