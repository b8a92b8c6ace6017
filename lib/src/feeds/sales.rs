//! How many, where, when and for how much, out of the sentences that American notices use for it.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::{dates, text};
use crate::domain::recall::{Sold, Units};

/// Reads "About 82,000 (in addition, about 5,732 were sold in Canada)": one row for each country.
///
/// The first number is the home country's unless the words beside it name another; further numbers
/// count only beside the name of a country.
pub(super) fn units(words: &str, home: &str) -> Vec<Units> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(about|approximately|approx\.?|nearly|more than|over|up to|around)?\s*(?:an additional\s+)?\b(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(million|thousand)?")
            .expect("the pattern is compiled by a test")
    });
    let found: Vec<_> = NUMBER.captures_iter(words).collect();
    let mut all: Vec<Units> = Vec::new();
    for (place, number) in found.iter().enumerate() {
        let end = number.get(0).map_or(0, |whole| whole.end());
        let stop = found
            .get(place + 1)
            .and_then(|next| next.get(0))
            .map_or(words.len(), |next| next.start());
        let country = country(&words[end..stop]);
        let country = match (country, place) {
            (Some("elsewhere"), _) | (None, 1..) => continue,
            (Some(country), _) => country,
            (None, 0) => home,
        };
        let Some(count) = count(
            &number[2],
            number.get(3).map(|m| m.as_str()),
            number.get(4).map(|m| m.as_str()),
        ) else {
            continue;
        };
        if all.iter().all(|units| units.country != country) {
            all.push(Units {
                country: country.to_owned(),
                count: Some(count),
                approximate: number.get(1).is_some() || number.get(4).is_some(),
                text: words.to_owned(),
            });
        }
    }
    if all.is_empty() {
        all.push(Units {
            country: home.to_owned(),
            count: None,
            approximate: false,
            text: words.to_owned(),
        });
    }
    all
}

fn country(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let places = [
        ("canada", "CA"),
        ("mexico", "MX"),
        ("united states", "US"),
        ("u.s.", "US"),
        ("worldwide", "elsewhere"),
        ("other countries", "elsewhere"),
        ("outside", "elsewhere"),
    ];
    places
        .iter()
        .filter_map(|(name, country)| Some((words.find(name)?, *country)))
        .min()
        .map(|(_, country)| country)
}

fn count(whole: &str, fraction: Option<&str>, scale: Option<&str>) -> Option<u64> {
    let factor: u64 = match scale.map(str::to_lowercase).as_deref() {
        Some("million") => 1_000_000,
        Some(_) => 1_000,
        None => 1,
    };
    let base = whole
        .replace(',', "")
        .parse::<u64>()
        .ok()?
        .checked_mul(factor)?;
    // Half a unit is a weight or a measure.
    if fraction.is_some() && scale.is_none() {
        return None;
    }
    let decimals = fraction.map_or("", |f| &f[1..]);
    let places = u32::try_from(decimals.len())
        .ok()
        .filter(|places| *places <= 6)?;
    let part = if decimals.is_empty() {
        0
    } else {
        decimals.parse::<u64>().ok()? * factor / 10_u64.pow(places)
    };
    base.checked_add(part)
}

/// Reads "Target stores nationwide and at target.com from January 2024 through March 2025 for about
/// $60": one row for each clause with months of its own, or one row with the words alone.
pub(super) fn sold(words: &str) -> Vec<Sold> {
    static CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
        let month = r"(?:(?:early|mid|late)[- ])?(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)";
        let year = r"(?:\s+\d{1,2},?)?(?:,?\s+\d{4})";
        Regex::new(&format!(
            r"(?i)(?P<place>.+?),?\s+(?:from|between|in|during|beginning)\s+(?P<from>{month}{year}|{month}(?:\s+\d{{1,2}})?)(?:\s+(?:through|thru|to|until|and|-|–)\s+(?P<to>{month}{year}))?(?:,?\s+for\s+(?P<price>(?:about|between|approximately|around|under|up to|from|\$)[^.;]*?(?:\$\s?[\d,]+(?:\.\d+)?|[\d.]+\s+(?:cents|dollars))(?:\s+(?:and|to)\s+\$\s?[\d,]+(?:\.\d+)?)?))?"
        ))
        .expect("the pattern is compiled by a test")
    });
    let mut all: Vec<Sold> = Vec::new();
    for clause in CLAUSE.captures_iter(words).take(50) {
        let (from, to) = months(&clause["from"], clause.name("to").map(|to| to.as_str()));
        let place = clause["place"]
            .trim_start_matches([' ', ',', ';', '.'])
            .trim_start_matches("and ");
        if from.is_some() {
            all.push(Sold {
                place: text::clean(place, text::NAME),
                from,
                to,
                price_text: clause
                    .name("price")
                    .and_then(|price| text::clean(price.as_str(), text::NAME)),
            });
        }
    }
    if all.is_empty() {
        all.extend(text::clean(words, text::NAME).map(|place| Sold {
            place: Some(place),
            ..Sold::default()
        }));
    }
    all
}

