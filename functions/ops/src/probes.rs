//! Asks each dependency, by name, whether it answers.

use std::{fmt::Debug, time::Instant};

use babyshield::runtime::chain;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The pointer to the search index in force, as `lib/src/search/snapshot.rs` names it; listed and not
/// read, for that tells a missing object from a refusal.
const POINTER: &str = "search/v1/current.json";

/// A dependency and its answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Dependency {
    /// What it is: a table, a queue, the bucket, the secret.
    #[schema(examples("table recalls"))]
    pub(crate) name: &'static str,
    /// Whether it answers.
    pub(crate) up: bool,
    /// How long it took, in milliseconds.
    pub(crate) duration_ms: f64,
}

impl App {
    /// Asks all of them at once.
    pub(crate) async fn probe(&self) -> Vec<Dependency> {
        let config = &self.config;
        let (recalls, products, bucket, search, sync, index, secret) = tokio::join!(
            timed("table recalls", async {
                let key = babyshield::stores::keys::coverage();
                self.dynamo
                    .get_item()
                    .table_name(&config.recalls_table)
                    .set_key(Some(key.into_item()))
                    .send()
                    .await
                    .map_err(|error| chain(&error))
            }),
            timed("table products", async {
                let key = babyshield::stores::keys::coverage();
                self.dynamo
                    .get_item()
                    .table_name(&config.products_table)
                    .set_key(Some(key.into_item()))
                    .send()
                    .await
                    .map_err(|error| chain(&error))
            }),
            timed("bucket", async {
                self.s3
                    .list_objects_v2()
                    .bucket(&config.bucket)
                    .prefix("search/")
                    .max_keys(1)
                    .send()
                    .await
                    .map_err(|error| chain(&error))
            }),
            timed("search index", self.pointer()),
            timed("queue sync", self.queue(&config.sync_queue)),
            timed("queue index", self.queue(&config.index_queue)),
            timed("secret", async {
                self.secrets
                    .describe_secret()
                    .secret_id(&config.cursor_secret)
                    .send()
                    .await
                    .map_err(|error| chain(&error))
            }),
        );
        vec![recalls, products, bucket, search, sync, index, secret]
    }

    /// Looks for the pointer to the search index in force. Before any feed has been fetched there is
    /// none, and that is as it should be; afterwards lists cannot be answered without it.
    async fn pointer(&self) -> Result<(), String> {
        let found = self
            .s3
            .list_objects_v2()
            .bucket(&self.config.bucket)
            .prefix(POINTER)
            .max_keys(1)
            .send()
            .await
            .map_err(|error| chain(&error))?;
        if !found.contents().is_empty() {
            return Ok(());
        }
        let rows = self
            .agencies
            .coverage()
            .await
            .map_err(|error| chain(&error))?;
        if rows.iter().any(|(_, row)| row.last_success.is_some()) {
            return Err("recalls have been fetched, but there is no search index".into());
        }
        Ok(())
    }

    async fn queue(&self, url: &str) -> Result<impl Debug, String> {
        self.sqs
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages)
            .send()
            .await
            .map_err(|error| chain(&error))
    }
}

async fn timed<T>(name: &'static str, call: impl Future<Output = Result<T, String>>) -> Dependency {
    let begun = Instant::now();
    let outcome = call.await;
    if let Err(cause) = &outcome {
        tracing::error!(dependency = name, cause, "dependency does not answer");
    }
    Dependency {
        name,
        up: outcome.is_ok(),
        duration_ms: (begun.elapsed().as_secs_f64() * 100_000.0).round() / 100.0,
    }
}
