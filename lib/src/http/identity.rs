//! Finds out who asks, before any handler runs: by an access token or by an API key, never by both.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client as Dynamo;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, header};
use jiff::Timestamp;

use super::{
    access::{Use, is_open, use_of},
    caller::{Caller, Identity, Via},
    problem::Problem,
};
use crate::{
    clock::Clock,
    domain::account::{ApiKeyId, Scope},
    identity::{
        MASTER_BEGINNING,
        known_keys::KnownKeys,
        verifying::{Refused, verify},
    },
    runtime::Start,
    stores::{
        StoreError,
        api_keys::{ApiKeys, BEGINNING, KeyText},
        denials::Denials,
        key_set::KeySets,
    },
};

/// Where an API key stands.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// How long a request waits for the note that its key was used.
const NOTE_PATIENCE: Duration = Duration::from_millis(250);

/// What it takes to know a caller.
#[derive(Clone)]
pub(super) struct Identities {
    keys: KnownKeys,
    denials: Denials,
    api_keys: ApiKeys,
    issuer: String,
    require_all: bool,
    clock: Arc<dyn Clock>,
}

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
enum Shown<'a> {
    Nothing,
    Token(&'a str),
    Key(&'a str),
    /// Two things at once, or something that is neither.
    Odd,
}

impl Identities {
    /// Reads the settings.
    pub(super) fn load(start: &mut Start) -> Option<Self> {
        let accounts = start.settings.required::<String>("ACCOUNTS_TABLE");
        let ledger = start.settings.required::<String>("LEDGER_TABLE");
        let issuer = start.settings.required::<String>("PUBLIC_URL");
        let require_all = start.settings.optional("REQUIRE_AUTH_ALL");
        let (accounts, ledger) = (accounts?, ledger?);
        let dynamo = Dynamo::new(&start.sdk);
        Some(Self {
            keys: KnownKeys::new(KeySets::new(dynamo.clone(), &accounts)),
            denials: Denials::new(dynamo.clone(), &ledger),
            api_keys: ApiKeys::new(dynamo, accounts, ledger),
            issuer: issuer?,
            require_all: require_all.unwrap_or(false),
            clock: start.clock.clone(),
        })
    }

    async fn identity(&self, headers: &HeaderMap) -> Identity {
        let now = self.clock.now();
        let found = match shown(headers) {
            Shown::Nothing => return Identity::Anonymous,
            Shown::Odd => Ok(Err("two credentials, or of an unknown kind".to_owned())),
            Shown::Token(token) if token.starts_with(MASTER_BEGINNING) => {
                return Identity::Unjudged;
            }
            Shown::Token(token) => self.of_token(token, now).await,
            Shown::Key(text) => self.of_key(text, now).await,
        };
        match found {
            Ok(Ok(caller)) => Identity::Known(caller),
            Ok(Err(reason)) => {
                tracing::info!(reason, "credentials refused");
                Identity::Refused
            }
            Err(error) => {
                let cause = crate::runtime::chain(&error);
                tracing::error!(cause, "credentials cannot be checked");
                Identity::Unknown
            }
        }
    }

    async fn of_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Caller, String>, StoreError> {
        let known = self.keys.get(now).await?;
        let mut verified = verify(token, &known.keys, &self.issuer, now);
        if verified == Err(Refused::UnknownKey) {
            let known = self.keys.get_early(now).await?;
            verified = verify(token, &known.keys, &self.issuer, now);
        }
        let claims = match verified {
            Ok(claims) => claims,
            Err(refused) => return Ok(Err(refused.to_string())),
        };
        if self.denials.refuse(&claims, now).await? {
            return Ok(Err(Refused::Denied.to_string()));
        }
        Ok(Ok(Caller {
            user: claims.sub,
            roles: claims.roles,
            via: Via::Session(claims.sid),
            limit: None,
        }))
    }

    async fn of_key(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Result<Caller, String>, StoreError> {
        let Ok(text) = text.parse::<KeyText>() else {
            return Ok(Err("no API key".to_owned()));
        };
        let key = self.api_keys.find(text.id, now).await?;
        let Some(key) = key.filter(|key| key.admits(&text, now)) else {
            return Ok(Err("an API key that does not count".to_owned()));
        };
        self.note_use(key.id, now).await;
        Ok(Ok(Caller {
            user: key.user,
            roles: key.roles.clone(),
            via: Via::Key(key.id, key.scopes.clone()),
            limit: key.limit_per_window,
        }))
    }

    /// Notes that a key is used. A request never fails for it, and hardly waits.
    async fn note_use(&self, key: ApiKeyId, now: Timestamp) {
        let noting = self.api_keys.note_use(key, now);
        match tokio::time::timeout(NOTE_PATIENCE, noting).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(api_key.id = %key, "the use of an API key could not be noted");
            }
        }
    }
}

