//! What an access token says (RFC 9068, RFC 8725).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::account::{Roles, SessionId, UserId};

/// The `typ` of an access token's header (RFC 9068, 2.1).
pub const TYPE: &str = "at+jwt";

/// Whom access tokens are for.
pub const AUDIENCE: &str = "babyshield-api";

/// The longest that an access token may live, whatever the settings say: keys and denials are kept for
/// as long as this.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_mins(60);

/// How far the clocks of two instances may lie apart.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// The claims of an access token. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it: `PUBLIC_URL`.
    pub iss: String,
    /// Whom it is for: [`AUDIENCE`].
    pub aud: String,
    /// The account.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// Its own identifier.
    pub jti: uuid::Uuid,
    /// What the account may do.
    pub roles: Roles,
    /// When it was made.
    pub iat: i64,
    /// From when it counts.
    pub nbf: i64,
    /// Until when it counts.
    pub exp: i64,
}
