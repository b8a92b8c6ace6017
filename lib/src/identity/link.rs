//! The tokens of links that work once.
//!
//! A token is `base64url(person | link | HMAC-SHA256(key, purpose | person | link))`, its key derived
//! from the secret that signs links. Whoever writes the message and whoever takes the token derive it;
//! it stands in no table and in no queue.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::domain::account::{Purpose, UserId};

/// The length of a token, in characters.
const LENGTH: usize = 86;

/// The shortest secret, in bytes.
const SECRET_LEAST: usize = 32;

/// The key that the tokens of links are made with.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

/// A secret that would be easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of links has fewer than {SECRET_LEAST} bytes")]
pub struct WeakSecret;

/// A token that was made here. Whether its link still works is the table's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Whose link it is.
    pub user: UserId,
    /// The link.
    pub link: Uuid,
    /// What it is good for.
    pub purpose: Purpose,
}

impl LinkKey {
    /// Derives the key from the secret that signs cursors and links.
    pub fn derive(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < SECRET_LEAST {
            return Err(WeakSecret);
        }
        Ok(Self(tag(secret, &[b"key of links that work once, 1"])))
    }

    /// Returns the token of a link.
    pub fn token(&self, user: UserId, link: Uuid, purpose: Purpose) -> String {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(user.0.as_bytes());
        bytes.extend_from_slice(link.as_bytes());
        bytes.extend_from_slice(&self.tag(user, link, purpose));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token that is good for one of these purposes, or nothing, whatever is wrong with it.
    pub fn open(&self, token: &str, purposes: &[Purpose]) -> Option<Opened> {
        if token.len() != LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (link, given) = rest.split_first_chunk::<16>()?;
        let (user, link) = (UserId(Uuid::from_bytes(*user)), Uuid::from_bytes(*link));
        let purpose = purposes
            .iter()
            .copied()
            .find(|purpose| bool::from(self.tag(user, link, *purpose).ct_eq(given)))?;
        Some(Opened {
            user,
            link,
            purpose,
        })
    }

    /// Returns an identifier that stands for an address that is nobody's: always the same one, so that
    /// asking twice for such an address is like asking twice for somebody's.
    pub fn nobody(&self, address: &str) -> UserId {
        let bytes = tag(&self.0, &[b"nobody", address.as_bytes()]);
        UserId(Uuid::from_bytes(std::array::from_fn(|at| bytes[at])))
    }

    fn tag(&self, user: UserId, link: Uuid, purpose: Purpose) -> [u8; 32] {
        let purpose = purpose.as_str().as_bytes();
        tag(
            &self.0,
            &[b"once link", purpose, user.0.as_bytes(), link.as_bytes()],
        )
    }
}

/// Returns the HMAC of several texts, each with its length before it.
fn tag(key: &[u8], texts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    for text in texts {
        mac.update(&(text.len() as u64).to_be_bytes());
        mac.update(text);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(Uuid::from_u128(1));
    const LINK: Uuid = Uuid::from_u128(2);

    fn key() -> LinkKey {
        LinkKey::derive(b"0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_token_opens_for_its_purpose_and_no_other() {
        for purpose in Purpose::ALL {
            let token = key().token(USER, LINK, purpose);
            assert_eq!(token.len(), LENGTH);
            for other in Purpose::ALL {
                let opened = key().open(&token, &[other]);
                assert_eq!(opened.is_some(), purpose == other, "{purpose:?} {other:?}");
            }
            let opened = key().open(&token, &Purpose::ALL).unwrap();
            assert_eq!(
                (opened.user, opened.link, opened.purpose),
                (USER, LINK, purpose)
            );
        }
    }

    #[test]
    fn a_token_with_one_character_changed_opens_nothing() {
        let token = key().token(USER, LINK, Purpose::ResetPassword);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(key().open(&changed, &Purpose::ALL), None, "{at}");
        }
        for odd in [
            "",
            "AAAA",
            &token[1..],
            &format!("{token}A"),
            &format!("{token}="),
            &"A".repeat(LENGTH),
            &"\u{e9}".repeat(LENGTH / 2),
            &"A".repeat(1_000_000),
        ] {
            assert_eq!(key().open(odd, &Purpose::ALL), None);
        }
    }

    #[test]
    fn another_secret_opens_nothing_and_a_short_one_is_none() {
        let token = key().token(USER, LINK, Purpose::MagicLink);
        let other = LinkKey::derive(b"another secret of thirty-two bytes").unwrap();
        assert_eq!(other.open(&token, &Purpose::ALL), None);
        assert_eq!(LinkKey::derive(&[7; 31]).unwrap_err(), WeakSecret);
    }

    #[test]
    fn nobody_is_always_the_same_and_never_two() {
        let nobody = key().nobody("eve@example.org");
        assert_eq!(nobody, key().nobody("eve@example.org"));
        assert_ne!(nobody, key().nobody("eva@example.org"));
    }
}
