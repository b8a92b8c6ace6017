//! The published set of public keys: one item that every function may read.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, json, keys, n, recalls::lost_race, s};

/// How many revoked keys the set remembers.
const REVOKED_MOST: usize = 50;

/// The public keys that access tokens are checked with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeySet {
    /// Counts the changes, from 1; a change is written only over the one it was made from.
    pub version: u64,
    /// The newest ring of secrets that this set has been settled with.
    pub ring: u64,
    /// The keys, the oldest first.
    pub keys: Vec<PublicKey>,
    /// Keys that were revoked, by `kid`: none of them comes back.
    #[serde(default)]
    pub revoked: Vec<String>,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its name: the thumbprint of RFC 7638.
    pub kid: String,
    /// The key itself, 32 bytes in base64url.
    pub x: String,
    /// From when tokens are signed with it.
    pub signs_from: Timestamp,
    /// Until when tokens that it signed are taken; no end while it is the newest.
    pub verifies_until: Option<Timestamp>,
}

impl KeySet {
    /// Returns the key with that name.
    pub fn key(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Takes a key out, and remembers that it is not to come back.
    pub fn revoke(&mut self, kid: &str) {
        self.keys.retain(|key| key.kid != kid);
        if !self.revoked.iter().any(|revoked| revoked == kid) {
            self.revoked.push(kid.to_owned());
        }
        let forgotten = self.revoked.len().saturating_sub(REVOKED_MOST);
        self.revoked.drain(..forgotten);
    }
}

impl PublicKey {
    /// Returns whether tokens that it signed are still taken.
    pub fn verifies(&self, now: Timestamp) -> bool {
        self.verifies_until.is_none_or(|until| until > now)
    }
}

/// Where the set is kept.
#[derive(Debug, Clone)]
pub struct KeySets {
    client: Client,
    table: String,
}

impl KeySets {
    /// Names the table, which is `accounts`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Returns the set as it is; nothing on a stack whose first key was not published yet.
    ///
    /// Sees every change that was acknowledged before.
    pub async fn find(&self) -> Result<Option<KeySet>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::key_set().into_item()))
            .consistent_read(true)
            .send()
            .await?;
        answer.item.map(|item| json(&item, "key_set")).transpose()
    }

    /// Puts a set in the place of the one that it was made from, whose version it still bears. Returns
    /// what was written, or nothing when somebody else was faster.
    pub async fn replace(&self, set: &KeySet) -> Result<Option<KeySet>, StoreError> {
        let next = KeySet {
            version: set.version + 1,
            ..set.clone()
        };
        let body =
            serde_json::to_string(&next).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys::key_set().into_item()))
            .item("key_set", s(body))
            .item("version", n(next.version));
        let put = if set.version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", n(set.version))
        };
        match put.send().await.map_err(StoreError::from) {
            Ok(_) => Ok(Some(next)),
            Err(error) if lost_race(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
