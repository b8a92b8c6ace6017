//! The edge: what happens to every request before a function's own code and to every answer after.
//!
//! From the outside in: request identifier, aliases, one log line, metrics and security headers;
//! CORS; compression; the envelope, problems and `ETag`s; panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery,
};
use lambda_http::RequestExt;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};

use super::{
    answer::{Cache, Prepared, Success},
    problem::{Code, Problem, ProblemBody},
};
use crate::{
    clock::{Clock, Ids},
    metrics,
    runtime::{Start, chain},
};

/// When the aliases were declared obsolete: 2026-01-01 (RFC 9745).
const DEPRECATED_SINCE: &str = "@1767225600";

/// Text shorter than this is not worth compressing, in bytes.
const COMPRESS_ABOVE: u64 = 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The settings of the edge.
#[derive(Clone)]
pub struct Edge {
    environment: String,
    origins: Vec<HeaderValue>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    warm: Arc<AtomicBool>,
}

/// The identifier of a request, echoed or made.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

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
        })
    }

    /// Puts the edge around a router.
    pub fn around(self, router: Router) -> Router {
        let noted = router.route_layer(middleware::from_fn(note_route));
        let compression = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(NotForContentType::IMAGES));
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.clone()))
            .allow_credentials(true)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                REQUEST_ID,
                HeaderName::from_static("x-api-key"),
                HeaderName::from_static("idempotency-key"),
            ])
            .expose_headers([
                header::ETAG,
                header::LINK,
                header::LOCATION,
                header::RETRY_AFTER,
                REQUEST_ID,
            ])
            .max_age(std::time::Duration::from_mins(10));
        // A router of its own, so that the layers run before the path is matched.
        Router::new()
            .fallback_service(noted)
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(self.clone(), finish))
            .layer(compression)
            .layer(cors)
            .layer(middleware::from_fn_with_state(self, enter))
    }
}

fn exact_origin(origin: &str) -> Result<HeaderValue, &'static str> {
    if origin == "*" || origin == "null" {
        return Err("credentials need exact origins");
    }
    let uri: Uri = origin.parse().map_err(|_| "not an origin")?;
    let plain = matches!(uri.scheme_str(), Some("https" | "http"))
        && uri.authority().is_some()
        && !origin.ends_with('/')
        && uri.path() == "/";
    if !plain {
        return Err("an origin is scheme://host[:port] and nothing else");
    }
    HeaderValue::from_str(origin).map_err(|_| "not an origin")
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

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
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
    let alias = canonical_path(request.uri().path());
    if let Some(path) = &alias {
        rewrite(&mut request, &path.path);
    }
    let canonical = request.uri().path().to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = next.run(request).await;

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

struct Alias {
    path: String,
    deprecated: bool,
}

/// Returns the canonical path where the given one is only another way to say it.
fn canonical_path(path: &str) -> Option<Alias> {
    let trimmed = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    match trimmed.strip_prefix("/api/") {
        Some(rest) if rest != "v1" && !rest.starts_with("v1/") => Some(Alias {
            path: format!("/api/v1/{rest}"),
            deprecated: true,
        }),
        _ => (trimmed != path).then(|| Alias {
            path: trimmed.to_owned(),
            deprecated: false,
        }),
    }
}

