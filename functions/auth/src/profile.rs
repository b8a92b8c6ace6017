//! What people say of themselves, read out of a body: name, language, address. Every fault is noted.

use babyshield::{
    domain::account::{Email, Name},
    http::problem::FieldError,
};

/// The longest name, in characters.
const NAME_MOST: usize = 100;

/// The longest language tag, in characters (RFC 5646, 4.4.1).
const LOCALE_MOST: usize = 35;

/// The language of people who name none.
pub(crate) const LOCALE: &str = "en";

/// The parts of a name, as bodies carry them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NameParts<'a> {
    /// The whole name.
    pub(crate) whole: Option<&'a str>,
    /// The given name.
    pub(crate) first: Option<&'a str>,
    /// The family name.
    pub(crate) last: Option<&'a str>,
}

impl NameParts<'_> {
    /// Returns whether no part is given.
    pub(crate) fn is_empty(self) -> bool {
        self.whole.is_none() && self.first.is_none() && self.last.is_none()
    }

    /// Reads a name: the whole, or its parts over those that were there before.
    pub(crate) fn read(self, before: Option<&Name>, errors: &mut Vec<FieldError>) -> Option<Name> {
        if let Some(whole) = self.whole {
            if self.first.is_some() || self.last.is_some() {
                errors.push(FieldError::new(
                    "/name",
                    "INVALID_VALUE",
                    "either name, or first_name and last_name",
                ));
                return None;
            }
            return Some(Name {
                first: line("/name", whole, 1, errors)?,
                last: String::new(),
            });
        }
        let before = before.cloned().unwrap_or_default();
        let first = match self.first {
            Some(first) => line("/first_name", first, 1, errors),
            None => Some(before.first).filter(|first| !first.is_empty()),
        };
        let last = match self.last {
            Some(last) => line("/last_name", last, 0, errors),
            None => Some(before.last),
        };
        if first.is_none() && self.first.is_none() {
            errors.push(FieldError::new(
                "/name",
                "MISSING_FIELD",
                "a name is required",
            ));
        }
        Some(Name {
            first: first?,
            last: last?,
        })
    }
}

/// Reads one line of text, composed and without blanks around it.
fn line(field: &str, text: &str, least: usize, errors: &mut Vec<FieldError>) -> Option<String> {
    let text: String = compose(text.trim());
    let length = text.chars().count();
    let fault = if length < least {
        Some(("TOO_SHORT", "must not be empty".to_owned()))
    } else if length > NAME_MOST {
        Some(("TOO_LONG", format!("at most {NAME_MOST} characters")))
    } else if text.chars().any(is_invisible) {
        Some((
            "INVALID_VALUE",
            "must have no control characters".to_owned(),
        ))
    } else {
        None
    };
    let Some((code, message)) = fault else {
        return Some(text);
    };
    errors.push(FieldError::new(field, code, message));
    None
}

/// Characters that write nothing, or turn the writing around: in a message they deceive.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Reads a language tag: letters and digits in parts, the first a language.
pub(crate) fn locale(text: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language =
        (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if is_language && parts.all(is_part) && text.len() <= LOCALE_MOST {
        return Some(text.to_owned());
    }
    errors.push(FieldError::new(
        "/locale",
        "INVALID_VALUE",
        "a language tag such as en or fr-CA",
    ));
    None
}

/// Reads an address.
pub(crate) fn email(field: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<Email> {
    match text.parse() {
        Ok(email) => Some(email),
        Err(error) => {
            let error: babyshield::domain::account::InvalidEmail = error;
            errors.push(FieldError::new(field, "INVALID_EMAIL", error.to_string()));
            None
        }
    }
}

fn compose(text: &str) -> String {
    babyshield::domain::account::composed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(parts: NameParts<'_>, before: Option<&Name>) -> Result<Name, Vec<String>> {
        let mut errors = Vec::new();
        let name = parts.read(before, &mut errors);
        let errors = errors
            .into_iter()
            .map(|error| format!("{} {}", error.field, error.code));
        name.ok_or_else(|| errors.collect())
    }

    fn parts<'a>(whole: &'a str, first: &'a str, last: &'a str) -> NameParts<'a> {
        let given = |text: &'a str| (text != "-").then_some(text);
        NameParts {
            whole: given(whole),
            first: given(first),
            last: given(last),
        }
    }

    #[test]
    fn a_name_is_one_line_or_two_parts_of_it() {
        let ana = Name {
            first: "Ana".into(),
            last: "Silva".into(),
        };
        assert_eq!(name(parts("-", " Ana ", "Silva"), None), Ok(ana.clone()));
        assert_eq!(
            name(parts("Ana Silva", "-", "-"), None).unwrap().full(),
            "Ana Silva"
        );
        assert_eq!(
            name(parts("-", "-", "Sousa"), Some(&ana)).unwrap().full(),
            "Ana Sousa"
        );
        assert_eq!(
            name(parts("-", "Bea", "-"), Some(&ana)).unwrap().full(),
            "Bea Silva"
        );
        assert_eq!(
            name(parts("-", "Bea", ""), Some(&ana)).unwrap().full(),
            "Bea"
        );
        assert_eq!(
            name(parts("Cleo", "-", "-"), Some(&ana)).unwrap().full(),
            "Cleo"
        );
    }

    #[test]
    fn what_is_wrong_with_a_name_is_named() {
        let long = "x".repeat(101);
        for (given, expected) in [
            (parts("-", "-", "-"), "/name MISSING_FIELD"),
            (parts("-", "-", "Silva"), "/name MISSING_FIELD"),
            (parts("   ", "-", "-"), "/name TOO_SHORT"),
            (parts("Ana", "Ana", "-"), "/name INVALID_VALUE"),
            (parts("Ana\r\nBcc: eve", "-", "-"), "/name INVALID_VALUE"),
            (parts("Ana \u{202e}avliS", "-", "-"), "/name INVALID_VALUE"),
            (parts(&long, "-", "-"), "/name TOO_LONG"),
            (parts("-", "", "-"), "/first_name TOO_SHORT"),
        ] {
            assert_eq!(
                name(given, None),
                Err(vec![expected.to_owned()]),
                "{given:?}"
            );
        }
        let both = parts("-", "", &long);
        assert_eq!(
            name(both, None).unwrap_err(),
            ["/first_name TOO_SHORT", "/last_name TOO_LONG"]
        );
    }

    #[test]
    fn a_locale_is_a_language_tag() {
        let is = |text| locale(text, &mut Vec::new()).is_some();
        for fine in ["en", "fr-CA", "zh-Hant-TW", "de-1996"] {
            assert!(is(fine), "{fine}");
        }
        for odd in [
            "",
            "e",
            "en_US",
            "en-",
            "en US",
            "\u{e9}n",
            "en/../..",
            &"en-abc".repeat(9),
        ] {
            assert!(!is(odd), "{odd}");
        }
    }
}