/// Puts an [`Identity`] into the request.
pub(super) async fn identify(
    State(identities): State<Identities>,
    mut request: Request,
    next: Next,
) -> Response {
    let identity = identities.identity(request.headers()).await;
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Refuses a request where an identity is needed and there is none, and where an API key is used for what
/// it is not for. Comes after the limits, so that trying is limited too.
pub(super) async fn admit(
    State(identities): State<Identities>,
    mut request: Request,
    next: Next,
) -> Response {
    let identity = request.extensions().get::<Identity>().cloned();
    let mut identity = identity.unwrap_or(Identity::Anonymous);
    let (method, path) = (request.method(), request.uri().path());
    if let Identity::Known(Caller {
        via: Via::Key(id, scopes),
        ..
    }) = &identity
    {
        match use_of(method, path) {
            Use::Anything => {}
            Use::Scope(scope) if scopes.contains(&scope) => {}
            Use::Scope(scope) => {
                tracing::warn!(api_key.id = %id, needed = %scope, "access denied");
                let detail = format!("this API key does not have the scope {scope}");
                return Problem::forbidden(detail).into_response();
            }
            Use::Nothing => identity = Identity::OutOfScope,
        }
    }
    // Whatever asks for staff asks the handler's signature again.
    let for_staff = use_of(method, path) == Use::Scope(Scope::Staff);
    let judged_later = matches!(identity, Identity::Unjudged) && for_staff;
    if identities.require_all
        && !is_open(method, path)
        && !judged_later
        && let Err(problem) = identity.caller()
    {
        return problem.into_response();
    }
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Returns what a request shows. A header that is there twice, or cannot be read, shows nothing good.
fn shown(headers: &HeaderMap) -> Shown<'_> {
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(drop),
            (Some(_), Some(_)) => Err(()),
        }
    };
    match (one(header::AUTHORIZATION), one(API_KEY)) {
        (Ok(None), Ok(None)) => Shown::Nothing,
        (Ok(None), Ok(Some(key))) => Shown::Key(key.trim()),
        (Ok(Some(field)), Ok(None)) => match field.trim().split_once(' ') {
            Some((scheme, text)) if scheme.eq_ignore_ascii_case("bearer") => {
                let text = text.trim();
                if text.starts_with(BEGINNING) {
                    Shown::Key(text)
                } else {
                    Shown::Token(text)
                }
            }
            _ => Shown::Odd,
        },
        _ => Shown::Odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'a> = &'a [(&'static str, &'a [u8])];

    fn of<'a>(fields: Fields<'a>, headers: &'a mut HeaderMap) -> Shown<'a> {
        for (name, value) in fields {
            headers.append(*name, http::HeaderValue::from_bytes(value).unwrap());
        }
        shown(headers)
    }

    #[test]
    fn one_credential_is_taken_and_anything_odd_is_refused() {
        let cases: [(Fields<'_>, Shown<'_>); 14] = [
            (&[], Shown::Nothing),
            (&[("authorization", b"Bearer a.b.c")], Shown::Token("a.b.c")),
            (
                &[("authorization", b"bEARER  a.b.c ")],
                Shown::Token("a.b.c"),
            ),
            (&[("authorization", b"Bearer bsk_x")], Shown::Key("bsk_x")),
            (&[("x-api-key", b"bsk_x")], Shown::Key("bsk_x")),
            (&[("x-api-key", b"a.b.c")], Shown::Key("a.b.c")),
            (&[("authorization", b"Bearer")], Shown::Odd),
            (&[("authorization", b"Basic dTpw")], Shown::Odd),
            (&[("authorization", b"a.b.c")], Shown::Odd),
            (&[("authorization", b"")], Shown::Odd),
            (&[("authorization", b"Bearer \xff")], Shown::Odd),
            (
                &[
                    ("authorization", b"Bearer a"),
                    ("authorization", b"Bearer a"),
                ],
                Shown::Odd,
            ),
            (
                &[("authorization", b"Bearer a"), ("x-api-key", b"bsk_x")],
                Shown::Odd,
            ),
            (
                &[("x-api-key", b"bsk_x"), ("x-api-key", b"bsk_x")],
                Shown::Odd,
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(of(fields, &mut HeaderMap::new()), expected, "{fields:?}");
        }
    }
}
