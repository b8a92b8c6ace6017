//! Recalls with their versions, and the postings that a scan looks up.
//!
//! A changed recall is written with a mark, "to be announced", in the same item. Everything that
//! follows (postings, messages) is done again for as long as the mark stands, and clearing it is
//! the last step: a crash anywhere repeats work and loses none.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, TransactWriteItem},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Item, StoreError, batch_get, keys, n,
    recall_item::{body, earlier_item, item, read, timestamp},
    s, text,
};
use crate::domain::{
    agency::AgencyKey,
    posting::{Posting, PostingKey},
    recall::{Recall, RecallId},
};

/// The most keys that one `BatchGetItem` takes.
const BATCH: usize = 100;

/// The table `recalls`.
#[derive(Debug, Clone)]
pub struct RecallStore {
    client: Client,
    table: String,
}

/// A recall as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecall {
    /// The record.
    pub recall: Recall,
    /// Its version, from 1.
    pub version: u32,
    /// The SHA-256 of the record.
    pub hash: String,
    /// When this version was written.
    pub changed_at: Timestamp,
    /// When the recall was first seen.
    pub first_seen: Timestamp,
    /// The object that holds the untouched payload.
    pub raw_ref: String,
    /// Every version, this one included, oldest first.
    pub versions: Vec<VersionRow>,
    /// Whether it still waits to be announced.
    pub pending: bool,
    pub(super) posted: BTreeSet<String>,
    pub(super) unpost: BTreeSet<String>,
}

/// A line of a recall's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// The number, from 1.
    pub version: u32,
    /// When it was written.
    pub changed_at: Timestamp,
    /// The SHA-256 of the record.
    pub hash: String,
}

/// An earlier version of a recall.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVersion {
    /// The record as it was.
    pub recall: Recall,
    /// The number, the time and the hash.
    pub row: VersionRow,
    /// The object that holds the untouched payload.
    pub raw_ref: String,
}

