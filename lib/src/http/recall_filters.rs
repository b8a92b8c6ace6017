//! The filters that lists of recalls and searches for products have in common.

use jiff::civil::Date;
use utoipa::IntoParams;

use super::params::Params;
use crate::search::{
    query::{Filters, LONGEST_TEXT, MOST_WORDS, Span},
    words::words,
};

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
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::Category>>, style = Form, explode = false, inline))]
    category: Option<String>,
    /// Hazards, such as `choking`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::Hazard>>, style = Form, explode = false, inline))]
    hazard: Option<String>,
    /// Levels of severity: `serious`, `moderate`, `low`, `unknown`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::SeverityLevel>>, style = Form, explode = false, inline))]
    severity: Option<String>,
    /// Remedies, such as `refund`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::Remedy>>, style = Form, explode = false, inline))]
    remedy: Option<String>,
    /// `ongoing`, `ended`, `withdrawn`, `unknown`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::Status>>, style = Form, explode = false, inline))]
    status: Option<String>,
    /// `recall`, `withdrawal`, `alert`, `safety_report`, `public_health_alert`.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Vec<crate::domain::vocabulary::RecallKind>>, style = Form, explode = false, inline))]
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
        agency: set(params.list("agency")),
        country: set(country
            .iter()
            .map(|code| code.to_ascii_uppercase())
            .collect()),
        category: set(params.list("category")),
        hazard: set(params.list("hazard")),
        severity: set(params.list("severity")),
        remedy: set(params.list("remedy")),
        status: set(params.list("status")),
        kind: set(params.list("kind")),
        brand: set(texts(params, "brand")),
        identifier: set(texts(params, "identifier")),
        published,
        updated,
    }
}

/// Reads the words that are looked for, counted as the search itself counts them.
pub fn search_text(params: &mut Params) -> Option<String> {
    let text = params.text("q", LONGEST_TEXT)?;
    if words(&text).len() > MOST_WORDS {
        let message = format!("has more than {MOST_WORDS} words");
        params.refuse("q", "TOO_LONG", &message);
        return None;
    }
    Some(text)
}

/// Any of the values: neither their order nor their number says anything, and a cursor is bound to
/// what is meant.
fn set<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
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
    fn words_are_counted_however_they_are_parted() {
        for joiner in ["+", ",", ";", "%7C"] {
            for (count, taken) in [(16, true), (17, false), (30, false)] {
                let words: Vec<_> = (0..count).map(|n| format!("ab{n}")).collect();
                let mut params = Params::parse(&format!("q={}", words.join(joiner)));
                assert_eq!(
                    search_text(&mut params).is_some(),
                    taken,
                    "{joiner} {count}"
                );
                assert_eq!(params.finish().is_ok(), taken);
            }
        }
    }

    #[test]
    fn the_order_of_values_says_nothing() {
        let read = |query| filters(&mut Params::parse(query));
        assert_eq!(
            read("hazard=fire,choking&agency=us-fda&agency=us-cpsc&country=us,FR&brand=b,a"),
            read("brand=a,b,a&hazard=choking,fire,fire&agency=us-cpsc,us-fda&country=FR,US"),
        );
        assert_ne!(read("hazard=fire"), read("hazard=choking"));
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
