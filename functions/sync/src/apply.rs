//! Stores the recalls of a window: what is new or changed becomes a version, the rest stays as it is.

use std::time::Duration;

use babyshield::{
    domain::{
        posting::postings,
        recall::{Recall, content_hash},
    },
    feeds::Adapter,
    stores::{StoreError, recalls::StoredRecall},
};

use crate::{App, each::each, slice::Task};

/// Recalls that are read, written and announced together.
const CHUNK: usize = 100;
/// How often a recall is decided anew because somebody else wrote it meanwhile.
const RACES: u32 = 5;

/// What became of the recalls.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) new: u32,
    pub(crate) changed: u32,
    pub(crate) unchanged: u32,
    /// Those that the store could not take, each with its reason.
    pub(crate) refused: Vec<String>,
}

enum Outcome {
    Written(Box<StoredRecall>),
    Unannounced(Box<StoredRecall>),
    Unchanged,
    Refused(String),
}

impl App {
    /// Applies the recalls. Done again, it changes nothing; done again after a crash, it finishes
    /// what was begun. Where the store fails for some, the others are applied all the same before
    /// the error is returned, so that every try has less to do.
    pub(crate) async fn apply(
        &self,
        task: &Task,
        adapter: &dyn Adapter,
        recalls: Vec<Recall>,
        raw_ref: &str,
    ) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let mut failure = None;
        let mut recalls = recalls.into_iter().peekable();
        while recalls.peek().is_some() {
            let chunk: Vec<_> = recalls.by_ref().take(CHUNK).collect();
            let ids: Vec<_> = chunk.iter().map(|recall| recall.id.clone()).collect();
            let mut stored = self.recalls.find_many(&ids).await?;
            let chunk = chunk.into_iter().map(|recall| {
                let before = stored.remove(&recall.id);
                (recall, before)
            });
            let decided = each(chunk, |(recall, before)| {
                self.apply_one(task, adapter, recall, before, raw_ref)
            })
            .await;
            failure = failure.or(decided.error);
            let mut to_announce = Vec::new();
            for outcome in decided.outcomes {
                match outcome {
                    Outcome::Written(stored) => {
                        if stored.version == 1 {
                            applied.new += 1;
                        } else {
                            applied.changed += 1;
                        }
                        to_announce.push(*stored);
                    }
                    Outcome::Unannounced(stored) => {
                        applied.unchanged += 1;
                        to_announce.push(*stored);
                    }
                    Outcome::Unchanged => applied.unchanged += 1,
                    Outcome::Refused(reason) => applied.refused.push(reason),
                }
            }
            let announced = self.announce(&to_announce, &task.request_id).await;
            failure = failure.or(announced.err());
            if decided.given_up {
                break;
            }
        }
        failure.map_or(Ok(applied), Err)
    }

    async fn apply_one(
        &self,
        task: &Task,
        adapter: &dyn Adapter,
        incoming: Recall,
        mut before: Option<StoredRecall>,
        raw_ref: &str,
    ) -> Result<Outcome, StoreError> {
        for _ in 0..RACES {
            let merged = match &before {
                None => incoming.clone(),
                Some(before) => {
                    match adapter.merge(&before.recall, incoming.clone(), task.slice.window) {
                        Some(merged) => merged,
                        None => return Ok(Outcome::unchanged(before)),
                    }
                }
            };
            let hash = content_hash(&merged);
            if let Some(before) = before.as_ref().filter(|before| before.hash == hash) {
                return Ok(Outcome::unchanged(before));
            }
            let id = merged.id.clone();
            let version = before.as_ref().map_or(0, |before| before.version) + 1;
            let posted = postings(&merged, version).into_keys();
            let now = self.clock.now();
            let written = self
                .recalls
                .write(
                    merged,
                    hash,
                    raw_ref.to_owned(),
                    posted,
                    before.as_ref(),
                    now,
                )
                .await;
            match written {
                Ok(Some(stored)) => return Ok(Outcome::Written(Box::new(stored))),
                Ok(None) => {
                    // Two that met would meet again if both went on at once.
                    tokio::time::sleep(Duration::from_millis(rand::random_range(5..=50))).await;
                    let mut found = self.recalls.find_many(std::slice::from_ref(&id)).await?;
                    before = found.remove(&id);
                }
                Err(error @ StoreError::TooLarge(_)) => {
                    tracing::error!(recall.id = %id, cause = %error, "recall refused");
                    return Ok(Outcome::Refused(format!("{id}: {error}")));
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Busy(
            "a recall kept changing under the sync".into(),
        ))
    }
}

impl Outcome {
    fn unchanged(before: &StoredRecall) -> Self {
        if before.pending {
            Self::Unannounced(Box::new(before.clone()))
        } else {
            Self::Unchanged
        }
    }
}
