//! Signing out: the end of one session, by whichever of its tokens is at hand.

use axum::extract::State;
use babyshield::{
    domain::account::{Actor, EventKind, SessionId, UserId, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::MaybeBody,
        problem::{Problem, ProblemBody},
    },
    identity::refresh::RefreshKeys,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, occasion::Occasion, refresh::refused};

/// What a session may be ended with where its access token has expired.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogoutBody {
    /// A refresh token of the session.
    refresh_token: Option<String>,
}

/// How many sessions have ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndedView {
    /// Sessions that ended now; none where they had ended before.
    pub(crate) ended: usize,
}

/// Sign out.
///
/// Ends the session of the access token. With a `refresh_token` in the body it ends that one's session,
/// whether an access token comes along or not. Its tokens are refused everywhere within a minute, and it
/// refreshes no more from now on. Signing out twice is no error.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth",
    security((), ("bearer" = [])),
    request_body(content = Option<LogoutBody>),
    responses(
        (status = 200, body = Success<EndedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Neither token is good", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no session", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn logout(
    State(app): State<App>,
    caller: Result<SignedIn, Problem>,
    occasion: Occasion,
    MaybeBody(body): MaybeBody<LogoutBody>,
) -> Result<Answer<EndedView>, Problem> {
    let mut sessions: Vec<(UserId, SessionId)> = Vec::new();
    if let Some(text) = body.and_then(|body| body.refresh_token) {
        let signer = app.tokens.signer(occasion.now).await?;
        let token = RefreshKeys::new(signer.refresh_key()).read(&text);
        sessions.extend(token.map(|token| (token.user(), token.session())));
        if sessions.is_empty() && caller.is_err() {
            return Err(refused());
        }
    }
    match caller {
        Ok(caller) => sessions.push((caller.user, caller.session)),
        Err(problem) if sessions.is_empty() => return Err(problem),
        Err(_) => {}
    }
    sessions.dedup();
    let mut ended = 0;
    for (user, session) in sessions {
        let mut event = occasion.event(EventKind::SignedOut, Actor::User(user), Some(user));
        event.detail.insert("session".into(), session.to_string());
        let ending = Ending::SignedOut;
        let now = app.end_session(user, session, ending, &occasion, Some(&event));
        ended += usize::from(now.await?);
    }
    Ok(Answer::ok(EndedView { ended }).message("signed out"))
}
