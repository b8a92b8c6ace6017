//! One recall, whole.

use axum::extract::State;
use babyshield::{
    domain::recall::RecallId,
    http::{
        answer::{Answer, Success},
        extract::Param,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
};

use crate::{App, view::RecallView};

/// Seconds for which a recall may be kept: a change shows within a minute.
pub(crate) const FRESH: u32 = 60;

/// Get one recall.
///
/// The whole record with its versions, the link to the authority's notice, licence and attribution.
#[utoipa::path(get, path = "/api/v1/recalls/{id}", tag = "recalls",
    params(("id" = String, Path, description = "The recall's identifier, `{agency}:{number}`", example = "us-cpsc:24113")),
    responses(
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<RecallView>),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_recall(
    State(app): State<App>,
    Param(id): Param<RecallId>,
    _: NoParams,
) -> Result<Answer<RecallView>, Problem> {
    let recall = app
        .recalls
        .find(&id)
        .await?
        .ok_or_else(|| Problem::not_found("recall"))?;
    Ok(Answer::public(recall.into(), FRESH))
}
