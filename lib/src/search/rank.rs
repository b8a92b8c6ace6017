//! The order of an answer: a few numbers, then the document's key, so that it is total.
//!
//! The order depends on the documents alone, not on how they lie in segments: two generations with
//! the same documents answer alike, and a page can begin exactly after any item.

use std::{cmp::Ordering, collections::BinaryHeap, io};

use serde::{Deserialize, Serialize};
use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::{Column, StrColumn, TermOrdHit},
};

use super::schema::KEY;

/// Where an item stands in an order: its numbers in the order's own sense, then its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// The numbers by which the order sorts, unused ones 0.
    pub numbers: [i64; 3],
    /// The document's key.
    pub key: String,
}

/// A number by which an order sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// The score, which is a whole number.
    Score,
    /// A column of that name.
    Column(&'static str),
    /// Nothing more.
    Unused,
}

/// An order: up to three numbers, each with whether the greatest comes first, then the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) numbers: [(Number, bool); 3],
    pub(super) key_descending: bool,
}

/// What was found: how many in all, and the first of them.
pub(super) struct Found {
    pub(super) total: usize,
    pub(super) first: Vec<(PageKey, DocAddress)>,
}

/// Collects the first `keep` documents after `after`, and counts all.
pub(super) struct FirstInOrder {
    pub(super) order: Order,
    pub(super) after: Option<PageKey>,
    pub(super) keep: usize,
}

/// Smaller comes earlier. The last number is the key's ordinal in its segment.
type Rank = ([i64; 3], i64);

pub(super) struct InSegment {
    columns: [Option<Column<i64>>; 3],
    keys: StrColumn,
    order: Order,
    after: Option<Rank>,
    keep: usize,
    total: usize,
    heap: BinaryHeap<(Rank, DocId)>,
    segment: SegmentOrdinal,
}

impl Collector for FirstInOrder {
    type Fruit = Found;
    type Child = InSegment;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<InSegment> {
        let columns = reader.fast_fields();
        let column = |number| match number {
            Number::Column(name) => columns.i64(name).map(Some),
            Number::Score | Number::Unused => Ok(None),
        };
        let keys = columns.str(KEY)?.ok_or_else(|| {
            tantivy::TantivyError::SchemaError("a segment without keys".to_owned())
        })?;
        let after = match &self.after {
            None => None,
            Some(after) => Some((
                after.numbers,
                self.order
                    .bound(keys.dictionary().term_ord_or_next(&after.key)?),
            )),
        };
        let [first, second, third] = self.order.numbers.map(|(number, _)| column(number));
        Ok(InSegment {
            columns: [first?, second?, third?],
            keys,
            order: self.order,
            after,
            keep: self.keep,
            total: 0,
            heap: BinaryHeap::new(),
            segment,
        })
    }

    fn requires_scoring(&self) -> bool {
        let numbers = self.order.numbers;
        numbers.iter().any(|(number, _)| *number == Number::Score)
    }

    fn merge_fruits(&self, segments: Vec<io::Result<Found>>) -> tantivy::Result<Found> {
        let mut all = Found {
            total: 0,
            first: Vec::new(),
        };
        for found in segments {
            let found = found?;
            all.total += found.total;
            all.first.extend(found.first);
        }
        all.first
            .sort_unstable_by(|(one, _), (other, _)| self.order.compare(one, other));
        all.first.truncate(self.keep);
        Ok(all)
    }
}

impl SegmentCollector for InSegment {
    type Fruit = io::Result<Found>;

    fn collect(&mut self, document: DocId, score: Score) {
        self.total += 1;
        let ordinal = self.keys.ords().first(document);
        let rank = (
            self.numbers(document, score),
            self.order.ordinal(ordinal.unwrap_or(0)),
        );
        if self.after.is_some_and(|after| rank <= after) {
            return;
        }
        if self.heap.len() < self.keep {
            self.heap.push((rank, document));
        } else if let Some(mut last) = self.heap.peek_mut()
            && (rank, document) < *last
        {
            *last = (rank, document);
        }
    }

    fn harvest(self) -> io::Result<Found> {
        let mut kept = self.heap.into_vec();
        // By ordinal, so that the dictionary is read once from front to back.
        kept.sort_unstable_by_key(|((_, ordinal), _)| ordinal.abs());
        let ordinals: Vec<u64> = kept
            .iter()
            .map(|((_, ordinal), _)| ordinal.unsigned_abs())
            .collect();
        let mut keys = Vec::with_capacity(kept.len());
        self.keys
            .dictionary()
            .sorted_ords_to_term_cb(&ordinals, |key| {
                keys.push(String::from_utf8_lossy(key).into_owned());
            })?;
        let first = kept
            .into_iter()
            .zip(keys)
            .map(|(((numbers, _), document), key)| {
                let address = DocAddress::new(self.segment, document);
                (PageKey { numbers, key }, address)
            })
            .collect();
        Ok(Found {
            total: self.total,
            first,
        })
    }
}

impl InSegment {
    fn numbers(&self, document: DocId, score: Score) -> [i64; 3] {
        let mut numbers = [0; 3];
        for ((number, column), (source, greatest_first)) in numbers
            .iter_mut()
            .zip(&self.columns)
            .zip(self.order.numbers)
        {
            let value = match (source, column) {
                (Number::Score, _) => whole(score),
                (_, Some(column)) => column.first(document).unwrap_or(0),
                (_, None) => 0,
            };
            *number = if greatest_first { -value } else { value };
        }
        numbers
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "scores are sums of whole numbers far below 2^24, exact in f32"
)]
fn whole(score: Score) -> i64 {
    score.round() as i64
}

impl Order {
    fn ordinal(self, ordinal: u64) -> i64 {
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        if self.key_descending {
            -ordinal
        } else {
            ordinal
        }
    }

    /// The greatest ordinal, in the order's own sense, that does not come after the key.
    fn bound(self, hit: TermOrdHit) -> i64 {
        match (hit, self.key_descending) {
            (TermOrdHit::Exact(ordinal), _) | (TermOrdHit::Next(ordinal), true) => {
                self.ordinal(ordinal)
            }
            (TermOrdHit::Next(ordinal), false) => self.ordinal(ordinal) - 1,
        }
    }

    fn compare(self, one: &PageKey, other: &PageKey) -> Ordering {
        let keys = one.key.cmp(&other.key);
        one.numbers
            .cmp(&other.numbers)
            .then(if self.key_descending {
                keys.reverse()
            } else {
                keys
            })
    }
}
