//! Whether sign-ins are held up.

use std::net::IpAddr;

use axum::extract::State;
use babyshield::{
    domain::account::Email,
    http::{
        answer::{Answer, Success},
        caller::{Caller, Via},
        client::ClientAddress,
        params::Params,
        problem::{Problem, ProblemBody},
    },
    stores::{attempts, attempts::Lockout},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::security_events::is_viewer;
use crate::App;

/// Who is asked about, as it is documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; the handler reads the same names"
)]
pub(crate) struct LockedParams {
    /// The address.
    #[param(format = Email)]
    email: String,
    /// The address of a client, to ask what holds that one up; the caller's own when not given.
    client: Option<String>,
}

/// What holds sign-ins up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LockedView {
    /// Whether the client has to wait, or unknown devices do.
    locked: bool,
    /// What is held up, and why.
    reason: Option<LockedBy>,
    /// Until when; null where nothing is held up, and where it takes another way in than a password.
    until: Option<Timestamp>,
    /// Failures in a row from devices that are not known.
    failed_attempts: u32,
}

/// Why sign-ins are held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockedBy {
    /// Too many failures from this client.
    Client,
    /// Many failures from devices that are not known: they are slowed down.
    Account,
    /// A hundred failures in a row: devices that are not known need a link by e-mail.
    Stopped,
}

impl From<Lockout> for LockedView {
    fn from(lockout: Lockout) -> Self {
        let (reason, until) = if lockout.is_stopped() {
            (Some(LockedBy::Stopped), None)
        } else if lockout.locked_until.is_some() {
            (Some(LockedBy::Client), lockout.locked_until)
        } else if lockout.slowed_until.is_some() {
            (Some(LockedBy::Account), lockout.slowed_until)
        } else {
            (None, None)
        };
        Self {
            locked: reason.is_some(),
            reason,
            until,
            failed_attempts: lockout.in_a_row,
        }
    }
}

/// Ask whether an account is locked.
///
/// Staff (viewers and above) ask about any address, and are not told whether anybody has it; everybody
/// else about their own.
#[utoipa::path(get, path = "/api/v1/security/account-locked", tag = "security",
    security(("bearer" = []), ("api_key" = ["staff"])),
    params(LockedParams),
    responses(
        (status = 200, body = Success<LockedView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another address than one's own", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn get_account_locked(
    State(app): State<App>,
    caller: Caller,
    client: ClientAddress,
    mut params: Params,
) -> Result<Answer<LockedView>, Problem> {
    let given = params.one::<String>("email");
    let email = given.as_deref().map(str::parse::<Email>);
    match &email {
        None => params.refuse("email", "MISSING_FIELD", "this parameter is required"),
        Some(Err(error)) => params.refuse("email", "INVALID_VALUE", &error.to_string()),
        Some(Ok(_)) => {}
    }
    let asked = params.one::<IpAddr>("client");
    params.finish()?;
    let Some(Ok(email)) = email else {
        return Err(Problem::internal("an address that was not read is refused"));
    };
    if !is_viewer(&caller) {
        let account = match caller.via {
            Via::Session(_) => app.accounts.find(caller.user).await?,
            Via::Key(..) | Via::MasterToken => None,
        };
        let own = account.is_some_and(|account| account.email.key() == email.key());
        if !own {
            return Err(Problem::forbidden("this is not your address"));
        }
    }
    let network = asked
        .map_or(client, |asked| ClientAddress(Some(asked)))
        .network();
    let digest = attempts::digest(&email);
    let lockout = app.attempts.look(&digest, Some(&network), app.clock.now());
    Ok(Answer::ok(LockedView::from(lockout.await?)))
}
