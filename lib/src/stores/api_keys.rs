//! Keys of machines: the text that their owner is shown once, and the item that knows it again.
//!
//! The text is `bsk_` and 70 characters of base64url: the key's identifier, 256 random bits, and four
//! bytes of a digest over both, by which a slip is seen before any table is asked. The item holds only
//! the digest of the random bits, which cannot be guessed and so need no slower hash.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::{Client, types::Put};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Item, StoreError, batch_get, json, keys, n, s, text};
use crate::domain::account::{ApiKeyId, Roles, Scopes, UserId};

/// How every key begins.
pub const BEGINNING: &str = "bsk_";

/// The characters of a key that are kept and shown: its beginning and a part of its identifier.
const PREFIX: usize = 18;

/// How long an instance relies on what it read, there or not.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// How often an instance notes that a key is used.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How long the note of a key's last use stays.
const NOTE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// How many keys an instance knows of at a time.
const KEPT: NonZeroUsize = NonZeroUsize::new(2_000).expect("is not nothing");

/// What a key is, as its item holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The identifier.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The part of its text that may be shown.
    pub prefix: String,
    /// The digest of its secret.
    pub hash: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The owner's roles, copied whenever they change.
    pub roles: Roles,
    /// Whether the owner's account may be used, copied whenever that changes.
    pub owner_active: bool,
    /// Requests that it may make in a window; without it as many as its owner.
    pub limit_per_window: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
}

/// A key's text, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    /// The key's identifier.
    pub id: ApiKeyId,
    secret: [u8; 32],
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyText({}, ..)", self.id)
    }
}

/// A text that is no key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key")]
pub struct NoApiKey;

impl KeyText {
    /// Makes the text of a new key out of the system's random numbers.
    pub fn issue(id: ApiKeyId) -> Self {
        Self {
            id,
            secret: rand::random(),
        }
    }

    /// Returns the text, to be shown once.
    pub fn reveal(&self) -> String {
        let mut bytes = self.id.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(&checksum(&bytes));
        format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the part of the text that may be shown again.
    pub fn prefix(&self) -> String {
        self.reveal()[..PREFIX].to_owned()
    }

    /// Returns the digest that the item holds.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.secret))
    }
}

impl FromStr for KeyText {
    type Err = NoApiKey;

    fn from_str(text: &str) -> Result<Self, NoApiKey> {
        let coded = text.strip_prefix(BEGINNING).ok_or(NoApiKey)?;
        let mut bytes = [0; 52];
        match URL_SAFE_NO_PAD.decode_slice(coded, &mut bytes) {
            Ok(52) => {}
            _ => return Err(NoApiKey),
        }
        let (said, sum) = bytes.split_at(48);
        let (id, secret) = said.split_at(16);
        if checksum(said) != sum {
            return Err(NoApiKey);
        }
        Ok(Self {
            id: ApiKeyId(Uuid::from_slice(id).map_err(|_| NoApiKey)?),
            secret: secret.try_into().map_err(|_| NoApiKey)?,
        })
    }
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(b"babyshield api key\0");
    digest.update(bytes);
    let digest = digest.finalize();
    std::array::from_fn(|at| digest[at])
}

impl ApiKey {
    /// Returns whether the text is this key's and the key counts now.
    pub fn admits(&self, text: &KeyText, now: Timestamp) -> bool {
        let same: bool = self.hash.as_bytes().ct_eq(text.hash().as_bytes()).into();
        same && self.id == text.id
            && self.owner_active
            && self.revoked_at.is_none()
            && self.expires_at.is_none_or(|end| end > now)
    }

    /// Reads an item.
    pub fn of_item(item: &Item) -> Result<Self, StoreError> {
        json(item, "api_key")
    }

    /// Returns the write of the item, without a condition.
    pub fn put(
        &self,
        table: &str,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, StoreError> {
        let body =
            serde_json::to_string(self).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(Put::builder()
            .table_name(table)
            .set_item(Some(keys::api_key(self.id).into_item()))
            .item("api_key", s(body)))
    }
}

/// What every function needs to know a key again: the items in `accounts`, and in `ledger` the note of
/// its last use.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    client: Client,
    accounts: String,
    ledger: String,
    known: Arc<Mutex<LruCache<ApiKeyId, Known>>>,
}

#[derive(Debug, Clone)]
struct Known {
    key: Option<Arc<ApiKey>>,
    at: Timestamp,
    noted: Option<Timestamp>,
}

impl ApiKeys {
    /// Names the tables.
    pub fn new(client: Client, accounts: impl Into<String>, ledger: impl Into<String>) -> Self {
        Self {
            client,
            accounts: accounts.into(),
            ledger: ledger.into(),
            known: Arc::new(Mutex::new(LruCache::new(KEPT))),
        }
    }

    /// Returns the key with that identifier, as it was half a minute ago at the earliest.
    pub async fn find(
        &self,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let before = self.lock().get(&id).cloned();
        if let Some(known) = &before
            && now.duration_since(known.at).abs() < FRESH
        {
            return Ok(known.key.clone());
        }
        let answer = self
            .client
            .get_item()
            .table_name(&self.accounts)
            .set_key(Some(keys::api_key(id).into_item()))
            .send()
            .await?;
        let key = answer.item.as_ref().map(ApiKey::of_item).transpose()?;
        let key = key.map(Arc::new);
        let known = Known {
            key: key.clone(),
            at: now,
            noted: before.and_then(|known| known.noted),
        };
        self.lock().put(id, known);
        Ok(key)
    }

    /// Notes that a key is used, unless this instance did so minutes ago.
    pub async fn note_use(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        {
            let mut cache = self.lock();
            let Some(known) = cache.get_mut(&id) else {
                return Ok(());
            };
            if known
                .noted
                .is_some_and(|noted| now.duration_since(noted).abs() < NOTED_EVERY)
            {
                return Ok(());
            }
            known.noted = Some(now);
        }
        self.client
            .put_item()
            .table_name(&self.ledger)
            .set_item(Some(keys::last_used(id).into_item()))
            .item("at", s(now.to_string()))
            .item("expires_at", n((now + NOTE_KEPT).as_second()))
            .send()
            .await?;
        Ok(())
    }

    /// Returns when keys, at most a hundred, were last used; one that never was is left out. A note is
    /// made now and then, so the last minutes may be missing.
    pub async fn last_used(
        &self,
        ids: &[ApiKeyId],
    ) -> Result<HashMap<ApiKeyId, Timestamp>, StoreError> {
        let wanted = ids.iter().map(|id| keys::last_used(*id)).collect();
        let mut found = batch_get(&self.client, vec![(self.ledger.clone(), wanted)], false).await?;
        let mut used = HashMap::new();
        for item in found.remove(&self.ledger).unwrap_or_default() {
            let id = ids
                .iter()
                .find(|id| Some(keys::last_used(**id).pk.as_str()) == text(&item, "pk").ok());
            let at = text(&item, "at")?.parse();
            let at = at.map_err(|_| StoreError::Corrupt("at is no instant".into()))?;
            used.extend(id.map(|id| (*id, at)));
        }
        Ok(used)
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<ApiKeyId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
