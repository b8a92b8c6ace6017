//! The documentation: the `OpenAPI` description and a page to read it, both from this binary alone.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use axum::{
    response::{IntoResponse, Response},
    routing::get,
};
use babyshield::http::{extract::Param, problem::Problem, tag};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::Config;

use crate::App;

/// The description of every function's routes. A test compares it with what the code says.
const OPENAPI: &str = include_str!("../../../openapi.json");

/// Where the page and its assets are served.
const PAGE: &str = "/docs";

static UI: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::from("/openapi.json")
            .try_it_out_enabled(true)
            .display_request_duration(true),
    )
});

/// Documentation is no part of the documented interface.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new()
        .route("/openapi.json", get(openapi))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/docs/{asset}", get(asset));
    for path in [PAGE, "/redoc", "/api-docs", "/api/v1/docs", "/api/v1/redoc"] {
        router = router.route(path, get(page));
    }
    router
}

async fn openapi() -> Response {
    static TAG: LazyLock<HeaderValue> = LazyLock::new(|| tag(OPENAPI.as_bytes()));
    (
        [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=300"),
            ),
            (ETAG, TAG.clone()),
        ],
        OPENAPI,
    )
        .into_response()
}

async fn page() -> Result<Response, Problem> {
    let (page, content_type) = serve("index.html")?;
    // The page's links are relative to a directory, and its aliases are not in one.
    let base = format!("<head>\n    <base href=\"{PAGE}/\" />");
    let page = String::from_utf8_lossy(&page)
        .replace("<head>", &base)
        .replace("<title>Swagger UI</title>", "<title>BabyShield API</title>");
    Ok(respond("", (page.into_bytes(), content_type)))
}

async fn asset(Param(asset): Param<String>) -> Result<Response, Problem> {
    serve(&asset).map(|file| respond(&asset, file))
}

fn serve(asset: &str) -> Result<(Vec<u8>, String), Problem> {
    match utoipa_swagger_ui::serve(asset, UI.clone()) {
        Ok(Some(file)) => Ok((file.bytes.into_owned(), file.content_type)),
        Ok(None) => Err(Problem::not_found("page")),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

/// The tags of the files that have been served, by name: the files are part of the binary.
static TAGS: Mutex<BTreeMap<String, HeaderValue>> = Mutex::new(BTreeMap::new());

fn respond(name: &str, (bytes, content_type): (Vec<u8>, String)) -> Response {
    let tag = TAGS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(name.to_owned())
        .or_insert_with(|| tag(&bytes))
        .clone();
    (
        [
            (CONTENT_TYPE, content_type),
            (CACHE_CONTROL, "public, max-age=3600".to_owned()),
        ],
        [(ETAG, tag)],
        bytes,
    )
        .into_response()
}
