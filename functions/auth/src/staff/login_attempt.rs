//! A sign-in attempt that was seen elsewhere.

use std::net::IpAddr;

use axum::extract::State;
use babyshield::{
    domain::account::{Email, EventKind},
    http::{
        answer::{Answer, Success},
        caller::Operator,
        client::ClientAddress,
        extract::Body,
        problem::{Problem, ProblemBody},
    },
    stores::{accounts::Changes, attempts, attempts::Whence},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::account_locked::LockedView;
use crate::{App, occasion::Occasion};

/// An attempt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttemptBody {
    /// The address that was tried.
    #[schema(value_type = String, format = Email)]
    email: Email,
    /// Whether it was let in.
    success: bool,
    /// The address of the client that tried. Without it the failure counts as one of this caller's
    /// network.
    #[schema(value_type = Option<String>, examples("203.0.113.7"))]
    client: Option<IpAddr>,
}

/// Report a sign-in attempt.
///
/// One that failed counts towards the lockout of that address and client, as if it had been tried here;
/// one that succeeded is noted. Whether anybody has the address is not said.
#[utoipa::path(post, path = "/api/v1/security/login-attempt", tag = "security",
    security(("bearer" = ["operator"]), ("api_key" = ["operator"])),
    request_body = AttemptBody,
    responses(
        (status = 200, body = Success<LockedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn report_login_attempt(
    State(app): State<App>,
    Operator(caller): Operator,
    occasion: Occasion,
    Body(body): Body<AttemptBody>,
) -> Result<Answer<LockedView>, Problem> {
    let client = body
        .client
        .map_or(occasion.client, |address| ClientAddress(Some(address)));
    let (digest, network) = (attempts::digest(&body.email), client.network());
    if !body.success {
        // One too many is as good as counted.
        let whence = Whence::Network(network.clone());
        let _ = app.attempts.reserve(&digest, &whence, occasion.now).await?;
    }
    let about = app.accounts.find_by_email(&body.email).await?;
    let kind = EventKind::LoginAttemptReported;
    let mut event = occasion.event(kind, caller.actor(), about);
    event.client = Some(network.clone());
    let outcome = if body.success { "success" } else { "failure" };
    event.detail.insert("outcome".into(), outcome.into());
    let mut changes = Changes::new();
    app.accounts.add_event(&mut changes, &event)?;
    app.accounts.commit(changes).await?;
    let lockout = app.attempts.look(&digest, Some(&network), occasion.now);
    Ok(Answer::ok(LockedView::from(lockout.await?)))
}
