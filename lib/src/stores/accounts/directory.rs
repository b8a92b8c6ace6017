//! The staff's search for people: by the beginning of an address, or of a name.

use futures_util::future::try_join_all;

use super::Accounts;
use crate::{
    domain::account::UserId,
    stores::{StoreError, keys, s, text},
};

/// Above every text that begins with what stands before it.
const ABOVE: char = '\u{10ffff}';

/// What people are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// Their addresses.
    Addresses,
    /// Their names, the family name first.
    Names,
}

/// Somebody who was found, and where in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub user: UserId,
    /// Where it stands: what to go on after.
    pub place: String,
}

/// Some of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPage {
    /// Who was found, in order.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub more: bool,
}

impl Directory {
    const fn index(self) -> &'static str {
        match self {
            Self::Addresses => "directory",
            Self::Names => "names",
        }
    }

    const fn sort(self) -> &'static str {
        match self {
            Self::Addresses => "by_email",
            Self::Names => "by_name",
        }
    }
}

impl Accounts {
    /// Returns people in order whose address or name begins with a text, going on after a place.
    ///
    /// An account enters the index a moment after it was written. Every place is one person's, so that
    /// somebody who comes in between neither repeats a row nor hides one.
    pub async fn directory(
        &self,
        order: Directory,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<DirectoryPage, StoreError> {
        let shards = (0..keys::ACCOUNT_SHARDS)
            .map(|shard| self.directory_shard(order, shard, prefix, after, limit));
        let mut entries: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
        entries.sort_by(|one, other| one.place.cmp(&other.place));
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(DirectoryPage { entries, more })
    }

    /// Returns the first of one shard, one more than asked for if there are as many.
    async fn directory_shard(
        &self,
        order: Directory,
        shard: u8,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let from = after.unwrap_or(prefix);
        let to = format!("{prefix}{ABOVE}");
        if from > to.as_str() {
            return Ok(Vec::new());
        }
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(order.index())
            .expression_attribute_names("#shard", "directory")
            .expression_attribute_values(":shard", s(keys::directory_shard(shard)))
            // The place itself comes too, and is left out again.
            .limit(i32::try_from(limit + 2).unwrap_or(i32::MAX));
        // A key condition takes no empty text.
        query = if from.is_empty() {
            query.key_condition_expression("#shard = :shard")
        } else {
            query
                .key_condition_expression("#shard = :shard AND #sort BETWEEN :from AND :to")
                .expression_attribute_names("#sort", order.sort())
                .expression_attribute_values(":from", s(from))
                .expression_attribute_values(":to", s(to))
        };
        let mut entries = Vec::new();
        for item in query.send().await?.items() {
            let place = text(item, order.sort())?;
            if after.is_none_or(|after| place > after) {
                let user = keys::user_of(text(item, "pk")?);
                entries.push(Entry {
                    user: user.ok_or_else(|| StoreError::Corrupt("a person's key".into()))?,
                    place: place.to_owned(),
                });
            }
        }
        Ok(entries)
    }
}
