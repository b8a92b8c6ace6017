//! An event put together from its lines, over windows and years.
//!
//! What is said of the whole recall follows from all its lines by one function, so it makes no
//! difference in which order windows are read, or how often.

use std::collections::{BTreeMap, BTreeSet};

use super::{json::Row, openfda_line, sales, text, vocabulary};
use crate::domain::{
    agency::Agency,
    identifier::is_placeholder,
    recall::{Firm, FirmRole, Recall, RecallId, RecallProduct, Severity, Sold, SourceLine, Units},
    vocabulary::{RecallKind, SeverityLevel, Status},
    window::Window,
};

/// The rows of one event in one window.
#[derive(Debug)]
pub(super) struct Event {
    number: String,
    products: Vec<RecallProduct>,
    firms: BTreeSet<String>,
    places: BTreeSet<String>,
}

impl Event {
    /// Begins an event of that number.
    pub(super) fn new(number: String) -> Self {
        Self {
            number,
            products: Vec::new(),
            firms: BTreeSet::new(),
            places: BTreeSet::new(),
        }
    }

    /// Adds a row and the products that were read from it.
    pub(super) fn add(&mut self, row: &Row, lines: Vec<RecallProduct>) {
        self.firms.extend(
            row.text("recalling_firm", text::NAME)
                .filter(|firm| !is_placeholder(firm)),
        );
        self.places.extend(
            row.text("distribution_pattern", text::NAME)
                .filter(|place| !is_placeholder(place)),
        );
        self.products.extend(lines);
    }

    /// Returns the recall; nothing when no line was added.
    pub(super) fn recall(self, agency: &'static Agency, id: RecallId) -> Option<Recall> {
        let mut recall = Recall {
            id,
            agency: agency.key(),
            source_id: self.number,
            source_version: None,
            country: agency.country.clone(),
            language: agency.language.clone(),
            kind: RecallKind::Recall,
            title: String::new(),
            summary: None,
            hazard_text: None,
            hazards: Vec::new(),
            severity: Severity {
                authority: None,
                level: SeverityLevel::Unknown,
            },
            remedy_text: None,
            remedies: Vec::new(),
            published: self.products.iter().filter_map(reported).min()?,
            updated: None,
            ended: None,
            status: Status::Unknown,
            units: Vec::new(),
            sold: self
                .places
                .into_iter()
                .map(|place| Sold {
                    place: Some(place),
                    ..Sold::default()
                })
                .collect(),
            incidents_text: None,
            firms: self
                .firms
                .into_iter()
                .map(|name| Firm {
                    name,
                    role: FirmRole::Recaller,
                })
                .collect(),
            images: Vec::new(),
            url: None,
            contact: None,
            related: Vec::new(),
            products: self.products,
        };
        derive(&mut recall);
        Some(recall)
    }
}

fn reported(product: &RecallProduct) -> Option<jiff::civil::Date> {
    product.line.as_ref().map(|line| line.reported)
}

/// Returns the stored event with the window's lines replaced by the incoming ones.
///
/// Only lines of the parts that the incoming record has are replaced: a part that was not read
/// says nothing about its lines.
pub(super) fn merge(stored: &Recall, mut incoming: Recall, window: Window) -> Recall {
    let parts: BTreeSet<&str> = incoming
        .products
        .iter()
        .filter_map(|p| Some(p.line.as_ref()?.part.as_str()))
        .collect();
    let kept: Vec<RecallProduct> = stored
        .products
        .iter()
        .filter(|product| {
            product.line.as_ref().is_some_and(|line| {
                !(parts.contains(line.part.as_str()) && window.contains(line.reported))
            })
        })
        .cloned()
        .collect();
    if !kept.is_empty() {
        // Lines outside the window may have another spelling of the firm, or another market.
        incoming.firms.extend(stored.firms.iter().cloned());
        incoming.sold.extend(stored.sold.iter().cloned());
    }
    incoming.products.extend(kept);
    derive(&mut incoming);
    incoming
}

/// Puts the lines in order, each once, and derives from them everything that is said of the whole.
fn derive(recall: &mut Recall) {
    recall.products = each_once(std::mem::take(&mut recall.products));
    recall.firms.sort_by(|a, b| a.name.cmp(&b.name));
    recall.firms.dedup();
    recall.sold.sort_by(|a, b| a.place.cmp(&b.place));
    recall.sold.dedup();
    let lines: Vec<SourceLine> = lines(&recall.products);
    recall.published = lines
        .iter()
        .map(|line| line.reported)
        .min()
        .unwrap_or(recall.published);
    recall.updated = lines.iter().map(|line| line.reported).max();
    recall.status = status(&lines);
    recall.ended =
        if recall.status == Status::Ended && lines.iter().all(|line| line.ended.is_some()) {
            lines.iter().filter_map(|line| line.ended).max()
        } else {
            None
        };
    recall.severity = worst(&lines);
    let reasons: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line.reason.as_deref())
        .collect();
    let reasons: Vec<&str> = reasons.into_iter().collect();
    recall.hazard_text =
        (!reasons.is_empty()).then(|| text::cut(&reasons.join("\n"), text::LONG).to_owned());
    recall.hazards = vocabulary::hazards(recall.hazard_text.as_deref());
    recall.summary = recall.hazard_text.clone();
    recall.units = units(&lines);
    recall.title = title(recall);
}

