//! Signing in by a link.

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
    stores::accounts::{Changes, OnceLink},
};
use http::{HeaderMap, StatusCode};

use crate::{
    App,
    issue::{Opened, SignedInView},
    links::{ACCEPTED, AcceptedView, LinkBody, ON_ITS_WAY, TRIES, Wanted, dead_link},
    occasion::Occasion,
    pages::{self, LinkPage},
};

const PURPOSES: [Purpose; 1] = [Purpose::MagicLink];

const PAGE: LinkPage = LinkPage::MagicLink;

/// Look at the page that signs in.
///
/// Changes nothing, however often it is fetched. The token is looked at only to say whether the link still
/// works.
#[utoipa::path(get, path = "/api/v1/auth/magic-link", tag = "auth",
    params(("token" = Option<String>, Query, description = "The token of the link")),
    responses(
        (status = 200, description = "A page with a form", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "A page, or a problem", content(
            (String = "text/html"), (ProblemBody = "application/problem+json")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn show_magic_link(
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

/// Sign in by a link, or ask for one.
///
/// With `email` a link is sent that signs in, for 15 minutes, once; the answer does not tell whether there
/// is an account. With `token` the link is used: it signs in whatever wrong passwords were tried before,
/// and confirms the address. Where the address was not confirmed until then, the password was anybody's:
/// it is taken away, and the sessions and API keys that it opened end.
///
/// The page of the link sends a form. It is answered with the same JSON, for there is no app to take it;
/// with a page and 410 where the JSON answer is 401.
#[utoipa::path(post, path = "/api/v1/auth/magic-link", tag = "auth",
    request_body(content((LinkBody = "application/json"), (LinkBody = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, body = Success<SignedInView>),
        (status = 202, description = "A message is on its way, if there is an account", body = Success<AcceptedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The link is not valid, or not any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "To a form: the link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, content((ProblemBody = "application/problem+json"), (String = "text/html")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn magic_link(
    State(app): State<App>,
    occasion: Occasion,
    headers: HeaderMap,
    Sent { fields, by_form }: Sent<LinkBody>,
) -> Result<Response, Problem> {
    let token = match fields.wanted()? {
        Wanted::Use(token) => token,
        Wanted::Send(email) => {
            app.ask_for_link(Purpose::MagicLink, &email, &occasion)
                .await?;
            let answer = Answer::ok(ACCEPTED).status(StatusCode::ACCEPTED);
            return Ok(answer.message(ON_ITS_WAY).into_response());
        }
    };
    match app.sign_in_by_link(&token, &occasion).await {
        Ok(view) => Ok(Answer::ok(view).message("signed in").into_response()),
        Err(problem) if by_form => {
            let locale = pages::locale(&headers);
            Ok(pages::failed(problem, PAGE, locale, &token))
        }
        Err(problem) => Err(problem),
    }
}

impl App {
    async fn sign_in_by_link(
        &self,
        token: &str,
        occasion: &Occasion,
    ) -> Result<SignedInView, Problem> {
        for _ in 0..TRIES {
            let (link, account) = self.open_link(token, &PURPOSES, occasion).await?;
            let (account, changes) = self.use_magic_link(&link, account, occasion).await?;
            match self.open_session(&account, occasion, changes).await? {
                Opened::Done(view) => {
                    self.unlock(&account.email).await;
                    return Ok(*view);
                }
                Opened::Refused(0) => return Err(dead_link()),
                Opened::Refused(_) => {}
            }
        }
        Err(Problem::unavailable("an account kept changing"))
    }

    /// Returns the account as it is to be, and what is to be written with the session.
    async fn use_magic_link(
        &self,
        link: &OnceLink,
        account: Account,
        occasion: &Occasion,
    ) -> Result<(Account, Changes), Problem> {
        let now = occasion.now;
        let mut changes = Changes::new();
        self.accounts.use_up(&mut changes, link, now)?;
        let actor = Actor::User(account.id);
        let mut event = occasion.event(EventKind::SignedIn, actor, Some(account.id));
        event.detail.insert("by".into(), "link".into());
        self.accounts.add_event(&mut changes, &event)?;
        if account.email_verified() {
            self.accounts.sign_in(&mut changes, &account, now)?;
            return Ok((account, changes));
        }
        // Somebody may have registered an address that is not theirs, and waits for its owner to confirm
        // it: what they know and hold ends here.
        if account.password.is_some() {
            self.denials.deny_user(account.id, now).await?;
        }
        self.end_sessions(account.id, None, Ending::Revoked, occasion, None)
            .await?;
        let after = Account {
            email_verified_at: Some(now),
            password: None,
            password_set_at: account.password.as_ref().map(|_| now),
            updated_at: now,
            ..account
        };
        self.accounts.replace(&mut changes, &after)?;
        // Nor does a link that they had sent to an address of their own take the account back, nor a key.
        for other in [Purpose::VerifyEmail, Purpose::ChangeEmail] {
            self.accounts.kill_once(&mut changes, after.id, other)?;
        }
        self.accounts
            .remove_api_keys(&mut changes, after.id)
            .await?;
        let actor = Actor::User(after.id);
        let event = occasion.event(EventKind::EmailVerified, actor, Some(after.id));
        self.accounts.add_event(&mut changes, &event)?;
        Ok((after, changes))
    }
}
