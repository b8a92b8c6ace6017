//! Adds changed recalls to the search index.
//!
//! All messages of one delivery become one generation. A message that is no job fails alone; when
//! the records cannot be read or the generation cannot be published, every good message fails, and
//! comes again. Doing a job twice changes nothing.

mod worker;

use std::collections::{BTreeSet, HashMap};

use babyshield::{
    domain::recall::{Recall, RecallId},
    messages::Message,
    search::{
        SnapshotError,
        snapshot::Manifest,
        writer::{Batch, SnapshotWriter},
    },
    stores::jobs::{self, IndexJob},
};
use jiff::Timestamp;

pub use worker::{App, Config};

/// What became of a delivery.
#[derive(Debug)]
pub struct Outcome {
    /// The generation that was published; absent when there was nothing to do or it failed.
    pub published: Option<Manifest>,
    /// Messages that are to come again.
    pub failed: Vec<String>,
}

/// Why no generation was published.
#[derive(Debug, thiserror::Error)]
enum Failure<E: std::error::Error + 'static> {
    #[error("the records of changed recalls were not read")]
    Load(#[source] E),
    #[error("the store answered {answered} of {asked} recalls")]
    Unanswered { asked: usize, answered: usize },
    #[error("no generation was published")]
    Publish(#[from] SnapshotError),
}

/// Applies all messages as one generation.
///
/// `load` returns the current record and version of every recall it is asked for, `None` for one
/// that is no more; it is called after the base has been noted, so that what is published is never
/// older than what it replaces. The caller holds the writer's lease.
pub async fn apply<E>(
    writer: &SnapshotWriter,
    messages: &[Message],
    load: impl AsyncFn(&[RecallId]) -> Result<Vec<(RecallId, Option<(Recall, u32)>)>, E>,
    now: Timestamp,
) -> Outcome
where
    E: std::error::Error + 'static,
{
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    let mut wanted = BTreeSet::new();
    for message in messages {
        match jobs::parse::<IndexJob>(&message.body) {
            Ok(job) => {
                let IndexJob::IndexRecalls { recalls } = job.kind;
                tracing::info!(request.id = job.request_id, job.id = %job.id, recalls = recalls.len(), "job taken");
                wanted.extend(recalls);
                good.push(message.id.clone());
            }
            Err(error) => {
                tracing::error!(message.id, error = ?error, "a message of the index queue is no job");
                failed.push(message.id.clone());
            }
        }
    }
    if wanted.is_empty() {
        return Outcome {
            published: None,
            failed,
        };
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    match publish(writer, &wanted, load, now).await {
        Ok(manifest) => {
            tracing::info!(
                index.generation = manifest.generation,
                index.recalls = manifest.recalls,
                index.changed = wanted.len(),
                "a generation of the search index is published"
            );
            Outcome {
                published: Some(manifest),
                failed,
            }
        }
        Err(error) => {
            tracing::error!(error = ?error, "changed recalls were not added to the search index");
            failed.extend(good);
            Outcome {
                published: None,
                failed,
            }
        }
    }
}

async fn publish<E>(
    writer: &SnapshotWriter,
    wanted: &[RecallId],
    load: impl AsyncFn(&[RecallId]) -> Result<Vec<(RecallId, Option<(Recall, u32)>)>, E>,
    now: Timestamp,
) -> Result<Manifest, Failure<E>>
where
    E: std::error::Error + 'static,
{
    let base = writer.begin().await?;
    let loaded = load(wanted).await.map_err(Failure::Load)?;
    let mut records: HashMap<_, _> = loaded.into_iter().collect();
    let mut batch = Batch::default();
    for id in wanted {
        match records.remove(id) {
            Some(Some(record)) => batch.upserts.push(record),
            Some(None) => batch.removals.push(id.clone()),
            // Silence is not absence: taking it for a removal would lose a recall.
            None => {
                return Err(Failure::Unanswered {
                    asked: wanted.len(),
                    answered: batch.upserts.len() + batch.removals.len(),
                });
            }
        }
    }
    Ok(writer.publish(base, batch, now).await?)
}

#[cfg(test)]
mod tests;