fn rewrite(request: &mut Request, path: &str) {
    let path_and_query = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    if let Ok(path_and_query) = path_and_query.parse::<PathAndQuery>() {
        parts.path_and_query = Some(path_and_query);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
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
    set(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    if html {
        set(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
        );
    }
}

/// Turns what a handler left into bytes: the envelope, a problem, or 304.
async fn finish(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone());
    let instance = request.uri().path().to_owned();
    let bare = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|pair| pair == "envelope=none"));
    let if_none_match = request.headers().get(header::IF_NONE_MATCH).cloned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let speaks_json = instance.starts_with("/api/");
    if speaks_json && !accepts_json(request.headers()) {
        let problem = Problem::new(Code::NotAcceptable, "this service answers application/json");
        return problem_response(
            &edge,
            &problem,
            instance,
            id,
            StatusCode::NOT_ACCEPTABLE.into_response(),
        );
    }

    let mut response = next.run(request).await;

    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        return problem_response(&edge, &problem, instance, id, response);
    }
    if let Some(prepared) = response.extensions_mut().remove::<Prepared>() {
        return success_response(
            &prepared,
            response,
            id,
            bare,
            reads.then_some(if_none_match).flatten().as_ref(),
        );
    }
    // Axum's own answers have a status and nothing else.
    let problem = match response.status() {
        _ if response.headers().contains_key(header::CONTENT_TYPE) => return response,
        StatusCode::NOT_FOUND => Problem::new(Code::NotFound, "there is no such path"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            "the path exists, but not for this method",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge, "the body is too large"),
        _ => return response,
    };
    problem_response(&edge, &problem, instance, id, response)
}

fn success_response(
    prepared: &Prepared,
    mut response: Response,
    request_id: String,
    bare: bool,
    if_none_match: Option<&HeaderValue>,
) -> Response {
    let cache = match prepared.cache {
        Cache::NoStore => HeaderValue::from_static("no-store"),
        Cache::Public(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
            .expect("a number is visible ASCII"),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    if prepared.tagged {
        let digest = Sha256::digest(&prepared.data);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..15]));
        let tag = HeaderValue::from_str(&tag).expect("base64 is visible ASCII");
        let known = if_none_match.is_some_and(|known| matches_tag(known, &tag));
        response.headers_mut().insert(header::ETAG, tag);
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
    }
    let body = if bare {
        prepared.data.clone()
    } else {
        let data: &RawValue =
            serde_json::from_slice(&prepared.data).expect("serialised by the answer");
        serde_json::to_vec(&Success {
            success: true,
            data,
            message: prepared.message.to_owned(),
            request_id,
        })
        .expect("an envelope has only string keys")
        .into()
    };
    with_body(response, "application/json", body)
}

fn matches_tag(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn problem_response(
    edge: &Edge,
    problem: &Problem,
    instance: String,
    request_id: String,
    mut response: Response,
) -> Response {
    let code = problem.code;
    if code.status().is_server_error() {
        let cause = problem
            .cause
            .as_deref()
            .map_or_else(String::new, |cause| chain(cause));
        tracing::error!(
            request.id = request_id,
            error.code = code.error_code(),
            cause,
            "request failed"
        );
    }
    let body = ProblemBody {
        kind: format!("/problems/{}", code.slug()),
        title: code.title(),
        status: code.status().as_u16(),
        detail: problem.detail.clone(),
        instance,
        error_code: code.error_code(),
        timestamp: edge.clock.now().to_string(),
        request_id,
        errors: problem.errors.clone(),
        success: false,
        data: None,
        message: problem.detail.clone(),
    };
    *response.status_mut() = code.status();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    let body = serde_json::to_vec(&body).expect("a problem has only string keys");
    with_body(response, "application/problem+json", body.into())
}

fn with_body(response: Response, content_type: &'static str, body: Bytes) -> Response {
    let (mut parts, _) = response.into_parts();
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body.into())
}

/// Returns whether the client takes JSON; one that says nothing takes anything.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut said = false;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(value) = value.to_str() else { continue };
        for range in value.split(',') {
            said = true;
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parts.any(|part| {
                part.strip_prefix("q=")
                    .and_then(|weight| weight.parse::<f32>().ok())
                    .is_some_and(|weight| weight <= 0.0)
            });
            let fits = matches!(
                media_type.as_str(),
                "*/*" | "application/*" | "application/json"
            ) || (media_type.starts_with("application/")
                && media_type.ends_with("+json"));
            if fits && !refused {
                return true;
            }
        }
    }
    !said
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
