//! Leases: who may do a thing now.

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};

use super::{StoreError, keys, n, recalls::lost_race, s};

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
