//! Ends a key that signs tokens, at once: somebody who should not may have it.

use std::collections::BTreeMap;

use babyshield::{
    domain::account::{Actor, Event, EventKind},
    identity::signing::put_right,
    runtime::Error,
};
use serde_json::{Value, json};

use crate::{App, rotation::Version};

impl App {
    /// Ends a key: a ring without it becomes the current one, then it leaves the published set for good.
    ///
    /// The ring comes first. Whoever is killed between leaves it to `auth` to put the set right.
    pub(crate) async fn revoke_key(&self, kid: &str, end_sessions: bool) -> Result<Value, Error> {
        let set = self.key_sets.find().await?;
        let current = self.current().await?;
        let in_ring = current.ring.newest_first().any(|key| key.kid == kid);
        let in_set = set.as_ref().is_some_and(|set| set.key(kid).is_some());
        let known = in_ring
            || in_set
            || set
                .as_ref()
                .is_some_and(|set| set.revoked.iter().any(|gone| gone == kid));
        if !known {
            return Err(
                "there is no such key: /.well-known/jwks.json names those there are".into(),
            );
        }
        let ring = if in_ring {
            let next = Version {
                id: self.ids.new_id().to_string(),
                ring: current.ring.without(kid, end_sessions, set.as_ref())?,
            };
            self.put_version(&next.id, &next.ring).await?;
            self.promote(&next, &current).await?;
            next.ring
        } else {
            current.ring
        };
        let now = self.clock.now();
        let set = put_right(&self.key_sets, |set| {
            let next = ring.settled_without(kid, set, now);
            (Some(&next) != set).then_some(next)
        })
        .await?;
        self.note(EventKind::SigningKeyRevoked, kid).await?;
        let signing = ring.signing(&set, now).map(|key| key.kid.clone());
        Ok(json!({"revoked": kid, "signing": signing}))
    }

    /// Writes down what was done to a key.
    pub(crate) async fn note(&self, what: EventKind, kid: &str) -> Result<(), Error> {
        let id = self.ids.new_id();
        let event = Event {
            id,
            at: self.clock.now(),
            kind: what,
            actor: Actor::System,
            about: None,
            client: None,
            request_id: id.to_string(),
            detail: BTreeMap::from([("kid".to_owned(), kid.to_owned())]),
        };
        let mut changes = babyshield::stores::accounts::Changes::new();
        self.accounts.add_event(&mut changes, &event)?;
        self.accounts.commit(changes).await?;
        Ok(())
    }
}
