//! The functions' real routers in this process, built as their `main` builds them.

use axum::{Router, body::Body};
use babyshield::{
    http::{Front, client::ClientAddress},
    passwords::{Cost, Hasher},
    runtime::Start,
};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Every HTTP function.
pub const HTTP: [&str; 5] = ["auth", "recalls", "search", "scan", "ops"];

/// What a hash costs where a test makes thousands of them.
pub const CHEAP: Cost = Cost {
    memory_kib: 16,
    passes: 1,
    lanes: 1,
};

/// Returns an HTTP function's router with everything that stands before it.
///
/// # Panics
/// When the settings are not all there, or the function has no such name.
pub fn router(name: &str, start: &mut Start) -> Router {
    let front = Front::load(start);
    macro_rules! configured {
        ($function:ident) => {{
            let config = $function::Config::load(&mut start.settings);
            start
                .settings
                .finish(config)
                .expect("the settings are all there")
        }};
    }
    let router = match name {
        "auth" => {
            let config = configured!(babyshield_auth);
            babyshield_auth::router(babyshield_auth::App::new(start, config))
        }
        "recalls" => {
            let config = configured!(babyshield_recalls);
            let app = babyshield_recalls::App::new(start, config);
            babyshield_recalls::router(app.expect("the scratch folder can be made"))
        }
        "search" => {
            let config = configured!(babyshield_search);
            let app = babyshield_search::App::new(start, config);
            babyshield_search::router(app.expect("the scratch folder can be made"))
        }
        "scan" => {
            let config = configured!(babyshield_scan);
            babyshield_scan::router(babyshield_scan::App::new(start, config))
        }
        "ops" => {
            let config = configured!(babyshield_ops);
            babyshield_ops::router(babyshield_ops::App::new(start, config))
        }
        other => panic!("{other} is no HTTP function"),
    };
    let front = start.settings.finish(front);
    let front = front.expect("what stands before the router is configured");
    let never_kept = match name {
        "auth" => babyshield_auth::CREDENTIALS,
        _ => &[],
    };
    front.never_keeping(never_kept).around(router)
}

/// Returns the function `auth` with a hasher of the test's own: cheap, or counted.
///
/// # Panics
/// When the settings are not all there.
pub fn auth_with(hasher: Hasher, start: &mut Start) -> Router {
    let front = Front::load(start);
    let config = babyshield_auth::Config::load(&mut start.settings);
    let config = start.settings.finish(config);
    let config = config.expect("the settings are all there");
    let app = babyshield_auth::App::new(start, config).with_hasher(hasher);
    let front = start.settings.finish(front);
    front
        .expect("what stands before the router is configured")
        .never_keeping(babyshield_auth::CREDENTIALS)
        .around(babyshield_auth::router(app))
}

/// A request that is being made.
#[derive(Debug)]
pub struct Ask(http::request::Builder, Body);

/// An answer of a router, whole.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
}

impl Answered {
    /// Returns the body as JSON, null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// Returns what the envelope holds.
    pub fn data(&self) -> Value {
        self.json()["data"].take()
    }

    /// Returns a problem's older name.
    pub fn code(&self) -> String {
        self.json()["error_code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns a header field, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or_default())
    }
}

impl Ask {
    /// Begins a request.
    pub fn new(method: &str, path: &str) -> Self {
        Self(Request::builder().method(method).uri(path), Body::empty())
    }

    /// Begins a GET.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Begins a POST of JSON.
    pub fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        let request = self.0.header("content-type", "application/json");
        Self(request, Body::from(body.to_string()))
    }

    /// Adds a body as it is.
    #[must_use]
    pub fn body(self, body: impl Into<Body>) -> Self {
        Self(self.0, body.into())
    }

    /// Adds an access token, or an API key.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Says which address the gateway saw.
    #[must_use]
    pub fn from(self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        Self(self.0.extension(ClientAddress(Some(address))), self.1)
    }

    /// Sends the request and reads the answer whole.
    pub async fn send(self, router: &Router) -> Answered {
        let request = self.0.body(self.1).expect("a request");
        let response = router.clone().oneshot(request);
        let (parts, body) = response.await.expect("a router never fails").into_parts();
        let bytes = body.collect().await.expect("the answer is whole");
        Answered {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes: bytes.to_bytes().to_vec(),
        }
    }
}
