//! Oneself.

use axum::extract::State;
use babyshield::{
    domain::account::{Account, UserId},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        params::NoParams,
        problem::{Problem, ProblemBody},
    },
};
use bytes::Bytes;

use crate::{App, user_view::UserView};

/// Show oneself.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Success<UserView>),
        (status = 304, description = "Unchanged"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This is for people, not for keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_signed_in(
    State(app): State<App>,
    caller: SignedIn,
    _: NoParams,
) -> Result<Answer<UserView>, Problem> {
    app.oneself(caller.user)
        .await
        .map(|account| app.show(&account))
}

/// Show oneself, to be changed.
///
/// The `ETag` goes into the `If-Match` of a change.
#[utoipa::path(get, path = "/api/v1/user/me", tag = "user",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Success<UserView>),
        (status = 304, description = "Unchanged"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This is for people, not for keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_me(
    State(app): State<App>,
    caller: SignedIn,
    _: NoParams,
) -> Result<Answer<UserView>, Problem> {
    app.oneself(caller.user)
        .await
        .map(|account| app.show(&account))
}

impl App {
    /// Returns the account of whoever asks. Who was stopped a moment ago is not known any more, even if
    /// their access token still counts.
    pub(crate) async fn oneself(&self, user: UserId) -> Result<Account, Problem> {
        let account = self.accounts.find(user).await?;
        account
            .filter(Account::is_active)
            .ok_or_else(Problem::unauthenticated)
    }

    /// Shows a person to themselves, tagged.
    pub(crate) fn show(&self, account: &Account) -> Answer<UserView> {
        let view = UserView::of(account, &self.config);
        let written = written(&view);
        Answer::ok(view).tagged_by(written)
    }

    /// Returns what [`App::show`] tags its answer by.
    pub(crate) fn state_of(&self, account: &Account) -> Bytes {
        written(&UserView::of(account, &self.config))
    }
}

fn written(view: &UserView) -> Bytes {
    serde_json::to_vec(view)
        .expect("a person has only string keys")
        .into()
}
