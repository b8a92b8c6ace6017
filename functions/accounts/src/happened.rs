//! What an order did, as the trail keeps it.

use std::collections::BTreeMap;

use babyshield::domain::account::{Actor, Event, EventKind, UserId};

use crate::App;

impl App {
    /// Returns an event of an order.
    pub(crate) fn event(&self, kind: EventKind, about: Option<UserId>) -> Event {
        let id = self.ids.new_id();
        Event {
            id,
            at: self.clock.now(),
            kind,
            actor: Actor::System,
            about,
            client: None,
            request_id: id.to_string(),
            detail: BTreeMap::new(),
        }
    }
}
