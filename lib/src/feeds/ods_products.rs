//! The products of a `RappelConso` notice, out of the items that its data sets write.
//!
//! Products of one GTIN are one product.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    barcode,
    dates::{self, Order},
    json::Row,
    ods_items::{Item, Kind, is_none, items, kind_of},
    prose, text,
    tokens::tokens,
    vocabulary,
};
use crate::domain::{
    gtin::Gtin,
    identifier::{
        Confidence, DateMark, Identifier, Origin, Scope, Value, is_placeholder, says_all_units,
    },
    recall::RecallProduct,
};

/// The most products that are kept of one notice.
const MOST_PRODUCTS: usize = 1_000;

/// Returns the products of a notice from all its rows.
pub(super) fn products(rows: &[Row], name: &str) -> Vec<RecallProduct> {
    let mut found: BTreeMap<Option<String>, (Vec<Identifier>, BTreeSet<u8>)> = BTreeMap::new();
    for row in rows {
        for item in items(row) {
            let code = item.code.as_deref().and_then(barcode::value);
            let key = code.as_ref().map(|value| match value {
                Value::Gtin { value } => value.to_string(),
                Value::UpcRaw { value } => value.clone(),
                _ => String::new(),
            });
            if found.len() >= MOST_PRODUCTS && !found.contains_key(&key) {
                continue;
            }
            let (identifiers, scopes) = found.entry(key).or_default();
            let (read, scope) = read(&item);
            scopes.insert(scope as u8);
            identifiers.extend(code.map(|value| Identifier {
                confidence: if matches!(value, Value::Gtin { .. }) {
                    Confidence::High
                } else {
                    Confidence::Low
                },
                value,
                origin: Origin::Field,
            }));
            identifiers.extend(read);
        }
    }
    // A product without a code that says nothing is the other data set's way of writing "none".
    if found.len() > 1
        && found
            .get(&None)
            .is_some_and(|(identifiers, _)| identifiers.is_empty())
    {
        found.remove(&None);
    }
    if found.is_empty() {
        found.insert(None, (Vec::new(), BTreeSet::from([Scope::Unknown as u8])));
    }
    let shared = Shared::of(rows);
    found
        .into_values()
        .map(|(identifiers, scopes)| shared.product(name, identifiers, &scopes))
        .collect()
}

/// What a notice says of all its products.
struct Shared {
    brands: Vec<String>,
    models: Vec<String>,
    identifiers: Vec<Identifier>,
    category_text: Option<String>,
    description: Option<String>,
}

impl Shared {
    fn of(rows: &[Row]) -> Self {
        let text =
            |key: &str, limit: usize| rows.iter().filter_map(|row| row.text(key, limit)).max();
        let reference =
            text("modeles_ou_references", text::NAME).filter(|words| !is_placeholder(words));
        let categories = [
            text("categorie_produit", text::NAME),
            text("sous_categorie_produit", text::NAME),
        ];
        let categories: Vec<String> = categories.into_iter().flatten().collect();
        Self {
            brands: text("marque_produit", text::NAME)
                .filter(|brand| !is_placeholder(brand))
                .into_iter()
                .collect(),
            identifiers: reference.as_deref().map(references).unwrap_or_default(),
            models: reference.into_iter().collect(),
            category_text: (!categories.is_empty()).then(|| categories.join(" / ")),
            description: text("conditionnements", text::LONG).map(|packs| packs.replace('¤', ", ")),
        }
    }

    fn product(
        &self,
        name: &str,
        mut identifiers: Vec<Identifier>,
        scopes: &BTreeSet<u8>,
    ) -> RecallProduct {
        identifiers.extend(self.identifiers.iter().cloned());
        let (identifiers, shortened) = prose::unite(identifiers);
        let words = format!(
            "{name} {}",
            self.category_text.as_deref().unwrap_or_default()
        );
        let mut scope = united(scopes);
        // A lot in the free text that the list of lots does not have makes that list doubtful.
        let elsewhere = self.identifiers.iter().any(|identifier| {
            prose::limits_units(&identifier.value) && !listed(&identifiers, identifier)
        });
        if shortened || elsewhere && scope != Scope::Unknown {
            scope = Scope::PartlyListed;
        }
        RecallProduct {
            line: None,
            name: name.to_owned(),
            brands: self.brands.clone(),
            models: self.models.clone(),
            category: vocabulary::category(&words),
            category_text: self.category_text.clone(),
            description: self.description.clone(),
            identifiers,
            scope,
        }
    }
}

fn listed(identifiers: &[Identifier], wanted: &Identifier) -> bool {
    identifiers
        .iter()
        .any(|one| one.value == wanted.value && one.origin == Origin::Field)
}

/// The scopes of lists that were read whole. Lines of one product that name different kinds of limit
/// are alternatives.
const LISTS: [u8; 2] = [Scope::ListedUnits as u8, Scope::ListedTogether as u8];

/// Several statements about one product: what they agree on, and otherwise doubt.
fn united(scopes: &BTreeSet<u8>) -> Scope {
    let is = |scope: Scope| scopes.len() == 1 && scopes.contains(&(scope as u8));
    if is(Scope::AllUnits) {
        Scope::AllUnits
    } else if is(Scope::ListedTogether) {
        Scope::ListedTogether
    } else if scopes.iter().all(|scope| LISTS.contains(scope)) {
        Scope::ListedUnits
    } else if is(Scope::Unknown) {
        Scope::Unknown
    } else {
        Scope::PartlyListed
    }
}

