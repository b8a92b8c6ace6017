//! Which passwords may be chosen: long ones that are not guessed first. Nothing is said about which
//! characters they consist of, unless an installation must.

use std::{fmt::Write, str::FromStr};

use secrecy::ExposeSecret;
use zxcvbn::zxcvbn;

use super::Password;
use crate::domain::account::Email;

/// The longest password, in characters. Argon2 would take more; nobody types more.
const LONGEST: usize = 1_024;

/// A password that is guessed within so many tries is refused. What somebody can try at our door in a
/// year is a tenth of it (100 an hour and account).
const GUESSES: u64 = 1_000_000;

/// What the service is called: nobody may call a password so.
const PRODUCT: &[&str] = &["babyshield", "baby shield", "baby", "shield"];

/// Parts of an address or a name that are shorter are nobody's secret and nobody's hint.
const SHORTEST_PART: usize = 3;

/// Whether a password must be made of several kinds of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Complexity {
    /// It need not.
    #[default]
    None,
    /// Letters of both cases, a digit and another character.
    Strict,
}

/// A word that is no complexity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is one of none, strict")]
pub struct UnknownComplexity;

impl FromStr for Complexity {
    type Err = UnknownComplexity;

    fn from_str(text: &str) -> Result<Self, UnknownComplexity> {
        match text {
            "none" => Ok(Self::None),
            "strict" => Ok(Self::Strict),
            _ => Err(UnknownComplexity),
        }
    }
}

/// What is wrong with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

/// Tells whether a character is of a kind.
type Kind = fn(char) -> bool;

/// The rules for new passwords.
#[derive(Debug, Clone, Copy)]
pub struct PasswordRules {
    /// The shortest password, in characters.
    pub shortest: usize,
    /// Whether it must be made of several kinds of characters.
    pub complexity: Complexity,
}

