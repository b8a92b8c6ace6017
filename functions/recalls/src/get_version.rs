//! One version of a recall.

use axum::extract::State;
use babyshield::{
    domain::recall::RecallId,
    http::{
        answer::{Answer, Success},
        extract::Param,
        problem::{Problem, ProblemBody},
    },
};

use crate::{App, view::RecallView};

/// Seconds for which a version may be kept: it never changes.
const FRESH: u32 = 86_400;

/// Get one version of a recall.
///
/// An earlier version stays readable as it was.
#[utoipa::path(get, path = "/api/v1/recalls/{id}/versions/{version}", tag = "recalls",
    params(
        ("id" = String, Path, description = "The recall's identifier", example = "us-cpsc:24113"),
        ("version" = u32, Path, description = "The version's number, from 1", example = 1)),
    responses(
        (status = 200, body = Success<RecallView>),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_recall_version(
    State(app): State<App>,
    Param((id, version)): Param<(RecallId, u32)>,
) -> Result<Answer<RecallView>, Problem> {
    let found = app.recalls.find_version(&id, version).await?;
    let found = found.ok_or_else(|| Problem::not_found("version of that recall"))?;
    Ok(Answer::public(found.into(), FRESH))
}
