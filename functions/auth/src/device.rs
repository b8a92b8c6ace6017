//! Known devices: a token that shows that somebody has signed in on a device to that address before.
//!
//! It signs nobody in. All it does is to count the device's attempts by themselves, so that strangers who
//! guess at the account do not hold its owner up (OWASP's device cookies).

use babyshield::stores::attempts::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use uuid::Uuid;

use babyshield::domain::account::Email;

/// How every device token begins.
const PREFIX: &str = "bsd_";

/// How long a device stays known after the last sign-in.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);

const ID: usize = 16;
const ISSUED: usize = 8;
const TAG: usize = 32;

/// What signs device tokens, of the key that outlives the rotations of those that sign access tokens.
pub(crate) struct DeviceKey([u8; 32]);

impl DeviceKey {
    /// Derives the key.
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        let derived = keyed(root, &[b"babyshield device v1"]);
        Self(derived.finalize().into_bytes().into())
    }

    /// Makes the token of a device for an address.
    pub(crate) fn issue(&self, email: &Email, device: Uuid, now: Timestamp) -> String {
        let mut bytes = device.as_bytes().to_vec();
        bytes.extend_from_slice(&now.as_second().to_be_bytes());
        let tag = self.tag(email, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the device that a token shows for an address; none where it is none of ours, another
    /// address's, or too old.
    pub(crate) fn read(&self, email: &Email, text: &str, now: Timestamp) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (body, tag) = bytes.split_at_checked(ID + ISSUED)?;
        if tag.len() != TAG {
            return None;
        }
        self.tag(email, body).verify_slice(tag).ok()?;
        let (device, issued) = body.split_first_chunk::<ID>()?;
        let issued = i64::from_be_bytes(issued.try_into().ok()?);
        let issued = Timestamp::from_second(issued).ok()?;
        (now.duration_since(issued) < LIFE).then(|| Uuid::from_bytes(*device))
    }

    fn tag(&self, email: &Email, body: &[u8]) -> Hmac<Sha256> {
        keyed(&self.0, &[digest(email).as_bytes(), body])
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8; 32] = &[7; 32];

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_address_and_half_a_year() {
        let (key, device) = (DeviceKey::new(KEY), Uuid::from_u128(1));
        let token = key.issue(&email("ana@example.org"), device, now());
        let read = |address: &str, days: i64| {
            let later = now() + SignedDuration::from_hours(24 * days);
            key.read(&email(address), &token, later)
        };
        assert_eq!(read("ANA@example.org", 0), Some(device));
        assert_eq!(read("ana@example.org", 179), Some(device));
        assert_eq!(read("ana@example.org", 180), None);
        assert_eq!(read("bea@example.org", 0), None);
        let other = DeviceKey::new(&[8; 32]);
        assert_eq!(other.read(&email("ana@example.org"), &token, now()), None);
    }

    #[test]
    fn a_text_that_is_not_ours_shows_no_device() {
        let (key, ana) = (DeviceKey::new(KEY), email("ana@example.org"));
        let token = key.issue(&ana, Uuid::from_u128(1), now());
        for at in PREFIX.len()..token.len() {
            let mut other = token.clone();
            let swapped = if &token[at..=at] == "A" { "B" } else { "A" };
            other.replace_range(at..=at, swapped);
            assert_eq!(key.read(&ana, &other, now()), None, "{at}");
            assert_eq!(key.read(&ana, &token[..at], now()), None, "{at}");
        }
        for odd in ["", "bsd_", "bsd_\u{e9}", "bsr_AAAA", &format!("{token}A")] {
            assert_eq!(key.read(&ana, odd, now()), None, "{odd}");
        }
    }
}
