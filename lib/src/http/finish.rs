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
use crate::{clock::Clock, runtime::chain};

const NO_PATH: &str = "there is no such path";

/// What of a request its answer's bytes depend on.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    id: String,
    instance: String,
    bare: bool,
    if_none_match: Option<HeaderValue>,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self {
            id: request
                .extensions()
                .get::<RequestId>()
                .map_or_else(String::new, |id| id.0.clone()),
            instance: request.uri().path().to_owned(),
            bare: form_urlencoded::parse(query.as_bytes())
                .any(|(name, value)| name == "envelope" && value == "none"),
            if_none_match: matches!(*request.method(), Method::GET | Method::HEAD)
                .then(|| request.headers().get(header::IF_NONE_MATCH).cloned())
                .flatten(),
        }
    }
}

/// Answers in time, and with bytes.
pub(super) async fn finish(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let clock = &*edge.clock;
    let refused = if request.extensions().get::<NoSuchPath>().is_some() {
        Some(Problem::new(Code::NotFound, NO_PATH))
    } else if speaks_json(request.method(), &asked.instance, request.headers())
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
        return problem_response(clock, &problem, asked, Response::default());
    }
    if let Ok(response) = tokio::time::timeout(edge.deadline, next.run(request)).await {
        return render(clock, asked, response);
    }
    let problem = Problem::unavailable("the handler took too long");
    problem_response(clock, &problem, asked, Response::default())
}

/// Turns what a handler left into bytes: the envelope, a problem, or 304. What has been turned into bytes
/// already stays as it is.
pub(super) fn render(clock: &dyn Clock, asked: Asked, mut response: Response) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        return problem_response(clock, &problem, asked, response);
    }
    if let Some(prepared) = response.extensions_mut().remove::<Prepared>() {
        return success_response(&prepared, response, asked);
    }
    // Axum's own answers have a status and nothing else.
    let problem = match response.status() {
        _ if response.headers().contains_key(header::CONTENT_TYPE) => {
            return unless_known(response, asked.if_none_match.as_ref());
        }
        StatusCode::NOT_FOUND => Problem::new(Code::NotFound, NO_PATH),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            "the path exists, but not for this method",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge, "the body is too large"),
        _ => return response,
    };
    problem_response(clock, &problem, asked, response)
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

fn success_response(prepared: &Prepared, mut response: Response, asked: Asked) -> Response {
    let cache = match prepared.cache {
        Cache::NoStore => HeaderValue::from_static("no-store"),
        Cache::Public(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
            .expect("a number is visible ASCII"),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    if prepared.tagged {
        let tag = tag(prepared.tag_source.as_ref().unwrap_or(&prepared.data));
        response.headers_mut().insert(header::ETAG, tag);
        response = unless_known(response, asked.if_none_match.as_ref());
        if response.status() == StatusCode::NOT_MODIFIED {
            return response;
        }
    }
    let body = if asked.bare {
        prepared.data.clone()
    } else {
        let data: &RawValue =
            serde_json::from_slice(&prepared.data).expect("serialised by the answer");
        serde_json::to_vec(&Success {
            success: true,
            data,
            message: prepared.message.to_owned(),
            request_id: asked.id,
        })
        .expect("an envelope has only string keys")
        .into()
    };
    with_body(response, "application/json", body)
}

fn problem_response(
    clock: &dyn Clock,
    problem: &Problem,
    asked: Asked,
    mut response: Response,
) -> Response {
    let code = problem.code;
    if code.status().is_server_error() {
        let cause = problem
            .cause
            .as_deref()
            .map_or_else(String::new, |cause| chain(cause));
        tracing::error!(
            request.id = asked.id,
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
        instance: asked.instance,
        error_code: code.error_code(),
        timestamp: clock.now().to_string(),
        request_id: asked.id,
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