impl RecallStore {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Returns the current version. One read, eventually consistent.
    pub async fn find(&self, id: &RecallId) -> Result<Option<StoredRecall>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::recall(id).into_item()))
            .send()
            .await?;
        answer.item.as_ref().map(read).transpose()
    }

    /// Returns one version, the current one included. One or two reads.
    pub async fn find_version(
        &self,
        id: &RecallId,
        version: u32,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::version(id, version).into_item()))
            .send()
            .await?;
        if let Some(item) = answer.item {
            return Ok(Some(StoredVersion {
                recall: body(&item)?,
                row: VersionRow {
                    version,
                    changed_at: timestamp(&item, "changed_at")?,
                    hash: text(&item, "hash")?.to_owned(),
                },
                raw_ref: text(&item, "raw_ref")?.to_owned(),
            }));
        }
        let current = self
            .find(id)
            .await?
            .filter(|stored| stored.version == version);
        Ok(current.map(|stored| StoredVersion {
            row: VersionRow {
                version,
                changed_at: stored.changed_at,
                hash: stored.hash,
            },
            recall: stored.recall,
            raw_ref: stored.raw_ref,
        }))
    }

    /// Returns the current versions of those that exist. Consistent: sees every acknowledged write.
    pub async fn find_many(
        &self,
        ids: &[RecallId],
    ) -> Result<BTreeMap<RecallId, StoredRecall>, StoreError> {
        let mut found = BTreeMap::new();
        let distinct: BTreeSet<_> = ids.iter().collect();
        let distinct: Vec<_> = distinct.into_iter().collect();
        for ids in distinct.chunks(BATCH) {
            let wanted = ids.iter().map(|id| keys::recall(id)).collect();
            let items = batch_get(&self.client, vec![(self.table.clone(), wanted)], true).await?;
            for item in items.values().flatten() {
                let stored = read(item)?;
                found.insert(stored.recall.id.clone(), stored);
            }
        }
        Ok(found)
    }

    /// Writes a new version, marked to be announced, and keeps the one before it readable.
    ///
    /// Atomic. Returns nothing, and writes nothing, when somebody else has written since `before`
    /// was read: read again and decide again.
    pub async fn write(
        &self,
        recall: Recall,
        hash: String,
        raw_ref: String,
        posted: impl IntoIterator<Item = PostingKey>,
        before: Option<&StoredRecall>,
        now: Timestamp,
    ) -> Result<Option<StoredRecall>, StoreError> {
        let posted: BTreeSet<_> = posted
            .into_iter()
            .map(|key| keys::posting_name(&key))
            .collect();
        let version = before.map_or(0, |before| before.version) + 1;
        let mut versions = before.map_or_else(Vec::new, |before| before.versions.clone());
        versions.push(VersionRow {
            version,
            changed_at: now,
            hash: hash.clone(),
        });
        let unpost = before
            .map(|before| {
                before
                    .posted
                    .union(&before.unpost)
                    .cloned()
                    .collect::<BTreeSet<_>>()
            })
            .unwrap_or_default()
            .difference(&posted)
            .cloned()
            .collect();
        let stored = StoredRecall {
            recall,
            version,
            hash,
            changed_at: now,
            first_seen: before.map_or(now, |before| before.first_seen),
            raw_ref,
            versions,
            pending: true,
            posted,
            unpost,
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item(&stored)?));
        let outcome = match before {
            None => self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(put.get_item().clone())
                .condition_expression("attribute_not_exists(pk)")
                .send()
                .await
                .map(drop)
                .map_err(StoreError::from),
            Some(before) => {
                let current = put
                    .condition_expression("version = :before")
                    .expression_attribute_values(":before", n(before.version))
                    .build()
                    .map_err(|error| StoreError::Refused(error.into()))?;
                let earlier = Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(earlier_item(before)?))
                    .build()
                    .map_err(|error| StoreError::Refused(error.into()))?;
                self.client
                    .transact_write_items()
                    .transact_items(TransactWriteItem::builder().put(current).build())
                    .transact_items(TransactWriteItem::builder().put(earlier).build())
                    .send()
                    .await
                    .map(drop)
                    .map_err(StoreError::from)
            }
        };
        match outcome {
            Ok(()) => Ok(Some(stored)),
            Err(error) if lost_race(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Files a recall under its identifiers and takes it from those that it no longer has.
    ///
    /// Idempotent, and never goes back: a posting of a later version stays.
    pub async fn file(
        &self,
        stored: &StoredRecall,
        postings: &BTreeMap<PostingKey, Posting>,
    ) -> Result<(), StoreError> {
        for (key, posting) in postings {
            let json = serde_json::to_string(posting)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let values = [(":posting", s(json)), (":version", n(stored.version))];
            self.refile(
                keys::posting(key),
                &stored.recall.id,
                "SET #r = :posting, #v = :version",
                &values,
            )
            .await?;
        }
        for name in &stored.unpost {
            let Some(key) = keys::posting_key(name) else {
                continue;
            };
            // The version stays behind, so that a late filing of an older version stays out.
            let values = [(":version", n(stored.version))];
            self.refile(
                keys::posting(&key),
                &stored.recall.id,
                "SET #v = :version REMOVE #r",
                &values,
            )
            .await?;
        }
        Ok(())
    }

    async fn refile(
        &self,
        key: keys::Key,
        id: &RecallId,
        update: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<(), StoreError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.into_item()))
            .update_expression(update)
            .condition_expression("attribute_not_exists(#v) OR #v <= :version")
            .expression_attribute_names("#v", format!("v#{id}"))
            .expression_attribute_names("#r", format!("r#{id}"));
        for (name, value) in values {
            request = request.expression_attribute_values(*name, value.clone());
        }
        match request.send().await.map_err(StoreError::from) {
            Err(error) if lost_race(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Takes the mark off. Does nothing when a later version has been written meanwhile.
    pub async fn announced(&self, id: &RecallId, version: u32) -> Result<(), StoreError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::recall(id).into_item()))
            .update_expression("REMOVE pending, pending_since, unpost")
            .condition_expression("version = :version")
            .expression_attribute_values(":version", n(version))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Err(error) if lost_race(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Returns an agency's recalls that were published in a month, by the index `by_month`.
    pub async fn of_month(
        &self,
        agency: AgencyKey,
        first_day: Date,
    ) -> Result<Vec<RecallId>, StoreError> {
        let mut ids = Vec::new();
        let mut from = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("by_month")
                .key_condition_expression("#month = :month")
                .expression_attribute_names("#month", "month")
                .expression_attribute_values(":month", s(keys::month(agency, first_day)))
                .set_exclusive_start_key(from)
                .send()
                .await?;
            for item in answer.items() {
                ids.push(id_of(item)?);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(ids);
            }
        }
    }

    /// Returns up to `most` recalls whose mark has stood since before the given instant.
    pub async fn pending_since(
        &self,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<RecallId>, StoreError> {
        let mut ids = Vec::new();
        for shard in 0..keys::PENDING_SHARDS {
            let limit = i32::try_from(most).unwrap_or(i32::MAX);
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("pending")
                .key_condition_expression("pending = :shard AND pending_since < :before")
                .expression_attribute_values(":shard", s(keys::pending_shard(shard)))
                .expression_attribute_values(":before", s(before.to_string()))
                .limit(limit)
                .send()
                .await?;
            for item in answer.items() {
                ids.push(id_of(item)?);
            }
        }
        ids.truncate(most);
        Ok(ids)
    }
}

/// A condition that did not hold, alone or inside a transaction, or a transaction that met another
/// one on the same item: in each case somebody else has written.
pub(crate) fn lost_race(error: &StoreError) -> bool {
    let (StoreError::Refused(cause) | StoreError::Busy(cause)) = error else {
        return false;
    };
    // A cancelled transaction tells its reasons, one for each item, in its message only.
    let line = crate::runtime::chain(&**cause);
    ["ConditionalCheckFailed", "TransactionConflict"]
        .iter()
        .any(|reason| line.contains(reason))
}

fn id_of(item: &Item) -> Result<RecallId, StoreError> {
    let id = text(item, "pk")?.trim_start_matches("RECALL#");
    id.parse()
        .map_err(|_| StoreError::Corrupt(format!("recall id {id}")))
}
