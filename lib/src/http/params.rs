//! The query string: read name by name, with everything that is wrong said at once.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::problem::{FieldError, Problem};

/// The most values of one list.
const LIST_MOST: usize = 50;
/// The longest value, in characters.
const VALUE_MOST: usize = 2_000;

/// A query string while it is being read.
#[derive(Debug, Default)]
pub struct Params {
    given: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// The query string of a route that takes no parameters: any is refused.
#[derive(Debug, Clone, Copy)]
pub struct NoParams;

impl<S: Send + Sync> FromRequestParts<S> for NoParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = Params::from_request_parts(parts, state).await?;
        params.finish().map(|()| Self)
    }
}

impl Params {
    /// Splits a query string; `envelope` belongs to the edge, which knows `none` and nothing else.
    pub fn parse(query: &str) -> Self {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name == "envelope" {
                if !value.is_empty() && value != "none" {
                    params.refuse("envelope", "INVALID_VALUE", "none, or not given");
                }
            } else {
                params
                    .given
                    .entry(name.into_owned())
                    .or_default()
                    .push(value.into_owned());
            }
        }
        params
    }

    /// Takes a single value. An empty one counts as not given.
    pub fn one<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let values = self.take(name);
        if values.len() > 1 {
            self.refuse(name, "INVALID_VALUE", "is given more than once");
            return None;
        }
        self.read(name, values.first()?)
    }

    /// Takes a whole number, in digits alone.
    pub fn number(&mut self, name: &str) -> Option<u32> {
        let text: String = self.one(name)?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.refuse(name, "INVALID_VALUE", "a whole number");
            return None;
        }
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(name, "INVALID_VALUE", "the number is too large");
        }
        number
    }

    /// Takes a value that only its maker can judge, whatever its length.
    pub fn opaque(&mut self, name: &str) -> Option<String> {
        let mut values = self.take(name);
        if values.len() > 1 {
            self.refuse(name, "INVALID_VALUE", "is given more than once");
            return None;
        }
        values.pop()
    }

    /// Takes a text of a length, in characters.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text: String = self.one(name)?;
        if text.chars().count() > most {
            self.refuse(
                name,
                "TOO_LONG",
                &format!("has more than {most} characters"),
            );
            return None;
        }
        Some(text)
    }

    /// Takes a list: values separated by commas, the name given once or several times.
    pub fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        let values = self.take(name);
        let values: Vec<_> = values
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect();
        if values.len() > LIST_MOST {
            self.refuse(
                name,
                "TOO_MANY",
                &format!("has more than {LIST_MOST} values"),
            );
            return Vec::new();
        }
        values
            .iter()
            .filter_map(|value| self.read(name, value))
            .collect()
    }

    /// Notes that a value is invalid.
    pub fn refuse(&mut self, name: &str, code: &str, message: &str) {
        self.errors
            .push(FieldError::new(format!("/{name}"), code, message));
    }

    /// Ends the reading: whatever was not asked for is refused too.
    pub fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<_> = self.given.keys().cloned().collect();
        for name in unknown {
            let shown: String = name.chars().take(100).collect();
            self.refuse(&shown, "UNKNOWN_FIELD", "there is no such parameter");
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }

    fn take(&mut self, name: &str) -> Vec<String> {
        let values = self.given.remove(name).unwrap_or_default();
        values
            .into_iter()
            .filter(|value| !value.trim().is_empty())
            .collect()
    }

    fn read<T: FromStr<Err: Display>>(&mut self, name: &str, value: &str) -> Option<T> {
        if value.chars().count() > VALUE_MOST {
            self.refuse(
                name,
                "TOO_LONG",
                &format!("has more than {VALUE_MOST} characters"),
            );
            return None;
        }
        match value.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, "INVALID_VALUE", &error.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::vocabulary::Hazard;

    #[test]
    fn lists_are_separated_by_commas_or_repeated() {
        let mut params = Params::parse("hazard=choking,fire&hazard=fall&envelope=none");
        assert_eq!(
            params.list::<Hazard>("hazard"),
            [Hazard::Choking, Hazard::Fire, Hazard::Fall]
        );
        params.finish().unwrap();
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mut params = Params::parse("page=x&hazard=fire,danger&q=a&q=b&colour=red");
        params.number("page");
        params.list::<Hazard>("hazard");
        params.text("q", 10);
        let problem = params.finish().unwrap_err();
        let faults: Vec<_> = problem
            .errors
            .iter()
            .map(|error| error.field.as_str())
            .collect();
        assert_eq!(faults, ["/page", "/hazard", "/q", "/colour"]);
    }

    #[test]
    fn numbers_are_digits_and_are_refused_in_our_own_words() {
        for (text, message) in [
            ("x", "a whole number"),
            ("-1", "a whole number"),
            ("%2B1", "a whole number"),
            ("1.0", "a whole number"),
            ("99999999999", "the number is too large"),
        ] {
            let mut params = Params::parse(&format!("page={text}"));
            assert_eq!(params.number("page"), None);
            let problem = params.finish().unwrap_err();
            assert_eq!(problem.errors[0].message, message, "{text}");
        }
        assert_eq!(Params::parse("page=12").number("page"), Some(12));
    }

    #[test]
    fn empty_values_count_as_not_given() {
        let mut params = Params::parse("page=&hazard=,,&q=%20");
        assert_eq!(params.number("page"), None);
        assert!(params.list::<Hazard>("hazard").is_empty());
        assert_eq!(params.text("q", 10), None);
        params.finish().unwrap();
    }
}
