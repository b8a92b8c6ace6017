//! Counts sign-ins that are tried, in `ledger`, before a password is looked at.
//!
//! Each attempt takes its place by conditional writes, so that none is let through because several come
//! at once. An address that nobody has is counted like any other. Why the rules are these is in
//! `docs/decisions/0008-lockout-that-cannot-lock-the-owner-out.md`.

mod reserve;

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Item, StoreError, batch_get,
    keys::{self, Key},
    n, number,
    recalls::lost_race,
};
use crate::domain::account::{Email, SessionId};

/// How many attempts a quiet account takes at once from unknown devices.
const BURST: i64 = 10;

/// How long it takes until it takes one more. With the burst, no hour has more than a hundred.
const APART: SignedDuration = SignedDuration::from_secs(40);

/// The most failures in a row (NIST SP 800-63B-4, 3.2.2); then it takes more than the password.
pub const MOST_IN_A_ROW: u32 = 100;

/// How long what was counted of an account or a device is kept after the last attempt.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The owner is told of failures once in this time.
const TOLD_APART: SignedDuration = SignedDuration::from_hours(24);

/// Where an attempt comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whence {
    /// A device that nobody has signed in from, known by its network.
    Network(String),
    /// A device that has shown that somebody signed in on it, and the network that it is in.
    Device(Uuid, String),
    /// A session: somebody who is signed in is asked for the password again.
    Session(SessionId),
}

/// An attempt that has its place. Whoever has one may look at the password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Attempt {
    digest: String,
    from: Key,
    counted_by_account: bool,
    /// Whether this was the last one from there for a while.
    pub last_from_there: bool,
    /// Whether this was the last one from any unknown device.
    pub last_in_a_row: bool,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Reserved {
    /// The password may be looked at.
    Granted(Attempt),
    /// Not before so many seconds have passed.
    Wait(u32),
    /// Not from an unknown device, until somebody has signed in by a link or set a new password.
    Stopped,
}

/// What holds sign-ins up, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lockout {
    /// Failures in a row from unknown devices.
    pub in_a_row: u32,
    /// Until when unknown devices have to wait, wherever they are.
    pub slowed_until: Option<Timestamp>,
    /// Until when the network that was asked about has to wait.
    pub locked_until: Option<Timestamp>,
}

impl Lockout {
    /// Returns whether unknown devices are stopped until somebody has signed in by a link.
    pub fn is_stopped(&self) -> bool {
        self.in_a_row >= MOST_IN_A_ROW
    }
}

/// The counters of sign-ins.
#[derive(Debug, Clone)]
pub struct Attempts {
    client: Client,
    table: String,
    most: u32,
    lockout: SignedDuration,
}

/// Returns what stands for an address in the counters.
pub fn digest(email: &Email) -> String {
    keys::digest(&email.key())
}

impl Attempts {
    /// Names the table, the most failures from one client, and how many seconds they count.
    pub fn new(client: Client, table: impl Into<String>, most: u32, lockout: u32) -> Self {
        Self {
            client,
            table: table.into(),
            most,
            lockout: SignedDuration::from_secs(lockout.into()),
        }
    }

    /// Notes that the password was right: what was counted there is forgotten, and of the account's what
    /// this attempt took. A known device says nothing about the unknown ones.
    pub async fn succeeded(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let forget = self.forget(attempt.from.clone());
        if !attempt.counted_by_account {
            return forget.await;
        }
        let refund = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::attempts(&attempt.digest).into_item()))
            .update_expression("SET tat = tat - :apart, in_a_row = :none")
            .condition_expression("attribute_exists(tat)")
            .expression_attribute_values(":apart", n(APART.as_millis()))
            .expression_attribute_values(":none", n(0))
            .send();
        let (forgotten, refunded) = tokio::join!(forget, refund);
        match refunded.map_err(StoreError::from) {
            // Cleared meanwhile.
            Err(error) if !lost_race(&error) => Err(error),
            _ => forgotten,
        }
    }

    /// Forgets everything that was counted of an address, but for when its owner was told.
    pub async fn clear(&self, digest: &str) -> Result<(), StoreError> {
        let account = keys::attempts(digest);
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .projection_expression("pk, sk")
            .expression_attribute_values(":pk", super::s(account.pk.clone()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> = pages.try_collect().await?;
        for item in items {
            let key = Key {
                pk: super::text(&item, "pk")?.to_owned(),
                sk: super::text(&item, "sk")?.to_owned(),
            };
            if key != account {
                self.forget(key).await?;
            }
        }
        let cleared = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(account.into_item()))
            .update_expression("REMOVE tat, in_a_row")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await
            .map_err(StoreError::from);
        match cleared {
            Err(error) if !lost_race(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns whether the owner is to be told of failures now, and notes it: at most once a day.
    pub async fn is_to_be_told(&self, digest: &str, now: Timestamp) -> Result<bool, StoreError> {
        let told = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::attempts(digest).into_item()))
            .update_expression("SET told = :now, expires_at = :expires_at")
            .condition_expression("attribute_not_exists(told) OR told <= :before")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":before", n((now - TOLD_APART).as_millisecond()))
            .expression_attribute_values(":expires_at", n((now + KEPT).as_second()))
            .send()
            .await
            .map_err(StoreError::from);
        match told {
            Ok(_) => Ok(true),
            Err(error) if lost_race(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns what holds sign-ins up, from that network where one is named.
    pub async fn look(
        &self,
        digest: &str,
        network: Option<&str>,
        now: Timestamp,
    ) -> Result<Lockout, StoreError> {
        let account = keys::attempts(digest);
        let from = network.map(|network| keys::attempts_from(digest, network));
        let wanted = from.into_iter().chain([account]).collect();
        let mut found = batch_get(&self.client, vec![(self.table.clone(), wanted)], true).await?;
        let mut lockout = Lockout::default();
        for item in found.remove(&self.table).unwrap_or_default() {
            if item.contains_key("until") {
                let until = instant(&item, "until")?;
                let count: u32 = number(&item, "count")?;
                lockout.locked_until = (count >= self.most && until > now).then_some(until);
            } else {
                lockout.in_a_row = count(&item, "in_a_row")?;
                lockout.slowed_until = slowed_until(&item)?.filter(|until| *until > now);
            }
        }
        Ok(lockout)
    }

    async fn forget(&self, key: Key) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.into_item()))
            .send()
            .await?;
        Ok(())
    }
}

/// Returns from when on the account takes one more attempt.
fn slowed_until(item: &Item) -> Result<Option<Timestamp>, StoreError> {
    if !item.contains_key("tat") {
        return Ok(None);
    }
    let full = SignedDuration::from_millis((BURST - 1) * APART.as_secs() * 1000);
    Ok(Some(instant(item, "tat")? - full))
}

fn instant(item: &Item, name: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(number(item, name)?)
        .map_err(|_| StoreError::Corrupt(format!("{name} is no instant")))
}

fn count(item: &Item, name: &str) -> Result<u32, StoreError> {
    if item.contains_key(name) {
        number(item, name)
    } else {
        Ok(0)
    }
}
