//! A new API key: shown once.

use axum::extract::State;
use babyshield::{
    domain::account::{Account, Actor, ApiKeyId, EventKind, Role, Roles, Scope, Scopes},
    http::{
        answer::{Answer, Success},
        caller::SignedIn,
        extract::Body,
        problem::{Code, FieldError, Problem, ProblemBody},
    },
    stores::{
        StoreError,
        accounts::{API_KEYS_MOST, Changes},
        api_keys::{ApiKey, KeyText},
    },
};
use http::{HeaderName, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::list_api_keys::ApiKeyView;
use crate::{App, occasion::Occasion, user_view::effective_roles};

/// The longest name, in characters.
const NAME_MOST: usize = 100;

/// The longest life, in days.
const DAYS_MOST: i64 = 3_650;

/// How often a key is made anew when the owner was changed meanwhile.
const TRIES: u32 = 10;

/// A key that is wished for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// What to call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may be used for; `staff` is for staff.
    #[schema(min_items = 1)]
    scopes: Scopes,
    /// After how many days it ends; not together with `expires_at`.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<i64>,
    /// When it ends. Without either it does not end by itself.
    expires_at: Option<Timestamp>,
    /// Requests that it may make in a window; at most one's own.
    #[schema(minimum = 1)]
    rate_limit: Option<u32>,
}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    #[serde(flatten)]
    shown: ApiKeyView,
    /// The key itself. Nobody can show it again.
    key: String,
}

impl KeyBody {
    /// Returns until when the key counts, or everything that is wrong.
    fn check(
        &self,
        roles: &Roles,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Problem> {
        let mut errors = Vec::new();
        let mut refuse = |field: &str, code: &str, message: &str| {
            errors.push(FieldError::new(field, code, message));
        };
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MOST || name.chars().any(char::is_control)
        {
            refuse(
                "/name",
                "INVALID_VALUE",
                "from 1 to 100 characters that can be seen",
            );
        }
        if self.scopes.is_empty() {
            refuse("/scopes", "INVALID_VALUE", "a key is good for something");
        }
        if self.scopes.contains(&Scope::Staff) && !roles.include(Role::Viewer) {
            refuse("/scopes", "NOT_ALLOWED", "the scope staff is for staff");
        }
        if self
            .rate_limit
            .is_some_and(|limit| !(1..=most).contains(&limit))
        {
            let rule = format!("from 1 to {most}, as many as its owner");
            refuse("/rate_limit", "INVALID_VALUE", &rule);
        }
        let latest = now + SignedDuration::from_hours(24 * DAYS_MOST);
        let end = match (self.expires_in_days, self.expires_at) {
            (Some(_), Some(_)) => {
                refuse(
                    "/expires_at",
                    "INVALID_VALUE",
                    "not together with expires_in_days",
                );
                None
            }
            (Some(days), None) if !(1..=DAYS_MOST).contains(&days) => {
                refuse("/expires_in_days", "INVALID_VALUE", "from 1 to 3650");
                None
            }
            (Some(days), None) => Some(now + SignedDuration::from_hours(24 * days)),
            (None, Some(end)) if end <= now || end > latest => {
                refuse(
                    "/expires_at",
                    "INVALID_VALUE",
                    "lies within the next 3650 days",
                );
                None
            }
            (None, end) => end,
        };
        if errors.is_empty() {
            Ok(end)
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// The new key, and where it is.
type Made = ([(HeaderName, String); 1], Answer<NewKeyView>);

/// Make an API key.
///
/// For programs of one's own: it is sent as `X-API-Key` or as a bearer token, does what its scopes say
/// and never more than its owner may. The answer is the only one that shows it. One has at most 20.
#[utoipa::path(post, path = "/api/v1/auth/api-keys", tag = "keys",
    security(("bearer" = [])),
    request_body = KeyBody,
    responses(
        (status = 201, body = Success<NewKeyView>, headers(("Location" = String, description = "Where the key is deleted"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Keys make no keys", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 20 already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    caller: SignedIn,
    occasion: Occasion,
    Body(body): Body<KeyBody>,
) -> Result<Made, Problem> {
    let user = caller.user;
    for _ in 0..TRIES {
        let owner = app.accounts.find(user).await?.filter(Account::is_active);
        let owner = owner.ok_or_else(Problem::unauthenticated)?;
        let roles = effective_roles(&owner, &app.config);
        let most = if roles.include(Role::Admin) {
            app.config.rate_limit_admin
        } else {
            app.config.rate_limit
        };
        let expires_at = body.check(&roles, most, occasion.now)?;
        let mut changes = Changes::new();
        // The owner's version is what two keys that are made at once race for.
        app.accounts.replace(&mut changes, &owner)?;
        let mut live = 0;
        for key in app.accounts.api_keys_of(user).await? {
            if key.expires_at.is_some_and(|end| end <= occasion.now) {
                app.accounts.remove_api_key(&mut changes, user, key.id)?;
            } else {
                live += 1;
            }
        }
        if live >= API_KEYS_MOST {
            let detail = format!("one has at most {API_KEYS_MOST} keys: end one that is not used");
            return Err(Problem::new(Code::Conflict, detail));
        }
        let id = ApiKeyId(app.ids.new_id());
        let text = KeyText::issue(id);
        let key = ApiKey {
            id,
            user,
            name: body.name.trim().to_owned(),
            prefix: text.prefix(),
            hash: text.hash(),
            scopes: body.scopes.clone(),
            roles,
            owner_active: true,
            limit_per_window: body.rate_limit,
            created_at: occasion.now,
            expires_at,
            revoked_at: None,
        };
        app.accounts.add_api_key(&mut changes, &key)?;
        let mut event = occasion.event(EventKind::ApiKeyCreated, Actor::User(user), Some(user));
        event.detail.insert("key".into(), id.to_string());
        app.accounts.add_event(&mut changes, &event)?;
        if app.accounts.commit(changes).await?.is_done() {
            let answer = NewKeyView {
                shown: ApiKeyView::of(key, None),
                key: text.reveal(),
            };
            let place = [(header::LOCATION, format!("/api/v1/auth/api-keys/{id}"))];
            let answer = Answer::ok(answer).status(StatusCode::CREATED);
            return Ok((place, answer.message("keep the key: it is not shown again")));
        }
    }
    Err(StoreError::Busy("an account kept changing".into()).into())
}
