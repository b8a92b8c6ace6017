//! What a client says that it knows and takes: `If-None-Match` and `Accept`.

use http::{HeaderMap, HeaderValue, header};

/// Returns whether a client knows a tag already (weak comparison, RFC 9110, 13.1.2).
pub(super) fn matches_tag(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Returns whether the client takes JSON; one that says nothing takes anything.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
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
