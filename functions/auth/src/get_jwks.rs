//! The public keys that access tokens are checked with, as a JSON Web Key Set (RFC 7517).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use babyshield::{
    http::{
        params::NoParams,
        problem::{Problem, ProblemBody},
        tag,
    },
    stores::key_set::PublicKey,
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The public keys. Every one that a token in use may be signed with, and the next one before it signs.
#[derive(Serialize, ToSchema)]
pub(crate) struct JwkSet {
    keys: Vec<Jwk>,
}

/// One public key (RFC 8037).
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwk {
    /// The key's type.
    #[schema(examples("OKP"))]
    kty: &'static str,
    /// The curve.
    #[schema(examples("Ed25519"))]
    crv: &'static str,
    /// The key, in base64url.
    x: String,
    /// Its name: the thumbprint of RFC 7638.
    kid: String,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(examples("sig"))]
    used_for: &'static str,
    /// The one algorithm that it is used with.
    #[schema(examples("EdDSA"))]
    alg: &'static str,
}

impl From<&PublicKey> for Jwk {
    fn from(key: &PublicKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: key.x.clone(),
            kid: key.kid.clone(),
            used_for: "sig",
            alg: "EdDSA",
        }
    }
}

/// Get the public keys that access tokens are signed with.
///
/// The next key stands here two minutes before it signs: reading the set every minute is enough.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth",
    responses(
        (status = 200, body = JwkSet),
        (status = 304, description = "The client knows this state by its tag"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_jwks(State(app): State<App>, _: NoParams) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut set = app.known_keys.get(now).await?.set;
    if set.keys.is_empty() {
        // A new stack: nobody has signed in yet, and who asks first has the first key published.
        set = app.tokens.published(now).await?;
    }
    let keys = set.keys.iter().filter(|key| key.verifies(now));
    let body = JwkSet {
        keys: keys.map(Jwk::from).collect(),
    };
    document(&body)
}

/// Returns a document that stands for itself, without the envelope: others read it by its standard.
pub(crate) fn document(body: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=60"),
        ),
        (ETAG, tag(&body)),
    ];
    Ok((headers, body).into_response())
}
