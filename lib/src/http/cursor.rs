//! Cursors: opaque, signed, and good for one route, one set of filters and one caller only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use super::problem::{Code, Problem};

/// The key that signs cursors and links.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A key that would be easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key has at least 32 bytes")]
pub struct WeakKey;

/// The bytes of the signature that a cursor carries.
const TAG: usize = 16;

/// The longest cursor that is looked at, in characters.
const LONGEST: usize = 2_000;

impl SigningKey {
    /// Takes a secret of at least 32 bytes.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, WeakKey> {
        let secret = secret.into();
        if secret.len() < 32 {
            return Err(WeakKey);
        }
        Ok(Self(secret))
    }

    /// Writes a cursor. `bound_to` says where it counts: route, filters, caller.
    pub fn seal<T: Serialize>(&self, position: &T, bound_to: &str) -> String {
        let body = serde_json::to_vec(position).expect("a position has only string keys");
        let mut sealed = self.tag(&body, bound_to).to_vec();
        sealed.extend_from_slice(&body);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Reads a cursor back, or refuses it without saying why.
    pub fn open<T: DeserializeOwned>(&self, cursor: &str, bound_to: &str) -> Result<T, Problem> {
        let refused = || {
            Problem::new(
                Code::InvalidCursor,
                "the cursor was not made by this listing",
            )
        };
        if cursor.len() > LONGEST {
            return Err(refused());
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (tag, body) = sealed.split_at_checked(TAG).ok_or_else(refused)?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(
            &self.tag(body, bound_to)[..],
            tag,
        )) {
            return Err(refused());
        }
        serde_json::from_slice(body).map_err(|_| refused())
    }

    fn tag(&self, body: &[u8], bound_to: &str) -> [u8; TAG] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        mac.update(b"cursor\0");
        mac.update(&(bound_to.len() as u64).to_be_bytes());
        mac.update(bound_to.as_bytes());
        mac.update(body);
        let full = mac.finalize().into_bytes();
        std::array::from_fn(|at| full[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::new(*b"0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_cursor_opens_where_it_was_made() {
        let cursor = key().seal(&("2026-10-01", 7), "recalls?agency=us-cpsc");
        let position: (String, u32) = key().open(&cursor, "recalls?agency=us-cpsc").unwrap();
        assert_eq!(position, ("2026-10-01".to_owned(), 7));
    }

    #[test]
    fn a_cursor_is_refused_elsewhere() {
        let cursor = key().seal(&1, "recalls?agency=us-cpsc");
        for bound_to in ["recalls?agency=us-fda", "search?agency=us-cpsc", ""] {
            assert!(key().open::<u32>(&cursor, bound_to).is_err(), "{bound_to}");
        }
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let cursor = key().seal(&123_456, "here");
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of base64 has spare bits; the decoder refuses those that are set.
            assert!(key().open::<u32>(&changed, "here").is_err(), "{at}");
        }
        for odd in ["", "!!", "AAAA", &"A".repeat(5_000)] {
            assert!(key().open::<u32>(odd, "here").is_err());
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert_eq!(SigningKey::new(*b"short").unwrap_err(), WeakKey);
    }
}
