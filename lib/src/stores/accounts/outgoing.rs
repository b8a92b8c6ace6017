//! Messages that are to be sent: written in the transaction that causes them, with a mark that stands
//! until the queue has taken the job that names them.

use aws_sdk_dynamodb::types::Put;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Accounts, Changes};
use crate::{
    domain::account::{Email, UserId},
    stores::{StoreError, keys, n, s},
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
}
