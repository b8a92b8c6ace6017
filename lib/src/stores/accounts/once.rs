//! Links that work once: to verify an address, to set a new password, to sign in.
//!
//! The table holds a link's identifier and what it is good for. What makes the link good, its token, is
//! the identifier signed with the key of links and stands nowhere: neither the table nor a queue gives
//! one away.

use aws_sdk_dynamodb::types::Put;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Accounts, Changes};
use crate::{
    domain::account::{Email, UserId},
    stores::{StoreError, keys, n, s},
};

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Shows that an address is its person's.
    VerifyEmail,
    /// Changes the address to this one.
    ChangeEmail,
    /// Sets a new password.
    ResetPassword,
    /// Signs in.
    MagicLink,
}

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

impl Accounts {
    /// Adds a new link to what is written together.
    pub fn add_once(&self, changes: &mut Changes, link: &OnceLink) -> Result<(), StoreError> {
        let body =
            serde_json::to_string(link).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::once(link.id).into_item()))
            .item("link", s(body))
            // A day longer, so that a late visitor is told that it is late.
            .item("expires_at", n(link.until.as_second() + 86_400))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }
}
