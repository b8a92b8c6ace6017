//! One's sessions: on which devices one is signed in.

use axum::extract::State;
use babyshield::{
    domain::account::{Session, SessionId},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        list::{List, PageParams, PageRequest},
        params::Params,
        problem::{Problem, ProblemBody},
    },
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The identifier.
    id: SessionId,
    /// What the device called itself when it signed in; empty where it said nothing.
    #[schema(examples("BabyShield/4.2 (iPhone; iOS 19.1)"))]
    device: String,
    /// The network that it was last used from: the first 24 bits (IPv4) or 64 (IPv6) of its address.
    #[schema(examples("203.0.113.0/24"))]
    network: String,
    /// When it began.
    created_at: Timestamp,
    /// When it last got an access token.
    last_used_at: Timestamp,
    /// Until when it lives if it is not used.
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            device: session.device,
            network: session.network,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.idle_until,
            current: session.id == current,
        }
    }
}

/// List one's sessions.
///
/// Those that live, the last used first; all on one page unless fewer are asked for.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth",
    security(("bearer" = [])),
    params(PageParams),
    responses(
        (status = 200, body = Success<List<SessionView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no session", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    caller: SignedIn,
    mut params: Params,
) -> Result<Answer<List<SessionView>>, Problem> {
    let request = PageRequest::read_short(&mut params);
    params.finish()?;
    let now = app.clock.now();
    let mut sessions = app.accounts.sessions(caller.user).await?;
    sessions.retain(|session| session.is_live(now));
    sessions.sort_by_key(|session| std::cmp::Reverse((session.last_used_at, session.id)));
    let page = List::short(sessions.into_iter(), &request, |session| {
        SessionView::of(session, caller.session)
    });
    Ok(Answer::ok(page?))
}
