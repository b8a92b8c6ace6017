//! Leases and turns: who may do a thing now.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};

use super::{StoreError, keys, n, number, recalls::lost_race, s};
use crate::clock::Clock;

/// How often a turn is asked for again when somebody else took it meanwhile.
const TURN_TRIES: u32 = 10;

/// The table `ledger`.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: Client,
    table: String,
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: String,
    owner: String,
}

impl Ledger {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Takes a lease, or returns nothing when somebody else holds it.
    ///
    /// It ends by itself after `seconds`, by the stored time: the table's TTL only sweeps.
    pub async fn lease(
        &self,
        name: &str,
        owner: &str,
        seconds: i64,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let until = now + SignedDuration::from_secs(seconds);
        let outcome = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys::lease(name).into_item()))
            .item("owner", s(owner))
            .item("until", n(until.as_millisecond()))
            .item("expires_at", n(until.as_second() + 86_400))
            .condition_expression("attribute_not_exists(pk) OR #until <= :now OR #owner = :owner")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":owner", s(owner))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Ok(_) => Ok(Some(Lease {
                name: name.to_owned(),
                owner: owner.to_owned(),
            })),
            Err(error) if lost_race(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a lease, waiting for whoever holds it; returns nothing when that lasts longer than `wait`.
    pub async fn lease_within(
        &self,
        name: &str,
        owner: &str,
        seconds: i64,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Option<Lease>, StoreError> {
        let begun = Instant::now();
        loop {
            let lease = self.lease(name, owner, seconds, clock.now()).await?;
            if lease.is_some() || begun.elapsed() >= wait {
                return Ok(lease);
            }
            tokio::time::sleep(Duration::from_millis(rand::random_range(100..=400))).await;
        }
    }

    /// Takes the next turn to ask a host and returns how long to wait for it: turns lie `apart`, however
    /// many workers ask, and one that nobody took is not saved up.
    pub async fn turn(
        &self,
        host: &str,
        apart: Duration,
        now: Timestamp,
    ) -> Result<Duration, StoreError> {
        let now = now.as_millisecond();
        let apart = i64::try_from(apart.as_millis()).unwrap_or(i64::MAX);
        for tries in 0..TURN_TRIES {
            let answer = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(keys::turn(host).into_item()))
                .consistent_read(true)
                .send()
                .await?;
            let next = answer
                .item
                .as_ref()
                .map(|item| number::<i64>(item, "next"))
                .transpose()?;
            let mine = next.unwrap_or(now).max(now);
            let mut put = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(keys::turn(host).into_item()))
                .item("next", n(mine.saturating_add(apart)))
                .item("expires_at", n(mine / 1000 + 86_400));
            put = match next {
                None => put.condition_expression("attribute_not_exists(pk)"),
                Some(next) => put
                    .condition_expression("#next = :next")
                    .expression_attribute_names("#next", "next")
                    .expression_attribute_values(":next", n(next)),
            };
            match put.send().await.map_err(StoreError::from) {
                Err(error) if lost_race(&error) => super::backoff(tries).await,
                Err(error) => return Err(error),
                Ok(_) => {
                    return Ok(Duration::from_millis(
                        u64::try_from(mine - now).unwrap_or_default(),
                    ));
                }
            }
        }
        Err(StoreError::Busy("the turns of a host kept changing".into()))
    }

    /// Gives a lease back. Does nothing when it has passed to somebody else.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let outcome = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::lease(&lease.name).into_item()))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(&lease.owner))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Err(error) if lost_race(&error) => Ok(()),
            other => other.map(drop),
        }
    }
}
