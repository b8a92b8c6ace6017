//! One version of a recall.

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
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<RecallView>),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn get_recall_version(
    State(app): State<App>,
    Param((id, version)): Param<(RecallId, String)>,
    _: NoParams,
) -> Result<Answer<RecallView>, Problem> {
    let missing = || Problem::not_found("version of that recall");
    let version = number(&version).ok_or_else(missing)?;
    let found = app.recalls.find_version(&id, version).await?;
    let found = found.ok_or_else(missing)?;
    Ok(Answer::public(found.into(), FRESH))
}

/// Reads a version's number; it is written in one way only.
fn number(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|number: &u32| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!((number("1"), number("10")), (Some(1), Some(10)));
        for odd in ["01", "+1", "1.0", "-1", "", "x", "4294967296"] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }
}
