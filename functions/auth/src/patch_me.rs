//! Parts of oneself, changed.

use axum::extract::State;
use babyshield::{
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::Body,
        if_match::IfMatch,
        problem::{Problem, ProblemBody},
    },
    passwords::Password,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App,
    edit_me::Edit,
    occasion::Occasion,
    profile::{self, NameParts},
    user_view::UserView,
};

/// What is to be changed; what is left out, or null, stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchMeBody {
    /// The whole name; or the next two fields.
    #[schema(examples("Ana Silva"))]
    name: Option<String>,
    /// The given name.
    first_name: Option<String>,
    /// The family name; empty takes it away.
    last_name: Option<String>,
    /// The language of messages, as BCP 47.
    #[schema(examples("en"))]
    locale: Option<String>,
    /// The address. Another one than before needs `current_password`, and counts once the link is followed
    /// that is sent there.
    #[schema(examples("ana@example.org"), format = Email)]
    email: Option<String>,
    /// The password, for another address.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Password>,
}

/// Change oneself.
///
/// With the `ETag` of what you read as `If-Match` a change that somebody else made meanwhile is not undone
/// (412).
#[utoipa::path(patch, path = "/api/v1/user/me", tag = "user",
    security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of what is to be changed")),
    request_body = PatchMeBody,
    responses(
        (status = 200, body = Success<UserView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid identity, or not the password", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This is for people, not for keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody has the address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn patch_me(
    State(app): State<App>,
    caller: SignedIn,
    occasion: Occasion,
    seen: IfMatch,
    Body(body): Body<PatchMeBody>,
) -> Result<Answer<UserView>, Problem> {
    let mut errors = Vec::new();
    let parts = NameParts {
        whole: body.name.as_deref(),
        first: body.first_name.as_deref(),
        last: body.last_name.as_deref(),
    };
    // One part of a name stands beside the other one that is there.
    let before = app.oneself(caller.user).await?.name;
    let name = if parts.is_empty() {
        None
    } else {
        parts.read(Some(&before), &mut errors)
    };
    let locale = body.locale.as_deref();
    let locale = locale.and_then(|locale| profile::locale(locale, &mut errors));
    let email = body.email.as_deref();
    let email = email.and_then(|email| profile::email("/email", email, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let edit = Edit {
        name,
        locale,
        email,
        current_password: body.current_password,
    };
    let edited = app.edit_me(&caller, edit, &seen, &occasion);
    Ok(app.show(&edited.await?).message("changed"))
}
