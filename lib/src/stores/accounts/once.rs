//! Links that work once: to verify an address, to set a new password, to sign in.
//!
//! A person has one link for each purpose: a new one takes the place of the one before. The table holds
//! what it is good for. What makes it good, its token ([`crate::identity::link`]), stands nowhere.

use aws_sdk_dynamodb::types::{Delete, Put};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Accounts, Changes};
use crate::{
    domain::account::{Email, Purpose, UserId},
    identity::link::Opened,
    stores::{StoreError, json, keys, n, s},
};

/// A link is sent again at the earliest after this.
const BETWEEN: SignedDuration = SignedDuration::from_mins(1);

/// In this time a link is sent at most [`SENT_MOST`] times, and then once for each half of its life: nobody's
/// inbox is filled by us.
const SENT_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How often a link for one purpose is sent in [`SENT_WITHIN`].
const SENT_MOST: usize = 5;

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnceLink {
    /// Its identifier.
    pub id: Uuid,
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose it is.
    pub user: UserId,
    /// The address that it is sent to.
    pub email: Email,
    /// Until when it works.
    pub until: Timestamp,
}

impl OnceLink {
    /// Makes a link that works from now on for its purpose's time.
    pub fn new(id: Uuid, purpose: Purpose, user: UserId, email: Email, now: Timestamp) -> Self {
        Self {
            id,
            purpose,
            user,
            email,
            until: now + purpose.lifetime(),
        }
    }
}

/// A person's link for one purpose, as it is stored: with the instants at which it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLink {
    /// The link.
    pub link: OnceLink,
    /// When this one and those before it were sent, as far back as it matters.
    pub sent: Vec<Timestamp>,
}

/// What asking for a link comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is to be stored.
    pub stored: StoredLink,
    /// Whether the link is to be sent: not when that was done a moment ago, or too often.
    pub send: bool,
}

impl StoredLink {
    /// Decides what asking for a link comes to, where `before` is what is stored.
    ///
    /// A link that has half of its time left stays: whoever asks again and again for somebody else's
    /// address does not make the link useless that the owner is about to follow.
    pub fn ask(before: Option<&Self>, new: OnceLink, now: Timestamp) -> Asked {
        let mut sent: Vec<_> = before.map_or_else(Vec::new, |before| before.sent.clone());
        sent.retain(|at| now.duration_since(*at) < SENT_WITHIN);
        let lately = sent.iter().any(|at| now.duration_since(*at) < BETWEEN);
        let half = new.purpose.lifetime() / 2;
        // Past the hour's most, a link is sent only where the one in the last mail is not good for long any
        // more: strangers who ask for somebody else's never leave its owner without one.
        let fading = before.is_none_or(|before| before.link.until - half <= now);
        let now_too = !lately && (sent.len() < SENT_MOST || fading);
        let kept = before
            .map(|before| &before.link)
            .filter(|link| link.email.key() == new.email.key() && link.until - half > now)
            .cloned();
        if now_too {
            sent.push(now);
        }
        Asked {
            // What is not sent is not replaced either: the link in the last mail goes on working.
            stored: StoredLink {
                link: kept
                    .or_else(|| {
                        before
                            .filter(|_| !now_too)
                            .map(|before| before.link.clone())
                    })
                    .unwrap_or(new),
                sent,
            },
            send: now_too,
        }
    }
}

impl Accounts {
    /// Adds a new link to what is written together, in the place of the person's link before it.
    pub fn add_once(&self, changes: &mut Changes, link: &OnceLink) -> Result<(), StoreError> {
        let stored = StoredLink {
            link: link.clone(),
            sent: Vec::new(),
        };
        changes.put(self.once_put(&stored)?.build().map_err(refused)?);
        Ok(())
    }

    /// Returns a person's link for a purpose, whether or not it still works. Sees every write that was
    /// acknowledged before.
    pub async fn once(
        &self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<StoredLink>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::once(user, purpose).into_item()))
            .consistent_read(true)
            .send()
            .await?;
        answer
            .item
            .as_ref()
            .map(|item| json(item, "link"))
            .transpose()
    }

    /// Returns the link that a token belongs to, when it still works.
    pub async fn working_link(
        &self,
        opened: &Opened,
        now: Timestamp,
    ) -> Result<Option<OnceLink>, StoreError> {
        let stored = self.once(opened.user, opened.purpose).await?;
        Ok(stored
            .map(|stored| stored.link)
            .filter(|link| link.id == opened.link && link.until > now))
    }

    /// Adds what asking for a link came to, on the condition that nobody has asked meanwhile.
    pub fn add_asked(
        &self,
        changes: &mut Changes,
        before: Option<&StoredLink>,
        asked: &Asked,
    ) -> Result<(), StoreError> {
        let put = self.once_put(&asked.stored)?;
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => put
                .condition_expression("link = :before")
                .expression_attribute_values(":before", s(body(before)?)),
        };
        changes.put(put.build().map_err(refused)?);
        Ok(())
    }

    /// Adds that a link is used: it is refused when it was used before, or replaced, or is late.
    pub fn use_up(
        &self,
        changes: &mut Changes,
        link: &OnceLink,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::once(link.user, link.purpose).into_item()))
            .condition_expression("id = :id AND #until > :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":id", s(link.id.to_string()))
            .expression_attribute_values(":now", n(now.as_millisecond()));
        changes.delete(delete.build().map_err(refused)?);
        Ok(())
    }

    /// Adds that a person's link for a purpose works no more, if there is one.
    pub fn kill_once(
        &self,
        changes: &mut Changes,
        user: UserId,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::once(user, purpose).into_item()));
        changes.delete(delete.build().map_err(refused)?);
        Ok(())
    }

    fn once_put(
        &self,
        stored: &StoredLink,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, StoreError> {
        let link = &stored.link;
        // It outlives the link by what is remembered of its sending.
        let kept = link.until + SENT_WITHIN;
        Ok(Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::once(link.user, link.purpose).into_item()))
            .item("link", s(body(stored)?))
            .item("id", s(link.id.to_string()))
            .item("until", n(link.until.as_millisecond()))
            .item("expires_at", n(kept.as_second())))
    }
}

fn body(stored: &StoredLink) -> Result<String, StoreError> {
    serde_json::to_string(stored).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn refused(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused(error.into())
}

#[cfg(test)]
#[path = "once_tests.rs"]
mod tests;
