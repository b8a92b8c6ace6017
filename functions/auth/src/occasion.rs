//! The circumstances of a request: when, from where, with what. Every event is made of them.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::FromRequestParts;
use babyshield::{
    clock::Ids,
    domain::account::{Actor, Event, EventKind, UserId},
    http::{client::ClientAddress, edge::RequestId, problem::Problem},
};
use http::{header, request::Parts};
use jiff::Timestamp;

use crate::App;

/// The longest name of a device that is kept, in characters.
const DEVICE_MOST: usize = 200;

/// The circumstances of a request.
#[derive(Clone)]
pub(crate) struct Occasion {
    /// When it is handled.
    pub(crate) now: Timestamp,
    /// Where it comes from.
    pub(crate) client: ClientAddress,
    /// Its identifier.
    pub(crate) request_id: String,
    /// What the client calls itself.
    pub(crate) device: String,
    /// What it shows to be a device that has signed in before.
    pub(crate) device_token: Option<String>,
    ids: Arc<dyn Ids>,
}

impl FromRequestParts<App> for Occasion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let client = parts.extensions.get::<ClientAddress>();
        let request_id = parts.extensions.get::<RequestId>();
        let device = parts
            .headers
            .get(header::USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default();
        let device_token = parts.headers.get("x-device-token");
        let device_token = device_token.and_then(|value| value.to_str().ok());
        Ok(Self {
            now: app.clock.now(),
            client: client.copied().unwrap_or(ClientAddress(None)),
            request_id: request_id.map(|id| id.0.clone()).unwrap_or_default(),
            device: device
                .chars()
                .filter(|c| !c.is_control())
                .take(DEVICE_MOST)
                .collect(),
            device_token: device_token.map(str::to_owned),
            ids: app.ids.clone(),
        })
    }
}

impl Occasion {
    /// Returns an event of this request.
    pub(crate) fn event(&self, kind: EventKind, actor: Actor, about: Option<UserId>) -> Event {
        Event {
            id: self.ids.new_id(),
            at: self.now,
            kind,
            actor,
            about,
            client: Some(self.client.network()),
            request_id: self.request_id.clone(),
            detail: BTreeMap::new(),
        }
    }
}
