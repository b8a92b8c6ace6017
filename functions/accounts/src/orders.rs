//! The orders that an operator gives, as events.

use babyshield::{domain::account::Email, runtime::Error};
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
    /// Make an administrator of somebody who has an account.
    MakeAdmin {
        /// The address.
        email: Email,
    },
    /// Set the master token.
    SetMasterToken {
        /// The addresses and networks that it counts from.
        addresses: Vec<String>,
        /// How long it lives.
        days: i64,
    },
    /// Take the master token away.
    ClearMasterToken {},
    /// Bring people in out of a file in the bucket.
    ImportUsers {
        /// The file, under `imports/users/`.
        key: String,
        /// How long one run goes on.
        #[serde(default = "import_seconds")]
        seconds: u64,
    },
}

/// The function has 300 seconds; the rest is for the last lines.
fn import_seconds() -> u64 {
    240
}

impl Order {
    /// Reads an event. The error names the kind and nothing else: an order may hold what no log should.
    pub(crate) fn of(event: Value) -> Result<Self, Error> {
        let kind = event["kind"].as_str().unwrap_or("nothing").to_owned();
        serde_json::from_value(event)
            .map_err(|_| format!("there is no such order, or it is not complete: {kind}").into())
    }
}
