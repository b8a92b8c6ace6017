//! The master token: an administrator for whoever holds it, at the addresses that it was set for.
//!
//! Its use is in the trail before any handler runs; what cannot be noted is not done.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use babyshield::{
    domain::account::{Actor, EventKind},
    http::{
        caller::{admit_master, is_unjudged},
        problem::Problem,
    },
    stores::accounts::{Changes, MasterText},
};
use http::{header, request::Parts};

use crate::{App, occasion::Occasion};

/// The most of a path that is noted, in characters.
const PATH_MOST: usize = 200;

/// Judges a master token, if the request carries one. One that does not count leaves the request as it
/// is: refused by whatever asks who it is.
pub(crate) async fn judge(State(app): State<App>, request: Request, next: Next) -> Response {
    if !is_unjudged(request.extensions()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match app.master_counts(&mut parts).await {
        Ok(true) => admit_master(&mut parts.extensions),
        Ok(false) => tracing::warn!("a master token was refused"),
        Err(problem) => return problem.into_response(),
    }
    next.run(Request::from_parts(parts, body)).await
}

impl App {
    /// Returns whether the token of a request counts, and notes that it is used.
    async fn master_counts(&self, parts: &mut Parts) -> Result<bool, Problem> {
        let field = parts.headers.get(header::AUTHORIZATION);
        let field = field.and_then(|field| field.to_str().ok());
        let text = field.and_then(|field| field.trim().split_once(' '));
        let Some(Ok(text)) = text.map(|(_, text)| text.trim().parse::<MasterText>()) else {
            return Ok(false);
        };
        let occasion = Occasion::from_request_parts(parts, self).await?;
        let token = self.accounts.master_token().await?;
        let counts =
            token.is_some_and(|token| token.admits(&text, occasion.client.0, occasion.now));
        if counts {
            let mut event = occasion.event(EventKind::MasterTokenUsed, Actor::MasterToken, None);
            let path: String = parts.uri.path().chars().take(PATH_MOST).collect();
            event
                .detail
                .insert("method".into(), parts.method.to_string());
            event.detail.insert("path".into(), path);
            let mut changes = Changes::new();
            self.accounts.add_event(&mut changes, &event)?;
            self.accounts.commit(changes).await?;
        }
        Ok(counts)
    }
}
