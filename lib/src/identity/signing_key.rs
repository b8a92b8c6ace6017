//! One key that signs, made of a secret text.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::EncodingKey;
use sha2::{Digest, Sha256};

/// The fewest bits of a secret.
const FEWEST_BITS: f64 = 256.0;

/// The fewest different characters of a secret. Of 64 hexadecimal digits, hardly ever one is missing.
const FEWEST_DIFFERENT: usize = 10;

/// What people write where a secret is still to come.
const PLACEHOLDERS: [&str; 6] = [
    "secret",
    "password",
    "changeme",
    "change-me",
    "example",
    "babyshield",
];

/// A secret that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret of the keys that sign tokens is too short or too regular: it takes 256 random bits, which is 43 characters of base64 or more"
)]
pub struct Guessable;

/// A key pair (Ed25519).
#[derive(Clone)]
pub struct SigningKey {
    /// Its name: the thumbprint of RFC 7638.
    pub kid: String,
    /// The public half, in base64url.
    pub x: String,
    pub(super) private: EncodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ..)", self.kid)
    }
}

impl SigningKey {
    /// Derives the key pair; the same secret gives the same one.
    pub fn derive(secret: &str) -> Result<Self, Guessable> {
        check(secret)?;
        let seed = derive(
            secret,
            "babyshield: the seed of a key that signs access tokens, 1",
        );
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed");
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let pkcs8 = pair.to_pkcs8().expect("a key pair has a PKCS#8 form");
        Ok(Self {
            kid: thumbprint(&x),
            x,
            private: EncodingKey::from_ed_der(pkcs8.as_ref()),
        })
    }
}

/// Derives 32 bytes for one purpose. A secret is as good as random, so one HMAC does.
pub(super) fn derive(secret: &str, purpose: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

/// RFC 7638: the hash of the key's members in their order, written without a space.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// Refuses what is not random: too short for its alphabet, few characters over and over, a pattern that
/// comes again, a run along the alphabet, a placeholder.
pub(super) fn check(secret: &str) -> Result<(), Guessable> {
    let bytes = secret.as_bytes();
    let length = bytes.len();
    let all = |is: fn(&u8) -> bool| bytes.iter().all(is);
    let bits_each = if all(u8::is_ascii_digit) {
        3.3
    } else if all(u8::is_ascii_hexdigit) {
        4.0
    } else {
        6.0
    };
    if bits_each * (length as f64) < FEWEST_BITS || !all(u8::is_ascii_graphic) {
        return Err(Guessable);
    }
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    let lower = secret.to_ascii_lowercase();
    let placeholder = PLACEHOLDERS.iter().any(|word| lower.contains(word));
    let repeats = (1..=length / 2).any(|shift| {
        let same = (shift..length).filter(|&at| bytes[at] == bytes[at - shift]);
        same.count() * 4 > (length - shift) * 3
    });
    let steps = bytes.windows(2);
    let runs = steps.filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count() * 2 > length;
    if different.len() < FEWEST_DIFFERENT || placeholder || repeats || runs {
        return Err(Guessable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_gives_always_the_same_key_and_another_one_another() {
        let secret = "q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQ";
        let one = SigningKey::derive(secret).unwrap();
        let same = SigningKey::derive(secret).unwrap();
        let other = SigningKey::derive(&secret.replace('q', "Q")).unwrap();
        assert_eq!((&one.kid, &one.x), (&same.kid, &same.x));
        assert_ne!(one.kid, other.kid);
        // A change here would end every session of every stack.
        assert_eq!(one.kid, "8emnOhIvlWGq3y_RJicfEYr-QX2yveiBs75Njz7Tw44");
        assert!(!format!("{one:?}").contains(secret));
    }

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // RFC 8037, A.3.
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn what_is_random_is_taken_in_any_alphabet() {
        for secret in [
            "q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQ",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "019aa2f4c3d17b52a1e0c4d95f3b8a67019aa2f4c3d17e08b7f16d2a90c5e314",
            "K{p}x!8Zr&%uW+3g;Q=t~V1m?c|9H<j>L.a^6Yn*E_0s(Bf)Xd[2]:G#o5$7Rw4T",
        ] {
            assert_eq!(check(secret), Ok(()), "{secret}");
        }
    }

    #[test]
    fn what_could_be_guessed_is_refused() {
        let guessable = [
            String::new(),
            "short".into(),
            "q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1y".into(),
            "a".repeat(64),
            "ab".repeat(32),
            "q9ZtW3vYk0rJm5Xc".repeat(4),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b8".into(),
            "correct-horse-battery-staple-0123".repeat(2),
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".into(),
            "0123456789012345678901234567890123456789012345".into(),
            "changeme-q9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQ".into(),
            "q9ZtW3vYk0rJm5XcB7sHd2LfNa8Pg Ue4TiRo6VxC1yQ".into(),
            "ÿ9ZtW3vYk0rJm5XcB7sHd2LfNa8PgUe4TiRo6VxC1yQqq".into(),
            "0000000000000000000000000000000q9ZtW3vYk0rJm5XcB7s".into(),
        ];
        for secret in guessable {
            assert_eq!(check(&secret), Err(Guessable), "{secret}");
        }
    }
}
