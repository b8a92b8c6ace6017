//! The trail of what happened to accounts.

use aws_sdk_dynamodb::types::Put;
use jiff::SignedDuration;

use super::{Accounts, Changes};
use crate::{
    domain::account::Event,
    stores::{StoreError, keys, n, s},
};

/// How long an event is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

impl Accounts {
    /// Adds an event to what is written together.
    pub fn add_event(&self, changes: &mut Changes, event: &Event) -> Result<(), StoreError> {
        changes.put(self.event_put(event)?);
        Ok(())
    }

    fn event_put(&self, event: &Event) -> Result<Put, StoreError> {
        let body =
            serde_json::to_string(event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::event(event).into_item()))
            .item("event", s(body))
            .item("expires_at", n((event.at + KEPT).as_second()));
        if let Some(user) = event.about {
            put = put
                .item("about", s(keys::events_about(user)))
                .item("about_at", s(keys::event_sort(event)));
        }
        put.build()
            .map_err(|error| StoreError::Refused(error.into()))
    }
}
