//! The orders that an operator gives, as events.

use babyshield::runtime::Error;
use serde::Deserialize;
use serde_json::Value;

/// What an operator may order.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    /// Sign with a new key, by plan.
    RotateKeys {},
    /// End a key at once.
    RevokeKey {
        /// The name of the key.
        kid: String,
        /// Whether every session ends with it: what refresh tokens rest on is replaced too.
        #[serde(default)]
        end_sessions: bool,
    },
}

impl Order {
    /// Reads an event. The error names the kind and nothing else: an order may hold what no log should.
    pub(crate) fn of(event: Value) -> Result<Self, Error> {
        let kind = event["kind"].as_str().unwrap_or("nothing").to_owned();
        serde_json::from_value(event)
            .map_err(|_| format!("there is no such order, or it is not complete: {kind}").into())
    }
}
