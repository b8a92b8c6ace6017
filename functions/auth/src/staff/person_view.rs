//! A person as staff see them.

use babyshield::domain::account::{Account, Roles, Standing, Tier, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, user_view::effective_roles};

/// A person, as staff see them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
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
    /// The roles that were given to the person.
    roles: Roles,
    /// What the person may do: the roles, and an administrator's where the address's domain gives it.
    effective_roles: Roles,
    /// Whether the account may be used.
    is_active: bool,
    /// Whether it may, and if not, who ended it.
    standing: StandingView,
    /// Since when it may not.
    standing_since: Option<Timestamp>,
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

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandingView {
    /// It may.
    Active,
    /// Staff have stopped it.
    Disabled,
    /// Its owner has ended it.
    Deleted,
}

impl StandingView {
    /// Every word.
    pub(super) const ALL: [(Self, &'static str); 3] = [
        (Self::Active, "active"),
        (Self::Disabled, "disabled"),
        (Self::Deleted, "deleted"),
    ];

    /// Returns the standing without its time.
    pub(super) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Disabled(_) => Self::Disabled,
            Standing::Deleted(_) => Self::Deleted,
        }
    }
}

impl PersonView {
    /// Shows an account.
    pub(super) fn of(account: &Account, app: &App) -> Self {
        Self {
            id: account.id,
            email: account.email.to_string(),
            email_verified: account.email_verified(),
            name: account.name.full(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            locale: account.locale.clone(),
            roles: account.roles.clone(),
            effective_roles: effective_roles(account, &app.config),
            is_active: account.is_active(),
            standing: StandingView::of(account.standing),
            standing_since: match account.standing {
                Standing::Active => None,
                Standing::Disabled(since) | Standing::Deleted(since) => Some(since),
            },
            subscription_tier: account.tier,
            has_password: account.password.is_some(),
            created_at: account.created_at,
            updated_at: account.updated_at,
            last_sign_in_at: account.last_sign_in_at,
        }
    }
}

/// Returns what tags the state of an account: its version, since a sign-in changes nothing that staff
/// would overwrite.
pub(super) fn state(account: &Account) -> Vec<u8> {
    format!("{} {}", account.id, account.version).into_bytes()
}
