//! The audit trail: everything that happened to accounts.

use axum::extract::State;
use babyshield::{
    domain::account::{Actor, UserId},
    http::{
        answer::{Answer, Success},
        caller::Admin,
        list::{List, SequelParams},
        params::Params,
        problem::{Problem, ProblemBody},
    },
};
use utoipa::IntoParams;

use super::event_view::{EventView, Id, TrailParams, TrailQuery};
use crate::App;

/// Who did it, as it is documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "stands for the documentation")]
pub(crate) struct ActorParams {
    /// The person who did it.
    actor: Option<UserId>,
}

/// List what happened to accounts.
///
/// The newest first, over at most 31 days at a time. A page may be shorter than asked for, or empty, and
/// still have a next one, where few of many events are wanted.
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "admin",
    security(("bearer" = ["admin"]), ("api_key" = ["admin"])),
    params(TrailParams, ActorParams, SequelParams),
    responses(
        (status = 200, body = Success<List<EventView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_audit(
    State(app): State<App>,
    Admin(caller): Admin,
    mut params: Params,
) -> Result<Answer<List<EventView>>, Problem> {
    let actor = params.one::<Id>("actor").map(|id| Actor::User(id.0));
    let query = TrailQuery::read(&mut params, app.clock.now());
    params.finish()?;
    let listing = format!("audit {} {actor:?}", caller.user);
    let page = query.page(&app, &listing, |event| {
        actor.as_ref().is_none_or(|actor| event.actor == *actor)
    });
    Ok(Answer::ok(page.await?))
}
