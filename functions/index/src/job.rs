//! The messages of the `index` queue.

use babyshield::domain::recall::RecallId;
use serde::Deserialize;

/// The most recalls that one message may name.
pub const MOST_RECALLS: usize = 100;

/// A job that names recalls whose records have changed or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRecalls {
    /// The job's own identifier.
    pub id: String,
    /// The request or sync that caused it.
    pub request_id: String,
    /// The recalls, 1 to 100.
    pub recalls: Vec<RecallId>,
}

/// Why a message is no job.
#[derive(Debug, thiserror::Error)]
pub enum BadJob {
    /// Not JSON, or not of the shape.
    #[error("not a job that names recalls")]
    Shape(#[from] serde_json::Error),
    /// A version or kind that this program does not know.
    #[error("version {v} of a job of kind {kind:?} is not known here")]
    Unknown {
        /// The version.
        v: u32,
        /// The kind.
        kind: String,
    },
    /// No recalls, or too many.
    #[error("a job names 1 to {MOST_RECALLS} recalls, this one {0}")]
    Count(usize),
}

#[derive(Deserialize)]
struct Head {
    v: u32,
    kind: String,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    request_id: String,
    recalls: Vec<RecallId>,
}

impl IndexRecalls {
    /// Reads a message's body. Fields that this version does not know are passed over.
    pub fn parse(body: &str) -> Result<Self, BadJob> {
        let Head { v, kind } = serde_json::from_str(body)?;
        if (v, kind.as_str()) != (1, "index_recalls") {
            return Err(BadJob::Unknown { v, kind });
        }
        let Body {
            id,
            request_id,
            recalls,
        } = serde_json::from_str(body)?;
        if !(1..=MOST_RECALLS).contains(&recalls.len()) {
            return Err(BadJob::Count(recalls.len()));
        }
        Ok(Self {
            id,
            request_id,
            recalls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(v: u32, kind: &str, recalls: &[&str]) -> String {
        serde_json::json!({"v": v, "kind": kind, "id": "j", "request_id": "r", "at": "2026-01-01T00:00:00Z", "recalls": recalls}).to_string()
    }

    #[test]
    fn a_job_names_its_recalls() {
        let job = IndexRecalls::parse(&body(1, "index_recalls", &["us-cpsc:24113"])).unwrap();
        assert_eq!(job.recalls, ["us-cpsc:24113".parse().unwrap()]);
        assert_eq!((job.id.as_str(), job.request_id.as_str()), ("j", "r"));
    }

    #[test]
    fn what_is_no_job_is_refused_with_its_reason() {
        let reason = |body: &str| IndexRecalls::parse(body).unwrap_err();
        for broken in [
            "",
            "{",
            "[]",
            "null",
            "\u{0}",
            r#"{"v":1}"#,
            r#"{"v":"1","kind":"index_recalls"}"#,
        ] {
            assert!(matches!(reason(broken), BadJob::Shape(_)), "{broken:?}");
        }
        assert!(matches!(
            reason(&body(1, "index_recalls", &["nobody:1"])),
            BadJob::Shape(_)
        ));
        assert!(matches!(
            reason(&body(2, "index_recalls", &["us-cpsc:1"])),
            BadJob::Unknown { v: 2, .. }
        ));
        assert!(matches!(
            reason(&body(1, "dance", &["us-cpsc:1"])),
            BadJob::Unknown { .. }
        ));
        assert!(matches!(
            reason(&body(1, "index_recalls", &[])),
            BadJob::Count(0)
        ));
        assert!(matches!(
            reason(&body(1, "index_recalls", &["us-cpsc:1"; 101])),
            BadJob::Count(101)
        ));
        IndexRecalls::parse(&body(1, "index_recalls", &["us-cpsc:1"; 100])).unwrap();
    }
}
