//! An event as it is shown, and how a part of the trail is asked for.

use std::{collections::BTreeMap, str::FromStr};

use babyshield::{
    domain::account::{Actor, Event, EventKind, UserId},
    http::{
        list::{List, Sequel},
        params::Params,
        problem::Problem,
    },
    stores::accounts::{DAYS_MOST, Stretch, TrailPage},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::App;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its identifier.
    id: Uuid,
    /// When, in UTC.
    at: Timestamp,
    /// What.
    kind: EventKind,
    /// Who did it.
    actor: ActorKind,
    /// The account of whoever did it, where it has one.
    actor_id: Option<UserId>,
    /// Whose account it concerns.
    about: Option<UserId>,
    /// The network that it came from: the first 24 bits (IPv4) or 64 (IPv6) of the address.
    #[schema(examples("203.0.113.0/24"))]
    client: Option<String>,
    /// The request.
    request_id: String,
    /// What else is to be known, by name.
    detail: BTreeMap<String, String>,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActorKind {
    /// Nobody that was known.
    Anonymous,
    /// A person, or a key of theirs.
    User,
    /// Whoever holds the master token.
    MasterToken,
    /// An operator's order, or a schedule.
    System,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let (actor, actor_id) = match event.actor {
            Actor::Anonymous => (ActorKind::Anonymous, None),
            Actor::User(user) => (ActorKind::User, Some(user)),
            Actor::MasterToken => (ActorKind::MasterToken, None),
            Actor::System => (ActorKind::System, None),
        };
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            actor,
            actor_id,
            about: event.about,
            client: event.client,
            request_id: event.request_id,
            detail: event.detail,
        }
    }
}

/// What part of the trail is asked for, as it is documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `TrailQuery::read` reads the same names"
)]
pub(crate) struct TrailParams {
    /// Kinds of events, separated by commas.
    #[param(value_type = Option<String>)]
    kind: Option<String>,
    /// The person whose account it concerns.
    user: Option<UserId>,
    /// The oldest instant; 31 days before `to` when not given, and never more.
    from: Option<Timestamp>,
    /// The newest instant; now when not given.
    to: Option<Timestamp>,
}

/// What part of the trail is asked for.
#[derive(Debug)]
pub(crate) struct TrailQuery {
    pub(crate) kinds: Vec<EventKind>,
    pub(crate) user: Option<UserId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    stretch: Stretch,
    sequel: Sequel,
}

/// Reads an instant, and says in our own words that it is none.
struct Instant(Timestamp);

impl FromStr for Instant {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = text.parse().map(Self);
        instant.map_err(|_| "an instant such as 2026-11-20T12:00:00Z")
    }
}

/// Reads an identifier, likewise.
pub(super) struct Id(pub(super) UserId);

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "an identifier")
    }
}

impl TrailQuery {
    /// Reads what is asked for. The kinds that may be asked for are those.
    pub(crate) fn read(params: &mut Params, now: Timestamp) -> Self {
        let kinds = params.list("kind");
        let user = params.one::<Id>("user").map(|id| id.0);
        let from = params.one::<Instant>("from").map(|instant| instant.0);
        let to = params.one::<Instant>("to").map(|instant| instant.0);
        // Nothing happened before the epoch, and nothing has happened yet after now.
        let newest = to.unwrap_or(now).clamp(Timestamp::UNIX_EPOCH, now);
        let longest = SignedDuration::from_hours(24 * DAYS_MOST);
        let oldest = match from {
            Some(from) => from.max(Timestamp::UNIX_EPOCH),
            None => newest
                .checked_sub(longest)
                .unwrap_or_default()
                .max(Timestamp::UNIX_EPOCH),
        };
        let stretch = Stretch {
            from: oldest,
            to: newest,
        };
        if !stretch.is_readable() {
            let rule = format!("lies at most {DAYS_MOST} days before `to`, and not after it");
            params.refuse("from", "INVALID_VALUE", &rule);
        }
        Self {
            kinds,
            user,
            from,
            to,
            stretch,
            sequel: Sequel::read(params),
        }
    }

    /// Answers with a page of the trail, for a listing of that name and caller.
    pub(crate) async fn page(
        &self,
        app: &App,
        listing: &str,
        wanted: impl Fn(&Event) -> bool + Send + Sync,
    ) -> Result<List<EventView>, Problem> {
        let bound_to = format!(
            "{listing} {:?} {:?} {:?} {:?}",
            self.kinds, self.user, self.from, self.to
        );
        let after: Option<String> = match &self.sequel.cursor {
            Some(cursor) => Some(app.cursors.get().await?.open(cursor, &bound_to)?),
            None => None,
        };
        let kinds = &self.kinds;
        let trail = app.accounts.trail(
            self.user,
            self.stretch,
            after.as_deref(),
            self.sequel.limit as usize,
            |event| (kinds.is_empty() || kinds.contains(&event.kind)) && wanted(event),
        );
        let TrailPage { events, next } = trail.await?;
        let next = match next {
            Some(place) => Some(app.cursors.get().await?.seal(&place, &bound_to)),
            None => None,
        };
        let items = events.into_iter().map(EventView::from).collect();
        Ok(List::open(items, &self.sequel, next))
    }
}
