//! Security events: one's own, and for staff everybody's.

use axum::extract::State;
use babyshield::{
    domain::account::{Event, Role, Scope},
    http::{
        answer::{Answer, Success},
        caller::{Caller, Via},
        list::{List, SequelParams},
        params::Params,
        problem::{Problem, ProblemBody},
    },
};

use super::event_view::{EventView, TrailParams, TrailQuery};
use crate::App;

/// Returns whether a caller may look at what is somebody else's, as staff.
pub(super) fn is_viewer(caller: &Caller) -> bool {
    let scoped = match &caller.via {
        Via::Key(_, scopes) => scopes.contains(&Scope::Staff),
        Via::Session(_) | Via::MasterToken => true,
    };
    scoped && caller.roles.include(Role::Viewer)
}

/// List security events.
///
/// Those of one's own account: sign-ins and failed ones, sessions, passwords, keys. Staff (viewers and
/// above) see everybody's, or one person's with `user`. The newest first, over at most 31 days at a time;
/// a page may be shorter than asked for and still have a next one.
#[utoipa::path(get, path = "/api/v1/security/events", tag = "security",
    security(("bearer" = []), ("api_key" = ["staff"])),
    params(TrailParams, SequelParams),
    responses(
        (status = 200, body = Success<List<EventView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's, or a key that is not for staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_security_events(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Answer<List<EventView>>, Problem> {
    let mut query = TrailQuery::read(&mut params, app.clock.now());
    if query.kinds.iter().any(|kind| !kind.is_security()) {
        params.refuse("kind", "INVALID_VALUE", "names kinds of security events");
    }
    params.finish()?;
    if !is_viewer(&caller) {
        if !matches!(caller.via, Via::Session(_)) {
            let detail = "this is for people who have signed in, and for keys of staff";
            return Err(Problem::forbidden(detail));
        }
        if query.user.is_some_and(|user| user != caller.user) {
            return Err(Problem::forbidden("this is somebody else's"));
        }
        query.user = Some(caller.user);
    }
    let listing = format!("security events {}", caller.user);
    let security = |event: &Event| event.kind.is_security();
    let page = query.page(&app, &listing, security).await?;
    Ok(Answer::ok(page))
}
