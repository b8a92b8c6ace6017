//! Makes access tokens as `auth` does, and as whoever wants in would.
//!
//! Derives the key from the secret by itself, so that a change of the derivation does not go unnoticed.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use babyshield::{
    domain::account::{SessionId, UserId},
    identity::claims::{AUDIENCE, TYPE},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::stack::PUBLIC_URL;

/// Somebody who has a key.
#[derive(Debug)]
pub struct Forge {
    pair: Ed25519KeyPair,
    /// The name of the key.
    pub kid: String,
}

impl Forge {
    /// Has the key that is made of a secret text.
    pub fn of(secret: &str) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(b"babyshield: the seed of a key that signs access tokens, 1");
        let seed = mac.finalize().into_bytes();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a seed");
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        Self { pair, kid }
    }

    /// Returns the public key's 32 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// Returns the public key as a JSON Web Key.
    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.public());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig", "alg": "EdDSA"})
    }

    /// Returns the header of a good token.
    pub fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": TYPE, "kid": self.kid})
    }

    /// Signs a header and claims, whatever they are.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Returns a good token.
    pub fn token(&self, user: UserId, session: SessionId, now: Timestamp) -> String {
        self.sign(&self.header(), &claims(user, session, now))
    }
}

/// Returns what is signed.
pub fn message(header: &Value, claims: &Value) -> String {
    let code = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", code(header), code(claims))
}

/// Returns the claims of a good token that lives for a quarter of an hour.
pub fn claims(user: UserId, session: SessionId, now: Timestamp) -> Value {
    let now = now.as_second();
    json!({
        "iss": PUBLIC_URL, "aud": AUDIENCE, "sub": user, "sid": session,
        "jti": uuid::Uuid::from_u128(7), "roles": ["user"],
        "iat": now, "nbf": now, "exp": now + 900,
    })
}
