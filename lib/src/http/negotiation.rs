//! What a client says that it knows and takes: `If-None-Match`, `Accept` and `Accept-Encoding`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, Method, header};
use sha2::{Digest, Sha256};

use super::form::is_form;

/// The paths under `/api/` that answer a page to read.
const PAGES: &[&str] = &["/api/v1/docs", "/api/v1/redoc"];

/// The paths under `/api/` that messages lead to: they answer a page to a GET, and to the form that the
/// page sends. To everything else they answer JSON.
const FORMS: &[&str] = &[
    "/api/v1/auth/magic-link",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/verify-email",
];

/// Returns the tag of a content. It is weak: the bytes that are sent differ by compression and by the
/// request's identifier while what they say is the same (RFC 9110, 8.8.1).
pub fn tag(content: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(content);
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..15]));
    HeaderValue::from_str(&tag).expect("base64 is visible ASCII")
}

/// Returns whether a client knows a tag already (weak comparison, RFC 9110, 13.1.2).
pub(super) fn matches_tag(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || opaque(known) == opaque(tag))
}

/// Returns whether a request is answered in JSON and nothing else.
pub(super) fn speaks_json(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let page = PAGES.contains(&path)
        || FORMS.contains(&path) && (method != Method::POST || is_form(headers));
    path.starts_with("/api/") && !page
}

/// Returns whether the client takes JSON; one that says nothing takes anything. What it says of
/// `application/json` counts before what it says of ranges (RFC 9110, 12.5.1).
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    let ranges = weighted(headers, &header::ACCEPT);
    let taken = |range: &str| {
        let mut weights = ranges.iter().filter(|(name, _)| name == range);
        weights.next().map(|(_, taken)| *taken)
    };
    let relative = ranges
        .iter()
        .any(|(name, taken)| *taken && name.starts_with("application/") && name.ends_with("+json"));
    ranges.is_empty()
        || relative
        || ["application/json", "application/*", "*/*"]
            .into_iter()
            .find_map(taken)
            .unwrap_or(false)
}

/// Drops a refusal of plain bytes: a short answer is never compressed, and an answer that cannot be
/// encoded as wished is better plain than not at all (RFC 9110, 12.5.3 leaves that to the server).
pub(super) fn allow_plain(headers: &mut HeaderMap) {
    let codings = weighted(headers, &header::ACCEPT_ENCODING);
    let refuses = |(name, taken): &(String, bool)| !taken && (name == "identity" || name == "*");
    if codings.iter().any(refuses) {
        let kept: Vec<_> = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter(|part| !weigh(part).is_some_and(|weighed| refuses(&weighed)))
            .map(str::trim)
            .collect();
        let kept = HeaderValue::from_str(&kept.join(", "));
        headers.remove(header::ACCEPT_ENCODING);
        if let Ok(kept) = kept
            && !kept.is_empty()
        {
            headers.insert(header::ACCEPT_ENCODING, kept);
        }
    }
}

/// Reads a header of names with weights: each name in lower case, and whether it is taken at all.
fn weighted(headers: &HeaderMap, name: &header::HeaderName) -> Vec<(String, bool)> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(weigh)
        .collect()
}

fn weigh(part: &str) -> Option<(String, bool)> {
    let mut parts = part.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().filter(|name| !name.is_empty())?;
    let refused = parts.any(|parameter| {
        parameter
            .split_once('=')
            .filter(|(name, _)| name.trim() == "q")
            .and_then(|(_, weight)| weight.trim().parse::<f32>().ok())
            .is_some_and(|weight| weight <= 0.0)
    });
    Some((name, !refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn json_is_taken_unless_it_is_refused_or_left_out() {
        for (accept, taken) in [
            ("", true),
            (" , ", true),
            ("*/*", true),
            ("application/*;q=0.1", true),
            ("text/html, */*;q=0.1", true),
            ("application/problem+json", true),
            ("application/json;Q=0", false),
            ("application/json; q = 0.000", false),
            ("application/json;q=0, */*", false),
            ("text/html", false),
            ("image/png, text/*", false),
        ] {
            assert_eq!(
                accepts_json(&headers(header::ACCEPT, accept)),
                taken,
                "{accept:?}"
            );
        }
        assert!(accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn pages_and_their_forms_are_answered_with_pages() {
        let form = headers(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let json = headers(header::CONTENT_TYPE, "application/json");
        for (method, path, headers, expected) in [
            (Method::GET, "/api/v1/recalls", &json, true),
            (Method::POST, "/api/v1/recalls", &form, true),
            (Method::GET, "/api/v1/docs", &json, false),
            (Method::GET, "/api/v1/auth/verify-email", &json, false),
            (Method::HEAD, "/api/v1/auth/verify-email", &json, false),
            (Method::POST, "/api/v1/auth/verify-email", &json, true),
            (Method::POST, "/api/v1/auth/verify-email", &form, false),
            (Method::GET, "/docs", &json, false),
        ] {
            let speaks = speaks_json(&method, path, headers);
            assert_eq!(speaks, expected, "{method} {path}");
        }
    }

    #[test]
    fn plain_bytes_are_always_allowed() {
        for (accepted, left) in [
            ("identity;q=0", ""),
            ("*;Q=0", ""),
            ("gzip, identity;q=0", "gzip"),
            ("br;q=0.5, *;q=0", "br;q=0.5"),
            ("gzip;q=0, br", "gzip;q=0, br"),
            ("", ""),
        ] {
            let mut headers = headers(header::ACCEPT_ENCODING, accepted);
            allow_plain(&mut headers);
            let left_over = headers
                .get(header::ACCEPT_ENCODING)
                .map_or("", |value| value.to_str().unwrap());
            assert_eq!(left_over, left, "{accepted:?}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let tag = tag(b"content");
        let text = tag.to_str().unwrap().to_owned();
        assert!(text.starts_with("W/\"") && text.ends_with('"'));
        let strong = text.trim_start_matches("W/").to_owned();
        for known in [
            text.clone(),
            strong.clone(),
            format!("\"x\", {strong}"),
            "*".to_owned(),
        ] {
            assert!(
                matches_tag(&HeaderValue::from_str(&known).unwrap(), &tag),
                "{known}"
            );
        }
        assert!(!matches_tag(&HeaderValue::from_static("\"x\""), &tag));
    }
}
