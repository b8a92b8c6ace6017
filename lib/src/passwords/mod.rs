//! Passwords: how they are hashed, and which may be chosen.
//!
//! A password is compared in Unicode's composed form (NFC), so that it does not matter how a keyboard
//! writes an accent, and as a whole: nothing is cut off at an end.

mod hasher;
mod rules;
mod stored;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;

pub use hasher::{Cost, Hasher, HashingError, Verdict, parallel};
pub use rules::{Complexity, Fault, PasswordRules, UnknownComplexity};
pub use stored::readable;

/// A password as it was typed. `Debug` does not print it, and its memory is wiped.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Returns what was typed.
    fn raw(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns it in the form that is hashed.
    fn composed(&self) -> SecretString {
        self.raw().nfc().collect::<String>().into()
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let password: Password = serde_json::from_str("\"Quillabee-7\"").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(password.raw(), "Quillabee-7");
    }
}
