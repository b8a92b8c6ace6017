//! The pages that the links in messages lead to, where no app answers them.
//!
//! Looking at one changes nothing: programs that scan mail follow links. The page has a form, the form
//! sends the token, and that is what counts. Nobody else can send it for somebody: whoever has no token
//! has nothing to send, so the form needs no secret of its own.

mod words;

use askama::Template;
use axum::response::{IntoResponse, Response};
use babyshield::{
    domain::locale::Locale,
    http::{
        params::Params,
        problem::{Code, Problem},
    },
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use self::words::{Words, words};

/// What is allowed on these pages: their own style, and sending their form back to where they come from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// A page that a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkPage {
    /// Shows that an address is somebody's.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Signs in.
    MagicLink,
}

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Please press the button.
    Ask(LinkPage),
    /// It is done.
    Done(LinkPage),
    /// The link does not work.
    Dead,
    /// Somebody else has the address by now.
    Taken,
    /// It could not be decided: a part of the service is down.
    Down,
}

impl LinkPage {
    const fn path(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/api/v1/auth/verify-email",
            Self::ResetPassword => "/api/v1/auth/reset-password",
            Self::MagicLink => "/api/v1/auth/magic-link",
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    language: &'static str,
    words: Words,
    faults: Vec<String>,
    form: Option<Form<'a>>,
}

struct Form<'a> {
    action: &'static str,
    token: &'a str,
    /// What the field of a password is called, where there is one.
    password: Option<&'static str>,
    button: &'static str,
}

/// Returns the language that a browser asks for.
pub(crate) fn locale(headers: &HeaderMap) -> Locale {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    Locale::accepted(accepted.unwrap_or_default())
}

/// Returns the token out of a link's address. What else stands there was added by others, who follow
/// what becomes of messages, and is not looked at.
pub(crate) fn token_of(params: &mut Params) -> String {
    params.opaque("token").unwrap_or_default()
}

/// Asks to press the button.
pub(crate) fn ask(page: LinkPage, locale: Locale, token: &str) -> Response {
    respond(StatusCode::OK, Says::Ask(page), locale, token, Vec::new())
}

/// Says that it is done.
pub(crate) fn done(page: LinkPage, locale: Locale) -> Response {
    respond(StatusCode::OK, Says::Done(page), locale, "", Vec::new())
}

/// Says what went wrong, to somebody who looks at a page. What is nothing for people stays a problem.
pub(crate) fn failed(problem: Problem, page: LinkPage, locale: Locale, token: &str) -> Response {
    let says = match problem.code {
        // There is no identity to ask for, so it is not 401, and the link will never work again.
        Code::InvalidToken => return respond(StatusCode::GONE, Says::Dead, locale, "", Vec::new()),
        Code::UserExists => Says::Taken,
        Code::WeakPassword => {
            let faults = problem.errors.iter().map(|error| error.message.clone());
            let (status, faults) = (problem.code.status(), faults.collect());
            return respond(status, Says::Ask(page), locale, token, faults);
        }
        Code::Unavailable => Says::Down,
        _ => return problem.into_response(),
    };
    if says == Says::Down {
        let cause = problem.cause.as_deref();
        let cause = cause.map(|cause| babyshield::runtime::chain(cause));
        tracing::error!(cause, "a page could not be answered");
    }
    let mut response = respond(problem.code.status(), says, locale, "", Vec::new());
    if let Some(seconds) = problem.retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn respond(
    status: StatusCode,
    says: Says,
    locale: Locale,
    token: &str,
    faults: Vec<String>,
) -> Response {
    let words = words(locale, says);
    let form = match says {
        Says::Ask(page) => words.button.map(|button| Form {
            action: page.path(),
            token,
            password: words.password,
            button,
        }),
        _ => None,
    };
    let page = Page {
        language: locale.tag(),
        words,
        faults,
        form,
    };
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The address holds the token.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "accept-language"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    (status, headers, html).into_response()
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
