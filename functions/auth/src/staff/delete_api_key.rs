//! The end of one of one's API keys.

use axum::extract::State;
use babyshield::{
    domain::account::{Actor, ApiKeyId, EventKind},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::Param,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
    stores::accounts::Changes,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, occasion::Occasion};

/// A key that has ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndedKeyView {
    /// The identifier.
    id: ApiKeyId,
}

/// End an API key.
///
/// It is refused everywhere within a minute. A key of somebody else and one that never was are the same
/// 404.
#[utoipa::path(delete, path = "/api/v1/auth/api-keys/{id}", tag = "keys",
    security(("bearer" = [])),
    params(("id" = ApiKeyId, Path, description = "The key's identifier")),
    responses(
        (status = 200, body = Success<EndedKeyView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn delete_api_key(
    State(app): State<App>,
    caller: SignedIn,
    Param(id): Param<String>,
    _: NoParams,
    occasion: Occasion,
) -> Result<Answer<EndedKeyView>, Problem> {
    let unknown = || Problem::not_found("API key");
    let id: ApiKeyId = id.parse().map_err(|_| unknown())?;
    let user = caller.user;
    let mut event = occasion.event(EventKind::ApiKeyRevoked, Actor::User(user), Some(user));
    event.detail.insert("key".into(), id.to_string());
    let mut changes = Changes::new();
    app.accounts.remove_api_key(&mut changes, user, id)?;
    app.accounts.add_event(&mut changes, &event)?;
    if app.accounts.commit(changes).await?.is_done() {
        Ok(Answer::ok(EndedKeyView { id }).message("the key has ended"))
    } else {
        Err(unknown())
    }
}
