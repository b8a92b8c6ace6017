//! Asking for a link that sets a new password.

use axum::extract::State;
use babyshield::{
    domain::account::{Email, Purpose},
    http::{
        answer::{Answer, Success},
        extract::Body,
        problem::{Problem, ProblemBody},
    },
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App,
    links::{ACCEPTED, AcceptedView, ON_ITS_WAY},
    occasion::Occasion,
};

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPasswordBody {
    /// The address.
    #[schema(value_type = String, examples("ana@example.org"))]
    email: Email,
}

/// Ask for a new password.
///
/// Sends a link to the address that sets a new password, for 15 minutes, once. The answer is the same
/// whether there is an account or not. Asked again within a minute, or more than five times an hour, no
/// further message is sent; the link that is on its way goes on working.
#[utoipa::path(post, path = "/api/v1/auth/forgot-password", tag = "auth",
    request_body = ForgotPasswordBody,
    responses(
        (status = 202, description = "A message is on its way, if there is an account", body = Success<AcceptedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn forgot_password(
    State(app): State<App>,
    occasion: Occasion,
    Body(body): Body<ForgotPasswordBody>,
) -> Result<Answer<AcceptedView>, Problem> {
    app.ask_for_link(Purpose::ResetPassword, &body.email, &occasion)
        .await?;
    Ok(Answer::ok(ACCEPTED)
        .status(StatusCode::ACCEPTED)
        .message(ON_ITS_WAY))
}
