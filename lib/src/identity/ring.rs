//! The ring of signing keys, as the secret holds it, and what follows from it for the published set.
//!
//! The secret says which keys there are and in which order; the set says when each begins to sign and
//! ends to verify. The set follows from the ring and is put right by whoever sees that it is behind, so
//! a rotation may be killed at any step.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    claims::{LEEWAY, LONGEST_LIFE},
    signing_key::{Guessable, SigningKey, check, derive},
};
use crate::stores::key_set::{KeySet, PublicKey};

/// How long a key is published before it signs: twice as long as anybody keeps the set.
pub const LEAD: SignedDuration = SignedDuration::from_secs(120);

/// How long somebody may go on with an older ring or set.
const STALE: SignedDuration = SignedDuration::from_secs(60);

/// The most keys of a ring. A rotation adds one and drops those whose tokens are gone.
const MOST_KEYS: usize = 12;

/// The keys that sign, the newest last.
#[derive(Debug, Clone)]
pub struct Ring {
    /// Counts the changes; whoever has a lower one is behind.
    pub revision: u64,
    root: String,
    keys: Vec<RingKey>,
}

#[derive(Debug, Clone)]
struct RingKey {
    secret: String,
    pair: SigningKey,
}

/// The secret's text. `GenerateSecretString` makes one with `v` and `root` alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    v: u8,
    #[serde(default = "first")]
    revision: u64,
    root: String,
    #[serde(default)]
    keys: Vec<KeyText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    secret: String,
}

const fn first() -> u64 {
    1
}

/// A secret that is no ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRing {
    /// It is something else.
    #[error(
        "the secret of the keys that sign tokens is not of the form {{\"v\": 1, \"root\": ...}}"
    )]
    Shape,
    /// It could be guessed.
    #[error(transparent)]
    Guessable(#[from] Guessable),
    /// It holds as many keys as it may.
    #[error(
        "the ring is full: keys that were replaced verify until their tokens are gone, try again in an hour"
    )]
    Full,
}

