//! `If-Match`: a change that is made only of the state that the client saw.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};

use super::{
    negotiation::{matches_tag, tag},
    problem::{Code, Problem},
};

/// What the client said that it saw; nothing when it said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut fields = parts.headers.get_all(header::IF_MATCH).iter();
        let first = fields.next().cloned();
        // Two fields are one list (RFC 9110, 5.3), and one that is put together is read by nobody here.
        let one = fields.next().is_none();
        Ok(Self(first.map(|field| {
            if one {
                field
            } else {
                HeaderValue::from_static("")
            }
        })))
    }
}

impl IfMatch {
    /// Refuses unless the client saw the state whose answer is tagged by this content, or did not say
    /// what it saw. Our tags are weak and name the state, not the bytes: they are compared as such.
    pub fn check(&self, content: &[u8]) -> Result<(), Problem> {
        match &self.0 {
            Some(seen) if !matches_tag(seen, &tag(content)) => Err(Problem::new(
                Code::PreconditionFailed,
                "it was changed since you read it; read it again",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(field: &str) -> Result<(), Problem> {
        IfMatch(Some(field.parse().unwrap())).check(b"state")
    }

    #[test]
    fn a_change_is_made_of_the_state_that_was_seen_or_of_any() {
        let tag = tag(b"state");
        let tag = tag.to_str().unwrap();
        assert!(seen(tag).is_ok());
        assert!(seen(&format!("\"other\", {tag}")).is_ok());
        assert!(seen("*").is_ok());
        assert!(IfMatch(None).check(b"state").is_ok());
        for other in ["", "\"other\"", "W/\"other\"", "state", "\u{fc}"] {
            let refused = seen(other).unwrap_err();
            assert_eq!(refused.code, Code::PreconditionFailed, "{other}");
        }
    }
}