/// The lines behind the products, each once.
fn lines(products: &[RecallProduct]) -> Vec<SourceLine> {
    let mut lines: Vec<SourceLine> = Vec::new();
    for line in products.iter().filter_map(|product| product.line.as_ref()) {
        if !lines.contains(line) {
            lines.push(line.clone());
        }
    }
    lines
}

/// Sorts the products by part and number. Of a number that comes twice the later report counts, and
/// a line that waited for its number goes when the same line comes with one.
fn each_once(products: Vec<RecallProduct>) -> Vec<RecallProduct> {
    type Group = Vec<(String, RecallProduct)>;
    let mut groups: BTreeMap<
        (String, String),
        BTreeMap<jiff::civil::Date, BTreeMap<String, Group>>,
    > = BTreeMap::new();
    for product in products {
        let Some(line) = product.line.clone() else {
            continue;
        };
        let print = serde_json::to_string(&product).expect("a product has only string keys");
        let row = serde_json::to_string(&line).expect("a line has only string keys");
        groups
            .entry((line.part, line.number))
            .or_default()
            .entry(line.reported)
            .or_default()
            .entry(row)
            .or_default()
            .push((print, product));
    }
    let mut kept: Vec<RecallProduct> = Vec::new();
    for ((_, _), mut by_day) in groups {
        let Some((_, mut by_row)) = by_day.pop_last() else {
            continue;
        };
        let Some((_, mut group)) = by_row.pop_last() else {
            continue;
        };
        let mut seen = BTreeSet::new();
        group.retain(|(print, _)| seen.insert(print.clone()));
        group.sort_by(|a, b| a.0.cmp(&b.0));
        kept.extend(group.into_iter().map(|(_, product)| product));
    }
    let numbered: BTreeSet<String> = kept
        .iter()
        .filter(|product| !waits(product))
        .filter_map(|product| {
            Some(openfda_line::content_number(
                product.line.as_ref()?.part.as_str(),
                product,
            ))
        })
        .collect();
    kept.retain(|product| {
        !waits(product)
            || product.line.as_ref().is_some_and(|line| {
                !numbered.contains(&openfda_line::content_number(&line.part, product))
            })
    });
    kept
}

fn waits(product: &RecallProduct) -> bool {
    product
        .line
        .as_ref()
        .is_some_and(|line| line.number.starts_with(openfda_line::MADE_UP))
}

fn status(lines: &[SourceLine]) -> Status {
    if lines.iter().any(|line| line.status == Status::Ongoing) {
        Status::Ongoing
    } else if lines.iter().any(|line| line.status == Status::Unknown) || lines.is_empty() {
        Status::Unknown
    } else {
        Status::Ended
    }
}

/// The worst class of all lines; an unrated one says less than any class.
fn worst(lines: &[SourceLine]) -> Severity {
    let rank = |severity: &Severity| match severity.level {
        SeverityLevel::Serious => 3,
        SeverityLevel::Moderate => 2,
        SeverityLevel::Low => 1,
        SeverityLevel::Unknown => 0,
    };
    lines
        .iter()
        .map(|line| line.severity.clone())
        .max_by(|a, b| (rank(a), &a.authority).cmp(&(rank(b), &b.authority)))
        .unwrap_or(Severity {
            authority: None,
            level: SeverityLevel::Unknown,
        })
}

fn units(lines: &[SourceLine]) -> Vec<Units> {
    let quantities: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line.quantity.as_deref())
        .collect();
    quantities
        .into_iter()
        .take(100)
        .flat_map(|words| sales::units(words, "US"))
        .collect()
}

fn title(recall: &Recall) -> String {
    let product = recall
        .products
        .first()
        .map_or("a product", |product| product.name.as_str());
    let names: BTreeSet<&str> = recall
        .products
        .iter()
        .map(|product| product.name.as_str())
        .collect();
    let product = text::cut(product, 180);
    let more = match names.len() {
        0 | 1 => String::new(),
        2 => " and 1 more product".to_owned(),
        count => format!(" and {} more products", count - 1),
    };
    let firm = recall
        .firms
        .first()
        .map_or("A firm", |firm| text::cut(&firm.name, 80));
    text::cut(&format!("{firm} recalls {product}{more}"), text::TITLE).to_owned()
}
