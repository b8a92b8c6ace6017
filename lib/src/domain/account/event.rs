//! What happened to accounts: who did what, to whom, when. The audit trail and the security events.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::UserId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its identifier.
    pub id: Uuid,
    /// When, in UTC.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// Whose account it concerns, where there is one.
    pub about: Option<UserId>,
    /// The network that it came from: the address's first 24 (IPv4) or 64 (IPv6) bits, never more.
    pub client: Option<String>,
    /// The request.
    pub request_id: String,
    /// What else is to be known; never an address, a password or a token.
    #[serde(default)]
    pub detail: BTreeMap<String, String>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "actor", content = "id")]
pub enum Actor {
    /// Nobody that was known.
    Anonymous,
    /// A person.
    User(UserId),
    /// Whoever holds the master token.
    MasterToken,
    /// An operator's order, or a schedule.
    System,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $item:ident = $word:tt, $security:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum EventKind { $($(#[$doc])* #[serde(rename = $word)] $item,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// Returns the kind's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $word,)* }
            }

            /// Returns whether the owner of the account is shown it among the security events.
            pub const fn is_security(self) -> bool {
                match self { $(Self::$item => $security,)* }
            }
        }
    };
}

/// A word that is no kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of event")]
pub struct UnknownKind;

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let mut kinds = Self::ALL.iter().copied();
        kinds.find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

kinds! {
    /// An account was made.
    Registered = "registered", true;
    /// Somebody signed in.
    SignedIn = "signed_in", true;
    /// A sign-in was refused for its password.
    SignInFailed = "sign_in_failed", true;
    /// A sign-in was refused for the number of those before it.
    SignInBlocked = "sign_in_blocked", true;
    /// A session ended itself.
    SignedOut = "signed_out", true;
    /// One session was ended from another, or by staff.
    SessionRevoked = "session_revoked", true;
    /// Every session was ended.
    SessionsRevoked = "sessions_revoked", true;
    /// A refresh token came a second time: the session was ended.
    RefreshReused = "refresh_reused", true;
    /// The address was shown to be the person's.
    EmailVerified = "email_verified", true;
    /// Another address was asked for.
    EmailChangeRequested = "email_change_requested", true;
    /// The address was changed.
    EmailChanged = "email_changed", true;
    /// A link for a new password was asked for.
    PasswordResetRequested = "password_reset_requested", true;
    /// The password was set anew by such a link.
    PasswordReset = "password_reset", true;
    /// The password was changed by somebody who knew it.
    PasswordChanged = "password_changed", true;
    /// A link to sign in was asked for.
    MagicLinkRequested = "magic_link_requested", true;
    /// The person's own data were changed.
    ProfileChanged = "profile_changed", false;
    /// The owner ended the account.
    AccountDeleted = "account_deleted", true;
    /// Staff stopped the account.
    AccountDisabled = "account_disabled", true;
    /// Staff let it be used again.
    AccountEnabled = "account_enabled", true;
    /// Staff took a lockout off.
    AccountUnlocked = "account_unlocked", true;
    /// Somebody's roles were changed.
    RolesChanged = "roles_changed", true;
    /// A key was made.
    ApiKeyCreated = "api_key_created", true;
    /// A key was ended.
    ApiKeyRevoked = "api_key_revoked", true;
    /// Somebody known asked for what they may not have.
    AccessDenied = "access_denied", true;
    /// The master token was used.
    MasterTokenUsed = "master_token_used", false;
    /// The master token was set or taken away.
    MasterTokenChanged = "master_token_changed", false;
    /// The key that signs tokens was changed by plan.
    SigningKeyRotated = "signing_key_rotated", false;
    /// A key that signs tokens was ended at once.
    SigningKeyRevoked = "signing_key_revoked", false;
    /// Accounts were brought in.
    UsersImported = "users_imported", false;
    /// A sign-in attempt elsewhere was reported.
    LoginAttemptReported = "login_attempt_reported", true;
}
