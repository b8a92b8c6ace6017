//! What a handler returns when all is well. The edge puts the envelope around it.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;

/// The envelope, as clients see it; `?envelope=none` answers `data` alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always true.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// A sentence for people.
    pub message: String,
    /// The request's identifier.
    pub request_id: String,
}

/// How long an answer stays true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Personal, or true only now.
    NoStore,
    /// Public, for this many seconds.
    Public(u32),
}

/// An answer on its way through the edge.
#[derive(Debug)]
pub struct Answer<T> {
    data: T,
    message: &'static str,
    status: StatusCode,
    cache: Cache,
    tagged: bool,
    tag_source: Option<Bytes>,
}

impl<T: Serialize> Answer<T> {
    /// Answers with 200 and nothing to be kept.
    pub fn ok(data: T) -> Self {
        Self {
            data,
            message: "OK",
            status: StatusCode::OK,
            cache: Cache::NoStore,
            tagged: false,
            tag_source: None,
        }
    }

    /// Answers a public read: cacheable for some seconds, and tagged.
    pub fn public(data: T, seconds: u32) -> Self {
        Self {
            cache: Cache::Public(seconds),
            tagged: true,
            ..Self::ok(data)
        }
    }

    /// Tags the answer by something else than its data, for data that holds what changes by the second
    /// without meaning anything new.
    #[must_use]
    pub fn tagged_by(self, source: impl Into<Bytes>) -> Self {
        Self {
            tagged: true,
            tag_source: Some(source.into()),
            ..self
        }
    }

    /// Sets the sentence for people.
    #[must_use]
    pub fn message(self, message: &'static str) -> Self {
        Self { message, ..self }
    }

    /// Sets the status.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// An answer's data, serialised, with what the edge needs to finish it.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) data: Bytes,
    pub(super) message: &'static str,
    pub(super) cache: Cache,
    pub(super) tagged: bool,
    /// What the tag is made of where it is not the data.
    pub(super) tag_source: Option<Bytes>,
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.data) {
            Ok(data) => {
                let mut response = self.status.into_response();
                response.extensions_mut().insert(Prepared {
                    data: data.into(),
                    message: self.message,
                    cache: self.cache,
                    tagged: self.tagged,
                    tag_source: self.tag_source,
                });
                response
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}
