//! Who asks, as handlers see it. The signature is the policy: a handler that takes a [`Caller`] is
//! private, one that takes an [`Admin`] is for administrators, and one that takes neither is public.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{Extensions, request::Parts};
use uuid::Uuid;

use super::problem::{Code, Problem};
use crate::domain::account::{Actor, ApiKeyId, Role, Roles, Scope, Scopes, SessionId, UserId};

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// What the account may do.
    pub roles: Roles,
    /// How it was shown who it is.
    pub via: Via,
    /// How many requests a window may hold, where the caller has a limit of its own: an API key's.
    pub limit: Option<u32>,
}

impl Caller {
    /// Returns who it is in the trail of what happened.
    pub fn actor(&self) -> Actor {
        match self.via {
            Via::Session(_) | Via::Key(..) => Actor::User(self.user),
            Via::MasterToken => Actor::MasterToken,
        }
    }
}

/// How a caller showed who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// By an access token of this session.
    Session(SessionId),
    /// By this API key, which is good for these scopes.
    Key(ApiKeyId, Scopes),
    /// By the master token: an administrator for one request.
    MasterToken,
}

/// What a request's credentials came to; put into it before any handler runs.
#[derive(Debug, Clone)]
pub(super) enum Identity {
    /// None were given.
    Anonymous,
    /// They are good.
    Known(Caller),
    /// They are not.
    Refused,
    /// They are a master token, which counts for nothing until `auth` has judged it.
    Unjudged,
    /// They are those of an API key that is not for this.
    OutOfScope,
    /// It could not be found out, because a store does not answer.
    Unknown,
}

impl Identity {
    pub(super) fn caller(&self) -> Result<&Caller, Problem> {
        match self {
            Self::Known(caller) => Ok(caller),
            Self::Anonymous => Err(Problem::unauthenticated()),
            Self::Refused | Self::Unjudged => Err(Problem::new(
                Code::InvalidToken,
                "the access token or API key is not valid, or not any more",
            )),
            Self::OutOfScope => Err(Problem::forbidden(
                "this is for people who have signed in, and no API key has a scope for it",
            )),
            Self::Unknown => Err(Problem::unavailable("identities cannot be checked")),
        }
    }
}

/// Returns whether a request carries a master token that nobody has judged yet.
pub fn is_unjudged(extensions: &Extensions) -> bool {
    matches!(extensions.get::<Identity>(), Some(Identity::Unjudged))
}

/// Puts whoever holds the master token into a request: an administrator, and no person. For `auth`
/// alone, once it has judged the token and noted its use.
pub fn admit_master(extensions: &mut Extensions) {
    extensions.insert(Identity::Known(Caller {
        user: UserId(Uuid::nil()),
        roles: Roles::from_iter([Role::Admin]),
        via: Via::MasterToken,
        limit: None,
    }));
}

/// Returns who a request comes from, where that is known.
pub fn known(extensions: &Extensions) -> Option<&Caller> {
    match extensions.get::<Identity>() {
        Some(Identity::Known(caller)) => Some(caller),
        _ => None,
    }
}

fn of(parts: &Parts) -> Result<&Caller, Problem> {
    parts
        .extensions
        .get::<Identity>()
        .unwrap_or(&Identity::Anonymous)
        .caller()
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        of(parts).cloned()
    }
}

/// A caller if there is one. For public routes: bad credentials count as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeCaller(pub Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(of(parts).ok().cloned()))
    }
}

/// A person who has signed in: for what no machine's key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// What the account may do.
    pub roles: Roles,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = of(parts)?;
        match &caller.via {
            Via::Session(session) => Ok(Self {
                user: caller.user,
                session: *session,
                roles: caller.roles.clone(),
            }),
            Via::Key(..) | Via::MasterToken => Err(Problem::forbidden(
                "this is for people who have signed in, not for keys",
            )),
        }
    }
}

macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let caller = of(parts)?;
                let scoped = match &caller.via {
                    Via::Key(_, scopes) => scopes.contains(&Scope::Staff),
                    Via::Session(_) | Via::MasterToken => true,
                };
                if scoped && caller.roles.include(Role::$name) {
                    Ok(Self(caller.clone()))
                } else {
                    tracing::warn!(user.id = %caller.user, needed = %Role::$name, "access denied");
                    Err(Problem::forbidden(format!(
                        "this needs the role {}{}",
                        Role::$name,
                        if scoped { "" } else { " and a key with the scope staff" }
                    )))
                }
            }
        }
    )*};
}

staff! {
    /// Staff that may look.
    Viewer;
    /// Staff that may look deeper.
    Developer;
    /// Staff that may act on recalls, jobs and lockouts.
    Operator;
    /// Staff that may act on people.
    Admin;
}
