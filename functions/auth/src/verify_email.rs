//! Showing that an address is one's own: the one of the account, or the one that it is to have.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use babyshield::{
    domain::account::{Account, Actor, EventKind, Purpose, SessionId, session::Ending},
    http::{
        answer::{Answer, Success},
        caller::{Caller, MaybeCaller, Via},
        form::Sent,
        params::Params,
        problem::{Code, Problem, ProblemBody},
    },
    stores::accounts::{Changes, OnceLink, Outcome, Template},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    links::{ACCEPTED, AcceptedView, LinkBody, ON_ITS_WAY, TRIES, Wanted, dead_link},
    occasion::Occasion,
    pages::{self, LinkPage},
    user_view::effective_roles,
};

/// What a link to this page may be good for.
const PURPOSES: [Purpose; 2] = [Purpose::VerifyEmail, Purpose::ChangeEmail];

const PAGE: LinkPage = LinkPage::VerifyEmail;

/// What became of an address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerifiedView {
    /// Always true.
    email_verified: bool,
    /// Whether the account has another address now.
    email_changed: bool,
}

/// Look at the page that confirms an address.
///
/// Changes nothing, however often it is fetched. The token is looked at only to say whether the link still
/// works.
#[utoipa::path(get, path = "/api/v1/auth/verify-email", tag = "auth",
    params(("token" = Option<String>, Query, description = "The token of the link")),
    responses(
        (status = 200, description = "A page with a form", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "A page, or a problem", content(
            (String = "text/html"), (ProblemBody = "application/problem+json")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn show_verify_email(
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

/// Confirm an address, or ask for the message again.
///
/// With `token` the address is confirmed, or becomes the account's when the link was made to change it; a
/// link works once. A change of the address ends every session but the one of the access token that comes
/// along, if any does, and the old address is told. With
/// `email` the message is sent again, if there is an account that still needs it; the answer does not tell.
///
/// The page of the link sends a form, and is answered with a page: 410 where the JSON answer is 401.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "auth",
    request_body(content((LinkBody = "application/json"), (LinkBody = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, content((Success<VerifiedView> = "application/json"), (String = "text/html"))),
        (status = 202, description = "A message is on its way, if there is an account that needs it",
            body = Success<AcceptedView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The link is not valid, or not any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has the address by now", content(
            (ProblemBody = "application/problem+json"), (String = "text/html"))),
        (status = 410, description = "To a form: the link is not valid, or not any more", body = String, content_type = "text/html"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, content((ProblemBody = "application/problem+json"), (String = "text/html")))))]
#[tracing::instrument(skip_all)]
pub(crate) async fn verify_email(
    State(app): State<App>,
    MaybeCaller(caller): MaybeCaller,
    occasion: Occasion,
    headers: HeaderMap,
    Sent { fields, by_form }: Sent<LinkBody>,
) -> Result<Response, Problem> {
    let token = match fields.wanted()? {
        Wanted::Use(token) => token,
        Wanted::Send(email) => {
            app.ask_for_link(Purpose::VerifyEmail, &email, &occasion)
                .await?;
            let answer = Answer::ok(ACCEPTED).status(StatusCode::ACCEPTED);
            return Ok(answer.message(ON_ITS_WAY).into_response());
        }
    };
    let outcome = app.verify(&token, caller.as_ref(), &occasion).await;
    if by_form {
        let locale = pages::locale(&headers);
        return Ok(match outcome {
            Ok(_) => pages::done(PAGE, locale),
            Err(problem) => pages::failed(problem, PAGE, locale, &token),
        });
    }
    let answer = Answer::ok(outcome?).message("the address is confirmed");
    Ok(answer.into_response())
}

impl App {
    async fn verify(
        &self,
        token: &str,
        caller: Option<&Caller>,
        occasion: &Occasion,
    ) -> Result<VerifiedView, Problem> {
        for _ in 0..TRIES {
            let (link, account) = self.open_link(token, &PURPOSES, occasion).await?;
            let done = match link.purpose {
                Purpose::ChangeEmail => {
                    self.change_email(&link, &account, caller, occasion).await?
                }
                _ => self.confirm_email(&link, &account, occasion).await?,
            };
            if done {
                return Ok(VerifiedView {
                    email_verified: true,
                    email_changed: link.purpose == Purpose::ChangeEmail,
                });
            }
        }
        Err(Problem::unavailable("an account kept changing"))
    }

    /// Confirms the account's own address. False when the account was changed meanwhile.
    async fn confirm_email(
        &self,
        link: &OnceLink,
        account: &Account,
        occasion: &Occasion,
    ) -> Result<bool, Problem> {
        let mut changes = Changes::new();
        self.accounts.use_up(&mut changes, link, occasion.now)?;
        let after = Account {
            email_verified_at: account.email_verified_at.or(Some(occasion.now)),
            updated_at: occasion.now,
            ..account.clone()
        };
        self.accounts.replace(&mut changes, &after)?;
        let actor = Actor::User(account.id);
        let event = occasion.event(EventKind::EmailVerified, actor, Some(account.id));
        self.accounts.add_event(&mut changes, &event)?;
        match self.accounts.commit(changes).await? {
            Outcome::Done => Ok(true),
            Outcome::Refused(0) => Err(dead_link()),
            Outcome::Refused(_) => Ok(false),
        }
    }

    /// Gives the account the address that the link was sent to. False when the account was changed
    /// meanwhile.
    async fn change_email(
        &self,
        link: &OnceLink,
        before: &Account,
        caller: Option<&Caller>,
        occasion: &Occasion,
    ) -> Result<bool, Problem> {
        let holder = self.accounts.find_by_email(&link.email).await?;
        if holder.is_some_and(|holder| holder != before.id) {
            return Err(taken());
        }
        // First, so that no failure leaves a session of somebody who had the old address: a crash after
        // this signs people out and changes nothing.
        let own = caller.and_then(|caller| own_session(caller, before));
        let ending = Ending::Revoked;
        self.end_sessions(before.id, own, ending, occasion, None)
            .await?;
        let after = Account {
            email: link.email.clone(),
            email_verified_at: Some(occasion.now),
            updated_at: occasion.now,
            ..before.clone()
        };
        let mut changes = Changes::new();
        self.accounts.use_up(&mut changes, link, occasion.now)?;
        let (claim, _) = self.accounts.change_email(&mut changes, before, &after)?;
        // Whoever is an administrator by the old address alone is none any more, and nor are their keys.
        let roles = effective_roles(&after, &self.config);
        self.accounts
            .keep_api_keys_in_step(&mut changes, &after, &roles)
            .await?;
        let moved = before.email.key() != after.email.key();
        let told = Template::EmailChanged;
        let message = self.send_later_to(&mut changes, told, before, &before.email, occasion)?;
        let actor = Actor::User(before.id);
        let event = occasion.event(EventKind::EmailChanged, actor, Some(before.id));
        self.accounts.add_event(&mut changes, &event)?;
        match self.accounts.commit(changes).await? {
            Outcome::Done => {
                self.announce(&[message]).await;
                Ok(true)
            }
            Outcome::Refused(0) => Err(dead_link()),
            Outcome::Refused(place) if moved && place == claim => Err(taken()),
            Outcome::Refused(_) => Ok(false),
        }
    }
}

/// Returns the caller's session, when it is this person's.
fn own_session(caller: &Caller, account: &Account) -> Option<SessionId> {
    match &caller.via {
        Via::Session(session) if caller.user == account.id => Some(*session),
        _ => None,
    }
}

fn taken() -> Problem {
    Problem::new(
        Code::UserExists,
        "somebody has registered an account with this address meanwhile",
    )
}
