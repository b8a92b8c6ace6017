//! What is to be known of the issuer of access tokens, where clients look for it (RFC 8414, `OpenID`).

use axum::{extract::State, response::Response};
use babyshield::http::{
    params::NoParams,
    problem::{Problem, ProblemBody},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, get_jwks::document};

/// What is to be known of the issuer. Nothing stands here that there is not: people sign in by the routes
/// under `/api/v1/auth`, and there is no authorization end point.
#[derive(Serialize, ToSchema)]
pub(crate) struct Configuration {
    /// The `iss` of every access token.
    #[schema(examples("https://api.babyshield.example"))]
    issuer: String,
    /// Where the public keys are.
    jwks_uri: String,
    /// Where the documentation is.
    service_documentation: String,
    /// The flows of OAuth that there are: none.
    response_types_supported: [&'static str; 0],
    /// The grants of OAuth that there are: none.
    grant_types_supported: [&'static str; 0],
}

/// Get what is to be known of the issuer of access tokens.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "auth",
    responses(
        (status = 200, body = Configuration),
        (status = 304, description = "The client knows this state by its tag"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_configuration(
    State(app): State<App>,
    _: NoParams,
) -> Result<Response, Problem> {
    let issuer = &app.config.public_url;
    document(&Configuration {
        issuer: issuer.clone(),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        service_documentation: format!("{issuer}/docs"),
        response_types_supported: [],
        grant_types_supported: [],
    })
}
