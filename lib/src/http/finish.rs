//! Turns what a handler left into bytes: the envelope, a problem, or 304. Here ends what takes too long.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::value::RawValue;

use super::{
    answer::{Cache, Prepared, Success},
    edge::{Edge, NoSuchPath, RequestId},
    negotiation::{accepts_json, matches_tag, speaks_json, tag},
    problem::{Code, Problem, ProblemBody},
};
use crate::runtime::chain;

const NO_PATH: &str = "there is no such path";

/// Turns what a handler left into bytes: the envelope, a problem, or 304.
pub(super) async fn finish(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone());
    let instance = request.uri().path().to_owned();
    let bare = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "envelope" && value == "none");
    let if_none_match = matches!(*request.method(), Method::GET | Method::HEAD)
        .then(|| request.headers().get(header::IF_NONE_MATCH).cloned())
        .flatten();
    let refused = if request.extensions().get::<NoSuchPath>().is_some() {
        Some(Problem::new(Code::NotFound, NO_PATH))
    } else if speaks_json(request.method(), &instance, request.headers())
        && !accepts_json(request.headers())
    {
        Some(Problem::new(
            Code::NotAcceptable,
            "this service answers application/json",
        ))
    } else {
        None
    };
    if let Some(problem) = refused {
        return problem_response(&edge, &problem, instance, id, Response::default());
    }

    let Ok(mut response) = tokio::time::timeout(edge.deadline, next.run(request)).await else {
        let problem = Problem::unavailable("the handler took too long");
        return problem_response(&edge, &problem, instance, id, Response::default());
    };

    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        return problem_response(&edge, &problem, instance, id, response);
    }
    if let Some(prepared) = response.extensions_mut().remove::<Prepared>() {
        return success_response(&prepared, response, id, bare, if_none_match.as_ref());
    }
    // Axum's own answers have a status and nothing else.
    let problem = match response.status() {
        _ if response.headers().contains_key(header::CONTENT_TYPE) => {
            return unless_known(response, if_none_match.as_ref());
        }
        StatusCode::NOT_FOUND => Problem::new(Code::NotFound, NO_PATH),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            "the path exists, but not for this method",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge, "the body is too large"),
        _ => return response,
    };
    problem_response(&edge, &problem, instance, id, response)
}

/// Answers 304 in the place of a good answer whose tag the client knows.
fn unless_known(response: Response, if_none_match: Option<&HeaderValue>) -> Response {
    let known = response
        .headers()
        .get(header::ETAG)
        .zip(if_none_match)
        .is_some_and(|(tag, known)| matches_tag(known, tag));
    if !known || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, axum::body::Body::empty())
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
        let tag = tag(prepared.tag_source.as_ref().unwrap_or(&prepared.data));
        response.headers_mut().insert(header::ETAG, tag);
        response = unless_known(response, if_none_match);
        if response.status() == StatusCode::NOT_MODIFIED {
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
    // RFC 6750, 3: a token that was given and not taken is named as such.
    if code.status() == StatusCode::UNAUTHORIZED {
        let challenge = match code {
            Code::InvalidToken => "Bearer realm=\"babyshield\", error=\"invalid_token\"",
            _ => "Bearer realm=\"babyshield\"",
        };
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }
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
