//! The end of all of one's sessions.

use axum::extract::State;
use babyshield::{
    domain::account::{Actor, EventKind, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
};

use crate::{App, logout::EndedView, occasion::Occasion};

/// End all sessions.
///
/// The one that asks among them: whoever fears for their account signs in again and knows that nobody
/// else is in. A failure may leave some of them; ask again.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Success<EndedView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no session", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn delete_sessions(
    State(app): State<App>,
    caller: SignedIn,
    _: NoParams,
    occasion: Occasion,
) -> Result<Answer<EndedView>, Problem> {
    let user = caller.user;
    let event = occasion.event(EventKind::SessionsRevoked, Actor::User(user), Some(user));
    let ended = app.end_sessions(user, None, Ending::Revoked, &occasion, Some(&event));
    let ended = ended.await?;
    Ok(Answer::ok(EndedView { ended }).message("all sessions have ended"))
}
