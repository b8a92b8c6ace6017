//! A signed-in device: the family of its refresh tokens, and what a token that is presented means.
//!
//! A family has one current token. Using it makes its successor the current one; the one before stays
//! known, for whoever did not get the answer and asks again.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SessionId, UserId};

/// How long a session lives that nobody uses.
pub const IDLE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How long a session lives, however much it is used.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long the token before the current one is answered as it was the first time.
pub const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// What is kept of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// Returns the hash of a token.
    pub fn of(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token)))
    }

    /// Takes a hash that was stored.
    pub fn stored(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// Returns the hash as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The device signed out.
    SignedOut,
    /// It was ended from another device, or by staff.
    Revoked,
    /// A token of it came a second time.
    Reused,
    /// There were too many, and it was the least recently used.
    Displaced,
}

impl Ending {
    /// Every way to end.
    pub const ALL: [Self; 4] = [
        Self::SignedOut,
        Self::Revoked,
        Self::Reused,
        Self::Displaced,
    ];

    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::Reused => "reused",
            Self::Displaced => "displaced",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identifier.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The token that is good now.
    pub current: TokenHash,
    /// The one before.
    pub previous: Option<TokenHash>,
    /// When the current one followed the one before.
    pub rotated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used to get an access token.
    pub last_used_at: Timestamp,
    /// Until when it lives if nobody uses it.
    pub idle_until: Timestamp,
    /// Until when it lives at most.
    pub until: Timestamp,
    /// Which password the account had, by when it was set: a session does not outlive its password.
    pub password_set_at: Option<Timestamp>,
    /// What the device calls itself.
    pub device: String,
    /// The network that it was last used from.
    pub network: String,
    /// When and why it ended before its time.
    pub ended: Option<(Timestamp, Ending)>,
}

/// What a token means that is genuine and not taken as the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// It is the current one after all.
    Current,
    /// It was used a moment ago: the same answer again.
    Again,
    /// It was used before that: somebody has a copy.
    Reused,
    /// The session is over, whatever was presented.
    Over,
}

impl Session {
    /// Returns until when a session lives that is used now.
    pub fn idle_until(now: Timestamp, until: Timestamp) -> Timestamp {
        (now + IDLE).min(until)
    }

    /// Returns whether it still lives.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.idle_until && now < self.until
    }

    /// Judges a genuine token of this session, for an account whose password was set then.
    pub fn judge(
        &self,
        presented: &TokenHash,
        password_set_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Presented {
        if !self.is_live(now) || self.password_set_at != password_set_at {
            return Presented::Over;
        }
        if *presented == self.current {
            return Presented::Current;
        }
        if self.previous.as_ref() == Some(presented) && now < self.rotated_at + GRACE {
            return Presented::Again;
        }
        Presented::Reused
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn hash(token: &str) -> TokenHash {
        TokenHash::of(token)
    }

    /// Begun at 0, used first at 100: `a` became `b`.
    fn session() -> Session {
        Session {
            id: SessionId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            current: hash("b"),
            previous: Some(hash("a")),
            rotated_at: at(100),
            created_at: at(0),
            last_used_at: at(100),
            idle_until: at(100) + IDLE,
            until: at(0) + LONGEST,
            password_set_at: Some(at(-5)),
            device: "a test".into(),
            network: "203.0.113.0/24".into(),
            ended: None,
        }
    }

    fn judge(session: &Session, token: &str, now: Timestamp) -> Presented {
        session.judge(&hash(token), Some(at(-5)), now)
    }

    #[test]
    fn the_token_before_is_answered_again_for_ten_seconds_and_no_longer() {
        let session = session();
        for (seconds, means) in [
            // Another instance's clock may be behind.
            (98, Presented::Again),
            (100, Presented::Again),
            (109, Presented::Again),
            (110, Presented::Reused),
            (100_000, Presented::Reused),
        ] {
            assert_eq!(judge(&session, "a", at(seconds)), means, "{seconds}");
        }
        assert_eq!(judge(&session, "b", at(101)), Presented::Current);
    }

    #[test]
    fn the_token_before_the_one_before_is_never_answered() {
        assert_eq!(judge(&session(), "grandparent", at(100)), Presented::Reused);
        let first = Session {
            previous: None,
            ..session()
        };
        assert_eq!(judge(&first, "a", at(100)), Presented::Reused);
    }

    #[test]
    fn a_session_is_over_when_idle_when_old_when_ended_and_when_the_password_is_another() {
        let session = session();
        let idle = at(100) + IDLE;
        let second = SignedDuration::from_secs(1);
        assert_eq!(judge(&session, "b", idle - second), Presented::Current);
        assert_eq!(judge(&session, "b", idle), Presented::Over);
        // What is over is not reuse: nobody is told of a copy for a token that is merely old.
        assert_eq!(judge(&session, "a", idle), Presented::Over);
        let old = Session {
            idle_until: at(0) + LONGEST + LONGEST,
            ..session.clone()
        };
        assert_eq!(judge(&old, "b", at(0) + LONGEST), Presented::Over);
        let ended = Session {
            ended: Some((at(101), Ending::SignedOut)),
            ..session.clone()
        };
        assert_eq!(judge(&ended, "b", at(102)), Presented::Over);
        for other in [None, Some(at(50))] {
            assert_eq!(
                session.judge(&hash("b"), other, at(102)),
                Presented::Over,
                "{other:?}"
            );
        }
    }

    #[test]
    fn use_never_lengthens_a_session_past_its_longest() {
        let until = at(0) + LONGEST;
        assert_eq!(Session::idle_until(at(0), until), at(0) + IDLE);
        assert_eq!(Session::idle_until(until - GRACE, until), until);
    }
}
