//! Sessions: one item each, beside the person that they belong to.
//!
//! Of a refresh token the table holds the SHA-256 of its text and nothing else. A token is used by one
//! conditional write, so of many who use it at once one makes its successor the current token.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{Put, ReturnValuesOnConditionCheckFailure, Update},
};
use jiff::{SignedDuration, Timestamp};

use super::{Accounts, Changes};
use crate::{
    domain::account::{
        Session, SessionId, UserId,
        session::{Ending, TokenHash},
    },
    stores::{Item, StoreError, backoff, keys, n, number, s, text},
};

/// How long a session's item outlives it, so that a late token is known for what it was.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How often the use of a token is tried that met a transaction at the same item.
const TRIES: u32 = 6;

/// Stands where no password was ever set.
const NEVER: &str = "never";

/// The use of a refresh token.
#[derive(Debug, Clone)]
pub struct Use<'a> {
    /// Whose session it is.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// What is presented.
    pub presented: &'a TokenHash,
    /// What follows it.
    pub next: &'a TokenHash,
    /// When the account's password was set, as it was read just now.
    pub password_set_at: Option<Timestamp>,
    /// The network that it comes from.
    pub network: &'a str,
    /// When.
    pub now: Timestamp,
}

/// What became of the use of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// The token was the current one, and its successor is now.
    Rotated,
    /// It was not, or the session does not live; nothing was written. This is what stands there.
    Refused(Box<Session>),
    /// There is no such session, or not any more.
    Unknown,
}

impl Accounts {
    /// Adds a new session to what is written together. Returns the place.
    pub fn add_session(
        &self,
        changes: &mut Changes,
        session: &Session,
    ) -> Result<usize, StoreError> {
        let place = changes.len();
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::session(session.user, session.id).into_item()))
            .item("current", s(session.current.as_str()))
            .item("rotated_at", n(session.rotated_at.as_millisecond()))
            .item("created_at", n(session.created_at.as_millisecond()))
            .item("last_used_at", n(session.last_used_at.as_millisecond()))
            .item("idle_until", n(session.idle_until.as_millisecond()))
            .item("until", n(session.until.as_millisecond()))
            .item("password_set_at", password(session.password_set_at))
            .item("device", s(&session.device))
            .item("network", s(&session.network))
            .item("expires_at", n((session.until + KEPT).as_second()))
            .condition_expression("attribute_not_exists(pk)");
        changes.put(built(put.build())?);
        Ok(place)
    }

    /// Returns every session of a person that is still stored, dead ones too. The read is consistent.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let key = keys::account(user);
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
            .expression_attribute_values(":pk", s(key.pk))
            .expression_attribute_values(":sk", s(keys::SESSIONS))
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> = pages.try_collect().await?;
        items.iter().map(read).collect()
    }

    /// Returns a session, dead or not. The read is consistent.
    pub async fn session(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::session(user, session).into_item()))
            .consistent_read(true)
            .send()
            .await?;
        answer.item.as_ref().map(read).transpose()
    }

    /// Makes the successor of the current token the current one, in one write: it takes effect if the
    /// presented token is current, the session lives, and the password is the one that it began with.
    pub async fn use_token(&self, using: &Use<'_>) -> Result<Used, StoreError> {
        let mut tries = 0;
        loop {
            let outcome = self.rotation(using).send().await;
            let Err(error) = outcome else {
                return Ok(Used::Rotated);
            };
            match refused(&error) {
                Some(Refusal::Condition(Some(item))) => {
                    return read(item).map(|session| Used::Refused(Box::new(session)));
                }
                Some(Refusal::Condition(None)) => return Ok(Used::Unknown),
                Some(Refusal::Conflict) if tries + 1 < TRIES => {
                    tries += 1;
                    backoff(tries).await;
                }
                Some(Refusal::Conflict) => return Err(StoreError::Busy(error.into())),
                None => return Err(error.into()),
            }
        }
    }

    fn rotation(
        &self,
        using: &Use<'_>,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        // The end of all is not known here; where it comes first, `until` decides.
        let idle_until = Session::idle_until(using.now, Timestamp::MAX);
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::session(using.user, using.session).into_item()))
            .update_expression(
                "SET #current = :next, previous = :presented, rotated_at = :now, \
                 last_used_at = :now, idle_until = :idle_until, network = :network",
            )
            .condition_expression(
                "#current = :presented AND attribute_not_exists(ended_at) AND idle_until > :now \
                 AND #until > :now AND password_set_at = :password_set_at",
            )
            .expression_attribute_names("#current", "current")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":presented", s(using.presented.as_str()))
            .expression_attribute_values(":next", s(using.next.as_str()))
            .expression_attribute_values(":now", n(using.now.as_millisecond()))
            .expression_attribute_values(":idle_until", n(idle_until.as_millisecond()))
            .expression_attribute_values(":network", s(using.network))
            .expression_attribute_values(":password_set_at", password(using.password_set_at))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Adds the end of a session. Returns the place; a commit that is refused there means that there is no
    /// such session or that it has ended already.
    pub fn end_session(
        &self,
        changes: &mut Changes,
        user: UserId,
        session: SessionId,
        ending: Ending,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let place = changes.len();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::session(user, session).into_item()))
            .update_expression("SET ended_at = :now, ended_why = :why, expires_at = :expires_at")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(ended_at)")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":why", s(ending.as_str()))
            .expression_attribute_values(":expires_at", n((now + KEPT).as_second()));
        changes.update(built(update.build())?);
        Ok(place)
    }

    /// Adds that a session goes on under a new password: the one that it was changed from. Returns the
    /// place; a commit that is refused there means that the session has ended.
    pub fn keep_session(
        &self,
        changes: &mut Changes,
        user: UserId,
        session: SessionId,
        password_set_at: Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let place = changes.len();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::session(user, session).into_item()))
            .update_expression("SET password_set_at = :password_set_at")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(ended_at)")
            .expression_attribute_values(":password_set_at", password(password_set_at));
        changes.update(built(update.build())?);
        Ok(place)
    }
}

