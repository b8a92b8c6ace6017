//! Signs access tokens, with the newest key that everybody has had time to learn of.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Header};

use super::{
    claims::{Claims, LONGEST_LIFE, TYPE},
    ring::{InvalidRing, Ring},
    signing_key::SigningKey,
};
use crate::stores::{
    StoreError, backoff,
    key_set::{KeySet, KeySets, PublicKey},
};

/// How long the ring and the set are kept.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// How long a ring is used on while no newer one can be had. A key that was revoked meanwhile signs
/// tokens that nobody takes.
const USABLE: SignedDuration = SignedDuration::from_mins(10);

/// How often a set is put right when somebody else changes it at the same time.
const TRIES: u32 = 8;

/// Why no token can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The secret cannot be read now.
    #[error("the secret of the keys that sign tokens cannot be read")]
    Secret(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The secret is no ring, or guessable.
    #[error(transparent)]
    Ring(#[from] InvalidRing),
    /// The set of public keys cannot be read or written.
    #[error("the published keys cannot be read or written")]
    Set(#[from] StoreError),
    /// No key of the ring is one that others would take.
    #[error("no key of the secret is a published one that signs; rotate the keys")]
    NoKey,
    /// The claims are none that may be signed.
    #[error("an access token lives an hour at most, and at least a second")]
    Life,
    /// The library refused.
    #[error("the token cannot be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

#[cfg(feature = "http")]
impl From<SigningError> for crate::http::problem::Problem {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Secret(_) | SigningError::Set(_) => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// The keys that sign, fetched when the first token is signed and again every half minute.
#[derive(Clone)]
pub struct TokenKeys {
    client: Client,
    secret: String,
    sets: KeySets,
    loaded: Arc<Mutex<Option<Loaded>>>,
    loading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone)]
struct Loaded {
    ring: Arc<Ring>,
    set: Arc<KeySet>,
    at: Timestamp,
}

/// What signs a token.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    refresh_key: [u8; 32],
}

impl TokenKeys {
    /// Names the secret and the published set; nothing is fetched yet.
    pub fn new(sdk: &SdkConfig, secret: impl Into<String>, sets: KeySets) -> Self {
        Self {
            client: Client::new(sdk),
            secret: secret.into(),
            sets,
            loaded: Arc::default(),
            loading: Arc::default(),
        }
    }

    /// Returns what signs tokens now.
    pub async fn signer(&self, now: Timestamp) -> Result<Arc<Signer>, SigningError> {
        let loaded = self.current(now).await?;
        let key = loaded.ring.signing(&loaded.set, now);
        Ok(Arc::new(Signer {
            key: key.ok_or(SigningError::NoKey)?.clone(),
            refresh_key: loaded.ring.refresh_key(),
        }))
    }

    /// Returns the published set, which holds this ring's keys.
    pub async fn published(&self, now: Timestamp) -> Result<Arc<KeySet>, SigningError> {
        Ok(self.current(now).await?.set)
    }

    async fn current(&self, now: Timestamp) -> Result<Loaded, SigningError> {
        if let Some(loaded) = self.kept(now, FRESH) {
            return Ok(loaded);
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(loaded) = self.kept(now, FRESH) {
            return Ok(loaded);
        }
        match self.load(now).await {
            Ok(loaded) => {
                *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded.clone());
                Ok(loaded)
            }
            Err(error @ (SigningError::Secret(_) | SigningError::Set(_))) => {
                let kept = self.kept(now, USABLE).ok_or(error)?;
                tracing::warn!(
                    "the keys that sign tokens cannot be read again; the last ones go on"
                );
                Ok(kept)
            }
            Err(error) => Err(error),
        }
    }

    fn kept(&self, now: Timestamp, long: SignedDuration) -> Option<Loaded> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded
            .clone()
            .filter(|loaded| now.duration_since(loaded.at).abs() < long)
    }

    async fn load(&self, now: Timestamp) -> Result<Loaded, SigningError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.secret)
            .send()
            .await
            .map_err(|error| SigningError::Secret(error.into()))?;
        let ring = Ring::parse(answer.secret_string().unwrap_or_default())?;
        let set = put_right(&self.sets, |set| ring.settled(set, now)).await?;
        Ok(Loaded {
            ring: Arc::new(ring),
            set: Arc::new(set),
            at: now,
        })
    }
}

/// Puts the published set right: writes what `change` makes of it, or leaves it where that is nothing.
/// Returns the set as it is afterwards.
pub async fn put_right(
    sets: &KeySets,
    change: impl Fn(Option<&KeySet>) -> Option<KeySet>,
) -> Result<KeySet, StoreError> {
    for tries in 0..TRIES {
        let found = sets.find().await?;
        let Some(next) = change(found.as_ref()) else {
            return Ok(found.unwrap_or_default());
        };
        if let Some(written) = sets.replace(&next).await? {
            return Ok(written);
        }
        backoff(tries).await;
    }
    Err(StoreError::Busy("the published keys kept changing".into()))
}

impl Signer {
    /// Signs an access token.
    pub fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        if !(1..=LONGEST_LIFE.as_secs()).contains(&(claims.exp - claims.iat)) {
            return Err(SigningError::Life);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key.private)?)
    }

    /// Returns the key that refresh tokens are continued with. It stays the same over rotations.
    pub fn refresh_key(&self) -> &[u8; 32] {
        &self.refresh_key
    }

    /// Returns the name of the key.
    pub fn kid(&self) -> &str {
        &self.key.kid
    }

    /// Returns whether a published key verifies what this one signs.
    pub fn is_verified_by(&self, public: &PublicKey) -> bool {
        const MESSAGE: &[u8] = b"a rotation tries the next key";
        let verified = jsonwebtoken::crypto::sign(MESSAGE, &self.key.private, Algorithm::EdDSA)
            .and_then(|signature| {
                let key = DecodingKey::from_ed_components(&public.x)?;
                jsonwebtoken::crypto::verify(&signature, MESSAGE, &key, Algorithm::EdDSA)
            });
        public.kid == self.key.kid && verified.unwrap_or(false)
    }
}

impl From<&Ring> for Signer {
    /// Signs with a ring's newest key, published or not: to try it out.
    fn from(ring: &Ring) -> Self {
        Self {
            key: ring.newest().clone(),
            refresh_key: ring.refresh_key(),
        }
    }
}
