//! The published keys as one instance knows them: read again every half minute, and early when a token
//! names a key that is not among them.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::verifying::VerifyingKeys;
use crate::stores::{
    StoreError,
    key_set::{KeySet, KeySets},
};

/// How long the set is relied on before it is read again.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// How long it is relied on where it cannot be read again: a key that was revoked ends within a minute.
const USABLE: SignedDuration = SignedDuration::from_secs(60);

/// How often at most names that nobody knows have the set read early.
const EARLY: SignedDuration = SignedDuration::from_secs(5);

/// The published keys.
#[derive(Clone)]
pub struct KnownKeys {
    sets: KeySets,
    known: Arc<Mutex<Option<Known>>>,
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The set and what is made of it.
#[derive(Clone)]
pub struct Known {
    /// The keys to check tokens with.
    pub keys: Arc<VerifyingKeys>,
    /// The set itself.
    pub set: Arc<KeySet>,
    read_at: Timestamp,
}

impl KnownKeys {
    /// Names where the set is kept; nothing is read yet.
    pub fn new(sets: KeySets) -> Self {
        Self {
            sets,
            known: Arc::default(),
            reading: Arc::default(),
        }
    }

    /// Returns the keys as they were half a minute ago at the earliest, or a minute where the store does
    /// not answer.
    pub async fn get(&self, now: Timestamp) -> Result<Known, StoreError> {
        self.no_older_than(FRESH, now).await
    }

    /// Returns the keys after a token named one that is not among them.
    pub async fn get_early(&self, now: Timestamp) -> Result<Known, StoreError> {
        self.no_older_than(EARLY, now).await
    }

    async fn no_older_than(
        &self,
        age: SignedDuration,
        now: Timestamp,
    ) -> Result<Known, StoreError> {
        if let Some(known) = self.kept(age, now) {
            return Ok(known);
        }
        let _one_at_a_time = self.reading.lock().await;
        if let Some(known) = self.kept(age, now) {
            return Ok(known);
        }
        match self.sets.find().await {
            Ok(set) => {
                let set = set.unwrap_or_default();
                let known = Known {
                    keys: Arc::new(VerifyingKeys::from(&set)),
                    set: Arc::new(set),
                    read_at: now,
                };
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
                Ok(known)
            }
            Err(error) => self.kept(USABLE, now).ok_or(error),
        }
    }

    fn kept(&self, age: SignedDuration, now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.clone();
        known.filter(|known| now.duration_since(known.read_at).abs() < age)
    }
}
