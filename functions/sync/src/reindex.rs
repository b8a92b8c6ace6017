//! Names every recall to the index again: after the snapshot was lost or its format changed.

use babyshield::{
    domain::agency::{AGENCIES, AgencyKey},
    runtime::Error,
    stores::jobs::{IndexJob, RECALLS_PER_MESSAGE},
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::App;

/// The first month that is looked at; no agency's notices are older.
const FIRST: Date = Date::constant(1970, 1, 1);

impl App {
    /// Sends a job for every stored recall, of every agency or of one, and returns how many recalls.
    pub(crate) async fn reindex(&self, only: Option<AgencyKey>) -> Result<usize, Error> {
        let request_id = self.ids.new_id().to_string();
        let last = self.clock.now().to_zoned(TimeZone::UTC).date();
        let mut named = 0;
        for agency in AGENCIES
            .iter()
            .filter(|row| only.is_none_or(|key| key == row.key()))
        {
            let mut waiting = Vec::new();
            // A year beyond today: some notices are dated ahead.
            for month in FIRST
                .series(1.month())
                .take_while(|month| *month <= last.saturating_add(1.year()))
            {
                waiting.extend(self.recalls.of_month(agency.key(), month).await?);
            }
            named += waiting.len();
            let jobs: Vec<_> = waiting
                .chunks(RECALLS_PER_MESSAGE)
                .map(|recalls| {
                    self.job(
                        IndexJob::IndexRecalls {
                            recalls: recalls.to_vec(),
                        },
                        &request_id,
                    )
                })
                .collect();
            self.index_queue.send(&jobs).await?;
        }
        tracing::info!(
            recalls = named,
            request.id = request_id,
            "named to the index again"
        );
        Ok(named)
    }
}
