//! A person as they see themselves: the `user` of every answer. It has what older clients read.

use babyshield::domain::account::{Account, Roles, Tier, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Config;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// The identifier.
    id: UserId,
    /// The address.
    #[schema(examples("ana@example.org"), format = Email)]
    email: String,
    /// Whether the address was shown to be the person's.
    email_verified: bool,
    /// The whole name.
    name: String,
    /// The given name, or the whole name of somebody who gave only that.
    first_name: String,
    /// The family name; empty where none was given.
    last_name: String,
    /// The language of messages, as BCP 47.
    #[schema(examples("en"))]
    locale: String,
    /// What the person may do.
    roles: Roles,
    /// Whether the account may be used.
    is_active: bool,
    /// Which quotas apply. Never what is said about a product.
    subscription_tier: Tier,
    /// Whether the person has a password, or signs in by links alone.
    has_password: bool,
    /// When the account was made.
    created_at: Timestamp,
    /// When the person's data last changed.
    updated_at: Timestamp,
    /// When somebody last signed in.
    last_sign_in_at: Option<Timestamp>,
}

impl UserView {
    /// Shows an account.
    pub(crate) fn of(account: &Account, config: &Config) -> Self {
        Self {
            id: account.id,
            email: account.email.to_string(),
            email_verified: account.email_verified(),
            name: account.name.full(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            locale: account.locale.clone(),
            roles: effective_roles(account, config),
            is_active: account.is_active(),
            subscription_tier: account.tier,
            has_password: account.password.is_some(),
            created_at: account.created_at,
            updated_at: account.updated_at,
            last_sign_in_at: account.last_sign_in_at,
        }
    }
}

/// Returns what a person may do: the roles that are theirs, and those of an administrator while their
/// address is one of `ADMIN_DOMAINS` and was shown to be theirs.
pub(crate) fn effective_roles(account: &Account, config: &Config) -> Roles {
    let domain = account.email.domain();
    let admin = account.email_verified() && config.admin_domains.contains(&domain);
    let by_domain = admin.then_some(babyshield::domain::account::Role::Admin);
    account.roles.iter().chain(by_domain).collect()
}
