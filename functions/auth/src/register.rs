//! A new account.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use babyshield::{
    domain::account::{
        Account, Actor, Email, EventKind, Name, Purpose, Roles, Standing, Tier, UserId,
    },
    http::{
        answer::{Answer, Success},
        extract::Body,
        problem::{Code, Problem, ProblemBody},
    },
    passwords::Password,
    stores::accounts::{Changes, Template},
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App,
    issue::{Opened, SignedInView},
    new_password::weak,
    occasion::Occasion,
    profile::{self, LOCALE, NameParts},
};

/// Whoever registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    /// The address. It is the account's name, and a link is sent there to verify it.
    #[schema(examples("ana@example.org"), format = Email)]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password, examples("tin lantern wobbles"))]
    password: Password,
    /// The whole name; or the next two fields.
    #[schema(examples("Ana Silva"))]
    name: Option<String>,
    /// The given name.
    first_name: Option<String>,
    /// The family name.
    last_name: Option<String>,
    /// The language of messages, as BCP 47; `en` where none is named.
    #[schema(examples("en"))]
    locale: Option<String>,
}

/// A registration that can be carried out.
struct Registration {
    email: Email,
    name: Name,
    locale: String,
}

/// Register.
///
/// Opens an account and a session. A password has 12 characters or as many as the installation asks for,
/// of any kind, and is not among the first that somebody would guess. A message with a link to verify the
/// address is sent; until it is followed, what needs a verified address is not open.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth",
    request_body = RegisterBody,
    responses(
        (status = 201, body = Success<SignedInView>, headers(("Location" = String, description = "The account"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is an account with this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A value is invalid, or the password is weak", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn register(
    State(app): State<App>,
    occasion: Occasion,
    Body(body): Body<RegisterBody>,
) -> Result<Response, Problem> {
    let registration = app.judge_registration(&body).await?;
    if app
        .accounts
        .find_by_email(&registration.email)
        .await?
        .is_some()
    {
        return Err(exists());
    }
    let hash = app.hash_password(&body.password).await?;
    let account = app.new_account(registration, hash, &occasion);
    let mut changes = Changes::new();
    let claim = app.accounts.insert(&mut changes, &account)?;
    let purpose = Purpose::VerifyEmail;
    let link = app.once_link(&mut changes, purpose, &account, &account.email, &occasion)?;
    let template = Template::VerifyEmail { link: link.id };
    let message = app.send_later(&mut changes, template, &account, &occasion)?;
    let event = occasion.event(
        EventKind::Registered,
        Actor::User(account.id),
        Some(account.id),
    );
    app.accounts.add_event(&mut changes, &event)?;
    match app.open_session(&account, &occasion, changes).await? {
        Opened::Done(view) => {
            app.announce(&[message]).await;
            let answer = Answer::ok(*view).status(StatusCode::CREATED);
            let place = [(http::header::LOCATION, "/api/v1/user/me")];
            Ok((place, answer.message("the account is open")).into_response())
        }
        Opened::Refused(place) if place == claim => Err(exists()),
        Opened::Refused(place) => Err(Problem::internal(format!("write {place} was refused"))),
    }
}

fn exists() -> Problem {
    Problem::new(Code::UserExists, "there is an account with this address")
}

impl App {
    /// Names everything that is wrong with a registration.
    async fn judge_registration(&self, body: &RegisterBody) -> Result<Registration, Problem> {
        let mut errors = Vec::new();
        let email = profile::email("/email", &body.email, &mut errors);
        let parts = NameParts {
            whole: body.name.as_deref(),
            first: body.first_name.as_deref(),
            last: body.last_name.as_deref(),
        };
        let name = parts.read(None, &mut errors);
        let locale = body.locale.as_deref().unwrap_or(LOCALE);
        let locale = profile::locale(locale, &mut errors);
        let full = name.as_ref().map(Name::full).unwrap_or_default();
        let faults = self
            .judge_password("/password", &body.password, email.as_ref(), &full)
            .await?;
        match (email, name, locale) {
            (Some(email), Some(name), Some(locale)) if faults.is_empty() => Ok(Registration {
                email,
                name,
                locale,
            }),
            _ if errors.is_empty() => Err(weak(faults)),
            _ => {
                errors.extend(faults);
                Err(Problem::invalid(errors))
            }
        }
    }

    fn new_account(&self, of: Registration, hash: String, occasion: &Occasion) -> Account {
        let now = occasion.now;
        Account {
            id: UserId(self.ids.new_id()),
            email: of.email,
            email_verified_at: None,
            password: Some(hash),
            password_set_at: Some(now),
            name: of.name,
            locale: of.locale,
            roles: Roles::default(),
            tier: Tier::default(),
            standing: Standing::Active,
            created_at: now,
            updated_at: now,
            last_sign_in_at: Some(now),
            version: 1,
        }
    }
}