/// First and last day of a span of months; the first may leave the year to the last.
fn months(from: &str, to: Option<&str>) -> (Option<Date>, Option<Date>) {
    let date = |words: &str| {
        let lower = words.to_lowercase();
        let plain = ["early", "mid", "late"]
            .iter()
            .find_map(|part| lower.strip_prefix(part))
            .unwrap_or(&lower);
        let tokens = super::tokens::tokens(plain.trim_start_matches(['-', ' ']));
        let whole = dates::at(&tokens, 0, dates::Order::MonthFirst, false).map(|(days, _)| days);
        (whole, dates::without_year(&tokens, 0))
    };
    let last = to.map(|to| date(to).0);
    match (date(from), last) {
        ((Some((first, _)), _), Some(Some((_, last)))) if first <= last => {
            (Some(first), Some(last))
        }
        ((Some((first, last)), _), None) => (Some(first), Some(last)),
        ((None, Some((month, day, _))), Some(Some((_, last)))) => {
            let year = i32::from(last.year()) - i32::from(month > i32::from(last.month()));
            (dates::make(year, month, day.unwrap_or(1)), Some(last))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(words: &str) -> Vec<(String, Option<u64>, bool)> {
        units(words, "US")
            .into_iter()
            .map(|u| (u.country, u.count, u.approximate))
            .collect()
    }

    #[test]
    fn numbers_go_to_their_countries() {
        let us = |count, approximate| ("US".to_owned(), Some(count), approximate);
        let ca = |count| ("CA".to_owned(), Some(count), true);
        assert_eq!(
            counted("About 82,000 (in addition, about 5,732 were sold in Canada)"),
            [us(82_000, true), ca(5_732)]
        );
        assert_eq!(counted("520"), [us(520, false)]);
        assert_eq!(
            counted(
                "About 3.5 million in the United States, 1.4 million in Canada, 30.2 million worldwide"
            ),
            [us(3_500_000, true), ca(1_400_000)]
        );
        assert_eq!(counted("About 1,100 sets of 12"), [us(1_100, true)]);
        assert_eq!(counted("1.21 lbs"), [("US".to_owned(), None, false)]);
        assert_eq!(counted("Unknown"), [("US".to_owned(), None, false)]);
        assert_eq!(
            counted("99999999999999999999999"),
            [("US".to_owned(), None, false)]
        );
    }

    #[test]
    fn shops_months_and_prices_are_told_apart() {
        let sold = sold(
            "Online at Amazon.com from October 2014 through January 2016 for about $80 and at Zulily.com from June 2014 through July 2015 for about $50.",
        );
        assert_eq!(sold.len(), 2);
        assert_eq!(sold[0].place.as_deref(), Some("Online at Amazon.com"));
        assert_eq!(sold[0].from, dates::make(2014, 10, 1));
        assert_eq!(sold[0].to, dates::make(2016, 1, 31));
        assert_eq!(sold[0].price_text.as_deref(), Some("about $80"));
        assert_eq!(sold[1].place.as_deref(), Some("at Zulily.com"));
        assert_eq!(sold[1].price_text.as_deref(), Some("about $50"));
    }

    #[test]
    fn what_cannot_be_read_is_kept_in_words() {
        assert_eq!(
            sold("Various shops."),
            [Sold {
                place: Some("Various shops.".into()),
                ..Sold::default()
            }]
        );
        let range = sold("Best Buy from January through April 2016 for between $280 and $1,470.");
        assert_eq!(
            (range[0].from, range[0].to),
            (dates::make(2016, 1, 1), dates::make(2016, 4, 30))
        );
        assert_eq!(
            range[0].price_text.as_deref(),
            Some("between $280 and $1,470")
        );
    }
}
