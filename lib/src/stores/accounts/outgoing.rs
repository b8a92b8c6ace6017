//! Messages that are to be sent: written in the transaction that causes them, with a mark that stands
//! until the queue has taken the job that names them.

use aws_sdk_dynamodb::{
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{Put, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Accounts, Changes};
use crate::{
    domain::account::{Email, Purpose, UserId},
    stores::{Item, StoreError, json, keys, n, s, text},
};

/// How long a message's record is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Template {
    /// Please show that this address is yours; with the link that does it.
    VerifyEmail {
        /// The [`super::OnceLink`].
        link: Uuid,
    },
    /// Please show that the new address is yours; with the link that changes it.
    ChangeEmail {
        /// The [`super::OnceLink`].
        link: Uuid,
    },
    /// To the old address: it is not the account's any more.
    EmailChanged,
    /// A link to set a new password.
    ResetPassword {
        /// The [`super::OnceLink`].
        link: Uuid,
    },
    /// The password was changed.
    PasswordChanged,
    /// A link to sign in.
    MagicLink {
        /// The [`super::OnceLink`].
        link: Uuid,
    },
    /// A refresh token came a second time, and the session was ended.
    SessionCompromised,
    /// Many sign-ins failed; how to get in nevertheless.
    ManyFailedSignIns,
    /// The account was ended, and until when it can be had back.
    AccountDeleted {
        /// When it is erased.
        erased_at: Timestamp,
    },
    /// Nobody is written to: stands where there is no such account, so that asking takes as long.
    Nothing,
}

/// A message to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Its identifier.
    pub id: Uuid,
    /// The person.
    pub user: UserId,
    /// The address.
    pub to: Email,
    /// What the person is called.
    pub name: String,
    /// The language, as BCP 47.
    pub locale: String,
    /// What it says.
    #[serde(flatten)]
    pub template: Template,
    /// The request that caused it.
    pub request_id: String,
    /// When it was caused.
    pub at: Timestamp,
}

/// What became of taking a message in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is in hand, for nobody else until the lease ends.
    Mine(Box<Outgoing>),
    /// Somebody else has it in hand.
    Leased,
    /// It was sent, or given up, before.
    Done,
    /// There is no such message, or not any more.
    Gone,
}

impl Template {
    /// Returns the link that the message carries, and what it is good for.
    pub fn link(&self) -> Option<(Uuid, Purpose)> {
        match self {
            Self::VerifyEmail { link } => Some((*link, Purpose::VerifyEmail)),
            Self::ChangeEmail { link } => Some((*link, Purpose::ChangeEmail)),
            Self::ResetPassword { link } => Some((*link, Purpose::ResetPassword)),
            Self::MagicLink { link } => Some((*link, Purpose::MagicLink)),
            Self::EmailChanged
            | Self::PasswordChanged
            | Self::SessionCompromised
            | Self::ManyFailedSignIns
            | Self::AccountDeleted { .. }
            | Self::Nothing => None,
        }
    }

    /// Returns the message that carries a link.
    pub fn with_link(purpose: Purpose, link: Uuid) -> Self {
        match purpose {
            Purpose::VerifyEmail => Self::VerifyEmail { link },
            Purpose::ChangeEmail => Self::ChangeEmail { link },
            Purpose::ResetPassword => Self::ResetPassword { link },
            Purpose::MagicLink => Self::MagicLink { link },
        }
    }
}

impl Accounts {
    /// Adds a message to what is written together. It carries its mark until it is announced.
    pub fn add_outgoing(
        &self,
        changes: &mut Changes,
        message: &Outgoing,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(message)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::outgoing(message.id).into_item()))
            .item("message", s(body))
            .item("pending", s(keys::outgoing_pending(message.id)))
            .item("pending_since", s(message.at.to_string()))
            .item("expires_at", n((message.at + KEPT).as_second()))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }

    /// Takes the mark off a message: the queue has its job. Repeating it is harmless.
    pub async fn announced_outgoing(&self, message: Uuid) -> Result<(), StoreError> {
        let update = self
            .update_outgoing(message)
            .update_expression("REMOVE pending, pending_since")
            .condition_expression("attribute_exists(pk)");
        settle(update).await
    }

    /// Returns messages whose mark has stood since before an instant, at most so many. The index may lag
    /// behind the table: one of them may have lost its mark meanwhile.
    pub async fn outgoing_pending(
        &self,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut ids = Vec::new();
        for shard in 0..keys::PENDING_SHARDS {
            let left = most.saturating_sub(ids.len());
            if left == 0 {
                break;
            }
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("pending")
                .key_condition_expression("pending = :shard AND pending_since < :before")
                .expression_attribute_values(":shard", s(keys::pending_shard(shard)))
                .expression_attribute_values(":before", s(before.to_string()))
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .send()
                .await?;
            for item in answer.items() {
                ids.push(keys::outgoing_id(text(item, "pk")?)?);
            }
        }
        Ok(ids)
    }

    /// Takes a message in hand until an instant. Of several that try at once one gets it.
    pub async fn take_outgoing(
        &self,
        message: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Taken, StoreError> {
        let outcome = self
            .update_outgoing(message)
            .update_expression("SET leased_until = :until")
            .condition_expression(
                "attribute_exists(message) AND attribute_not_exists(done_at) \
                 AND (attribute_not_exists(leased_until) OR leased_until <= :now)",
            )
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match outcome {
            Ok(answer) => {
                let item: Item = answer.attributes.unwrap_or_default();
                return Ok(Taken::Mine(Box::new(json(&item, "message")?)));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(match failed.item() {
                    Some(item) if item.contains_key("done_at") => Taken::Done,
                    Some(item) if item.contains_key("message") => Taken::Leased,
                    _ => Taken::Gone,
                })
            }
            _ => Err(error.into()),
        }
    }

    /// Gives a message back that could not be sent now.
    pub async fn release_outgoing(&self, message: Uuid) -> Result<(), StoreError> {
        let update = self
            .update_outgoing(message)
            .update_expression("REMOVE leased_until")
            .condition_expression("attribute_exists(pk)");
        settle(update).await
    }

    /// Notes that nothing more is to be done about a message, and what became of it: the mail service's
    /// identifier, or why it was not sent.
    pub async fn finish_outgoing(
        &self,
        message: Uuid,
        outcome: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self
            .update_outgoing(message)
            .update_expression(
                "SET done_at = :now, outcome = :outcome REMOVE leased_until, pending, pending_since",
            )
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":outcome", s(outcome));
        settle(update).await
    }

    fn update_outgoing(&self, message: Uuid) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::outgoing(message).into_item()))
    }
}

/// Makes an update on the condition that the item is there. One that is gone needs none.
async fn settle(update: UpdateItemFluentBuilder) -> Result<(), StoreError> {
    let Err(error) = update.send().await else {
        return Ok(());
    };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
        _ => Err(error.into()),
    }
}
