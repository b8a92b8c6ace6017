//! Checks access tokens. To whoever sent one every refusal is the same; the reason is for the log.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::claims::{AUDIENCE, Claims, LEEWAY, LONGEST_LIFE, TYPE};
use crate::stores::key_set::KeySet;

/// The longest token that is looked at, in bytes. Ours have some 500.
const LONGEST: usize = 4_096;

/// The one algorithm. It belongs to the keys: no token chooses another.
const ALGORITHM: &str = "EdDSA";

/// The keys that tokens are checked with, by their names.
#[derive(Default)]
pub struct VerifyingKeys(HashMap<String, VerifyingKey>);

struct VerifyingKey {
    key: DecodingKey,
    until: Option<Timestamp>,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any token.
    #[error("too long")]
    TooLong,
    /// Not three parts, or a part that is no JSON in base64url, or a member of the wrong type.
    #[error("malformed")]
    Malformed,
    /// The header names something that has to be understood, and nothing is.
    #[error("critical header")]
    Critical,
    /// Another algorithm than the one.
    #[error("another algorithm")]
    Algorithm,
    /// Another type of token.
    #[error("another type")]
    Type,
    /// No published key has that name. It may be one of a moment ago.
    #[error("unknown key")]
    UnknownKey,
    /// The key's time is over.
    #[error("key retired")]
    RetiredKey,
    /// The signature is not the key's.
    #[error("wrong signature")]
    Signature,
    /// Made by somebody else.
    #[error("another issuer")]
    Issuer,
    /// Made for something else.
    #[error("another audience")]
    Audience,
    /// Its times make no sense.
    #[error("impossible times")]
    Times,
    /// Its time has not come.
    #[error("not valid yet")]
    Early,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its session was ended, or everything that its owner had been given.
    #[error("session ended")]
    Denied,
}

/// What of a header is looked at. `jku`, `jwk`, `x5u` and `x5c` are not: a token names no key of its own.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is there, whatever it is.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

impl From<&KeySet> for VerifyingKeys {
    /// Leaves out a key that cannot be read: the others are to be used on.
    fn from(set: &KeySet) -> Self {
        let keys = set.keys.iter().filter_map(|public| {
            let bytes = URL_SAFE_NO_PAD.decode(&public.x).ok()?;
            let key = VerifyingKey {
                key: (bytes.len() == 32).then(|| DecodingKey::from_ed_der(&bytes))?,
                until: public.verifies_until,
            };
            Some((public.kid.clone(), key))
        });
        Self(keys.collect())
    }
}

/// Checks a token: form, key, signature, claims. Says nothing of sessions that were ended.
pub fn verify(
    token: &str,
    keys: &VerifyingKeys,
    issuer: &str,
    now: Timestamp,
) -> Result<Claims, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
    let (header, body) = message.split_once('.').ok_or(Refused::Malformed)?;
    if body.contains('.') {
        return Err(Refused::Malformed);
    }
    let header: Header = part(header)?;
    if header.crit.0 {
        return Err(Refused::Critical);
    }
    if header.alg != ALGORITHM {
        return Err(Refused::Algorithm);
    }
    if header.typ.as_deref() != Some(TYPE) {
        return Err(Refused::Type);
    }
    let key = header.kid.as_deref().and_then(|kid| keys.0.get(kid));
    let key = key.ok_or(Refused::UnknownKey)?;
    if key.until.is_some_and(|until| until <= now) {
        return Err(Refused::RetiredKey);
    }
    let signed = crypto::verify(signature, message.as_bytes(), &key.key, Algorithm::EdDSA);
    if !signed.unwrap_or(false) {
        return Err(Refused::Signature);
    }
    let claims: Claims = part(body)?;
    check(&claims, issuer, now).map(|()| claims)
}

fn check(claims: &Claims, issuer: &str, now: Timestamp) -> Result<(), Refused> {
    let (now, leeway) = (now.as_second(), LEEWAY.as_secs());
    if claims.iss != issuer {
        return Err(Refused::Issuer);
    }
    if claims.aud != AUDIENCE {
        return Err(Refused::Audience);
    }
    let life = claims.exp.checked_sub(claims.iat).ok_or(Refused::Times)?;
    if !(1..=LONGEST_LIFE.as_secs()).contains(&life) || claims.nbf >= claims.exp {
        return Err(Refused::Times);
    }
    if claims.iat > now + leeway || claims.nbf > now + leeway {
        return Err(Refused::Early);
    }
    if now >= claims.exp.saturating_add(leeway) {
        return Err(Refused::Expired);
    }
    Ok(())
}

fn part<T: for<'de> Deserialize<'de>>(coded: &str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(coded);
    let bytes = bytes.map_err(|_| Refused::Malformed)?;
    // A list would be read as the members in their order.
    if !bytes.starts_with(b"{") {
        return Err(Refused::Malformed);
    }
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)
}

#[cfg(test)]
#[cfg(feature = "signing")]
#[path = "verifying_tests.rs"]
mod tests;
