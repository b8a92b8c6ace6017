//! What links that work once are good for, and for how long.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

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

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [
        Self::VerifyEmail,
        Self::ChangeEmail,
        Self::ResetPassword,
        Self::MagicLink,
    ];

    /// Returns the purpose's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
            Self::MagicLink => "magic_link",
        }
    }

    /// Returns how long a link works. What opens an account works for as long as it takes to read a mail;
    /// what only shows that an address is read may wait until the evening.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::VerifyEmail => SignedDuration::from_hours(24),
            Self::ChangeEmail => SignedDuration::from_hours(1),
            Self::ResetPassword | Self::MagicLink => SignedDuration::from_mins(15),
        }
    }
}
