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
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;

use crate::App;

/// Recalls that are filed at the same time.
const AT_ONCE: usize = 8;
/// A mark that is younger than this belongs to a job at work.
const STANDS_TOO_LONG: SignedDuration = SignedDuration::from_mins(6);
/// Recalls that one sweep announces; the next one goes on.
const SWEEP_MOST: usize = 500;

impl App {
    /// Announces recalls whose mark stands. Repeating it is harmless.
    pub(crate) async fn announce(
        &self,
        recalls: &[StoredRecall],
        request_id: &str,
    ) -> Result<(), StoreError> {
        for recalls in recalls.chunks(RECALLS_PER_MESSAGE) {
            stream::iter(recalls)
                .map(async |stored| {
                    self.recalls
                        .file(stored, &postings(&stored.recall, stored.version))
                        .await
                })
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
            let kind = IndexJob::IndexRecalls {
                recalls: recalls
                    .iter()
                    .map(|stored| stored.recall.id.clone())
                    .collect(),
            };
            self.index_queue.send(&[self.job(kind, request_id)]).await?;
            stream::iter(recalls)
                .map(async |stored| {
                    self.recalls
                        .announced(&stored.recall.id, stored.version)
                        .await
                })
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
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
