//! The other ways to say a path: `/api/X` for `/api/v1/X`, and a trailing slash.

use axum::extract::Request;
use http::{Uri, uri::PathAndQuery};

/// When the aliases were declared obsolete: 2026-01-01 (RFC 9745).
pub(super) const DEPRECATED_SINCE: &str = "@1767225600";

/// The canonical path, and whether the other one is obsolete.
pub(super) struct Alias {
    pub(super) path: String,
    pub(super) deprecated: bool,
}

/// Returns the canonical path where the given one is only another way to say it.
pub(super) fn canonical_path(path: &str) -> Option<Alias> {
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

/// Puts another path into a request; the query stays.
pub(super) fn rewrite(request: &mut Request, path: &str) {
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
