//! The documentation: the `OpenAPI` description and a page to read it, both from this binary alone.

use std::sync::{Arc, LazyLock};

use axum::{
    response::{IntoResponse, Response},
    routing::get,
};
use babyshield::http::{extract::Param, problem::Problem};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
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
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "public, max-age=300"),
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
    Ok(respond((page.into_bytes(), content_type)))
}

async fn asset(Param(asset): Param<String>) -> Result<Response, Problem> {
    serve(&asset).map(respond)
}

fn serve(asset: &str) -> Result<(Vec<u8>, String), Problem> {
    match utoipa_swagger_ui::serve(asset, UI.clone()) {
        Ok(Some(file)) => Ok((file.bytes.into_owned(), file.content_type)),
        Ok(None) => Err(Problem::not_found("page")),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

fn respond((bytes, content_type): (Vec<u8>, String)) -> Response {
    (
        [
            (CONTENT_TYPE, content_type),
            (CACHE_CONTROL, "public, max-age=3600".to_owned()),
        ],
        bytes,
    )
        .into_response()
}
