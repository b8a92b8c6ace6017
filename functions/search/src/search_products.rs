//! Search for recalled products by text, forgiving slips of the finger.

use std::str::FromStr;

use axum::extract::State;
use babyshield::{
    domain::{
        gtin::Gtin,
        identifier::Scope,
        recall::Severity,
        vocabulary::{Category, Hazard, NotInVocabulary, RecallKind, Remedy, Status},
    },
    http::{
        answer::{Answer, Success},
        list::{List, PageParams, PageRequest},
        params::Params,
        problem::{Problem, ProblemBody},
        recall_filters::{FilterParams, filters, search_text},
        snapshot::IndexAge,
    },
    search::query::{Direction, Matched, Page, ProductQuery, ProductSort, ProductSummary},
};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// Seconds for which an answer may be kept.
const FRESH: u32 = 30;

/// The text and the order, as they are documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `query` reads the same names"
)]
pub(crate) struct SearchParams {
    /// What to look for: words of name, brand or model, or an identifier. Without it, all that the
    /// filters leave, newest first.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `relevance` (default) or `published`.
    sort: Option<String>,
    /// `desc` (default) or `asc`; relevance always has the best first.
    order: Option<String>,
}

/// A page of recalled products.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductsView {
    #[serde(flatten)]
    list: List<ProductHit>,
    /// How freely the text had to be read: `filters`, `all_words`, `with_slips`, `most_words`, `nothing`.
    matched: &'static str,
    /// How old the index is that answered.
    index: IndexAge,
}

/// A recalled product that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductHit {
    /// The recall.
    #[schema(examples("us-cpsc:24113"))]
    recall_id: String,
    /// The product's place in the recall, from 1.
    position: usize,
    /// The name.
    name: String,
    /// Up to five brands.
    brands: Vec<String>,
    /// Up to five models.
    models: Vec<String>,
    /// Up to five GTINs.
    gtins: Vec<Gtin>,
    /// Our category.
    category: Option<Category>,
    /// How much of the product is covered.
    scope: Scope,
    /// The agency's key.
    agency: &'static str,
    /// The agency's name.
    agency_name: &'static str,
    /// The authority's own number of the recall.
    source_id: String,
    /// ISO 3166-1 alpha-2; `EU` for the European Union.
    country: String,
    /// BCP 47 language of the texts.
    language: String,
    /// What kind of notice it is.
    kind: RecallKind,
    /// Whether it still runs.
    status: Status,
    /// The recall's title.
    title: String,
    /// When the recall was published (a day).
    #[schema(value_type = String, format = Date)]
    published: Date,
    /// When the authority last changed it (a day).
    #[schema(value_type = Option<String>, format = Date)]
    updated: Option<Date>,
    /// How bad it is.
    severity: Severity,
    /// What can happen.
    hazards: Vec<Hazard>,
    /// What the owner is offered.
    remedies: Vec<Remedy>,
    /// The recall's first picture.
    image: Option<String>,
    /// The notice on the authority's site.
    url: Option<String>,
}

impl From<ProductSummary> for ProductHit {
    fn from(summary: ProductSummary) -> Self {
        Self {
            recall_id: summary.recall_id.into(),
            position: summary.position,
            name: summary.name,
            brands: summary.brands,
            models: summary.models,
            gtins: summary.gtins,
            category: summary.category,
            scope: summary.scope,
            agency: summary.agency.as_str(),
            agency_name: &summary.agency.row().name,
            source_id: summary.source_id,
            country: summary.country,
            language: summary.language,
            kind: summary.kind,
            status: summary.status,
            title: summary.title,
            published: summary.published,
            updated: summary.updated,
            severity: summary.severity,
            hazards: summary.hazards,
            remedies: summary.remedies,
            image: summary.image,
            url: summary.url,
        }
    }
}

/// A word of a closed list, with what it stands for.
struct Word<T>(T);

impl FromStr for Word<ProductSort> {
    type Err = NotInVocabulary;
    fn from_str(text: &str) -> Result<Self, NotInVocabulary> {
        match text {
            "relevance" => Ok(Self(ProductSort::Relevance)),
            "published" => Ok(Self(ProductSort::Published)),
            _ => Err(NotInVocabulary {
                allowed: "relevance, published".into(),
            }),
        }
    }
}

fn query(mut params: Params) -> Result<(ProductQuery, PageRequest), Problem> {
    let request = PageRequest::read(&mut params);
    let text = search_text(&mut params).unwrap_or_default();
    let query = ProductQuery {
        text,
        filters: filters(&mut params),
        sort: params
            .one::<Word<ProductSort>>("sort")
            .map_or(ProductSort::Relevance, |word| word.0),
        direction: params.one("order").unwrap_or(Direction::Descending),
        page: Page::Offset {
            offset: 0,
            limit: request.limit as usize,
        },
    };
    params.finish()?;
    Ok((query, request))
}

const fn word(matched: Matched) -> &'static str {
    match matched {
        Matched::Filters => "filters",
        Matched::AllWords => "all_words",
        Matched::WithSlips => "with_slips",
        Matched::MostWords => "most_words",
        Matched::Nothing => "nothing",
    }
}

/// Search recalled products.
///
/// Over products that are or were recalled, and over nothing else: that nothing is found says
/// nothing about a product. Ask `scan/barcode` for a verdict.
#[utoipa::path(get, path = "/api/v1/search/products", tag = "search",
    params(SearchParams, FilterParams, PageParams),
    responses(
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<ProductsView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn search_products(
    State(app): State<App>,
    params: Params,
) -> Result<Answer<ProductsView>, Problem> {
    let (mut query, request) = query(params)?;
    let bound_to = format!(
        "products {:?} {:?} {:?} {:?}",
        query.text, query.filters, query.sort, query.direction
    );
    let answering = app.index.answering(&request, &bound_to).await?;
    query.page = answering.page;
    let (items, matched) = answering.generation.catalogue.products(&query)?;
    let list = app
        .index
        .list(items, &request, answering.index.generation, &bound_to)
        .await?;
    let view = ProductsView {
        list,
        matched: word(matched),
        index: answering.index,
    };
    Ok(Answer::public(view, FRESH))
}