/// Model numbers in the free text: all of it, where it is nothing but codes, or what a word names.
fn references(words: &str) -> Vec<Identifier> {
    let pieces: Vec<&str> = words
        .split([' ', ',', ';', '|', '¤'])
        .filter(|piece| !piece.is_empty())
        .collect();
    let code = |piece: &&str| {
        piece.len() >= 4
            && piece.chars().any(|c| c.is_ascii_digit())
            && !is_placeholder(piece)
            && piece.parse::<Gtin>().is_err()
    };
    if pieces.iter().all(code) {
        return pieces
            .iter()
            .map(|piece| Identifier {
                value: Value::Model {
                    value: text::cut(piece, text::CODE).to_owned(),
                },
                origin: Origin::Field,
                confidence: Confidence::High,
            })
            .collect();
    }
    prose::identifiers(&prose::read(words, prose::PROSE_FR), Origin::Prose).collect()
}

/// Reads the lots and dates of one product, and how much of it they say is covered.
fn read(item: &Item) -> (Vec<Identifier>, Scope) {
    let mut identifiers = Vec::new();
    let mut whole = !item.odd;
    let (mut all, mut limited) = (false, false);
    for lot in &item.lot {
        let words = text::clean(lot, text::NAME).unwrap_or_default();
        if prose::says_only_all(&words) {
            all = true;
        } else if is_placeholder(&words) || is_none(&words.to_lowercase()) {
            // Nothing is said.
        } else if let Some(value) = span_of_days(&words) {
            // Days where a lot belongs: of what, the notice does not say.
            (limited, whole) = (true, false);
            identifiers.push(Identifier {
                value,
                origin: Origin::Field,
                confidence: Confidence::Medium,
            });
        } else if let Some(code) = single_code(&words) {
            limited = true;
            let value = Value::Lot {
                value: code.to_owned(),
            };
            identifiers.push(Identifier {
                value,
                origin: Origin::Field,
                confidence: Confidence::High,
            });
        } else {
            let named = format!("lot {words}");
            let reading = prose::read(&named, prose::CODES_FR);
            limited = true;
            whole &= reading.whole
                && !says_all_units(&words)
                && reading.found.iter().any(prose::limits_units);
            identifiers.extend(prose::identifiers(&reading, Origin::Field));
        }
    }
    let mark = match item.kind.as_deref().and_then(kind_of) {
        Some(Kind::Dated(mark)) => Some(mark),
        Some(Kind::Undated) | None => None,
    };
    let days: Vec<_> = item.dates.iter().map(|date| dates::field(date)).collect();
    whole &=
        days.iter().all(Option::is_some) && (mark.is_none() || !days.is_empty()) && days.len() <= 2;
    let days: Vec<_> = days.into_iter().flatten().collect();
    if let (Some(from), Some(to)) = (days.iter().min(), days.iter().max()) {
        limited = true;
        let value = Value::DateMark {
            mark: mark.unwrap_or(DateMark::Unspecified),
            from: *from,
            to: *to,
        };
        identifiers.push(Identifier {
            value,
            origin: Origin::Field,
            confidence: Confidence::High,
        });
    }
    let scope = match (all, limited, whole) {
        (true, false, true) => Scope::AllUnits,
        (false, true, true) if prose::together(identifiers.iter().map(|one| &one.value)) => {
            Scope::ListedTogether
        }
        (false, true, true) => Scope::ListedUnits,
        (false, false, true) => Scope::Unknown,
        _ => Scope::PartlyListed,
    };
    (identifiers, scope)
}

/// `10.10.2008 - 25.9.2010`.
fn span_of_days(words: &str) -> Option<Value> {
    let (first, last) = words.split_once(" - ").unwrap_or((words, words));
    let day = |words: &str| {
        let tokens = tokens(words);
        let (days, used) = dates::at(&tokens, 0, Order::DayFirst, false)?;
        (used == tokens.len() && words.contains(['/', '.', '-'])).then_some(days)
    };
    let ((from, _), (_, to)) = (day(first)?, day(last)?);
    (from <= to).then_some(Value::DateMark {
        mark: DateMark::Unspecified,
        from,
        to,
    })
}

/// A lot that is one code, whatever marks it has inside (`1/mf/pbdb/ab/24`, `zg 17056`).
fn single_code(words: &str) -> Option<&str> {
    let digits = words.chars().any(|c| c.is_ascii_digit());
    let plain = !words.contains([',', ';', '(', ':', '$', '"']);
    let parts: Vec<&str> = words.split_whitespace().collect();
    let short = match parts[..] {
        [one] => dates::field(one).is_none() && one.matches('/').count() != 2,
        // A prefix of letters apart from its number, as stamps have it.
        [letters, number] => {
            letters.len() <= 3
                && !matches!(
                    letters,
                    "lot" | "du" | "le" | "n°" | "de" | "au" | "et" | "no"
                )
                && letters.bytes().all(|b| b.is_ascii_alphabetic())
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    };
    (digits && plain && short && words.len() <= text::CODE).then_some(words)
}