impl PasswordRules {
    /// Checks a password of the person with this address, where it is known, and name, and names everything that is wrong
    /// with it. Takes some milliseconds for a long one.
    pub fn check(
        &self,
        password: &Password,
        email: Option<&Email>,
        name: &str,
    ) -> Result<(), Vec<Fault>> {
        let composed = password.composed();
        let text = composed.expose_secret();
        let length = text.chars().count();
        let mut faults = Vec::new();
        let mut fault = |code, message: String| faults.push(Fault { code, message });
        if length < self.shortest {
            let shortest = self.shortest;
            fault(
                "TOO_SHORT",
                format!("a password has at least {shortest} characters"),
            );
        }
        if length > LONGEST {
            fault(
                "TOO_LONG",
                format!("a password has at most {LONGEST} characters"),
            );
        }
        if text.contains('\0') {
            // It would end the password in programs that count it among the ends of a text.
            fault(
                "INVALID_VALUE",
                "a password has no character of the value zero".into(),
            );
        }
        if let Some(missing) = self.missing(text) {
            fault(
                "TOO_SIMPLE",
                format!("this installation asks for {missing}"),
            );
        }
        if guessable(text, email, name) {
            fault(
                "TOO_COMMON",
                "this is among the first that somebody would guess; several words that have nothing to do with \
                 each other are better"
                    .into(),
            );
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn missing(&self, text: &str) -> Option<String> {
        if self.complexity == Complexity::None {
            return None;
        }
        let kinds: [(&str, Kind); 4] = [
            ("a small letter", char::is_lowercase),
            ("a capital letter", char::is_uppercase),
            ("a digit", char::is_numeric),
            ("a character that is neither", |c| !c.is_alphanumeric()),
        ];
        let mut missing = String::new();
        for (kind, is) in kinds {
            if !text.chars().any(is) {
                let comma = if missing.is_empty() { "" } else { ", " };
                let _ = write!(missing, "{comma}{kind}");
            }
        }
        (!missing.is_empty()).then_some(missing)
    }
}

/// Returns whether a password is among the first that somebody would try: a common one, a pattern on the
/// keyboard, a repetition, the person's own address or name, or the service's.
fn guessable(text: &str, email: Option<&Email>, name: &str) -> bool {
    let mut hints: Vec<String> = PRODUCT.iter().map(|word| (*word).to_owned()).collect();
    let address = email.map(|email| [email.mailbox().to_owned(), email.domain()]);
    let own = address.into_iter().flatten().chain([name.to_owned()]);
    for text in own.map(|text| text.to_lowercase()) {
        let parts = text.split(|c: char| !c.is_alphanumeric());
        hints.extend(parts.map(str::to_owned));
        hints.push(text);
    }
    hints.retain(|hint| hint.chars().count() >= SHORTEST_PART);
    let words: Vec<&str> = hints.iter().map(String::as_str).collect();
    // It looks at the first hundred characters; what comes after makes nothing easier to guess.
    zxcvbn(text, &words).guesses() <= GUESSES || only_hints(text, &hints)
}

/// Returns whether nothing but hints, digits and signs is in a password, however often and long.
fn only_hints(text: &str, hints: &[String]) -> bool {
    let mut left: String = text.to_lowercase();
    let mut hints: Vec<&str> = hints.iter().map(String::as_str).collect();
    hints.sort_by_key(|hint| std::cmp::Reverse(hint.len()));
    let mut found = false;
    for hint in hints {
        if left.contains(hint) {
            found = true;
            left = left.replace(hint, "");
        }
    }
    found && !left.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PasswordRules = PasswordRules {
        shortest: 12,
        complexity: Complexity::None,
    };

    fn faults(rules: PasswordRules, password: &str) -> Vec<&'static str> {
        let email = "mirabel.okonkwo@quillabee.example".parse().unwrap();
        let faults = rules.check(&password.into(), Some(&email), "Mirabel Okonkwo");
        let faults = faults.err().unwrap_or_default();
        faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn ordinary_passphrases_pass() {
        for fine in [
            "tin lantern wobbles",
            "correct horse battery staple",
            "vier nasse Igel im Keller",
            "trois tasses de verveine",
            "молоко на подоконнике",
            "哺乳瓶を洗う水曜日の夜に限る",
            "\u{1f37c}\u{1f9f8}\u{1f319}\u{1f422}\u{1f3a0}\u{1fa81}\u{1f33b}\u{1f955}\u{1f980}\u{1f41d}\u{1f4ce}\u{1f9e9}",
            "   leading and trailing   ",
            "hV7#qTz9!mLd",
            "Tr0ub4dour-and-3-geese",
        ] {
            assert!(
                faults(RULES, fine).is_empty(),
                "{fine}: {:?}",
                faults(RULES, fine)
            );
        }
        let long: String = (0..128_u8)
            .map(|at| char::from(b'a' + at.wrapping_mul(7) % 26))
            .collect();
        assert!(faults(RULES, &format!("tin lantern {long}")).is_empty());
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for weak in [
            "password1234",
            "Password1234!",
            "123456789012",
            "qwertyuiop12",
            "qwertyuiopasdf",
            "iloveyou1234",
            "aaaaaaaaaaaa",
            "abcabcabcabcabc",
            "babyshield2026",
            "BabyShield!!!1",
            "mirabel.okonkwo",
            "Mirabel.Okonkwo1987",
            "okonkwo123456",
            "quillabee.example",
            "mirabelmirabelmirabel",
        ] {
            assert_eq!(faults(RULES, weak), ["TOO_COMMON"], "{weak}");
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let strict = PasswordRules {
            complexity: Complexity::Strict,
            ..RULES
        };
        assert_eq!(
            faults(strict, "password"),
            ["TOO_SHORT", "TOO_SIMPLE", "TOO_COMMON"]
        );
        assert_eq!(faults(RULES, ""), ["TOO_SHORT", "TOO_COMMON"]);
        assert_eq!(faults(strict, "tin lantern wobbles"), ["TOO_SIMPLE"]);
        assert!(faults(strict, "Tin lantern wobbles 7 times").is_empty());
        assert_eq!(faults(RULES, "tin lantern\0wobbles"), ["INVALID_VALUE"]);
    }

    #[test]
    fn length_is_counted_in_composed_characters() {
        let eleven = "zo\u{eb} wr\u{f6}te it";
        assert_eq!(eleven.chars().count(), 12);
        let decomposed = "zoe\u{308} wro\u{308}te i";
        assert!(decomposed.chars().count() > 12);
        assert_eq!(faults(RULES, decomposed), ["TOO_SHORT"]);
        assert!(faults(RULES, eleven).is_empty());
        let most = "tin lantern wobbles ".repeat(60);
        let most: String = most.chars().take(LONGEST).collect();
        assert!(faults(RULES, &most).is_empty());
        assert_eq!(faults(RULES, &format!("{most}x")), ["TOO_LONG"]);
    }
}
