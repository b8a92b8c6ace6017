//! A recall as an item: the record's JSON, packed, and what the table needs to find it.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;

use super::{Item, StoreError, keys, n, number, recalls::StoredRecall, s, text};
use crate::domain::recall::Recall;

/// What an item may have, in bytes, with room for its other attributes (`DynamoDB`: 400 kB).
const LARGEST_BODY: usize = 380_000;
/// What a stored body may unfold to, in bytes.
const LARGEST_RECORD: u64 = 50_000_000;

pub(super) fn item(stored: &StoredRecall) -> Result<Item, StoreError> {
    let recall = &stored.recall;
    let mut item = keys::recall(&recall.id).into_item();
    let names = |names: &BTreeSet<String>| AttributeValue::L(names.iter().map(s).collect());
    let versions = serde_json::to_string(&stored.versions)
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    item.extend(
        [
            ("body", pack(recall)?),
            ("version", n(stored.version)),
            ("hash", s(&stored.hash)),
            ("changed_at", s(stored.changed_at.to_string())),
            ("first_seen", s(stored.first_seen.to_string())),
            ("raw_ref", s(&stored.raw_ref)),
            ("versions", s(versions)),
            ("month", s(keys::month(recall.agency, recall.published))),
            (
                "month_sort",
                s(keys::month_sort(recall.published, &recall.id)),
            ),
            ("posted", names(&stored.posted)),
            ("unpost", names(&stored.unpost)),
            ("pending", s(keys::pending(&recall.id))),
            ("pending_since", s(stored.changed_at.to_string())),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(item)
}

pub(super) fn earlier_item(stored: &StoredRecall) -> Result<Item, StoreError> {
    let mut item = keys::version(&stored.recall.id, stored.version).into_item();
    item.extend(
        [
            ("body", pack(&stored.recall)?),
            ("hash", s(&stored.hash)),
            ("changed_at", s(stored.changed_at.to_string())),
            ("raw_ref", s(&stored.raw_ref)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(item)
}

pub(super) fn read(item: &Item) -> Result<StoredRecall, StoreError> {
    let names = |name: &str| match item.get(name) {
        Some(AttributeValue::L(names)) => names
            .iter()
            .filter_map(|name| name.as_s().ok().cloned())
            .collect(),
        _ => BTreeSet::new(),
    };
    Ok(StoredRecall {
        recall: body(item)?,
        version: number(item, "version")?,
        hash: text(item, "hash")?.to_owned(),
        changed_at: timestamp(item, "changed_at")?,
        first_seen: timestamp(item, "first_seen")?,
        raw_ref: text(item, "raw_ref")?.to_owned(),
        versions: super::json(item, "versions")?,
        pending: item.contains_key("pending"),
        posted: names("posted"),
        unpost: names("unpost"),
    })
}

pub(super) fn timestamp(item: &Item, name: &str) -> Result<Timestamp, StoreError> {
    let text = text(item, name)?;
    text.parse()
        .map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))
}

fn pack(recall: &Recall) -> Result<AttributeValue, StoreError> {
    let json =
        serde_json::to_vec(recall).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder
        .write_all(&json)
        .and_then(|()| encoder.finish())
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    if packed.len() > LARGEST_BODY {
        return Err(StoreError::TooLarge(packed.len()));
    }
    Ok(AttributeValue::B(Blob::new(packed)))
}

pub(super) fn body(item: &Item) -> Result<Recall, StoreError> {
    let Some(AttributeValue::B(packed)) = item.get("body") else {
        return Err(StoreError::Corrupt("no body".into()));
    };
    let mut json = Vec::new();
    GzDecoder::new(packed.as_ref())
        .take(LARGEST_RECORD)
        .read_to_end(&mut json)
        .map_err(|error| StoreError::Corrupt(format!("body: {error}")))?;
    serde_json::from_slice(&json).map_err(|error| StoreError::Corrupt(format!("body: {error}")))
}