fn built<T>(built: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, StoreError> {
    built.map_err(|error| StoreError::Refused(error.into()))
}

fn password(set_at: Option<Timestamp>) -> aws_sdk_dynamodb::types::AttributeValue {
    s(set_at.map_or_else(|| NEVER.to_owned(), |at| at.to_string()))
}

enum Refusal<'a> {
    /// The condition did not hold for this item, if there is one.
    Condition(Option<&'a Item>),
    /// A transaction was at the item.
    Conflict,
}

fn refused(error: &SdkError<UpdateItemError>) -> Option<Refusal<'_>> {
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(failed) => {
            let item = failed.item().filter(|item| !item.is_empty());
            Some(Refusal::Condition(item))
        }
        UpdateItemError::TransactionConflictException(_) => Some(Refusal::Conflict),
        _ => None,
    }
}

fn instant(item: &Item, name: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(number(item, name)?)
        .map_err(|_| StoreError::Corrupt(format!("{name} is no instant")))
}

fn read(item: &Item) -> Result<Session, StoreError> {
    let user = text(item, "pk")?.strip_prefix("USER#");
    let id = text(item, "sk")?.strip_prefix(keys::SESSIONS);
    let no_key = || StoreError::Corrupt("the key is no session's".into());
    let until = instant(item, "until")?;
    let mut ended = None;
    if item.contains_key("ended_at") {
        ended = Some((instant(item, "ended_at")?, ending(item)?));
    }
    let mut previous = None;
    if item.contains_key("previous") {
        previous = Some(TokenHash::stored(text(item, "previous")?));
    }
    let password_set_at = match text(item, "password_set_at")? {
        NEVER => None,
        at => Some(
            at.parse()
                .map_err(|_| StoreError::Corrupt("password_set_at is no instant".into()))?,
        ),
    };
    Ok(Session {
        id: id.and_then(|id| id.parse().ok()).ok_or_else(no_key)?,
        user: user.and_then(|id| id.parse().ok()).ok_or_else(no_key)?,
        current: TokenHash::stored(text(item, "current")?),
        previous,
        rotated_at: instant(item, "rotated_at")?,
        created_at: instant(item, "created_at")?,
        last_used_at: instant(item, "last_used_at")?,
        idle_until: instant(item, "idle_until")?.min(until),
        until,
        password_set_at,
        device: text(item, "device")?.to_owned(),
        network: text(item, "network")?.to_owned(),
        ended,
    })
}

fn ending(item: &Item) -> Result<Ending, StoreError> {
    let why = text(item, "ended_why")?;
    let known = Ending::ALL
        .into_iter()
        .find(|ending| ending.as_str() == why);
    known.ok_or_else(|| StoreError::Corrupt("ended_why is none of the endings".into()))
}
