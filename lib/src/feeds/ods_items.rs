//! The two ways in which `RappelConso`'s data sets write the products of a notice.
//!
//! *gtin-espaces* has an array that is read as a stream `GTIN?, lot?, kind of date?, from?, to?`,
//! where a `|` inside an item closes one product and opens the next; *gtin-trie* has a string
//! `GTIN$lot$kind$from$to|…`.

use super::{barcode, dates, json::Row, limits};
use crate::domain::identifier::{DateMark, is_placeholder};

/// One product as it stands in the data, its fields still in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// Its GTIN or what stands in its place.
    pub(super) code: Option<String>,
    /// What is said of lots.
    pub(super) lot: Vec<String>,
    /// What kind of date follows.
    pub(super) kind: Option<String>,
    /// The dates.
    pub(super) dates: Vec<String>,
    /// Something stood there that has no place in the format.
    pub(super) odd: bool,
}

/// Returns the products of a row.
pub(super) fn items(row: &Row) -> Vec<Item> {
    let stream = row.texts("identification_produits");
    let mut items = if stream.iter().any(|text| text.contains('$')) {
        stream
            .iter()
            .flat_map(|text| text.split('|'))
            .map(tried)
            .collect()
    } else {
        spaced(&stream)
    };
    // The number stands in a field of its own too, where 0 means none.
    let gtin = row
        .raw("gtin")
        .filter(|gtin| !is_placeholder(gtin))
        .map(|gtin| unpadded(&gtin));
    if let Some(gtin) = gtin
        && !items
            .iter()
            .any(|item| item.code.as_deref().map(unpadded).as_deref() == Some(gtin.as_str()))
    {
        items.push(Item {
            code: Some(padded(&gtin)),
            odd: !items.is_empty(),
            ..Item::default()
        });
    }
    items.truncate(limits::MOST);
    items
}

/// A number loses its leading zeros; a code has them.
fn unpadded(code: &str) -> String {
    code.trim_start_matches('0').to_owned()
}

fn padded(number: &str) -> String {
    match number.len() {
        0..=8 => format!("{number:0>8}"),
        9..=13 => format!("{number:0>13}"),
        _ => number.to_owned(),
    }
}

/// `GTIN$lot$kind$from$to`.
fn tried(words: &str) -> Item {
    let mut fields = words.split('$').map(str::trim);
    let mut field = || {
        fields
            .next()
            .filter(|field| !field.is_empty())
            .map(str::to_owned)
    };
    let code = field().filter(|code| !is_placeholder(code));
    let (lot, kind) = (field(), field());
    let dates = [field(), field()].into_iter().flatten().collect();
    Item {
        code,
        lot: lot.into_iter().collect(),
        kind,
        dates,
        odd: fields.next().is_some(),
    }
}

/// The stream of one array.
fn spaced(stream: &[String]) -> Vec<Item> {
    let mut items = Vec::new();
    for product in split(stream) {
        items.extend(segment(&product));
    }
    items
}

fn split(stream: &[String]) -> Vec<Vec<&str>> {
    let mut products: Vec<Vec<&str>> = vec![Vec::new()];
    for item in stream {
        for (place, piece) in item.split('|').enumerate() {
            if place > 0 {
                products.push(Vec::new());
            }
            if let Some(last) = products.last_mut().filter(|_| !piece.trim().is_empty()) {
                last.push(piece.trim());
            }
        }
    }
    products.retain(|product| !product.is_empty());
    products
}

fn segment(pieces: &[&str]) -> Vec<Item> {
    let mut items = vec![Item::default()];
    for (place, piece) in pieces.iter().enumerate() {
        let next_is_kind = pieces
            .get(place + 1)
            .is_none_or(|next| kind_of(next).is_some());
        let Some(item) = items.last_mut() else {
            continue;
        };
        let digits = (8..=14).contains(&piece.len()) && piece.bytes().all(|b| b.is_ascii_digit());
        let real = digits && barcode::trade_item(piece).is_some();
        if kind_of(piece).is_some() {
            item.odd |= item.kind.is_some();
            item.kind = Some((*piece).to_owned());
        } else if item.kind.is_some() && dates::field(piece).is_some() {
            item.dates.push((*piece).to_owned());
        } else if place == 0 && digits && (real && piece.len() > 8 || !next_is_kind) {
            item.code = Some((*piece).to_owned());
        } else if place > 0 && real && piece.len() >= 12 {
            // A further GTIN opens a product even where the bar was forgotten.
            items.push(Item {
                code: Some((*piece).to_owned()),
                ..Item::default()
            });
        } else {
            item.odd |= item.kind.is_some();
            item.lot.push((*piece).to_owned());
        }
    }
    items
}

/// What the closed list of kinds says about the dates that follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There are none.
    Undated,
    /// They are of that kind.
    Dated(DateMark),
}

/// Reads a kind of date; nothing for other words.
pub(super) fn kind_of(words: &str) -> Option<Kind> {
    let words = words.trim().to_lowercase();
    if is_none(&words) {
        return Some(Kind::Undated);
    }
    let mark = if words.contains("limite de consommation") || words == "dlc" {
        DateMark::UseBy
    } else if words.contains("durabilité")
        || words.contains("durabilite")
        || words == "ddm"
        || words == "dluo"
    {
        DateMark::BestBefore
    } else if words.starts_with("date de") {
        DateMark::Unspecified
    } else {
        return None;
    };
    Some(Kind::Dated(mark))
}

/// Returns whether the words stand for no date.
pub(super) fn is_none(words: &str) -> bool {
    matches!(
        words,
        "non concerné" | "non concerne" | "sans objet" | "aucune date"
    )
}
