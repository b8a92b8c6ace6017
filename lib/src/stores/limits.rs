//! What callers have used of their limits: one item for a policy and a subject, one write for a request.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnValue},
};
use jiff::Timestamp;

use super::{StoreError, keys, n};
use crate::domain::sliding_window::{Booking, Policy};

/// How long a request waits for the table before it counts as down.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long an item is kept past its window, in seconds: less than the twelve days after which a mark's
/// name comes again.
const KEPT: i64 = 3_600;

/// The marks of all windows, in the table `ledger`.
#[derive(Debug, Clone)]
pub struct Limits {
    client: Client,
    table: String,
}

impl Limits {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Books, and returns every mark of the window as it then stands, by name.
    ///
    /// One write without a condition: it never loses a race and sees every booking before it. Who gets an
    /// error does not know whether it was booked.
    pub async fn book(
        &self,
        name: &str,
        policy: Policy,
        subject: &str,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<HashMap<String, i64>, StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::limit(name, subject).into_item()))
            .return_values(ReturnValue::AllNew)
            .expression_attribute_names("#e", "expires_at")
            .expression_attribute_values(
                ":e",
                n(now.as_second() + i64::from(policy.seconds) + KEPT),
            );
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (at, (mark, change)) in booking.add.iter().enumerate() {
            added.push(format!("#a{at} :a{at}"));
            update = update
                .expression_attribute_names(format!("#a{at}"), mark)
                .expression_attribute_values(format!(":a{at}"), n(change));
        }
        for (at, mark) in booking.remove.iter().enumerate() {
            removed.push(format!("#r{at}"));
            update = update.expression_attribute_names(format!("#r{at}"), mark);
        }
        let mut expression = "SET #e = :e".to_owned();
        for (word, parts) in [("ADD", added), ("REMOVE", removed)] {
            if !parts.is_empty() {
                expression.extend([" ", word, " ", &parts.join(", ")]);
            }
        }
        let answer = tokio::time::timeout(PATIENCE, update.update_expression(expression).send())
            .await
            .map_err(|elapsed| StoreError::Busy(elapsed.into()))??;
        let item = answer.attributes.unwrap_or_default();
        Ok(item
            .into_iter()
            .filter_map(|(name, value)| match value {
                AttributeValue::N(count) => Some((name, count.parse().ok()?)),
                _ => None,
            })
            .collect())
    }
}
