//! A page of JSON into rows, so that one bad row costs one row.
//!
//! Rows are first told apart without being read, which takes no stack however deeply they nest;
//! reading one is bounded by the parser's own depth limit.

use std::collections::BTreeMap;

use serde_json::{Map, Value, value::RawValue};

use super::{FeedError, decode, text};

/// Returns the body as text that begins like JSON.
pub(super) fn document(body: &[u8]) -> Result<String, FeedError> {
    let mut bytes = decode::text(body).into_bytes();
    // A raw control character is never legal in JSON, and as white space it does no harm.
    for byte in &mut bytes {
        if *byte < b' ' {
            *byte = b' ';
        }
    }
    let document = String::from_utf8(bytes).expect("only ASCII was replaced, by ASCII");
    let start = document.trim_start();
    match start.chars().next() {
        None => Err(FeedError::NotTheFeed("the body is empty".into())),
        Some('{' | '[') => Ok(document),
        Some('<') => Err(FeedError::NotTheFeed("the body is markup, not JSON".into())),
        Some('"') => Err(match serde_json::from_str::<String>(start) {
            Ok(message) => FeedError::ErrorBody(shown(&message)),
            Err(error) => FeedError::Malformed(error.to_string()),
        }),
        Some(_) => Err(FeedError::NotTheFeed(format!(
            "the body begins with {:?}",
            text::cut(start, 20)
        ))),
    }
}

/// Returns the elements of a JSON array, unread.
pub(super) fn array(document: &str) -> Result<Vec<&RawValue>, FeedError> {
    serde_json::from_str(document).map_err(|error| FeedError::Malformed(error.to_string()))
}

/// Returns the members of a JSON object, unread; of a repeated key the last counts.
pub(super) fn object(document: &str) -> Result<BTreeMap<String, &RawValue>, FeedError> {
    serde_json::from_str(document).map_err(|error| FeedError::Malformed(error.to_string()))
}

/// Returns the member as a number of rows, where it is one.
pub(super) fn count(member: Option<&&RawValue>) -> Option<u32> {
    serde_json::from_str::<u64>(member?.get())
        .ok()
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns a message of somebody else's as it may stand in one of our errors.
pub(super) fn shown(message: &str) -> String {
    text::clean(message, 300).unwrap_or_else(|| "no message".into())
}

/// One row, read leniently: a number is accepted where a text belongs, and the reverse.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row(Map<String, Value>);

impl Row {
    /// Reads a row, or says why it is none.
    pub(super) fn read(raw: &RawValue) -> Result<Self, String> {
        match serde_json::from_str(raw.get()) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err("the row is not an object".into()),
            Err(error) => Err(format!("the row cannot be read: {error}")),
        }
    }

    /// Returns a text, or a number or truth value as text, untouched.
    pub(super) fn raw(&self, key: &str) -> Option<String> {
        match self.0.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Returns a text fit to show, of at most `limit` characters.
    pub(super) fn text(&self, key: &str, limit: usize) -> Option<String> {
        text::clean(&self.raw(key)?, limit)
    }

    /// Returns the objects of a list; one object alone counts as a list of one.
    pub(super) fn rows(&self, key: &str) -> Vec<Row> {
        let members = |value: &Value| match value {
            Value::Object(members) => Some(Self(members.clone())),
            _ => None,
        };
        match self.0.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(members).take(1_000).collect(),
            Some(one) => members(one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Returns the object under the key, empty where there is none.
    pub(super) fn inner(&self, key: &str) -> Row {
        self.rows(key).into_iter().next().unwrap_or_default()
    }

    /// Returns the texts and numbers of a list; one alone counts as a list of one.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match self.0.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(text).take(20_000).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Returns `{key: …}` of every object of a list, each fit to show, without repeats.
    pub(super) fn each(&self, list: &str, key: &str, limit: usize) -> Vec<String> {
        let mut all = Vec::new();
        for row in self.rows(list) {
            if let Some(text) = row.text(key, limit).filter(|text| !all.contains(text)) {
                all.push(text);
            }
        }
        all
    }

    /// Returns the row as text that is the same for equal rows, to order rows by.
    pub(super) fn fingerprint(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_told_from_what_is_broken() {
        for body in ["", " \n", "<!DOCTYPE html>", "null", "true", "hello"] {
            assert!(
                matches!(document(body.as_bytes()), Err(FeedError::NotTheFeed(_))),
                "{body:?}"
            );
        }
        assert_eq!(
            document(b"\"Bad date\""),
            Err(FeedError::ErrorBody("Bad date".into()))
        );
        assert!(matches!(array("[1,"), Err(FeedError::Malformed(_))));
    }

    #[test]
    fn ten_thousand_brackets_cost_one_row() {
        let deep = format!(
            "[{}{}, {{\"a\":1}}]",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let rows = array(&deep).unwrap();
        assert!(Row::read(rows[0]).unwrap_err().contains("recursion"));
        assert_eq!(Row::read(rows[1]).unwrap().raw("a").as_deref(), Some("1"));
    }

    #[test]
    fn a_row_is_read_leniently() {
        let rows = array(r#"[{"a":"x","a":7,"b":{"c":" y "},"d":[{"c":"z"},5,null]}]"#).unwrap();
        let row = Row::read(rows[0]).unwrap();
        assert_eq!(row.raw("a").as_deref(), Some("7"));
        assert_eq!(row.each("b", "c", 9), ["y"]);
        assert_eq!(row.each("d", "c", 9), ["z"]);
        assert_eq!(row.texts("d"), ["5"]);
        assert_eq!(row.raw("d"), None);
    }
}
