//! What administrators change of a person: roles, quotas, and whether the account may be used.

use axum::extract::State;
use babyshield::{
    domain::account::{
        Account, Event, EventKind, Role, Roles, Standing, Tier, UserId, session::Ending,
    },
    http::{
        answer::{Answer, Success},
        caller::{Admin, Caller, Via},
        extract::{Body, Param},
        if_match::IfMatch,
        problem::{Code, Problem, ProblemBody},
    },
    stores::{StoreError, accounts::Changes},
};
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::ToSchema;

use super::person_view::{PersonView, state};
use crate::{App, occasion::Occasion, user_view::effective_roles};

/// How often a change is made anew when something came in between.
const TRIES: u32 = 5;

/// What is to change; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonBody {
    /// The roles from now on, all of them. Everybody is a user.
    roles: Option<Roles>,
    /// Whether the account may be used.
    is_active: Option<bool>,
    /// Which quotas apply.
    subscription_tier: Option<Tier>,
}

/// Change a person.
///
/// Roles count within a minute: older access tokens are refused where somebody may do less. Disabling
/// ends every session and every API key. Nobody takes the role of administrator from themselves, nor
/// disables themselves: so there is always one left.
#[utoipa::path(patch, path = "/api/v1/admin/users/{id}", tag = "admin",
    security(("bearer" = ["admin"]), ("api_key" = ["admin"])),
    params(("id" = UserId, Path, description = "The account's identifier"),
        ("If-Match" = Option<String>, Header, description = "The tag of the state that is to be changed")),
    request_body = PersonBody,
    responses(
        (status = 200, body = Success<PersonView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is oneself, or the owner has ended the account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn update_user(
    State(app): State<App>,
    Admin(caller): Admin,
    Param(id): Param<String>,
    if_match: IfMatch,
    occasion: Occasion,
    Body(body): Body<PersonBody>,
) -> Result<Answer<PersonView>, Problem> {
    let unknown = || Problem::not_found("user");
    let id: UserId = id.parse().map_err(|_| unknown())?;
    for _ in 0..TRIES {
        let before = app.accounts.find(id).await?.ok_or_else(unknown)?;
        if_match.check(&state(&before))?;
        let after = body.applied(&before, &occasion)?;
        let change = Change {
            before: &before,
            after: &after,
            roles: [
                effective_roles(&before, &app.config),
                effective_roles(&after, &app.config),
            ],
        };
        let shown = if after == before {
            Some(before.clone())
        } else {
            app.make(&change, &caller, &occasion).await?
        };
        if let Some(account) = shown {
            // What is out ends by the denial; this takes the devices off the owner's list.
            if !account.is_active() {
                let ended = app.end_sessions(id, None, Ending::Revoked, &occasion, None);
                ended.await?;
            }
            let person = PersonView::of(&account, &app);
            return Ok(Answer::ok(person).tagged_by(state(&account)));
        }
    }
    Err(StoreError::Busy("a person kept changing".into()).into())
}

/// A change of a person, and what they may do before and after it.
struct Change<'a> {
    before: &'a Account,
    after: &'a Account,
    roles: [Roles; 2],
}

impl PersonBody {
    /// Returns the account as it is to be.
    fn applied(&self, before: &Account, occasion: &Occasion) -> Result<Account, Problem> {
        let mut after = before.clone();
        if let Some(roles) = &self.roles {
            after.roles = roles.iter().collect();
        }
        if let Some(tier) = self.subscription_tier {
            after.tier = tier;
        }
        match (self.is_active, before.standing) {
            (Some(_), Standing::Deleted(_)) => {
                let detail = "its owner has ended the account";
                return Err(Problem::new(Code::Conflict, detail));
            }
            (Some(true), Standing::Disabled(_)) => after.standing = Standing::Active,
            (Some(false), Standing::Active) => after.standing = Standing::Disabled(occasion.now),
            _ => {}
        }
        if after != *before {
            after.updated_at = occasion.now;
        }
        Ok(after)
    }
}

impl Change<'_> {
    /// Returns whether an access token of before says more than is true after.
    fn takes_away(&self) -> bool {
        let [before, after] = &self.roles;
        !self.after.is_active()
            || Role::ALL
                .iter()
                .any(|role| before.include(*role) && !after.include(*role))
    }

    /// Returns whether the person is an administrator before the change.
    fn is_of_admin(&self) -> bool {
        let [before, _] = &self.roles;
        self.before.is_active() && before.include(Role::Admin)
    }

    fn ends_admin(&self) -> bool {
        let [_, after] = &self.roles;
        self.is_of_admin() && !(self.after.is_active() && after.include(Role::Admin))
    }

    fn events(&self, caller: &Caller, occasion: &Occasion) -> Vec<Event> {
        let event = |kind| occasion.event(kind, caller.actor(), Some(self.after.id));
        let mut events = Vec::new();
        if self.before.roles != self.after.roles {
            let mut changed = event(EventKind::RolesChanged);
            let detail = &mut changed.detail;
            detail.insert("from".into(), self.before.roles.words());
            detail.insert("to".into(), self.after.roles.words());
            events.push(changed);
        }
        match (self.before.is_active(), self.after.is_active()) {
            (true, false) => events.push(event(EventKind::AccountDisabled)),
            (false, true) => events.push(event(EventKind::AccountEnabled)),
            _ => {}
        }
        if self.before.tier != self.after.tier {
            let mut changed = event(EventKind::ProfileChanged);
            let detail = &mut changed.detail;
            detail.insert("field".into(), "subscription_tier".into());
            events.push(changed);
        }
        events
    }
}

impl App {
    /// Makes a change with all that follows from it, or nothing when something came in between.
    async fn make(
        &self,
        change: &Change<'_>,
        caller: &Caller,
        occasion: &Occasion,
    ) -> Result<Option<Account>, Problem> {
        let id = change.after.id;
        let mut changes = Changes::new();
        self.accounts.replace(&mut changes, change.after)?;
        let oneself = caller.user == id && caller.via != Via::MasterToken;
        // A token of before may still count here for half a minute: nobody gives themselves back with it
        // what another one has just taken.
        if oneself && !change.is_of_admin() {
            return Err(Problem::forbidden("this needs the role admin"));
        }
        if oneself && change.ends_admin() {
            let detail = "nobody takes the administrator from themselves: another one has to do it";
            return Err(Problem::new(Code::Conflict, detail));
        }
        // Two administrators who end each other at once are one too many: each must still be one.
        if caller.user != id && caller.via != Via::MasterToken {
            let acting = self.accounts.find(caller.user).await?;
            let still = acting.filter(|acting| {
                acting.is_active() && effective_roles(acting, &self.config).include(Role::Admin)
            });
            let Some(acting) = still else {
                return Err(Problem::forbidden("this needs the role admin"));
            };
            self.accounts.unchanged(&mut changes, &acting)?;
        }
        let [_, roles] = &change.roles;
        let keys = self
            .accounts
            .keep_api_keys_in_step(&mut changes, change.after, roles);
        keys.await?;
        if change.takes_away() {
            // Tokens are as old as their second: those of this one are among the older.
            let from = occasion.now + SignedDuration::from_secs(1);
            self.denials.add_user(&mut changes, id, from)?;
        }
        for event in change.events(caller, occasion) {
            self.accounts.add_event(&mut changes, &event)?;
        }
        let done = self.accounts.commit(changes).await?.is_done();
        Ok(done.then(|| Account {
            version: change.after.version + 1,
            ..change.after.clone()
        }))
    }
}
