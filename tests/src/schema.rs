//! Answers held against the committed description.

use std::fs;

use serde_json::{Value, json};

use crate::template::root;

/// The committed description.
pub struct Description(Value);

impl Description {
    /// Reads `openapi.json`.
    pub fn read() -> Self {
        let text = fs::read(root().join("openapi.json")).expect("openapi.json is committed");
        Self(serde_json::from_slice(&text).expect("openapi.json is JSON"))
    }

    /// Returns the document.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// Returns what is wrong with an answer of an operation: the status must be described, the media
    /// type be the described one, and the body fit its schema.
    pub fn faults(
        &self,
        method: &str,
        path: &str,
        status: u16,
        media_type: &str,
        body: &Value,
    ) -> Vec<String> {
        let operation = &self.0["paths"][path][method];
        if operation.is_null() {
            return vec![format!("{method} {path} is not described")];
        }
        let answer = &operation["responses"][status.to_string()];
        if answer.is_null() {
            return vec![format!("{method} {path} does not describe {status}")];
        }
        let schema = &answer["content"][media_type]["schema"];
        if schema.is_null() {
            return vec![format!(
                "{method} {path} {status} does not describe {media_type}"
            )];
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.0["components"],
        });
        let validator = jsonschema::validator_for(&whole).expect("the schemas are schemas");
        validator
            .iter_errors(body)
            .map(|error| {
                format!(
                    "{method} {path} {status} at {}: {error}",
                    error.instance_path()
                )
            })
            .collect()
    }
}
