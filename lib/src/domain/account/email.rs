//! E-mail addresses, and when two of them are the same.

use std::{fmt, str::FromStr};

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
const LONGEST: usize = 254;

/// An address, as it was written.
///
/// Two addresses are the same when their [`Email::key`]s are: NFC, the domain in its ASCII form, all in
/// lower case. The mailbox is folded too, though a server might tell `A` from `a`: none does, and an
/// account that differs from another in case alone would be a trap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// A text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Returns the address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the `@`.
    pub fn mailbox(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(mailbox, _)| mailbox)
    }

    /// Returns the domain in lower case and ASCII.
    pub fn domain(&self) -> String {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase())
    }

    /// Returns what is the same for addresses that are the same.
    pub fn key(&self) -> String {
        format!("{}@{}", self.mailbox().to_lowercase(), self.domain())
    }
}

/// Returns a text in Unicode's composed form (NFC), in which it does not matter how it was typed.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = composed(text.trim());
        let (mailbox, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let plain = format!("{mailbox}@{ascii}");
        let quoted = mailbox.contains(['"', ' ', '(', ')', '\\']);
        // Punycode may be longer than what was written.
        if quoted || text.len() > LONGEST || plain.len() > LONGEST {
            return Err(InvalidEmail);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidEmail);
        }
        EmailAddress::parse_with_options(&plain, options).map_err(|_| InvalidEmail)?;
        Ok(Self(text))
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        text.parse::<Email>().unwrap().key()
    }

    #[test]
    fn one_mailbox_has_one_key_however_it_is_written() {
        assert_eq!(key("  Ana@Example.ORG "), "ana@example.org");
        assert_eq!(key("ana@BÜCHER.example"), "ana@xn--bcher-kva.example");
        assert_eq!(key("ana@bücher.example"), key("ana@xn--bcher-kva.example"));
        // e with an accent, composed and not.
        assert_eq!(
            key("andr\u{e9}@example.org"),
            key("andre\u{301}@example.org")
        );
        assert_eq!(key("ana+nursery@example.org"), "ana+nursery@example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for odd in [
            "",
            "ana",
            "@example.org",
            "ana@",
            "ana@localhost",
            "a b@example.org",
            "ana@exa mple.org",
            "ana@@example.org",
            "ana@example..org",
            "ana@[127.0.0.1]",
            "\"a b\"@example.org",
            "ana@example.org\r\nBcc: eve@example.org",
            "Ana <ana@example.org>",
            "ana\u{0}@example.org",
            ".ana@example.org",
        ] {
            assert_eq!(odd.parse::<Email>(), Err(InvalidEmail), "{odd:?}");
        }
        let long = format!("{}@example.org", "a".repeat(300));
        assert_eq!(long.parse::<Email>(), Err(InvalidEmail));
    }
}
