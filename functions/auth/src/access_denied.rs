//! Notes that somebody known asked for what they may not have.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use babyshield::{
    domain::account::EventKind,
    http::{
        caller::{Caller, Via, known},
        problem::Problem,
    },
    runtime::chain,
    stores::accounts::Changes,
};
use http::{StatusCode, request::Parts};

use crate::{App, occasion::Occasion};

/// The most of a path that is noted, in characters.
const PATH_MOST: usize = 200;

/// Writes an event for every 403 that somebody known is answered. The answer stays what it is if that
/// cannot be written; the limits bound how many there can be.
pub(crate) async fn note(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut before = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Some(caller) = known(&before.extensions).cloned()
        && let Err(problem) = app.note_denied(&mut before, &caller).await
    {
        let cause = problem.cause.as_deref().map(|cause| chain(cause));
        tracing::error!(cause, "a denied access could not be noted");
    }
    response
}

impl App {
    async fn note_denied(&self, parts: &mut Parts, caller: &Caller) -> Result<(), Problem> {
        let occasion = Occasion::from_request_parts(parts, self).await?;
        let about = (caller.via != Via::MasterToken).then_some(caller.user);
        let mut event = occasion.event(EventKind::AccessDenied, caller.actor(), about);
        let path: String = parts.uri.path().chars().take(PATH_MOST).collect();
        event
            .detail
            .insert("method".into(), parts.method.to_string());
        event.detail.insert("path".into(), path);
        let mut changes = Changes::new();
        self.accounts.add_event(&mut changes, &event)?;
        self.accounts.commit(changes).await?;
        Ok(())
    }
}
