//! One's API keys.

use std::collections::HashMap;

use axum::extract::State;
use babyshield::{
    domain::account::{ApiKeyId, Scopes},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        list::{List, PageParams, PageRequest},
        params::Params,
        problem::{Problem, ProblemBody},
    },
    stores::api_keys::ApiKey,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// A key, without what makes it good.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    /// The identifier.
    id: ApiKeyId,
    /// What its owner calls it.
    name: String,
    /// How it begins, to know it by.
    #[schema(examples("bsk_AZqk3VQ6cW6vQz"))]
    prefix: String,
    /// What it may be used for.
    scopes: Scopes,
    /// When it was made.
    created_at: Timestamp,
    /// Until when it counts; null where it has no end.
    expires_at: Option<Timestamp>,
    /// When it was last used, to some minutes; null where it never was.
    last_used_at: Option<Timestamp>,
    /// Requests that it may make in a window; null where it may make as many as its owner.
    rate_limit: Option<u32>,
}

impl ApiKeyView {
    /// Shows a key.
    pub(super) fn of(key: ApiKey, last_used_at: Option<Timestamp>) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at,
            rate_limit: key.limit_per_window,
        }
    }
}

/// List one's API keys.
///
/// Those that have ended by their time too, until they are deleted. One has at most 20; all on one page
/// unless fewer are asked for.
#[utoipa::path(get, path = "/api/v1/auth/api-keys", tag = "keys",
    security(("bearer" = [])),
    params(PageParams),
    responses(
        (status = 200, body = Success<List<ApiKeyView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys have no keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_api_keys(
    State(app): State<App>,
    caller: SignedIn,
    mut params: Params,
) -> Result<Answer<List<ApiKeyView>>, Problem> {
    let request = PageRequest::read_short(&mut params);
    params.finish()?;
    let keys = app.accounts.api_keys_of(caller.user).await?;
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let used: HashMap<_, _> = app.api_keys.last_used(&ids).await?;
    let page = List::short(keys.into_iter(), &request, |key| {
        let last_used_at = used.get(&key.id).copied();
        ApiKeyView::of(key, last_used_at)
    });
    Ok(Answer::ok(page?))
}
