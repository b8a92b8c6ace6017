//! Signing in with a password.

use axum::extract::State;
use babyshield::{
    domain::account::{Account, Actor, EventKind},
    http::{
        answer::{Answer, Success},
        extract::Body,
        problem::{Code, Problem, ProblemBody},
    },
    passwords::Password,
    runtime::chain,
    stores::accounts::Changes,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App,
    issue::{Opened, SignedInView},
    lockout::hashing,
    occasion::Occasion,
    profile,
};

/// Whoever signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    /// The address.
    #[schema(examples("ana@example.org"), format = Email)]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// The `device_token` of an earlier answer to the same address, which may be sent as `X-Device-Token`
    /// too. A device that shows it is not held up by strangers who guess at the account.
    #[schema(examples("bsd_…"))]
    device_token: Option<String>,
}

/// Sign in.
///
/// Five wrong passwords for an address from one network, and it has to wait there for a quarter of an hour
/// (429 with `Retry-After`). Many from everywhere slow down those devices that have never signed in to the
/// account. A link by e-mail gets in at any time. An address that nobody has is answered like a wrong
/// password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth",
    request_body = LoginBody,
    params(("X-Device-Token" = Option<String>, Header, description = "The same as `device_token` in the body")),
    responses(
        (status = 200, body = Success<SignedInView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The address and the password do not belong together, or the account may not be used",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ins have failed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn login(
    State(app): State<App>,
    mut occasion: Occasion,
    Body(body): Body<LoginBody>,
) -> Result<Answer<SignedInView>, Problem> {
    let mut errors = Vec::new();
    let Some(email) = profile::email("/email", &body.email, &mut errors) else {
        return Err(Problem::invalid(errors));
    };
    if body.device_token.is_some() {
        occasion.device_token = body.device_token;
    }
    let whence = app.whence(&email, &occasion).await?;
    let attempt = app.reserve(&email, &whence, &occasion).await?;
    let account = app.accounts.find_person(&email).await?;
    let stored = account
        .as_ref()
        .and_then(|account| account.password.as_deref());
    let verdict = app.hasher.verify(body.password.clone(), stored).await;
    let verdict = verdict.map_err(hashing)?;
    let mut account = match account {
        Some(account) if verdict.matched && account.is_active() => account,
        account => {
            app.failed(&attempt, &email, account.as_ref(), &occasion)
                .await?;
            return Err(wrong());
        }
    };
    account.last_sign_in_at = Some(occasion.now);
    let mut changes = Changes::new();
    app.accounts.sign_in(&mut changes, &account, occasion.now)?;
    let (user, kind) = (account.id, EventKind::SignedIn);
    let event = occasion.event(kind, Actor::User(user), Some(user));
    app.accounts.add_event(&mut changes, &event)?;
    let Opened::Done(view) = app.open_session(&account, &occasion, changes).await? else {
        // Stopped, or given a new password, between the look and now.
        return Err(wrong());
    };
    app.succeeded(&attempt).await;
    if verdict.rehash {
        app.rehash(&account, &body.password).await;
    }
    Ok(Answer::ok(*view).message("signed in"))
}

fn wrong() -> Problem {
    Problem::new(
        Code::InvalidCredentials,
        "the address and the password do not belong together",
    )
}

impl App {
    /// Hashes a password anew that was hashed by other means. The person is in already: what fails here is
    /// only logged, and the next sign-in tries again.
    async fn rehash(&self, account: &Account, password: &Password) {
        let outcome = async {
            let renewed = Account {
                password: Some(self.hash_password(password).await?),
                ..account.clone()
            };
            let mut changes = Changes::new();
            self.accounts.replace(&mut changes, &renewed)?;
            // Who changed the account meanwhile is not undone.
            self.accounts.commit(changes).await?;
            Ok::<_, Problem>(())
        };
        if let Err(error) = outcome.await {
            tracing::warn!(cause = chain(&error), "a password was not hashed anew");
        }
    }
}
