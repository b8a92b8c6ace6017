//! The end of one's account.

use axum::extract::State;
use babyshield::{
    domain::account::{Account, Actor, EventKind, Standing, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::MaybeBody,
        problem::{Code, Problem, ProblemBody},
    },
    passwords::Password,
    stores::accounts::{Changes, Template},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, occasion::Occasion};

/// How long an account that was ended is kept before it is erased.
const GRACE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What the end of an account needs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteMeBody {
    /// The password. Whoever has none leaves it out.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Password>,
}

/// An account that was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedView {
    /// When it is erased. Until then the address stays taken, if it was confirmed.
    erased_at: Timestamp,
}

/// End one's account.
///
/// Nobody signs in to it from now on, and all sessions and API keys end. It is erased after 30 days.
#[utoipa::path(delete, path = "/api/v1/user/me", tag = "user",
    security(("bearer" = [])),
    request_body(content = Option<DeleteMeBody>),
    responses(
        (status = 200, body = Success<DeletedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid identity, or not the password", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This is for people, not for keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account is being changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn delete_me(
    State(app): State<App>,
    caller: SignedIn,
    occasion: Occasion,
    MaybeBody(body): MaybeBody<DeleteMeBody>,
) -> Result<Answer<DeletedView>, Problem> {
    let account = app.oneself(caller.user).await?;
    if account.password.is_some() {
        let given = body.and_then(|body| body.current_password);
        app.confirm_password(&account, caller.session, given.as_ref(), &occasion)
            .await?;
    }
    let erased_at = occasion.now + GRACE;
    let ended = Account {
        standing: Standing::Deleted(occasion.now),
        updated_at: occasion.now,
        ..account
    };
    let mut changes = Changes::new();
    app.accounts.replace(&mut changes, &ended)?;
    app.accounts.remove_api_keys(&mut changes, ended.id).await?;
    if !ended.email_verified() {
        // Nobody keeps an address from its owner by registering it and ending the account.
        app.accounts.release_email(&mut changes, &ended)?;
    }
    let (user, kind) = (caller.user, EventKind::AccountDeleted);
    let event = occasion.event(kind, Actor::User(user), Some(user));
    app.accounts.add_event(&mut changes, &event)?;
    let template = Template::AccountDeleted { erased_at };
    let message = app.send_later(&mut changes, template, &ended, &occasion)?;
    if !app.accounts.commit(changes).await?.is_done() {
        return Err(Problem::new(
            Code::Conflict,
            "the account is being changed by somebody else; try again",
        ));
    }
    app.announce(&[message]).await;
    let event = occasion.event(EventKind::SessionsRevoked, Actor::User(user), Some(user));
    app.end_sessions(user, None, Ending::Revoked, &occasion, Some(&event))
        .await?;
    Ok(Answer::ok(DeletedView { erased_at }).message("the account has ended"))
}
