//! The search for people, for administrators.

use std::str::FromStr;

use axum::extract::State;
use babyshield::{
    domain::account::{Account, Role, UserId},
    http::{
        answer::{Answer, Success},
        caller::Admin,
        list::{List, Sequel, SequelParams},
        params::Params,
        problem::{Problem, ProblemBody},
    },
    stores::{
        StoreError,
        accounts::{Accounts, Directory},
        keys,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::person_view::{PersonView, StandingView};
use crate::App;

/// The longest text that is searched for, in characters.
const TEXT_MOST: usize = 200;

/// The most people that are looked at for one page.
const LOOKED_AT_MOST: usize = 1_000;

/// Who is looked for, as it is documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; the handler reads the same names"
)]
pub(crate) struct SearchParams {
    /// The beginning of an address, or of a name with the family name first, or a whole identifier.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only those who were given this role.
    role: Option<Role>,
    /// Only those accounts.
    #[param(inline)]
    standing: Option<StandingView>,
}

/// Where a page ends.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    names: bool,
    after: Option<String>,
}

/// Who is looked for.
struct Search {
    text: String,
    role: Option<Role>,
    standing: Option<StandingView>,
}

impl FromStr for StandingView {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|(_, word)| *word == text);
        found
            .map(|(standing, _)| standing)
            .ok_or("one of active, disabled, deleted")
    }
}

impl Search {
    fn wants(&self, account: &Account) -> bool {
        self.role
            .is_none_or(|role| account.roles.iter().any(|own| own == role))
            && self
                .standing
                .is_none_or(|standing| StandingView::of(account.standing) == standing)
    }

    /// How an address that is looked for would begin.
    fn address(&self) -> String {
        self.text.to_lowercase()
    }

    /// Returns the next people and where they end: those whose address begins so, then those whose name
    /// does and whose address does not.
    async fn page(
        &self,
        accounts: &Accounts,
        mut place: Place,
        limit: usize,
    ) -> Result<(Vec<Account>, Option<Place>), StoreError> {
        let (mut people, mut looked_at) = (Vec::new(), 0);
        loop {
            let (order, prefix) = if place.names {
                (Directory::Names, keys::name_prefix(&self.text))
            } else {
                (Directory::Addresses, self.address())
            };
            let page = accounts.directory(order, &prefix, place.after.as_deref(), limit);
            let page = page.await?;
            let users: Vec<_> = page.entries.iter().map(|entry| entry.user).collect();
            let found = accounts.find_many(&users).await?;
            for entry in page.entries {
                place.after = Some(entry.place);
                looked_at += 1;
                let person = found.iter().find(|person| person.id == entry.user);
                people.extend(
                    person
                        .filter(|person| {
                            let again = place.names
                                && keys::by_email(&person.email).starts_with(&self.address());
                            !again && self.wants(person)
                        })
                        .cloned(),
                );
                if people.len() == limit || looked_at == LOOKED_AT_MOST {
                    return Ok((people, Some(place)));
                }
            }
            if page.more {
                continue;
            }
            // Without a text everybody is found by their address.
            if place.names || self.text.is_empty() || self.text.contains('@') {
                return Ok((people, None));
            }
            place = Place {
                names: true,
                after: None,
            };
        }
    }
}

/// Search for people.
///
/// By the beginning of an address, then by the beginning of a name, the family name first; or by a whole
/// identifier. Without a text everybody, by address. A page may be shorter than asked for and still have
/// a next one, where few are wanted by role or standing. Who has just registered is found a moment later.
#[utoipa::path(get, path = "/api/v1/admin/users", tag = "admin",
    security(("bearer" = ["admin"]), ("api_key" = ["admin"])),
    params(SearchParams, SequelParams),
    responses(
        (status = 200, body = Success<List<PersonView>>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
#[tracing::instrument(skip_all)]
pub(crate) async fn list_users(
    State(app): State<App>,
    Admin(caller): Admin,
    mut params: Params,
) -> Result<Answer<List<PersonView>>, Problem> {
    let request = Sequel::read(&mut params);
    let search = Search {
        text: params
            .text("q", TEXT_MOST)
            .unwrap_or_default()
            .trim()
            .to_owned(),
        role: params.one("role"),
        standing: params.one("standing"),
    };
    params.finish()?;
    let bound_to = format!(
        "admin users {} {:?} {:?} {:?}",
        caller.user, search.text, search.role, search.standing
    );
    let place = match &request.cursor {
        Some(cursor) => app.cursors.get().await?.open(cursor, &bound_to)?,
        None => Place {
            names: false,
            after: None,
        },
    };
    let (people, next) = if let Ok(id) = search.text.parse::<UserId>() {
        let person = app.accounts.find(id).await?;
        let people = person.into_iter().filter(|one| search.wants(one));
        (people.collect(), None)
    } else {
        let limit = request.limit as usize;
        search.page(&app.accounts, place, limit).await?
    };
    let next = match next {
        Some(place) => Some(app.cursors.get().await?.seal(&place, &bound_to)),
        None => None,
    };
    let items = people.iter().map(|person| PersonView::of(person, &app));
    Ok(Answer::ok(List::open(items.collect(), &request, next)))
}
