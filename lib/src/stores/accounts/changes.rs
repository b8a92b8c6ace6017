//! Writes that belong together: one transaction, all of it or nothing.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{ConditionCheck, Delete, Put, TransactWriteItem, Update},
};

use super::Accounts;
use crate::stores::{StoreError, backoff};

/// The most writes that one transaction takes (`DynamoDB`).
const MOST: usize = 100;

/// How often a transaction that met another one is tried.
const TRIES: u32 = 8;

/// Writes that are made together.
#[derive(Debug, Default)]
#[must_use]
pub struct Changes(Vec<TransactWriteItem>);

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is written.
    Done,
    /// Nothing is: the condition of the write at this place did not hold.
    Refused(usize),
}

impl Outcome {
    /// Returns whether everything is written.
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

impl Changes {
    /// Begins with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many writes there are: the place of the next one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::stores) fn put(&mut self, put: Put) {
        self.0.push(TransactWriteItem::builder().put(put).build());
    }

    pub(super) fn update(&mut self, update: Update) {
        self.0
            .push(TransactWriteItem::builder().update(update).build());
    }

    pub(super) fn delete(&mut self, delete: Delete) {
        self.0
            .push(TransactWriteItem::builder().delete(delete).build());
    }

    pub(super) fn check(&mut self, check: ConditionCheck) {
        self.0
            .push(TransactWriteItem::builder().condition_check(check).build());
    }
}

impl Accounts {
    /// Makes the changes, all of them or none.
    ///
    /// A transaction that met another one is tried again; a condition that does not hold is an answer
    /// and no error.
    pub async fn commit(&self, changes: Changes) -> Result<Outcome, StoreError> {
        debug_assert!((1..=MOST).contains(&changes.len()));
        let mut tries = 0;
        loop {
            let outcome = self
                .client
                .transact_write_items()
                .set_transact_items(Some(changes.0.clone()))
                .send()
                .await;
            match outcome {
                Ok(_) => return Ok(Outcome::Done),
                Err(error) => match cancelled(&error) {
                    Some(Cancelled::Condition(at)) => return Ok(Outcome::Refused(at)),
                    Some(Cancelled::Conflict) if tries + 1 < TRIES => {
                        tries += 1;
                        backoff(tries).await;
                    }
                    Some(Cancelled::Conflict) => return Err(StoreError::Busy(error.into())),
                    None => return Err(error.into()),
                },
            }
        }
    }
}

enum Cancelled {
    /// The condition of the write at this place did not hold.
    Condition(usize),
    /// Another transaction was at one of the items.
    Conflict,
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<Cancelled> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let at = |code: &str| {
        reasons
            .iter()
            .position(|reason| reason.code() == Some(code))
    };
    at("ConditionalCheckFailed")
        .map(Cancelled::Condition)
        .or_else(|| {
            [
                "TransactionConflict",
                "ThrottlingError",
                "ProvisionedThroughputExceeded",
            ]
            .into_iter()
            .find_map(at)
            .map(|_| Cancelled::Conflict)
        })
}
