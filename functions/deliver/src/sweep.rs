//! Messages that were written and, because a process died, never named to the queue.

use babyshield::{
    runtime::Error,
    stores::jobs::{DeliverJob, FORMAT, Job},
};
use jiff::SignedDuration;

use crate::App;

/// A mark that is younger than this belongs to a request that is still being answered.
const STANDS_TOO_LONG: SignedDuration = SignedDuration::from_mins(1);
/// Messages that one sweep names; the next one goes on.
const SWEEP_MOST: usize = 500;

impl App {
    /// Names messages whose mark stands to the queue and takes the marks off. Returns how many.
    ///
    /// One whose mark was taken off meanwhile is named a second time, which does nothing.
    pub(crate) async fn sweep(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let before = now - STANDS_TOO_LONG;
        let messages = self.accounts.outgoing_pending(before, SWEEP_MOST).await?;
        let request_id = self.ids.new_id().to_string();
        let jobs: Vec<_> = messages
            .iter()
            .map(|message| Job {
                v: FORMAT,
                kind: DeliverJob::SendAccountMessage { message: *message },
                id: self.ids.new_id(),
                request_id: request_id.clone(),
                at: now,
            })
            .collect();
        self.queue.send(&jobs).await?;
        for message in &messages {
            self.accounts.announced_outgoing(*message).await?;
        }
        tracing::info!(messages = messages.len(), "swept");
        Ok(messages.len())
    }
}
