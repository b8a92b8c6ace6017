//! An account as it is stored: a person, their password's hash, their roles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Email, Roles, UserId};

/// Which quotas apply. Never what is said about a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Everybody.
    #[default]
    Free,
    /// Those who pay for more of it.
    Premium,
    /// Shops and platforms.
    Business,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing", content = "since")]
pub enum Standing {
    /// It may.
    #[default]
    Active,
    /// Staff have stopped it.
    Disabled(Timestamp),
    /// Its owner has ended it; it is erased after the days of grace.
    Deleted(Timestamp),
}

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Name {
    /// The given name, or the whole name of somebody who gave only that.
    pub first: String,
    /// The family name, empty where none was given.
    pub last: String,
}

impl Name {
    /// Returns the whole name.
    pub fn full(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The identifier.
    pub id: UserId,
    /// The address, which is unique by its normalised form.
    pub email: Email,
    /// When the address was shown to be the person's.
    pub email_verified_at: Option<Timestamp>,
    /// The password's hash (PHC string, or bcrypt's from before); none where nobody ever set one.
    pub password: Option<String>,
    /// When the password was last set.
    pub password_set_at: Option<Timestamp>,
    /// What the person is called.
    pub name: Name,
    /// The language for messages, as BCP 47.
    pub locale: String,
    /// What the person may do.
    pub roles: Roles,
    /// Which quotas apply.
    pub tier: Tier,
    /// Whether it may be used.
    pub standing: Standing,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts the changes, from 1; a change is written only over the one it was made from.
    pub version: u64,
}

impl Account {
    /// Returns whether the account may be used.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Returns whether the address was shown to be the person's.
    pub fn email_verified(&self) -> bool {
        self.email_verified_at.is_some()
    }
}
