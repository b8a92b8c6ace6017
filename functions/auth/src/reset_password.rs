//! Setting a new password by a link.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use babyshield::{
    domain::account::{Account, Actor, EventKind, Purpose, session::Ending},
    http::{
        answer::{Answer, Success},
        form::Sent,
        params::Params,
        problem::{Problem, ProblemBody},
    },
    passwords::Password,
    runtime::chain,
    stores::accounts::{Changes, OnceLink, Outcome, Template},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    App,
    links::{TRIES, dead_link},
    occasion::Occasion,
    pages::{self, LinkPage},
};

const PURPOSES: [Purpose; 1] = [Purpose::ResetPassword];

const PAGE: LinkPage = LinkPage::ResetPassword;

/// A link's token, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPasswordBody {
    /// The token out of the link.
    token: String,
    /// The new password.
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// That the password is set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetView {
    /// Always true.
    password_set: bool,
}

/// Look at the page that sets a new password.
///
/// Changes nothing, however often it is fetched. The token is looked at only to say whether the link still
/// works.
#[utoipa::path(get, path = "/api/v1/auth/reset-password", tag = "auth",
    params(("token" = Option<String>, Query, description = "The token of the link")),
    responses(
        (status = 200, description = "A page with a form", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "A page, or a problem", content(
            (String = "text/html"), (ProblemBody = "application/problem+json")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn show_reset_password(
    State(app): State<App>,
    occasion: Occasion,
    headers: HeaderMap,
    mut params: Params,
) -> Response {
    let (locale, token) = (pages::locale(&headers), pages::token_of(&mut params));
    match app.open_link(&token, &PURPOSES, &occasion).await {
        Ok(_) => pages::ask(PAGE, locale, &token),
        Err(problem) => pages::failed(problem, PAGE, locale, &token),
    }
}

/// Set a new password.
///
/// A link works once. With the new password every session ends, every other link to sign in or to change
/// the address stops working, a lockout is lifted, the address counts as confirmed, and its owner is told.
/// Where it was not confirmed until then, the API keys end too. Nobody is signed in by it.
///
/// The page of the link sends a form, and is answered with a page: 410 where the JSON answer is 401.
#[utoipa::path(post, path = "/api/v1/auth/reset-password", tag = "auth",
    request_body(content(
        (ResetPasswordBody = "application/json"), (ResetPasswordBody = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, content((Success<ResetView> = "application/json"), (String = "text/html"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The link is not valid, or not any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "To a form: the link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The password cannot be used; the link still works", content(
            (ProblemBody = "application/problem+json"), (String = "text/html"))),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, content((ProblemBody = "application/problem+json"), (String = "text/html")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    occasion: Occasion,
    headers: HeaderMap,
    Sent { fields, by_form }: Sent<ResetPasswordBody>,
) -> Result<Response, Problem> {
    let outcome = app.reset(&fields.token, &fields.password, &occasion).await;
    if by_form {
        let locale = pages::locale(&headers);
        return Ok(match outcome {
            Ok(()) => pages::done(PAGE, locale),
            Err(problem) => pages::failed(problem, PAGE, locale, &fields.token),
        });
    }
    outcome?;
    let answer = Answer::ok(ResetView { password_set: true });
    Ok(answer.message("the password is set").into_response())
}

impl App {
    async fn reset(
        &self,
        token: &str,
        password: &Password,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let (_, account) = self.open_link(token, &PURPOSES, occasion).await?;
        // Only whoever holds a good link makes us compute a hash; and a password that is refused uses
        // nothing up.
        let name = account.name.full();
        let hash = self
            .new_password("/password", password, &account.email, &name)
            .await?;
        for _ in 0..TRIES {
            let (link, account) = self.open_link(token, &PURPOSES, occasion).await?;
            // Before the password is set: no crash leaves access tokens of somebody who knew the old one.
            self.denials.deny_user(account.id, occasion.now).await?;
            if self.set_password(&link, &account, &hash, occasion).await? {
                self.unlock(&account.email).await;
                self.after_reset(&account, occasion).await;
                return Ok(());
            }
        }
        Err(Problem::unavailable("an account kept changing"))
    }

    /// Uses the link up and sets the password. False when the account was changed meanwhile.
    async fn set_password(
        &self,
        link: &OnceLink,
        account: &Account,
        hash: &str,
        occasion: &Occasion,
    ) -> Result<bool, Problem> {
        let mut changes = Changes::new();
        self.accounts.use_up(&mut changes, link, occasion.now)?;
        let after = Account {
            password: Some(hash.to_owned()),
            password_set_at: Some(occasion.now),
            email_verified_at: account.email_verified_at.or(Some(occasion.now)),
            updated_at: occasion.now,
            ..account.clone()
        };
        self.accounts.replace(&mut changes, &after)?;
        for other in [
            Purpose::MagicLink,
            Purpose::ChangeEmail,
            Purpose::VerifyEmail,
        ] {
            self.accounts.kill_once(&mut changes, account.id, other)?;
        }
        if !account.email_verified() {
            // Until now the account was anybody's who had registered the address.
            self.accounts
                .remove_api_keys(&mut changes, account.id)
                .await?;
        }
        let told = Template::PasswordChanged;
        let message = self.send_later(&mut changes, told, account, occasion)?;
        let actor = Actor::User(account.id);
        let event = occasion.event(EventKind::PasswordReset, actor, Some(account.id));
        self.accounts.add_event(&mut changes, &event)?;
        match self.accounts.commit(changes).await? {
            Outcome::Done => {
                self.announce(&[message]).await;
                Ok(true)
            }
            Outcome::Refused(0) => Err(dead_link()),
            Outcome::Refused(_) => Ok(false),
        }
    }

    /// Ends the sessions that began with the old password. They refresh no more in any case, and their
    /// access tokens are denied: what fails here leaves nothing open, and is only logged.
    async fn after_reset(&self, account: &Account, occasion: &Occasion) {
        let actor = Actor::User(account.id);
        let event = occasion.event(EventKind::SessionsRevoked, actor, Some(account.id));
        let ended = self.end_sessions(account.id, None, Ending::Revoked, occasion, Some(&event));
        if let Err(problem) = ended.await {
            tracing::warn!(
                cause = chain(&problem),
                "sessions left to end by themselves after a new password"
            );
        }
        self.unlock(&account.email).await;
    }
}
