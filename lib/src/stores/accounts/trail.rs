//! The trail of what happened, read: newest first, of everybody or of one person.

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::Accounts;
use crate::{
    domain::account::{Event, UserId},
    stores::{StoreError, json, keys, s, text},
};

/// The most days of the trail that are read for one page.
pub const DAYS_MOST: i64 = 31;

/// The most events that are looked at for one page: a filter that lets nothing pass ends here too.
const LOOKED_AT_MOST: usize = 1_000;

/// A stretch of time, with both its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The oldest instant.
    pub from: Timestamp,
    /// The newest instant.
    pub to: Timestamp,
}

impl Stretch {
    /// Returns whether the stretch has an order, and no more days than one page may read.
    pub fn is_readable(&self) -> bool {
        let length = self.to.duration_since(self.from);
        (SignedDuration::ZERO..=SignedDuration::from_hours(24 * DAYS_MOST)).contains(&length)
    }
}

/// Some of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPage {
    /// The events, newest first.
    pub events: Vec<Event>,
    /// Where to go on; none at the end of the stretch.
    pub next: Option<String>,
}

/// Events of one partition in descending order, and down to where there are no others.
struct Strand {
    events: Vec<(String, Event)>,
    complete_to: Option<String>,
}

/// Where the reading stands: everything newer than `before` was looked at.
struct Place {
    before: String,
    oldest: String,
}

impl Accounts {
    /// Returns the newest events of a stretch that are wanted, going on after a place.
    ///
    /// A page may hold fewer than `limit` events and still have a next one, where few of many are
    /// wanted. What is written meanwhile is newer than every place: nothing comes twice. With `about`
    /// it is read from an index, which an event enters a moment after it was written.
    pub async fn trail(
        &self,
        about: Option<UserId>,
        stretch: Stretch,
        after: Option<&str>,
        limit: usize,
        wanted: impl Fn(&Event) -> bool + Send + Sync,
    ) -> Result<TrailPage, StoreError> {
        let past = stretch.to + SignedDuration::from_millis(1);
        let mut place = Place {
            before: after.map_or_else(|| keys::event_bound(past), str::to_owned),
            oldest: keys::event_bound(stretch.from),
        };
        let start = after.map_or(Ok(stretch.to), instant)?;
        let (mut day, last) = (day_of(start), day_of(stretch.from));
        let (mut events, mut looked_at) = (Vec::new(), 0);
        // The end of the stretch may have moved past the place since the page before.
        while place.before > place.oldest {
            let strands = match about {
                Some(user) => vec![self.events_about(user, &place, limit).await?],
                None => self.events_of(day, &place, limit).await?,
            };
            let (found, more) = woven(strands);
            for (sort, event) in found {
                place.before = sort;
                looked_at += 1;
                if wanted(&event) {
                    events.push(event);
                }
                if events.len() == limit || looked_at == LOOKED_AT_MOST {
                    let next = Some(place.before);
                    return Ok(TrailPage { events, next });
                }
            }
            if more {
                continue;
            }
            match day.yesterday() {
                Ok(before) if about.is_none() && before >= last => day = before,
                _ => break,
            }
        }
        Ok(TrailPage { events, next: None })
    }

    async fn events_of(
        &self,
        day: Date,
        place: &Place,
        limit: usize,
    ) -> Result<Vec<Strand>, StoreError> {
        let shards = (0..keys::ACCOUNT_SHARDS).map(|shard| {
            let partition = ("pk", keys::event_shard(day, shard));
            self.strand(None, partition, "sk", place, limit)
        });
        try_join_all(shards).await
    }

    async fn events_about(
        &self,
        user: UserId,
        place: &Place,
        limit: usize,
    ) -> Result<Strand, StoreError> {
        let partition = ("about", keys::events_about(user));
        self.strand(Some("about"), partition, "about_at", place, limit)
            .await
    }

    async fn strand(
        &self,
        index: Option<&str>,
        (partition, name): (&str, String),
        sort: &str,
        place: &Place,
        limit: usize,
    ) -> Result<Strand, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(index.map(str::to_owned))
            .consistent_read(index.is_none())
            .key_condition_expression("#partition = :name AND #sort BETWEEN :oldest AND :before")
            .expression_attribute_names("#partition", partition)
            .expression_attribute_names("#sort", sort)
            .expression_attribute_values(":name", s(name))
            .expression_attribute_values(":oldest", s(&place.oldest))
            .expression_attribute_values(":before", s(&place.before))
            .scan_index_forward(false)
            // The place itself comes too, and is left out again.
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await?;
        let complete_to = match &answer.last_evaluated_key {
            Some(key) => Some(text(key, sort)?.to_owned()),
            None => None,
        };
        let mut events = Vec::new();
        for item in answer.items() {
            let sort = text(item, sort)?;
            if sort < place.before.as_str() {
                events.push((sort.to_owned(), json(item, "event")?));
            }
        }
        Ok(Strand {
            events,
            complete_to,
        })
    }
}

/// Puts strands together, newest first, down to where one of them may lack something; and returns
/// whether there is more below.
fn woven(strands: Vec<Strand>) -> (Vec<(String, Event)>, bool) {
    let ends = strands
        .iter()
        .filter_map(|strand| strand.complete_to.clone());
    let complete_to = ends.max();
    let mut found: Vec<_> = strands
        .into_iter()
        .flat_map(|strand| strand.events)
        .filter(|(sort, _)| complete_to.as_ref().is_none_or(|end| sort >= end))
        .collect();
    found.sort_by(|one, other| other.0.cmp(&one.0));
    (found, complete_to.is_some())
}

fn day_of(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}

/// Reads the instant of a place.
fn instant(place: &str) -> Result<Timestamp, StoreError> {
    let digits = place.split('#').next().unwrap_or_default();
    digits
        .parse()
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .ok_or_else(|| StoreError::Corrupt("a place in the trail".into()))
}
