//! The edge: what happens to every request before a function's own code and to every answer after.
//!
//! From the outside in: request identifier, aliases, one log line, metrics and security headers;
//! CORS; compression; the envelope, problems and `ETag`s; panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::RequestExt;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};
use tracing::Instrument;

use super::{
    alias::{DEPRECATED_SINCE, canonical_path, is_plain, rewrite},
    client::ClientAddress,
    finish::finish,
    guards::Guards,
    negotiation::allow_plain,
    origins::{cors, exact_origin},
    problem::Problem,
};
use crate::{
    clock::{Clock, Ids},
    metrics,
    runtime::Start,
};

/// Text shorter than this is not worth compressing, in bytes.
const COMPRESS_ABOVE: u64 = 1024;

/// How long a handler may take. The functions that answer requests are ended after 15 seconds, and the
/// gateway would then answer in its own words.
const DEADLINE: Duration = Duration::from_secs(12);

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The settings of the edge.
#[derive(Clone)]
pub struct Edge {
    environment: String,
    origins: Vec<HeaderValue>,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    warm: Arc<AtomicBool>,
    pub(super) deadline: Duration,
}

/// The identifier of a request, echoed or made.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Marks a request for a path that can name nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoSuchPath;

impl Edge {
    /// Reads `ENVIRONMENT` and `CORS_ORIGINS` (exact origins, comma-separated).
    pub fn load(start: &mut Start) -> Option<Self> {
        let environment = start.settings.required::<String>("ENVIRONMENT");
        let origins = start
            .settings
            .optional::<String>("CORS_ORIGINS")
            .unwrap_or_default();
        let mut exact = Vec::new();
        for origin in origins
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
        {
            match exact_origin(origin) {
                Ok(origin) => exact.push(origin),
                Err(why) => start
                    .settings
                    .complain(format!("CORS_ORIGINS: {origin}: {why}")),
            }
        }
        Some(Self {
            environment: environment?,
            origins: exact,
            clock: start.clock.clone(),
            ids: start.ids.clone(),
            warm: Arc::default(),
            deadline: DEADLINE,
        })
    }

    /// Puts the edge around a router, and between them the guards that are given.
    pub(super) fn around(self, router: Router, guards: Option<Guards>) -> Router {
        let mut noted = router.route_layer(middleware::from_fn(note_route));
        if let Some(guards) = guards {
            noted = guards.around(noted);
        }
        let compression = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(NotForContentType::IMAGES));
        // A router of its own, so that the layers run before the path is matched.
        Router::new()
            .fallback_service(noted)
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(self.clone(), finish))
            .layer(compression)
            .layer(cors(&self.origins))
            .layer(middleware::from_fn_with_state(self, enter))
    }
}

/// The route that a request matched, noted for the log and the metrics.
#[derive(Debug, Clone)]
struct Route(String);

async fn note_route(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    response.extensions_mut().extend(
        route
            .map(|route| {
                let mut extensions = http::Extensions::new();
                extensions.insert(route);
                extensions
            })
            .unwrap_or_default(),
    );
    response
}

pub(super) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Problem::internal("a handler panicked").into_response()
}

/// The outermost layer: identifier, aliases, log, metrics, headers.
async fn enter(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let cold_start = !edge.warm.swap(true, Ordering::Relaxed);
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| well_formed(id))
        .map_or_else(|| edge.ids.new_id().to_string(), str::to_owned);
    let trace = request
        .lambda_context_ref()
        .and_then(|context| context.xray_trace_id.clone());
    let method = request.method().clone();
    let plain = is_plain(request.uri().path());
    if !plain {
        request.extensions_mut().insert(NoSuchPath);
    }
    let alias = plain
        .then(|| canonical_path(request.uri().path()))
        .flatten();
    if let Some(path) = &alias {
        rewrite(&mut request, &path.path);
    }
    let canonical = request.uri().path().to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let client = ClientAddress::of(request.extensions());
    request.extensions_mut().insert(client);
    allow_plain(request.headers_mut());

    // Every line that follows carries the identifier.
    let span = tracing::info_span!("request", request.id = id);
    let mut response = next.run(request).instrument(span).await;

    let headers = response.headers_mut();
    headers.insert(
        REQUEST_ID,
        HeaderValue::from_str(&id).expect("checked or made here"),
    );
    if alias.is_some_and(|alias| alias.deprecated) {
        headers.insert("deprecation", HeaderValue::from_static(DEPRECATED_SINCE));
        if let Ok(link) = HeaderValue::from_str(&format!("<{canonical}>; rel=\"canonical\"")) {
            headers.insert(header::LINK, link);
        }
    }
    one_vary(headers);
    secure(headers);
    let route = response
        .extensions()
        .get::<Route>()
        .map_or("none", |route| &route.0);
    let route = format!("{method} {route}");
    let status = response.status().as_u16();
    let duration = begun.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        request.id = id,
        xray.trace_id = trace,
        http.route = route,
        http.status = status,
        duration_ms = duration,
        cold_start,
        "request served"
    );
    metrics::emit(
        edge.clock.now(),
        &[("environment", &edge.environment), ("route", &route)],
        &[
            ("requests", "Count", 1.0),
            ("errors", "Count", f64::from(u8::from(status >= 500))),
            ("duration", "Milliseconds", duration),
            ("cold_starts", "Count", f64::from(u8::from(cold_start))),
        ],
    );
    response
}

/// An identifier that may be echoed: 1 to 128 of `A-Z a-z 0-9 . _ -`.
fn well_formed(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Puts what the layers say about `Vary` into one field: of several fields of the same name a gateway
/// keeps one.
fn one_vary(headers: &mut HeaderMap) {
    let fields = headers.get_all(header::VARY).iter();
    let mut names: Vec<String> = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    if let Ok(line) = HeaderValue::from_str(&names.join(", "))
        && !names.is_empty()
    {
        headers.insert(header::VARY, line);
    }
}

fn secure(headers: &mut HeaderMap) {
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let mut set = |name: HeaderName, value| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // A page with a form, or with a token in its address, says for itself what is allowed on it.
    let mut unless_said = |name: HeaderName, value| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    unless_said(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    if html {
        unless_said(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
        );
    }
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
