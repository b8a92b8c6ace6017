//! Reads the environment once, at start, and complains about everything at once.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Display,
    str::FromStr,
};

/// The environment of a function, while its configuration is being read.
#[derive(Debug, Default)]
pub struct Settings {
    env: HashMap<String, String>,
    asked: BTreeSet<&'static str>,
    problems: Vec<String>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is wrong: {}", .0.join("; "))]
pub struct InvalidConfig(pub Vec<String>);

impl Settings {
    /// Takes the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_process() -> Self {
        Self {
            env: std::env::vars().collect(),
            ..Self::default()
        }
    }

    /// Takes the given pairs, for tests.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            env: pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Self::default()
        }
    }

    /// Returns a value that must be there and not empty.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.asked.insert(name);
        match self.env.get(name).map(|text| text.trim()) {
            None | Some("") => {
                self.problems.push(format!("{name} is missing"));
                None
            }
            Some(text) => Self::parse(&mut self.problems, name, text),
        }
    }

    /// Returns a value that may be left out or empty.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.asked.insert(name);
        match self.env.get(name).map(|text| text.trim()) {
            None | Some("") => None,
            Some(text) => Self::parse(&mut self.problems, name, text),
        }
    }

    /// Notes something that is wrong.
    pub fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Returns the names that were asked for so far.
    pub fn asked(&self) -> &BTreeSet<&'static str> {
        &self.asked
    }

    /// Ends the reading: every problem at once, or the configuration.
    pub fn finish<C>(&mut self, config: Option<C>) -> Result<C, InvalidConfig> {
        match config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(InvalidConfig(std::mem::take(&mut self.problems))),
        }
    }

    fn parse<T: FromStr<Err: Display>>(
        problems: &mut Vec<String>,
        name: &str,
        text: &str,
    ) -> Option<T> {
        text.parse()
            .map_err(|error| problems.push(format!("{name}: {error}")))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named_at_once() {
        let mut settings = Settings::of([("PAGE_SIZE", "ten"), ("EMPTY", " ")]);
        let table = settings.required::<String>("RECALLS_TABLE");
        let page_size = settings.required::<u32>("PAGE_SIZE");
        let empty = settings.required::<String>("EMPTY");
        let config = table.zip(page_size).zip(empty);
        let InvalidConfig(problems) = settings.finish(config).unwrap_err();
        assert_eq!(
            problems,
            [
                "RECALLS_TABLE is missing",
                "PAGE_SIZE: invalid digit found in string",
                "EMPTY is missing"
            ]
        );
    }
}
