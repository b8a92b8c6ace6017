//! Answers a repeated POST with the first answer, byte for byte.
//!
//! A request with an `Idempotency-Key` is carried out by whoever writes its record first. The record is
//! bound to the caller, the method and the canonical path, and remembers the digest of the body. What
//! tells the client to ask differently, and what went wrong on our side, is not kept.

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_s3::Client as S3;
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::{
    extract::read_body,
    finish::{Asked, render},
    problem::{Code, Problem},
    subject::{caller, subject},
};
use crate::{
    clock::{Clock, Ids},
    runtime::{Start, chain},
    stores::repetitions::{self, Begun, Claim, Kept},
};

pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in characters.
pub(super) const KEY_MOST: usize = 255;

/// How long a request may be under way: longer than a handler may take, and as long as its function.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(15);

/// The header fields that are part of an answer and not of the way it is sent.
const OF_THE_ANSWER: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::CACHE_CONTROL,
    header::ETAG,
];

/// What it takes to know a repetition.
#[derive(Clone)]
pub(super) struct Repetitions {
    never_kept: &'static [&'static str],
    store: repetitions::Repetitions,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl Repetitions {
    /// Reads the settings.
    pub(super) fn load(start: &mut Start) -> Option<Self> {
        let table = start.settings.required::<String>("LEDGER_TABLE");
        let bucket = start.settings.required::<String>("BUCKET");
        let (dynamo, s3) = (Dynamo::new(&start.sdk), S3::new(&start.sdk));
        Some(Self {
            never_kept: &[],
            store: repetitions::Repetitions::new(dynamo, table?, s3, bucket?),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
        })
    }

    /// Names the canonical paths whose answers are never stored.
    pub(super) fn never_keep(&mut self, paths: &'static [&'static str]) {
        self.never_kept = paths;
    }

    async fn answer(&self, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
        let asked = Asked::of(&request);
        let (parts, body) = request.into_parts();
        let body = read_body(body).await?;
        let who = who(&parts.extensions, &parts.headers);
        let record = digest(&[
            who.as_bytes(),
            parts.method.as_str().as_bytes(),
            parts.uri.path().as_bytes(),
            key.as_bytes(),
        ]);
        let query = parts.uri.query().unwrap_or_default();
        // With the key, which is stored nowhere: a body may hold a password, and nobody is to try guesses at
        // what stands in the table.
        let same = digest(&[key.as_bytes(), query.as_bytes(), &body]);
        let owner = self.ids.new_id().to_string();
        let now = self.clock.now();
        let begun = self
            .store
            .begin(&record, &same, &owner, now, now + UNDER_WAY)
            .await?;
        match begun {
            Begun::Other => Err(Problem::new(
                Code::KeyReused,
                "this Idempotency-Key was used for another request",
            )),
            Begun::Running(until) => Err(Problem {
                retry_after: u32::try_from((until - now).get_seconds() + 1).ok(),
                ..Problem::new(
                    Code::InProgress,
                    "the first request with this Idempotency-Key is still being answered",
                )
            }),
            Begun::Done(kept) => Ok(replay(kept)),
            Begun::Mine(claim) => {
                let request = Request::from_parts(parts, Body::from(body));
                let response = render(&*self.clock, asked, next.run(request).await);
                Ok(self.settle(&claim, response).await)
            }
        }
    }

    /// Keeps an answer or forgets that it was given. The client gets it either way: what was done is done.
    async fn settle(&self, claim: &Claim, response: Response) -> Response {
        if !is_kept(response.status()) {
            if let Err(error) = self.store.release(claim).await {
                let cause = chain(&error);
                tracing::warn!(
                    cause,
                    "a request that came to nothing stays marked as under way"
                );
            }
            return response;
        }
        let (parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Problem::internal(error).into_response(),
        };
        let kept = Kept {
            status: parts.status.as_u16(),
            headers: of_the_answer(&parts.headers),
            body: body.clone(),
        };
        match self.store.keep(claim, &kept, self.clock.now()).await {
            Ok(true) => {}
            Ok(false) => tracing::error!("an answer came so late that its key was given away"),
            Err(error) => {
                let cause = chain(&error);
                tracing::error!(cause, "an answer could not be kept for its repetition");
            }
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// Runs a request once for its `Idempotency-Key`.
pub(super) async fn once(
    State(repetitions): State<Repetitions>,
    request: Request,
    next: Next,
) -> Response {
    let ignored =
        request.method() != Method::POST || repetitions.never_kept.contains(&request.uri().path());
    let key = match key(request.headers()) {
        _ if ignored => None,
        Ok(key) => key,
        Err(problem) => return problem.into_response(),
    };
    match key {
        None => next.run(request).await,
        Some(key) => repetitions
            .answer(&key, request, next)
            .await
            .unwrap_or_else(IntoResponse::into_response),
    }
}

/// Reads the key: 1 to 255 visible characters.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let well_formed = (1..=KEY_MOST).contains(&value.len())
        && value.as_bytes().iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    match value.to_str() {
        Ok(key) if well_formed => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            Code::Malformed,
            format!("an Idempotency-Key is one of 1 to {KEY_MOST} visible ASCII characters"),
        )),
    }
}

/// Returns who may be given an answer again: the account or API key. Where none is known yet it is the
/// address together with what was shown, so that nobody is given what a credential opened for another.
fn who(extensions: &Extensions, headers: &HeaderMap) -> String {
    let who = subject(extensions).unwrap_or_default();
    if caller(extensions).is_some() {
        return who;
    }
    let shown = |name: &str| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let shown = digest(&[shown("authorization"), shown("x-api-key")]);
    format!("{who} {shown}")
}

/// Returns a digest of parts, each told apart from the next by its length.
fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

/// Returns whether an answer is final. The others say that the request was not carried out, or not known
/// to be.
fn is_kept(status: StatusCode) -> bool {
    let not_carried_out = [400, 401, 403, 405, 406, 413, 415, 422, 429];
    !status.is_server_error() && !not_carried_out.contains(&status.as_u16())
}

fn of_the_answer(headers: &HeaderMap) -> Vec<(String, String)> {
    OF_THE_ANSWER
        .iter()
        .filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

fn replay(kept: Kept) -> Response {
    let mut response = Response::new(Body::from(Bytes::clone(&kept.body)));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or_default();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_of_visible_characters() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(KEY, HeaderValue::from_bytes(value).unwrap());
            }
            key(&headers)
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[b"8e03-~!\"{}"]).unwrap().unwrap(), "8e03-~!\"{}");
        assert!(read(&[&[b'x'; 255]]).unwrap().is_some());
        for odd in [&b""[..], b"a b", b"a\tb", &[b'x'; 256], "é".as_bytes()] {
            assert_eq!(read(&[odd]).unwrap_err().code, Code::Malformed);
        }
        assert!(read(&[b"one", b"two"]).is_err());
    }

    #[test]
    fn what_was_not_carried_out_is_not_kept() {
        for status in [200, 201, 202, 404, 409, 410] {
            assert!(is_kept(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [
            400, 401, 403, 405, 406, 413, 415, 422, 429, 500, 502, 503, 504,
        ] {
            assert!(!is_kept(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[test]
    fn parts_of_a_digest_do_not_run_into_one_another() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"", b"a"]), digest(&[b"a", b""]));
        assert_eq!(digest(&[b"a"]), digest(&[b"a"]));
    }
}
