//! The next access token, for a refresh token.

use axum::extract::State;
use babyshield::{
    domain::account::{
        Account, Actor, EventKind,
        session::{Ending, Presented},
    },
    http::{
        answer::{Answer, Success},
        extract::Body,
        problem::{Code, Problem, ProblemBody},
    },
    identity::refresh::{RefreshKeys, RefreshToken},
    stores::accounts::{Changes, Template, Use, Used},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{App, issue::SignedInView, occasion::Occasion};

/// What a session is refreshed with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    /// The refresh token of the last answer.
    #[schema(examples("bsr_…"))]
    refresh_token: String,
}

/// Refresh a session.
///
/// Answers with the next access token and the next refresh token; the one that was sent is used up. Sent
/// again within ten seconds it gets the same answer, for a second tab or a lost answer. Sent after that it
/// is taken for stolen: the session ends, for whoever holds it, and its owner is told.
///
/// A session lives for 7 days without use and for 30 days at most. It ends with the password that it
/// began with, unless the password was changed from within it.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth",
    request_body = RefreshBody,
    responses(
        (status = 200, body = Success<SignedInView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is none of ours, was used before, or its session is over",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn refresh(
    State(app): State<App>,
    occasion: Occasion,
    Body(body): Body<RefreshBody>,
) -> Result<Answer<SignedInView>, Problem> {
    let signer = app.tokens.signer(occasion.now).await?;
    let keys = RefreshKeys::new(signer.refresh_key());
    let token = keys.read(&body.refresh_token).map_err(|_| refused())?;
    let account = app.accounts.find(token.user()).await?;
    let account = account.filter(Account::is_active).ok_or_else(refused)?;
    let next = keys.successor(&token);
    // Signed before the token is used up: what fails, fails while the client's token is good.
    let answer = app.signed_in(&signer, &account, &next, &occasion)?;
    app.use_up(&account, &token, &next, &occasion).await?;
    Ok(Answer::ok(answer))
}

/// One answer for every token that is not taken: it tells nothing of the session.
pub(crate) fn refused() -> Problem {
    Problem::new(
        Code::InvalidToken,
        "the refresh token is not valid, or not any more: sign in again",
    )
}

impl App {
    /// Makes `next` the current token of the session, or finds that it is already for having been asked a
    /// moment ago.
    async fn use_up(
        &self,
        account: &Account,
        token: &RefreshToken,
        next: &RefreshToken,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let presented = token.hash();
        let using = Use {
            user: token.user(),
            session: token.session(),
            presented: &presented,
            next: &next.hash(),
            password_set_at: account.password_set_at,
            network: &occasion.client.network(),
            now: occasion.now,
        };
        let session = match self.accounts.use_token(&using).await? {
            Used::Rotated => return Ok(()),
            Used::Unknown => return Err(refused()),
            Used::Refused(session) => session,
        };
        match session.judge(&presented, account.password_set_at, occasion.now) {
            Presented::Again => Ok(()),
            Presented::Over => Err(refused()),
            Presented::Reused => {
                self.end_reused(account, token, occasion).await?;
                Err(refused())
            }
            Presented::Current => Err(Problem::unavailable("a session changed while it was used")),
        }
    }

    /// Ends a session of which somebody holds a copy, and tells its owner.
    async fn end_reused(
        &self,
        account: &Account,
        token: &RefreshToken,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let (user, session) = (account.id, token.session());
        tracing::warn!(user.id = %user, session.id = %session, "refresh token used again");
        let mut changes = Changes::new();
        self.add_end(&mut changes, user, session, Ending::Reused, occasion)?;
        // Whoever holds the copy need not be the owner.
        let mut event = occasion.event(EventKind::RefreshReused, Actor::Anonymous, Some(user));
        event.detail.insert("session".into(), session.to_string());
        self.accounts.add_event(&mut changes, &event)?;
        let template = Template::SessionCompromised;
        let message = self.send_later(&mut changes, template, account, occasion)?;
        // Refused is what another request has ended meanwhile, and told of.
        if self.accounts.commit(changes).await?.is_done() {
            self.announce(&[message]).await;
        }
        Ok(())
    }
}
