//! What is not to be taken any more although its token still lives: sessions that were ended, and what
//! was given to a person before some moment.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

use super::{StoreError, batch_get, keys, n, number, recalls::lost_race, text};
use crate::{
    domain::account::{SessionId, UserId},
    identity::claims::{Claims, LEEWAY, LONGEST_LIFE},
};

/// How long an instance relies on what it read. A session that was ended is refused everywhere within
/// this time, and a minute is what was promised.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// How many sessions an instance knows of at a time.
const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).expect("is not nothing");

/// The entries of the table `ledger` that deny.
#[derive(Debug, Clone)]
pub struct Denials {
    client: Client,
    table: String,
    known: Arc<Mutex<LruCache<(UserId, SessionId), Known>>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    session: bool,
    issued_before: Option<i64>,
    at: Timestamp,
}

impl Known {
    fn refuses(&self, issued_at: i64) -> bool {
        self.session || self.issued_before.is_some_and(|before| issued_at < before)
    }
}

impl Denials {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
            known: Arc::new(Mutex::new(LruCache::new(KEPT))),
        }
    }

    /// Denies a session until its last access token is gone: `until` is the end of the one that was
    /// signed last, or any later moment.
    pub async fn deny_session(
        &self,
        session: SessionId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys::denied_session(session).into_item()))
            .item("expires_at", n((until + LEEWAY + LEEWAY).as_second()))
            .send()
            .await?;
        Ok(())
    }

    /// Adds the same to what is written together: a session ends and is denied in one transaction, so
    /// that nothing can come between the two.
    #[cfg(feature = "accounts")]
    pub fn add_session(
        &self,
        changes: &mut super::accounts::Changes,
        session: SessionId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let put = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::denied_session(session).into_item()))
            .item("expires_at", n((until + LEEWAY + LEEWAY).as_second()))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }

    /// Denies every access token that a person was given before that moment, to the second. A token of
    /// the same second is taken, so the sessions that are known are to be denied one by one as well.
    /// An earlier moment never takes the place of a later one.
    pub async fn deny_user(
        &self,
        user: UserId,
        issued_before: Timestamp,
    ) -> Result<(), StoreError> {
        let before = issued_before.as_second();
        let outcome = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys::denied_user(user).into_item()))
            .item("issued_before", n(before))
            .item(
                "expires_at",
                n((issued_before + LONGEST_LIFE + LEEWAY + LEEWAY).as_second()),
            )
            .condition_expression("attribute_not_exists(pk) OR issued_before < :before")
            .expression_attribute_values(":before", n(before))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Err(error) if lost_race(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Adds the same to what is written together, where what a person may do becomes less. Here the later
    /// of two that race each other stays: they are of one moment.
    #[cfg(feature = "accounts")]
    pub fn add_user(
        &self,
        changes: &mut super::accounts::Changes,
        user: UserId,
        issued_before: Timestamp,
    ) -> Result<(), StoreError> {
        let end = issued_before + LONGEST_LIFE + LEEWAY + LEEWAY;
        let put = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::denied_user(user).into_item()))
            .item("issued_before", n(issued_before.as_second()))
            .item("expires_at", n(end.as_second()))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }

    /// Returns whether a token of a good signature is denied nevertheless. What was denied half a minute
    /// ago or earlier is known.
    pub async fn refuse(&self, claims: &Claims, now: Timestamp) -> Result<bool, StoreError> {
        let of = (claims.sub, claims.sid);
        if let Some(known) = self.known(&of, now) {
            return Ok(known.refuses(claims.iat));
        }
        let (user, session) = (keys::denied_user(of.0), keys::denied_session(of.1));
        let user_key = user.pk.clone();
        let wanted = vec![(self.table.clone(), vec![user, session])];
        let mut found = batch_get(&self.client, wanted, false).await?;
        let mut known = Known {
            session: false,
            issued_before: None,
            at: now,
        };
        for item in found.remove(&self.table).unwrap_or_default() {
            if text(&item, "pk")? == user_key {
                known.issued_before = Some(number(&item, "issued_before")?);
            } else {
                known.session = true;
            }
        }
        self.lock().put(of, known);
        Ok(known.refuses(claims.iat))
    }

    fn known(&self, of: &(UserId, SessionId), now: Timestamp) -> Option<Known> {
        let known = self.lock().get(of).copied();
        known.filter(|known| now.duration_since(known.at).abs() < FRESH)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<(UserId, SessionId), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
