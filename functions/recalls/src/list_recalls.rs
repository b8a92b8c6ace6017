//! The list of recalls, narrowed and sorted.

use std::str::FromStr;

use axum::extract::State;
use babyshield::{
    domain::{
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
    search::query::{Direction, ListQuery, ProductName, RecallSort, RecallSummary},
};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{App, get_recall::FRESH};

/// The order and the words, as they are documented.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `query` reads the same names"
)]
pub(crate) struct ListParams {
    /// Words that the title or a product must have, all of them.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `published` (default), `updated`, `severity`, `id`.
    sort: Option<String>,
    /// `desc` (default) or `asc`.
    order: Option<String>,
}

/// A page of recalls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecallsView {
    #[serde(flatten)]
    list: List<RecallRow>,
    /// How old the index is that answered.
    index: IndexAge,
}

/// A recall in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecallRow {
    /// Our identifier.
    #[schema(examples("us-cpsc:24113"))]
    id: String,
    /// The agency's key.
    agency: &'static str,
    /// The agency's name.
    agency_name: &'static str,
    /// The authority's own number, verbatim.
    source_id: String,
    /// ISO 3166-1 alpha-2; `EU` for the European Union.
    country: String,
    /// BCP 47 language of the texts.
    language: String,
    /// What kind of notice it is.
    kind: RecallKind,
    /// Whether it still runs.
    status: Status,
    /// The title, shortened to 300 characters.
    title: String,
    /// When it was published (a day).
    #[schema(value_type = String, format = Date)]
    published: Date,
    /// When the authority last changed it (a day).
    #[schema(value_type = Option<String>, format = Date)]
    updated: Option<Date>,
    /// When it ended (a day).
    #[schema(value_type = Option<String>, format = Date)]
    ended: Option<Date>,
    /// How bad it is.
    severity: Severity,
    /// What can happen.
    hazards: Vec<Hazard>,
    /// What the owner is offered.
    remedies: Vec<Remedy>,
    /// How many products it covers.
    product_count: usize,
    /// The first five of them.
    products: Vec<ProductRow>,
    /// The first picture.
    image: Option<String>,
    /// The notice on the authority's site.
    url: Option<String>,
    /// Our version of the record, from 1.
    version: u32,
}

/// A product of a recall in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductRow {
    /// The name.
    name: String,
    /// Up to five brands.
    brands: Vec<String>,
    /// Our category.
    category: Option<Category>,
}

impl From<RecallSummary> for RecallRow {
    fn from(summary: RecallSummary) -> Self {
        Self {
            id: summary.id.into(),
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
            ended: summary.ended,
            severity: summary.severity,
            hazards: summary.hazards,
            remedies: summary.remedies,
            product_count: summary.product_count,
            products: summary.products.into_iter().map(ProductRow::from).collect(),
            image: summary.image,
            url: summary.url,
            version: summary.version,
        }
    }
}

impl From<ProductName> for ProductRow {
    fn from(product: ProductName) -> Self {
        Self {
            name: product.name,
            brands: product.brands,
            category: product.category,
        }
    }
}

/// A word of a closed list, with what it stands for.
struct Word<T>(T);

impl FromStr for Word<RecallSort> {
    type Err = NotInVocabulary;
    fn from_str(text: &str) -> Result<Self, NotInVocabulary> {
        Ok(Self(match text {
            "published" => RecallSort::Published,
            "updated" => RecallSort::Updated,
            "severity" => RecallSort::Severity,
            "id" => RecallSort::Id,
            _ => {
                return Err(NotInVocabulary {
                    allowed: "published, updated, severity, id".into(),
                });
            }
        }))
    }
}

fn query(mut params: Params) -> Result<(ListQuery, PageRequest), Problem> {
    let request = PageRequest::read(&mut params);
    let query = ListQuery {
        filters: filters(&mut params),
        text: search_text(&mut params),
        sort: params
            .one::<Word<RecallSort>>("sort")
            .map_or(RecallSort::Published, |word| word.0),
        direction: params.one("order").unwrap_or(Direction::Descending),
        page: babyshield::search::query::Page::Offset {
            offset: 0,
            limit: request.limit as usize,
        },
    };
    params.finish()?;
    Ok((query, request))
}

/// List recalls.
///
/// Every filter alone and together. Page by number through the first 10,000 rows, or by cursor to the
/// end: a cursor stays with the generation of the index on which the list was begun, so that recalls
/// that come in meanwhile neither repeat a row nor skip one.
#[utoipa::path(get, path = "/api/v1/recalls", tag = "recalls",
    params(FilterParams, ListParams, PageParams),
    responses(
        (status = 304, description = "The client knows this state by its tag"),
        (status = 406, body = ProblemBody, content_type = "application/problem+json"),
        (status = 200, body = Success<RecallsView>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn list_recalls(
    State(app): State<App>,
    params: Params,
) -> Result<Answer<RecallsView>, Problem> {
    let (mut query, request) = query(params)?;
    let bound_to = format!(
        "recalls {:?} {:?} {:?} {:?}",
        query.filters, query.text, query.sort, query.direction
    );
    let answering = app.index.answering(&request, &bound_to).await?;
    query.page = answering.page;
    let items = answering.generation.catalogue.recalls(&query)?;
    let list = app
        .index
        .list(items, &request, answering.index.generation, &bound_to)
        .await?;
    Ok(Answer::public(
        RecallsView {
            list,
            index: answering.index,
        },
        FRESH,
    ))
}
