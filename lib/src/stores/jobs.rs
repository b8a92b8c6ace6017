//! Jobs on the queues. A message names things, it does not carry them.

use aws_sdk_sqs::{Client, types::MessageAttributeValue, types::SendMessageBatchRequestEntry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StoreError, backoff};
use crate::domain::{agency::AgencyKey, recall::RecallId, window::Window};

/// The version of the message format.
pub const FORMAT: u8 = 1;

/// The most recalls that one message names.
pub const RECALLS_PER_MESSAGE: usize = 100;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job<K> {
    /// The format, [`FORMAT`].
    pub v: u8,
    /// What is to be done.
    #[serde(flatten)]
    pub kind: K,
    /// The job's own identifier.
    pub id: Uuid,
    /// The request or schedule that caused it.
    pub request_id: String,
    /// When it was made.
    pub at: Timestamp,
}

/// Jobs of the worker `sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SyncJob {
    /// Fetch one window of an agency's feed and apply it.
    SyncAgency {
        /// The agency.
        agency: AgencyKey,
        /// The parts of its feed that are read together.
        parts: Vec<String>,
        /// The days.
        window: Window,
        /// Whether an operator has looked at a quarantined feed and accepts it as it is.
        #[serde(default)]
        accept: bool,
        /// Whether to fetch even what has not changed.
        #[serde(default)]
        full: bool,
    },
    /// Read a catalogue file that was put into the bucket.
    ImportCatalogue {
        /// The object's key, under `catalogue/`.
        key: String,
    },
}

/// Jobs of the worker `index`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IndexJob {
    /// Bring the index up to date with these recalls.
    IndexRecalls {
        /// The recalls, at most [`RECALLS_PER_MESSAGE`].
        recalls: Vec<RecallId>,
    },
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// Names the queue.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Sends messages, ten a call. Those that the queue refuses for the moment are sent again; an
    /// error means that some may have been sent and some not.
    pub async fn send<K: Serialize>(&self, jobs: &[Job<K>]) -> Result<(), StoreError> {
        for jobs in jobs.chunks(10) {
            let mut left = Vec::new();
            for (at, job) in jobs.iter().enumerate() {
                let body = serde_json::to_string(job)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                let request_id = MessageAttributeValue::builder()
                    .data_type("String")
                    .string_value(&job.request_id)
                    .build()
                    .map_err(|error| StoreError::Refused(error.into()))?;
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .message_body(body)
                    .message_attributes("request_id", request_id)
                    .build()
                    .map_err(|error| StoreError::Refused(error.into()))?;
                left.push(entry);
            }
            let mut tries = 0;
            while !left.is_empty() {
                let answer = self
                    .client
                    .send_message_batch()
                    .queue_url(&self.url)
                    .set_entries(Some(left.clone()))
                    .send()
                    .await?;
                left.retain(|entry| {
                    answer
                        .failed()
                        .iter()
                        .any(|failed| failed.id() == entry.id())
                });
                if !left.is_empty() {
                    tries += 1;
                    if tries == 5 {
                        return Err(StoreError::Busy("messages stayed unsent".into()));
                    }
                    backoff(tries).await;
                }
            }
        }
        Ok(())
    }
}
