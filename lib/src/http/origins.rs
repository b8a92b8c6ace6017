//! Which pages in a browser may read our answers: those of the listed origins, exactly.

use http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{
    edge::REQUEST_ID,
    idempotency::REPLAYED,
    limiter::{LIMIT, POLICY, REMAINING, RESET, STATE},
};

/// Returns the layer that answers preflights and marks answers for the listed origins.
pub(super) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.to_vec()))
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
            REPLAYED,
            LIMIT,
            REMAINING,
            RESET,
            POLICY,
            STATE,
        ])
        .max_age(std::time::Duration::from_mins(10))
}

/// Reads one origin as it is configured: `scheme://host[:port]` and nothing else.
pub(super) fn exact_origin(origin: &str) -> Result<HeaderValue, &'static str> {
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