impl Ring {
    /// Reads the secret's text. Says nothing of it in an error.
    pub fn parse(text: &str) -> Result<Self, InvalidRing> {
        let text: Text = serde_json::from_str(text).map_err(|_| InvalidRing::Shape)?;
        if text.v != 1 || text.revision == 0 || text.keys.len() > MOST_KEYS {
            return Err(InvalidRing::Shape);
        }
        check(&text.root)?;
        let secrets = if text.keys.is_empty() {
            vec![text.root.clone()]
        } else {
            text.keys.into_iter().map(|key| key.secret).collect()
        };
        let keys = secrets.into_iter().map(RingKey::derive);
        Ok(Self {
            revision: text.revision,
            root: text.root,
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Writes the secret's text.
    pub fn to_text(&self) -> String {
        let keys = self.keys.iter().map(|key| KeyText {
            secret: key.secret.clone(),
        });
        let text = Text {
            v: 1,
            revision: self.revision,
            root: self.root.clone(),
            keys: keys.collect(),
        };
        serde_json::to_string(&text).expect("a ring has only string keys")
    }

    /// Returns the keys, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().rev().map(|key| &key.pair)
    }

    /// Returns the newest key.
    pub fn newest(&self) -> &SigningKey {
        let key = self
            .keys
            .last()
            .expect("a ring was parsed with a key or given one");
        &key.pair
    }

    /// Returns the key that refresh tokens are continued with. Stays over rotations.
    pub fn refresh_key(&self) -> [u8; 32] {
        derive(
            &self.root,
            "babyshield: the successors of refresh tokens, 1",
        )
    }

    /// Returns the next ring: one key more, and without those whose tokens are gone.
    pub fn rotated(&self, set: Option<&KeySet>, now: Timestamp) -> Result<Self, InvalidRing> {
        let mut keys = self.keys.clone();
        keys.retain(|key| {
            set.and_then(|set| set.key(&key.pair.kid))
                .is_none_or(|public| public.verifies(now))
        });
        self.followed_by(keys, self.root.clone(), set)
    }

    /// Returns the next ring without a key and with a new one. A new root ends every session: no refresh
    /// token that was given out is taken any more.
    pub fn without(
        &self,
        kid: &str,
        new_root: bool,
        set: Option<&KeySet>,
    ) -> Result<Self, InvalidRing> {
        let mut keys = self.keys.clone();
        keys.retain(|key| key.pair.kid != kid);
        let root = if new_root {
            random_secret()
        } else {
            self.root.clone()
        };
        self.followed_by(keys, root, set)
    }

    fn followed_by(
        &self,
        mut keys: Vec<RingKey>,
        root: String,
        set: Option<&KeySet>,
    ) -> Result<Self, InvalidRing> {
        keys.push(RingKey::derive(random_secret())?);
        if keys.len() > MOST_KEYS {
            return Err(InvalidRing::Full);
        }
        // A secret that was put in by hand begins to count anew.
        let seen = set.map_or(0, |set| set.ring);
        Ok(Self {
            revision: self.revision.max(seen) + 1,
            root,
            keys,
        })
    }

    /// Returns the set with every key of this ring in it, or nothing where they are. A new key signs
    /// after `lead`; at once where no other one does.
    pub fn published(
        &self,
        set: Option<&KeySet>,
        lead: SignedDuration,
        now: Timestamp,
    ) -> Option<KeySet> {
        let mut next = set.cloned().unwrap_or_default();
        for key in &self.keys {
            let kid = &key.pair.kid;
            if next.key(kid).is_some() || next.revoked.contains(kid) {
                continue;
            }
            let signs = self.signing(&next, now).is_some();
            next.keys.push(PublicKey {
                kid: kid.clone(),
                x: key.pair.x.clone(),
                signs_from: if signs { now + lead } else { now },
                verifies_until: None,
            });
        }
        (Some(&next) != set).then_some(next)
    }

    /// Returns the set as it is to be once this ring is the current one, or nothing where it is so: the
    /// newest key has no end, those before it verify until their tokens are gone, others are revoked.
    pub fn settled(&self, set: Option<&KeySet>, now: Timestamp) -> Option<KeySet> {
        if set.is_some_and(|set| set.ring >= self.revision) {
            return None;
        }
        let published = self.published(set, LEAD, now);
        let mut next = published.or_else(|| set.cloned())?;
        let newest = &self.newest().kid;
        let signs_from = next.key(newest).map_or(now, |key| key.signs_from);
        let until = signs_from.max(now) + STALE + LONGEST_LIFE + LEEWAY;
        let is_own = |kid: &str| self.keys.iter().any(|own| own.pair.kid == kid);
        let others = next.keys.iter().filter(|key| !is_own(&key.kid));
        let others: Vec<_> = others.map(|key| key.kid.clone()).collect();
        for kid in others {
            next.revoke(&kid);
        }
        next.keys.retain(|key| key.verifies(now));
        for key in next.keys.iter_mut().filter(|key| key.kid != *newest) {
            key.verifies_until.get_or_insert(until);
        }
        next.ring = self.revision;
        Some(next)
    }

    /// Returns the set without a revoked key, which never comes back, settled with this ring. What this
    /// ring adds signs at once where the revoked key was the one that did.
    pub fn settled_without(&self, kid: &str, set: Option<&KeySet>, now: Timestamp) -> KeySet {
        let mut next = set.cloned().unwrap_or_default();
        next.revoke(kid);
        // A leaked secret may hold every key of its ring: the new one does not wait.
        next = self
            .published(Some(&next), SignedDuration::ZERO, now)
            .unwrap_or(next);
        self.settled(Some(&next), now).unwrap_or(next)
    }

    /// Returns the key that signs now: the newest that is published and whose time has come.
    pub fn signing(&self, set: &KeySet, now: Timestamp) -> Option<&SigningKey> {
        self.newest_first().find(|key| {
            set.key(&key.kid)
                .is_some_and(|public| public.signs_from <= now && public.verifies(now))
        })
    }
}

impl RingKey {
    fn derive(secret: String) -> Result<Self, Guessable> {
        let pair = SigningKey::derive(&secret)?;
        Ok(Self { secret, pair })
    }
}

/// Returns 384 random bits in base64url.
fn random_secret() -> String {
    let mut bytes = [0; 48];
    rand::fill(&mut bytes).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
