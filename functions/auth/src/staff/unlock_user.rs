//! Takes off what holds a person's sign-ins up.

use axum::extract::State;
use babyshield::{
    domain::account::{EventKind, UserId},
    http::{
        answer::{Answer, Success},
        caller::Admin,
        extract::Param,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
    stores::{accounts::Changes, attempts},
};

use super::person_view::{PersonView, state};
use crate::{App, occasion::Occasion};

/// Unlock a person.
///
/// Failed sign-ins are forgotten: those of the account, and those from every client.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/unlock", tag = "admin",
    security(("bearer" = ["admin"]), ("api_key" = ["admin"])),
    params(("id" = UserId, Path, description = "The account's identifier")),
    responses(
        (status = 200, body = Success<PersonView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn unlock_user(
    State(app): State<App>,
    Admin(caller): Admin,
    Param(id): Param<String>,
    _: NoParams,
    occasion: Occasion,
) -> Result<Answer<PersonView>, Problem> {
    let unknown = || Problem::not_found("user");
    let id: UserId = id.parse().map_err(|_| unknown())?;
    let account = app.accounts.find(id).await?.ok_or_else(unknown)?;
    // The counters are another table's: what is noted and not done is done when it is asked for again.
    let event = occasion.event(EventKind::AccountUnlocked, caller.actor(), Some(id));
    let mut changes = Changes::new();
    app.accounts.add_event(&mut changes, &event)?;
    app.accounts.commit(changes).await?;
    app.attempts
        .clear(&attempts::digest(&account.email))
        .await?;
    let person = PersonView::of(&account, &app);
    Ok(Answer::ok(person)
        .tagged_by(state(&account))
        .message("failed sign-ins are forgotten"))
}
