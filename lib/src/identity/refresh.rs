//! The text of refresh tokens: `bsr_` and, in base64url, the account, the session, 256 bits and a tag.
//!
//! The tag shows without a look at any table that a token is ours, so made-up text touches nothing, and
//! nobody who merely knows a session's identifier can have it taken for stolen. The successor of a token
//! is made of the token itself: however many ask at once, all get the same one, and the table needs no
//! more than hashes.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::domain::account::{SessionId, UserId, session::TokenHash};

/// How every refresh token begins, so that a leaked one is recognised for what it is.
pub const PREFIX: &str = "bsr_";

const ID: usize = 16;
const VALUE: usize = 32;
const TAG: usize = 16;
const BODY: usize = ID + ID + VALUE;
/// The characters of a token behind its prefix.
const CHARACTERS: usize = ((BODY + TAG) * 4).div_ceil(3);

/// The keys of refresh tokens: one for tags, one for successors, so that neither tells of the other.
#[derive(Clone)]
pub struct RefreshKeys {
    tags: [u8; 32],
    successors: [u8; 32],
}

impl fmt::Debug for RefreshKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKeys(..)")
    }
}

/// A refresh token that is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    user: UserId,
    session: SessionId,
    value: [u8; VALUE],
    tag: [u8; TAG],
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken(of {})", self.session)
    }
}

/// A text that is no refresh token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no refresh token of ours")]
pub struct NotOurs;

impl RefreshKeys {
    /// Derives the keys from the one that all refresh tokens rest on.
    pub fn new(root: &[u8; 32]) -> Self {
        Self {
            tags: keyed(root, &[b"babyshield refresh tag v1"]),
            successors: keyed(root, &[b"babyshield refresh successor v1"]),
        }
    }

    /// Makes the first token of a session, of 256 random bits.
    pub fn first(&self, user: UserId, session: SessionId, random: [u8; 32]) -> RefreshToken {
        self.tagged(user, session, random)
    }

    /// Returns the token that follows: always the same one.
    pub fn successor(&self, token: &RefreshToken) -> RefreshToken {
        let value = keyed(&self.successors, &[&token.body(), &token.tag]);
        self.tagged(token.user, token.session, value)
    }

    /// Reads a token, or refuses what is none of ours without saying why.
    pub fn read(&self, text: &str) -> Result<RefreshToken, NotOurs> {
        let text = text.strip_prefix(PREFIX).ok_or(NotOurs)?;
        if text.len() != CHARACTERS {
            return Err(NotOurs);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotOurs)?;
        let (user, rest) = bytes.split_first_chunk::<ID>().ok_or(NotOurs)?;
        let (session, rest) = rest.split_first_chunk::<ID>().ok_or(NotOurs)?;
        let (value, tag) = rest.split_first_chunk::<VALUE>().ok_or(NotOurs)?;
        let user = UserId(Uuid::from_bytes(*user));
        let session = SessionId(Uuid::from_bytes(*session));
        let token = self.tagged(user, session, *value);
        if bool::from(token.tag[..].ct_eq(tag)) {
            Ok(token)
        } else {
            Err(NotOurs)
        }
    }

    fn tagged(&self, user: UserId, session: SessionId, value: [u8; VALUE]) -> RefreshToken {
        let mut token = RefreshToken {
            user,
            session,
            value,
            tag: [0; TAG],
        };
        let full = keyed(&self.tags, &[&token.body()]);
        token.tag.copy_from_slice(&full[..TAG]);
        token
    }
}

impl RefreshToken {
    /// Returns whose it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Returns the session that it belongs to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Returns the text that the client is given.
    pub fn text(&self) -> String {
        let mut bytes = self.body().to_vec();
        bytes.extend_from_slice(&self.tag);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns what is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text())
    }

    fn body(&self) -> [u8; BODY] {
        let mut body = [0; BODY];
        body[..ID].copy_from_slice(self.user.0.as_bytes());
        body[ID..2 * ID].copy_from_slice(self.session.0.as_bytes());
        body[2 * ID..].copy_from_slice(&self.value);
        body
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> RefreshKeys {
        RefreshKeys::new(&[7; 32])
    }

    fn token() -> RefreshToken {
        let user = UserId(Uuid::from_u128(1));
        keys().first(user, SessionId(Uuid::from_u128(2)), [9; 32])
    }

    #[test]
    fn a_token_reads_back_and_keeps_its_shape() {
        let text = token().text();
        assert_eq!(text.len(), PREFIX.len() + CHARACTERS);
        let read = keys().read(&text).unwrap();
        assert_eq!(read, token());
        assert_eq!(read.text(), text);
        assert_eq!(read.user(), UserId(Uuid::from_u128(1)));
        assert_eq!(read.session(), SessionId(Uuid::from_u128(2)));
        assert!(!format!("{read:?} {:?}", keys()).contains(&text[4..40]));
    }

    #[test]
    fn a_successor_is_always_the_same_and_another_than_every_one_before() {
        let mut chain = vec![token()];
        for _ in 0..50 {
            let next = keys().successor(chain.last().unwrap());
            assert_eq!(next, keys().successor(chain.last().unwrap()));
            assert_eq!(
                keys().read(&next.text()).unwrap().session(),
                token().session()
            );
            assert!(!chain.contains(&next));
            chain.push(next);
        }
        let other = RefreshKeys::new(&[8; 32]);
        assert_ne!(other.successor(&token()).value, chain[1].value);
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let text = token().text();
        for at in 0..text.len() {
            for other in [b'A', b'_', b'9'] {
                let mut changed = text.clone().into_bytes();
                if changed[at] == other {
                    continue;
                }
                changed[at] = other;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(keys().read(&changed), Err(NotOurs), "{at} {other}");
            }
        }
    }

    #[test]
    fn what_is_made_up_or_of_another_stack_is_none_of_ours() {
        let text = token().text();
        let short = &text[..text.len() - 1];
        let bare = &text[PREFIX.len()..];
        let made_up = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([0; BODY + TAG]));
        for odd in [
            "",
            PREFIX,
            "bsr",
            "bsk_x",
            "eyJhbGciOiJub25lIn0.e30.",
            "\u{0}",
            "bsr_é",
            short,
            bare,
            &format!("{text}A"),
            &format!("{text}="),
            &format!(" {text}"),
            &text.to_uppercase(),
            &made_up,
            &"A".repeat(1_000_000),
        ] {
            assert_eq!(
                keys().read(odd),
                Err(NotOurs),
                "{}",
                odd.get(..20).unwrap_or(odd)
            );
        }
        assert_eq!(RefreshKeys::new(&[8; 32]).read(&text), Err(NotOurs));
    }

    #[test]
    fn nobody_can_move_a_token_to_another_session() {
        let token = token();
        let mut body = token.body().to_vec();
        body[31] ^= 1;
        body.extend_from_slice(&token.tag);
        let moved = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(body));
        assert_eq!(keys().read(&moved), Err(NotOurs));
    }
}
