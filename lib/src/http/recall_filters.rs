//! The filters that lists of recalls and searches for products have in common.

use jiff::civil::Date;
use utoipa::IntoParams;

use super::params::Params;
use crate::search::query::{Filters, Span};

/// The longest brand or identifier that is looked for, in characters.
const VALUE_MOST: usize = 100;

/// The filters, as they are documented. Several values of one filter, separated by commas, mean any
/// of them; different filters must all hold.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation; `filters` reads the same names"
)]
pub struct FilterParams {
    /// Agencies by key, such as `us-cpsc,us-fda`.
    agency: Option<String>,
    /// Countries of the agencies, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// Our categories, such as `toys,sleep`.
    category: Option<String>,
    /// Hazards, such as `choking`.
    hazard: Option<String>,
    /// Levels of severity: `serious`, `moderate`, `low`, `unknown`.
    severity: Option<String>,
    /// Remedies, such as `refund`.
    remedy: Option<String>,
    /// `ongoing`, `ended`, `withdrawn`, `unknown`.
    status: Option<String>,
    /// `recall`, `withdrawal`, `alert`, `safety_report`, `public_health_alert`.
    kind: Option<String>,
    /// Whole brands, compared without case, accents and punctuation.
    brand: Option<String>,
    /// GTINs in any length, lots, models, serials or the authority's numbers.
    identifier: Option<String>,
    /// First day of publication.
    #[param(value_type = Option<String>, format = Date)]
    published_from: Option<String>,
    /// Last day of publication.
    #[param(value_type = Option<String>, format = Date)]
    published_to: Option<String>,
    /// First day of the last change.
    #[param(value_type = Option<String>, format = Date)]
    updated_from: Option<String>,
    /// Last day of the last change.
    #[param(value_type = Option<String>, format = Date)]
    updated_to: Option<String>,
}

/// Reads the filters.
pub fn filters(params: &mut Params) -> Filters {
    let published = span(params, "published_from", "published_to");
    let updated = span(params, "updated_from", "updated_to");
    let country = params.list::<String>("country");
    if country
        .iter()
        .any(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_alphabetic()))
    {
        params.refuse(
            "country",
            "INVALID_VALUE",
            "two letters (ISO 3166-1 alpha-2)",
        );
    }
    Filters {
        agency: params.list("agency"),
        country,
        category: params.list("category"),
        hazard: params.list("hazard"),
        severity: params.list("severity"),
        remedy: params.list("remedy"),
        status: params.list("status"),
        kind: params.list("kind"),
        brand: texts(params, "brand"),
        identifier: texts(params, "identifier"),
        published,
        updated,
    }
}

fn texts(params: &mut Params, name: &str) -> Vec<String> {
    let texts: Vec<String> = params.list(name);
    if texts.iter().any(|text| text.chars().count() > VALUE_MOST) {
        params.refuse(
            name,
            "TOO_LONG",
            &format!("has more than {VALUE_MOST} characters"),
        );
    }
    texts
}

fn span(params: &mut Params, from: &str, to: &str) -> Span {
    let span = Span {
        from: day(params, from),
        to: day(params, to),
    };
    if let (Some(first), Some(last)) = (span.from, span.to)
        && last < first
    {
        params.refuse(to, "INVALID_VALUE", &format!("is before {from}"));
    }
    span
}

fn day(params: &mut Params, name: &str) -> Option<Date> {
    let text: String = params.one(name)?;
    // A date and nothing else: `2026-10-01T09:00` must not pass for the day.
    let day = Date::strptime("%Y-%m-%d", &text)
        .ok()
        .filter(|_| text.len() == 10);
    if day.is_none() {
        params.refuse(name, "INVALID_VALUE", "a day as YYYY-MM-DD");
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_filter_is_read() {
        let documented = FilterParams::into_params(|| None);
        let query: Vec<_> = documented
            .iter()
            .map(|param| match param.name.as_str() {
                name @ ("agency" | "country") => {
                    format!("{name}=us-cpsc").replace("country=us-cpsc", "country=US")
                }
                name if name.contains('_') => format!("{name}=2026-10-01"),
                "category" => "category=toys".into(),
                "hazard" => "hazard=fire".into(),
                "severity" => "severity=low".into(),
                "remedy" => "remedy=refund".into(),
                "status" => "status=ongoing".into(),
                "kind" => "kind=recall".into(),
                name => format!("{name}=x"),
            })
            .collect();
        let mut params = Params::parse(&query.join("&"));
        let filters = filters(&mut params);
        params.finish().unwrap();
        assert_eq!(
            filters.agency.len() + filters.brand.len() + filters.identifier.len(),
            3
        );
        assert!(filters.updated.to.is_some());
    }

    #[test]
    fn odd_days_countries_and_agencies_are_refused() {
        let query = "published_from=2026-02-30&published_to=1.2.2026&country=USA&agency=us&updated_from=2026-02-02&updated_to=2026-02-01";
        let mut params = Params::parse(query);
        filters(&mut params);
        let faults: Vec<_> = params
            .finish()
            .unwrap_err()
            .errors
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            faults,
            [
                "/published_from",
                "/published_to",
                "/updated_to",
                "/country",
                "/agency"
            ]
        );
    }
}
