//! The one module that spells keys. A key in production is a file format: the test pins each shape.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;

use super::s;
use crate::domain::{
    agency::AgencyKey, gtin::Gtin, posting::PostingKey, recall::RecallId, window::Window,
};

/// Shards of the index of what waits to be announced.
pub const PENDING_SHARDS: u8 = 8;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// Returns the key as an item, or the beginning of one.
    pub fn into_item(self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), s(self.pk)), ("sk".to_owned(), s(self.sk))])
    }
}

/// `recalls`: the current version of a recall.
pub fn recall(id: &RecallId) -> Key {
    Key::new(format!("RECALL#{id}"), "RECALL")
}

/// `recalls`: an earlier version of a recall.
pub fn version(id: &RecallId, version: u32) -> Key {
    Key::new(format!("RECALL#{id}"), format!("VERSION#{version:06}"))
}

/// `recalls`: all recalls that are filed under one identifier, an attribute each.
pub fn posting(key: &PostingKey) -> Key {
    Key::new(posting_name(key), "POSTING")
}

/// Returns the partition key of a posting, which is also how a recall remembers where it is filed.
pub fn posting_name(key: &PostingKey) -> String {
    match key {
        PostingKey::Gtin(gtin) => format!("GTIN#{gtin}"),
        PostingKey::Model(model) => format!("MODEL#{model}"),
    }
}

/// Reads [`posting_name`] back.
pub fn posting_key(name: &str) -> Option<PostingKey> {
    if let Some(gtin) = name.strip_prefix("GTIN#") {
        return gtin.parse().ok().map(PostingKey::Gtin);
    }
    name.strip_prefix("MODEL#")
        .map(|model| PostingKey::Model(model.to_owned()))
}

/// `recalls`: the state of an agency, derived from its windows.
pub fn agency(agency: AgencyKey) -> Key {
    Key::new(format!("AGENCY#{agency}"), "STATE")
}

/// `recalls`: the state of one part and window of an agency's feed.
pub fn window(agency: AgencyKey, part: &str, window: Window) -> Key {
    Key::new(
        format!("AGENCY#{agency}"),
        format!("WINDOW#{part}#{window}"),
    )
}

/// `recalls`: what has been checked and when, every agency in one small item.
pub fn coverage() -> Key {
    Key::new("COVERAGE", "COVERAGE")
}

/// `recalls`, index `by_month`: the partition of an agency's month.
pub fn month(agency: AgencyKey, published: Date) -> String {
    format!("{agency}#{:04}-{:02}", published.year(), published.month())
}

/// `recalls`, index `by_month`: the order inside the month.
pub fn month_sort(published: Date, id: &RecallId) -> String {
    format!("{published}#{id}")
}

/// `recalls`, index `pending`: the shard of a recall that waits to be announced.
pub fn pending(id: &RecallId) -> String {
    let sum = id
        .as_str()
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    pending_shard(sum % PENDING_SHARDS)
}

/// `recalls`, index `pending`: a shard by its number.
pub fn pending_shard(shard: u8) -> String {
    format!("PENDING#{shard}")
}

/// `products`: a catalogue product.
pub fn product(gtin: &Gtin) -> Key {
    Key::new(format!("PRODUCT#{gtin}"), "PRODUCT")
}

/// `ledger`: a lease.
pub fn lease(name: &str) -> Key {
    Key::new(format!("LEASE#{name}"), "LEASE")
}

/// `ledger`: the turns of those who ask a host.
pub fn turn(host: &str) -> Key {
    Key::new(format!("TURN#{host}"), "TURN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_its_shape() {
        let id: RecallId = "us-cpsc:24113".parse().unwrap();
        let cpsc: AgencyKey = "us-cpsc".parse().unwrap();
        let gtin: Gtin = "036000291452".parse().unwrap();
        let year = Window::year(2026);
        let shapes = [
            recall(&id),
            version(&id, 3),
            posting(&PostingKey::Gtin(gtin)),
            posting(&PostingKey::Model("NSRGFGSS1".into())),
            agency(cpsc),
            window(cpsc, "recalls", year),
            coverage(),
            product(&gtin),
            lease("sync"),
            turn("api.fda.gov"),
        ];
        let shapes: Vec<_> = shapes
            .iter()
            .map(|key| format!("{} | {}", key.pk, key.sk))
            .collect();
        assert_eq!(
            shapes,
            [
                "RECALL#us-cpsc:24113 | RECALL",
                "RECALL#us-cpsc:24113 | VERSION#000003",
                "GTIN#00036000291452 | POSTING",
                "MODEL#NSRGFGSS1 | POSTING",
                "AGENCY#us-cpsc | STATE",
                "AGENCY#us-cpsc | WINDOW#recalls#2026-01-01..2026-12-31",
                "COVERAGE | COVERAGE",
                "PRODUCT#00036000291452 | PRODUCT",
                "LEASE#sync | LEASE",
                "TURN#api.fda.gov | TURN",
            ]
        );
        assert_eq!(month(cpsc, year.from), "us-cpsc#2026-01");
        assert_eq!(month_sort(year.from, &id), "2026-01-01#us-cpsc:24113");
        assert_eq!(pending(&id), "PENDING#3");
    }

    #[test]
    fn a_posting_reads_back_from_its_name() {
        for key in [
            PostingKey::Gtin("036000291452".parse().unwrap()),
            PostingKey::Model("A#1".into()),
        ] {
            assert_eq!(posting_key(&posting_name(&key)), Some(key));
        }
        assert_eq!(posting_key("RECALL#x"), None);
    }
}
