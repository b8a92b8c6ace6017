//! The other ways to say a path: `/api/X` for `/api/v1/X`, `/auth/X` for `/api/v1/auth/X`, and one trailing
//! slash. And what is no path.

use axum::extract::Request;
use http::{Uri, uri::PathAndQuery};

/// When the aliases were declared obsolete: 2026-01-01 (RFC 9745).
pub(super) const DEPRECATED_SINCE: &str = "@1767225600";

/// The canonical path, and whether the other one is obsolete.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alias {
    pub(super) path: String,
    pub(super) deprecated: bool,
}

/// Returns the canonical path where the given one is only another way to say it.
pub(super) fn canonical_path(path: &str) -> Option<Alias> {
    let trimmed = match path.strip_suffix('/') {
        Some(trimmed) if !trimmed.is_empty() => trimmed,
        _ => path,
    };
    let old = match trimmed.strip_prefix("/api/") {
        Some(rest) if rest != "v1" && !rest.starts_with("v1/") => Some(rest),
        None if trimmed == "/auth" || trimmed.starts_with("/auth/") => trimmed.strip_prefix('/'),
        _ => None,
    };
    match old {
        Some(rest) => Some(Alias {
            path: format!("/api/v1/{rest}"),
            deprecated: true,
        }),
        None => (trimmed != path).then(|| Alias {
            path: trimmed.to_owned(),
            deprecated: false,
        }),
    }
}

/// Returns whether a path can name anything: no empty segment but a last one, and in no segment a
/// control character, or white space at either end. Decoded, for that is what an identifier is.
pub(super) fn is_plain(path: &str) -> bool {
    let decoded = decode(path);
    let Ok(decoded) = std::str::from_utf8(&decoded) else {
        return false;
    };
    let inner = decoded.strip_prefix('/').unwrap_or(decoded);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let empty = inner.is_empty() && decoded.len() <= 1;
    empty
        || inner.split('/').all(|segment| {
            !segment.is_empty()
                && segment.trim() == segment
                && !segment.chars().any(char::is_control)
        })
}

/// Undoes percent-encoding; what is none stays as it is.
fn decode(path: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| byte == b'%');
        let mut one = [0];
        if let Some(code) = code
            && hex::decode_to_slice(code, &mut one).is_ok()
        {
            decoded.push(one[0]);
            rest = &after[2..];
        } else {
            decoded.push(byte);
            rest = after;
        }
    }
    decoded
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_equals_none() {
        let slash = canonical_path("/api/v1/recalls/").unwrap();
        assert_eq!(
            (slash.path.as_str(), slash.deprecated),
            ("/api/v1/recalls", false)
        );
        let old = canonical_path("/api/recalls/").unwrap();
        assert_eq!(
            (old.path.as_str(), old.deprecated),
            ("/api/v1/recalls", true)
        );
        for canonical in ["/", "/health", "/api/v1", "/api/v1/recalls", "/authx"] {
            assert_eq!(canonical_path(canonical), None);
        }
    }

    #[test]
    fn signing_in_has_a_short_path_too() {
        for (short, canonical) in [
            ("/auth", "/api/v1/auth"),
            ("/auth/", "/api/v1/auth"),
            ("/auth/me", "/api/v1/auth/me"),
            ("/api/auth/me/", "/api/v1/auth/me"),
        ] {
            let alias = canonical_path(short).unwrap();
            assert_eq!((alias.path.as_str(), alias.deprecated), (canonical, true));
        }
    }

    #[test]
    fn a_path_with_nothing_or_white_space_in_it_names_nothing() {
        for plain in [
            "/",
            "/health",
            "/health/",
            "/api/v1/recalls/us-cpsc:1",
            "/a%20b",
            "/100%",
            "/%C3%A9",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in [
            "//",
            "//health",
            "/health//",
            "/api//v1/recalls",
            "/recalls/%20",
            "/recalls/%00",
            "/recalls/x%20",
            "/recalls/%09x",
            "/recalls/x%0A",
            "/recalls/%C2%A0",
            "/recalls/%7F",
            "/%FF",
        ] {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
