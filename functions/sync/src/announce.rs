//! What follows a stored recall: it is filed under its identifiers, told to those who wait for it,
//! and its mark is taken off, in this order.

use babyshield::{
    domain::posting::postings,
    stores::{
        StoreError,
        jobs::{IndexJob, RECALLS_PER_MESSAGE},
        recalls::StoredRecall,
    },
};
use jiff::SignedDuration;

use crate::{App, each::each};

/// A mark that is younger than this belongs to a job at work.
const STANDS_TOO_LONG: SignedDuration = SignedDuration::from_mins(6);
/// Recalls that one sweep announces; the next one goes on.
const SWEEP_MOST: usize = 500;

impl App {
    /// Announces recalls whose mark stands. Repeating it is harmless. One that fails keeps its mark
    /// and holds up none of the others; the error says that there was one.
    pub(crate) async fn announce(
        &self,
        recalls: &[StoredRecall],
        request_id: &str,
    ) -> Result<(), StoreError> {
        let mut failure = None;
        for recalls in recalls.chunks(RECALLS_PER_MESSAGE) {
            let filed = each(recalls, async |stored: &StoredRecall| {
                let postings = postings(&stored.recall, stored.version);
                match self.recalls.file(stored, &postings).await {
                    // Trying again would not help, and must not hold up the agency.
                    Err(error @ StoreError::TooLarge(_)) => tracing::error!(
                        recall.id = %stored.recall.id, cause = %error, "recall not filed under every identifier"
                    ),
                    other => other?,
                }
                Ok((stored.recall.id.clone(), stored.version))
            })
            .await;
            failure = failure.or(filed.error);
            if !filed.outcomes.is_empty() {
                let mut ids: Vec<_> = filed.outcomes.iter().map(|(id, _)| id.clone()).collect();
                ids.sort();
                let kind = IndexJob::IndexRecalls { recalls: ids };
                self.index_queue.send(&[self.job(kind, request_id)]).await?;
            }
            let announced = each(filed.outcomes, async |(id, version)| {
                self.recalls.announced(&id, version).await
            })
            .await;
            failure = failure.or(announced.error);
            if filed.given_up || announced.given_up {
                break;
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Announces what was stored and, because a worker died, never announced. Returns how many.
    pub(crate) async fn sweep(&self) -> Result<usize, StoreError> {
        let before = self.clock.now() - STANDS_TOO_LONG;
        let ids = self.recalls.pending_since(before, SWEEP_MOST).await?;
        let stored = self.recalls.find_many(&ids).await?;
        // The index of marks lags behind the table.
        let pending: Vec<_> = stored
            .into_values()
            .filter(|stored| stored.pending)
            .collect();
        let request_id = self.ids.new_id().to_string();
        self.announce(&pending, &request_id).await?;
        tracing::info!(recalls = pending.len(), "swept");
        Ok(pending.len())
    }
}
