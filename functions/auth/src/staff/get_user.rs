//! One person, for administrators.

use axum::extract::State;
use babyshield::{
    domain::account::UserId,
    http::{
        answer::{Answer, Success},
        caller::Admin,
        extract::Param,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
};

use super::person_view::{PersonView, state};
use crate::App;

/// Get a person.
///
/// The tag of the answer is what `If-Match` takes when the person is changed.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}", tag = "admin",
    security(("bearer" = ["admin"]), ("api_key" = ["admin"])),
    params(("id" = UserId, Path, description = "The account's identifier")),
    responses(
        (status = 200, body = Success<PersonView>),
        (status = 304, description = "The client knows this state by its tag"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_user(
    State(app): State<App>,
    _: Admin,
    Param(id): Param<String>,
    _: NoParams,
) -> Result<Answer<PersonView>, Problem> {
    let unknown = || Problem::not_found("user");
    let id: UserId = id.parse().map_err(|_| unknown())?;
    let account = app.accounts.find(id).await?.ok_or_else(unknown)?;
    Ok(Answer::ok(PersonView::of(&account, &app)).tagged_by(state(&account)))
}
