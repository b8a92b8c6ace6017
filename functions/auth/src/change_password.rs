//! Another password, for somebody who knows the one before.

use axum::extract::State;
use babyshield::{
    domain::account::{Account, Actor, EventKind, Purpose, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::Body,
        problem::{Code, Problem, ProblemBody},
    },
    passwords::Password,
    stores::accounts::{Changes, Template},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{App, logout::EndedView, occasion::Occasion};

/// The password before and the one after.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordBody {
    /// The password as it is.
    #[schema(value_type = String, format = Password)]
    current_password: Password,
    /// The password as it is to be.
    #[schema(value_type = String, format = Password, examples("tin lantern wobbles"))]
    new_password: Password,
}

/// Change the password.
///
/// Every other session ends; this one goes on. Somebody without a password, or who has forgotten it, asks
/// for a link (`auth/forgot-password`).
#[utoipa::path(post, path = "/api/v1/auth/change-password", tag = "auth",
    security(("bearer" = [])),
    request_body = ChangePasswordBody,
    responses(
        (status = 200, body = Success<EndedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid identity, or not the password", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This is for people, not for keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account is being changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A value is invalid, or the password is weak", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn change_password(
    State(app): State<App>,
    caller: SignedIn,
    occasion: Occasion,
    Body(body): Body<ChangePasswordBody>,
) -> Result<Answer<EndedView>, Problem> {
    let account = app.oneself(caller.user).await?;
    app.confirm_password(
        &account,
        caller.session,
        Some(&body.current_password),
        &occasion,
    )
    .await?;
    let name = account.name.full();
    let hash = app.new_password("/new_password", &body.new_password, &account.email, &name);
    let after = Account {
        password: Some(hash.await?),
        password_set_at: Some(occasion.now),
        updated_at: occasion.now,
        ..account
    };
    let user = caller.user;
    let mut changes = Changes::new();
    app.accounts.replace(&mut changes, &after)?;
    let set_at = after.password_set_at;
    app.accounts
        .keep_session(&mut changes, user, caller.session, set_at)?;
    // A link that somebody asked for before is not to undo this: least of all one that whoever knew the
    // old password had sent to an address of theirs.
    for link in [
        Purpose::ResetPassword,
        Purpose::MagicLink,
        Purpose::ChangeEmail,
    ] {
        app.accounts.kill_once(&mut changes, user, link)?;
    }
    let event = occasion.event(EventKind::PasswordChanged, Actor::User(user), Some(user));
    app.accounts.add_event(&mut changes, &event)?;
    let message = app.send_later(&mut changes, Template::PasswordChanged, &after, &occasion)?;
    if !app.accounts.commit(changes).await?.is_done() {
        return Err(Problem::new(
            Code::Conflict,
            "the account is being changed by somebody else, or the session has ended; try again",
        ));
    }
    app.announce(&[message]).await;
    let event = occasion.event(EventKind::SessionsRevoked, Actor::User(user), Some(user));
    let others = app.end_sessions(
        user,
        Some(caller.session),
        Ending::Revoked,
        &occasion,
        Some(&event),
    );
    let ended = others.await?;
    Ok(Answer::ok(EndedView { ended }).message("the password is changed"))
}
