//! Jobs on the queues. A message names things, it does not carry them.

use aws_sdk_sqs::{Client, types::MessageAttributeValue, types::SendMessageBatchRequestEntry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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

/// Jobs of the worker `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliverJob {
    /// Send a message that the table `accounts` holds.
    SendAccountMessage {
        /// The message.
        message: Uuid,
    },
}

/// Why a message is no job.
#[derive(Debug, thiserror::Error)]
pub enum BadJob {
    /// Not JSON, or not of the shape.
    #[error("not a job of this queue")]
    Shape(#[from] serde_json::Error),
    /// A format that this program does not know.
    #[error("message format {0} is not {FORMAT}")]
    Format(u32),
    /// No recalls, or too many.
    #[error("a job names 1 to {RECALLS_PER_MESSAGE} recalls, this one {0}")]
    Count(usize),
}

/// A kind of job, as one queue carries them.
pub trait Kind: DeserializeOwned + Serialize {
    /// Refuses what has the right shape and makes no sense.
    fn check(&self) -> Result<(), BadJob> {
        Ok(())
    }
}

impl Kind for SyncJob {}

impl Kind for DeliverJob {}

impl Kind for IndexJob {
    fn check(&self) -> Result<(), BadJob> {
        let Self::IndexRecalls { recalls } = self;
        match recalls.len() {
            1..=RECALLS_PER_MESSAGE => Ok(()),
            count => Err(BadJob::Count(count)),
        }
    }
}

/// Reads a message's body. The format is looked at first, so that a newer one is named as such.
pub fn parse<K: Kind>(body: &str) -> Result<Job<K>, BadJob> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    let Head { v } = serde_json::from_str(body)?;
    if v != u32::from(FORMAT) {
        return Err(BadJob::Format(v));
    }
    let job: Job<K> = serde_json::from_str(body)?;
    job.kind.check()?;
    Ok(job)
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
    pub async fn send<K: Kind>(&self, jobs: &[Job<K>]) -> Result<(), StoreError> {
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
                let asked = left.len();
                left.retain(|entry| {
                    answer
                        .failed()
                        .iter()
                        .any(|failed| failed.id() == entry.id())
                });
                if left.is_empty() {
                    break;
                }
                // A batch of which some is taken each time is slow, and no standstill.
                if left.len() == asked {
                    tries += 1;
                    if tries == 5 {
                        return Err(StoreError::Busy("messages stayed unsent".into()));
                    }
                }
                backoff(tries.max(1)).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(v: u32, kind: &str, recalls: &[&str]) -> String {
        serde_json::json!({
            "v": v, "kind": kind, "id": Uuid::nil(), "request_id": "r", "at": "2026-01-01T00:00:00Z", "recalls": recalls,
        })
        .to_string()
    }

    #[test]
    fn a_job_is_a_flat_object_and_reads_back() {
        let job = Job {
            v: FORMAT,
            kind: SyncJob::ImportCatalogue {
                key: "catalogue/demo.csv".into(),
            },
            id: Uuid::nil(),
            request_id: "r".into(),
            at: Timestamp::UNIX_EPOCH,
        };
        let json = serde_json::json!({
            "v": 1, "kind": "import_catalogue", "key": "catalogue/demo.csv", "id": Uuid::nil(),
            "request_id": "r", "at": "1970-01-01T00:00:00Z",
        });
        assert_eq!(serde_json::to_value(&job).unwrap(), json);
        assert_eq!(parse::<SyncJob>(&json.to_string()).unwrap(), job);
    }

    #[test]
    fn what_is_no_job_is_refused_with_its_reason() {
        for broken in [
            "",
            "{",
            "[]",
            "null",
            "\u{0}",
            r#"{"v":1}"#,
            r#"{"v":"1","kind":"index_recalls"}"#,
        ] {
            assert!(
                matches!(parse::<IndexJob>(broken), Err(BadJob::Shape(_))),
                "{broken:?}"
            );
        }
        for odd in [
            body(1, "dance", &["us-cpsc:1"]),
            body(1, "index_recalls", &["nobody:1"]),
        ] {
            assert!(
                matches!(parse::<IndexJob>(&odd), Err(BadJob::Shape(_))),
                "{odd}"
            );
        }
        let newer = body(2, "index_recalls", &["us-cpsc:1"]);
        assert!(matches!(parse::<IndexJob>(&newer), Err(BadJob::Format(2))));
        for count in [0, 101] {
            let odd = body(1, "index_recalls", &vec!["us-cpsc:1"; count]);
            assert!(matches!(parse::<IndexJob>(&odd), Err(BadJob::Count(found)) if found == count));
        }
        parse::<IndexJob>(&body(1, "index_recalls", &["us-cpsc:1"; 100])).unwrap();
    }
}
