//! The end of one of one's sessions, from another or from itself.

use axum::extract::State;
use babyshield::{
    domain::account::{Actor, EventKind, SessionId, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::Param,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
};

use crate::{App, logout::EndedView, occasion::Occasion};

/// End one session.
///
/// It refreshes no more from now on, and its access tokens are refused everywhere within a minute. A
/// session of somebody else, one that has ended and one that never was are all the same 404.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "auth",
    security(("bearer" = [])),
    params(("id" = SessionId, Path, description = "The session's identifier")),
    responses(
        (status = 200, body = Success<EndedView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no session", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn delete_session(
    State(app): State<App>,
    caller: SignedIn,
    Param(id): Param<String>,
    _: NoParams,
    occasion: Occasion,
) -> Result<Answer<EndedView>, Problem> {
    let unknown = || Problem::not_found("session");
    let id: SessionId = id.parse().map_err(|_| unknown())?;
    let user = caller.user;
    let session = app.accounts.session(user, id).await?;
    session
        .filter(|session| session.is_live(occasion.now))
        .ok_or_else(unknown)?;
    let mut event = occasion.event(EventKind::SessionRevoked, Actor::User(user), Some(user));
    event.detail.insert("session".into(), id.to_string());
    let ended = app.end_session(user, id, Ending::Revoked, &occasion, Some(&event));
    if ended.await? {
        Ok(Answer::ok(EndedView { ended: 1 }).message("the session has ended"))
    } else {
        Err(unknown())
    }
}
