//! Hashes as they are stored: Argon2's in PHC form, and bcrypt's, which the old backend left.

use argon2::{
    Argon2, Params,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};

use super::{Cost, Password};

/// The most bytes that bcrypt looks at.
const BCRYPT_MOST: usize = 72;

/// The dearest bcrypt that is computed: 2^15 rounds are some two seconds.
const BCRYPT_DEAREST: u32 = 15;

/// The dearest Argon2 that is computed: what somebody imports must not stop everybody's sign-in.
const ARGON2_DEAREST: Cost = Cost {
    memory_kib: 128 * 1024,
    passes: 16,
    lanes: 16,
};

/// A stored hash that can be computed.
pub(super) enum Stored {
    /// `$argon2id$`.
    Argon2(Box<PasswordHash>, Cost),
    /// `$2a$`, `$2b$` or `$2y$`.
    Bcrypt(String),
}

/// Returns whether a stored hash is one that passwords can be compared with: `$argon2id$` and
/// `$2a$`, `$2b$`, `$2y$`, whole and of a cost that is no attack in itself.
pub fn readable(hash: &str) -> bool {
    Stored::parse(hash).is_some()
}

impl Stored {
    pub(super) fn parse(hash: &str) -> Option<Self> {
        if hash.starts_with("$argon2id$") {
            let hash = PasswordHash::new(hash).ok()?;
            let cost = Cost::of(&Params::try_from(&hash).ok()?);
            let whole = hash.salt.is_some() && hash.hash.is_some();
            return (whole && cost.at_most(ARGON2_DEAREST))
                .then_some(Self::Argon2(Box::new(hash), cost));
        }
        let known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|start| hash.starts_with(start));
        let parts: HashParts = known.then(|| hash.parse().ok())??;
        (4..=BCRYPT_DEAREST)
            .contains(&parts.get_cost())
            .then(|| Self::Bcrypt(hash.to_owned()))
    }

    /// Returns what it takes to compute it; bcrypt takes next to no memory.
    pub(super) fn cost(&self) -> Option<Cost> {
        match self {
            Self::Argon2(_, cost) => Some(*cost),
            Self::Bcrypt(_) => None,
        }
    }

    /// Returns whether the hash is the password's. Takes long: not for the thread that serves requests.
    pub(super) fn is_of(&self, password: &Password) -> bool {
        let composed = password.composed();
        match self {
            Self::Argon2(hash, _) => Argon2::default()
                .verify_password(composed.expose_secret().as_bytes(), &**hash)
                .is_ok(),
            Self::Bcrypt(hash) => {
                // The old backend hashed what was typed, composed or not.
                bcrypt_is_of(hash, &composed)
                    || (composed.expose_secret() != password.raw()
                        && bcrypt_is_of(hash, &password.0))
            }
        }
    }
}

/// bcrypt cuts a longer password off and would take any with the same beginning: that is refused.
fn bcrypt_is_of(hash: &str, text: &SecretString) -> bool {
    let text = text.expose_secret();
    text.len() <= BCRYPT_MOST && bcrypt::verify(text, hash).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bcrypt(text: &str) -> String {
        bcrypt::hash(text, 4).unwrap()
    }

    fn is_of(hash: &str, text: &str) -> bool {
        Stored::parse(hash).unwrap().is_of(&text.into())
    }

    #[test]
    fn the_hashes_of_the_old_backend_are_read_in_each_of_their_spellings() {
        let hash = bcrypt("correct horse battery staple");
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash.replacen("$2b$", prefix, 1);
            assert!(is_of(&hash, "correct horse battery staple"), "{prefix}");
            assert!(!is_of(&hash, "correct horse battery stable"), "{prefix}");
        }
        // Published by the authors of OpenBSD's bcrypt.
        let known = "$2a$12$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkY8jIucDrjc8deX1s.";
        assert!(!readable(known), "59 characters are not a hash");
    }

    #[test]
    fn bcrypt_takes_72_bytes_whole_and_no_more() {
        let longest = "a".repeat(72);
        let hash = bcrypt(&longest);
        assert!(is_of(&hash, &longest));
        assert!(!is_of(&hash, &format!("{longest}b")));
        assert!(!is_of(&hash, &longest[..71]));
        // Seventy-two bytes in fewer characters.
        let accents = "\u{e9}".repeat(36);
        assert!(is_of(&bcrypt(&accents), &accents));
        assert!(!is_of(&bcrypt(&accents), &format!("{accents}x")));
    }

    #[test]
    fn what_the_old_backend_hashed_uncomposed_still_signs_in() {
        let (composed, typed) = ("andr\u{e9} en f\u{ea}te", "andre\u{301} en fe\u{302}te");
        assert!(is_of(&bcrypt(typed), typed));
        assert!(is_of(&bcrypt(composed), typed));
        assert!(!is_of(&bcrypt(typed), "andre en fete"));
    }

    #[test]
    fn what_is_no_hash_or_an_attack_is_not_read() {
        let salt_and_hash = "c29tZXNhbHRzYWx0$KIpeI8FWK8yg0oSqLWxfVxOUmC0u24Q6w8HT6Xx0fXo";
        let argon2 = |head: &str| format!("{head}${salt_and_hash}");
        assert!(readable(&argon2("$argon2id$v=19$m=19456,t=2,p=1")));
        for odd in [
            "",
            "password",
            "$2b$",
            "$2x$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
            "$2b$31$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
            "$2b$12$\u{e9}6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0",
            "pbkdf2_sha256$1000$salt$hash",
            &argon2("$argon2i$v=19$m=19456,t=2,p=1"),
            &argon2("$argon2id$v=19$m=4194304,t=2,p=1"),
            &argon2("$argon2id$v=19$m=19456,t=4000000,p=1"),
        ] {
            assert!(!readable(odd), "{odd}");
        }
    }
}
