//! A sliding window over many instances: what one of them knows of it, and what it books.
//!
//! The window of one subject is one item of marks: at this instant, so many requests. An instance adds
//! its own mark and reads all of them back in the same write; the sum over the window decides. What is
//! not used is taken back with the next write. No mark is ever earlier than the requests that it stands
//! for, so that no window of the policy's length holds more requests than the policy allows.

use std::collections::{BTreeMap, HashMap};

/// A limit: so many requests in a window of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How many requests pass.
    pub most: u32,
    /// The length of the window, in seconds.
    pub seconds: u32,
}

/// Up to this limit every request has a mark to the millisecond: there are never more marks than
/// requests that passed, and so many still make an item of one write unit.
const FINE_MOST: u32 = 120;

/// At most how many marks the window of a larger limit has: to the second in a window of a minute.
const COARSE_MARKS: u32 = 60;

/// How long permits that were booked ahead can be used, in milliseconds.
const LEASE: i64 = 1_000;

/// A client that asks again within so many milliseconds is in a hurry.
const HURRY: i64 = 200;

/// By how much the clocks of instances may differ, in milliseconds.
const SKEW: i64 = 5_000;

/// The most marks that one write removes.
const REMOVED_MOST: usize = 100;

/// Letters of a mark's name; five of them tell 2^30 marks apart: twelve days to the millisecond, longer
/// than a forgotten item is kept.
const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const NAME: usize = 5;
const NAMES: i64 = 1 << (6 * NAME);

impl Policy {
    fn window(self) -> i64 {
        i64::from(self.seconds) * 1_000
    }

    /// Returns the time between two marks that can be told apart, in milliseconds.
    fn grain(self) -> i64 {
        if self.most <= FINE_MOST {
            1
        } else {
            i64::from(self.seconds.div_ceil(COARSE_MARKS).max(1)) * 1_000
        }
    }

    /// Returns the mark that stands for a request at an instant: never an earlier one.
    fn mark(self, at: i64) -> i64 {
        let grain = self.grain();
        at.div_euclid(grain) * grain + if at.rem_euclid(grain) == 0 { 0 } else { grain }
    }

    fn name(self, mark: i64) -> String {
        let mut left = mark.div_euclid(self.grain()).rem_euclid(NAMES);
        let mut name = [0; NAME];
        for letter in name.iter_mut().rev() {
            *letter = LETTERS[usize::try_from(left % 64).unwrap_or_default()];
            left /= 64;
        }
        name.iter().copied().map(char::from).collect()
    }

    /// Reads a name back as the mark nearest to now; nothing where it is no mark's name.
    fn read(self, name: &str, now: i64) -> Option<i64> {
        if name.len() != NAME {
            return None;
        }
        let mut index = 0;
        for letter in name.bytes() {
            let at = LETTERS.iter().position(|known| *known == letter)?;
            index = index * 64 + i64::try_from(at).ok()?;
        }
        let here = now.div_euclid(self.grain());
        let ahead = (index - here + NAMES / 2).rem_euclid(NAMES) - NAMES / 2;
        Some((here + ahead) * self.grain())
    }

    /// Returns whether a mark is in the window that ends now, or of permits that were booked ahead.
    fn is_counted(self, mark: i64, now: i64) -> bool {
        mark > now - self.window() && mark <= self.mark(now + LEASE) + SKEW
    }
}

/// Whether a request passes, and what is left. Instants are milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it does.
    pub passes: bool,
    /// How many more would pass now.
    pub remaining: u32,
    /// When the next request leaves the window, or when the next one can pass.
    pub resets: i64,
}

/// What one write books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Marks by name, and by how much each changes.
    pub add: Vec<(String, i64)>,
    /// Names of marks that have long left the window.
    pub remove: Vec<String>,
    now: i64,
    count: u32,
    /// The instant of the write before, and what this instance has at marks after it.
    since: i64,
    mine: i64,
}

/// What is to be done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing more: it is decided.
    Decided(Decision),
    /// Write this, and tell what came back.
    Write(Booking),
}

/// Permits that were booked ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lease {
    from: i64,
    until: i64,
    booked: u32,
    left: u32,
    /// When the others were used, by their marks.
    used: BTreeMap<i64, i64>,
}

/// What one instance knows of the window of one subject.
#[derive(Debug, Clone)]
pub struct Window {
    policy: Policy,
    asked_at: Option<i64>,
    lease: Option<Lease>,
    /// How many permits the last write booked, and the most that the next one books.
    size: u32,
    size_most: u32,
    written_at: Option<i64>,
    /// How many requests more would have passed after the last write, without those of the lease.
    remaining: u32,
    /// When the earliest mark leaves the window.
    resets: i64,
    /// Until when no request can pass.
    full_until: Option<i64>,
    /// By how much marks are to be changed with the next write.
    owed: BTreeMap<i64, i64>,
    stale: Vec<String>,
    /// What this instance booked lately.
    mine: BTreeMap<i64, i64>,
}

impl Window {
    /// Begins with no knowledge.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            asked_at: None,
            lease: None,
            size: 0,
            size_most: 1,
            written_at: None,
            remaining: 0,
            resets: 0,
            full_until: None,
            owed: BTreeMap::new(),
            stale: Vec::new(),
            mine: BTreeMap::new(),
        }
    }

    /// Decides a request by what is known, or says what to write.
    ///
    /// Who goes on to ask within `HURRY` is given permits ahead: twice as many each time, up to this
    /// instance's share of a twentieth of the limit and of a tenth of what remains. Where the limit is
    /// known to be reached, nothing is written until the next request can pass.
    pub fn ask(&mut self, now: i64) -> Step {
        let hurry = self
            .asked_at
            .is_some_and(|last| (0..HURRY).contains(&(now - last)));
        self.asked_at = Some(now);
        if let Some(lease) = &mut self.lease
            && lease.left > 0
            && (lease.from..=lease.until).contains(&now)
        {
            lease.left -= 1;
            *lease.used.entry(self.policy.mark(now)).or_default() += 1;
            return Step::Decided(Decision {
                passes: true,
                remaining: self.remaining + lease.left,
                resets: self.resets.max(now),
            });
        }
        if let Some(until) = self.full_until.filter(|until| now < *until) {
            return Step::Decided(Decision {
                passes: false,
                remaining: 0,
                resets: until,
            });
        }
        self.full_until = None;
        self.settle();
        self.size = if hurry {
            self.size.saturating_mul(2).clamp(1, self.size_most)
        } else {
            1
        };
        Step::Write(self.book(now))
    }

    /// Notes what became of the permits that were booked ahead: they were booked for the last instant at
    /// which they can be used, and move to where they were used, or nowhere.
    fn settle(&mut self) {
        if let Some(lease) = self.lease.take() {
            *self.owed.entry(lease.until).or_default() -= i64::from(lease.booked);
            for (mark, count) in lease.used {
                *self.owed.entry(mark).or_default() += count;
            }
        }
    }

    fn book(&mut self, now: i64) -> Booking {
        let policy = self.policy;
        let since = self.written_at.replace(now).unwrap_or(now - LEASE);
        let mut add = std::mem::take(&mut self.owed);
        // What has left the window needs no correction.
        add.retain(|mark, _| policy.is_counted(*mark, now));
        *add.entry(policy.mark(now)).or_default() += 1;
        *add.entry(policy.mark(now + LEASE)).or_default() += i64::from(self.size) - 1;
        add.retain(|_, change| *change != 0);
        self.mine.retain(|mark, _| *mark > since);
        for (mark, change) in add.range(since + 1..) {
            *self.mine.entry(*mark).or_default() += change;
        }
        let add: Vec<_> = add
            .into_iter()
            .map(|(mark, change)| (policy.name(mark), change))
            .collect();
        let mut remove = std::mem::take(&mut self.stale);
        remove.retain(|name| add.iter().all(|(added, _)| added != name));
        Booking {
            add,
            remove,
            now,
            count: self.size,
            since,
            mine: self.mine.values().sum(),
        }
    }

    /// Decides by what a write brought back: every mark of the item, by name.
    pub fn tell(&mut self, booking: &Booking, item: &HashMap<String, i64>) -> Decision {
        let (policy, now) = (self.policy, booking.now);
        let mut marks = BTreeMap::new();
        self.stale.clear();
        for (name, count) in item {
            let Some(mark) = policy.read(name, now) else {
                continue;
            };
            if *count > 0 && policy.is_counted(mark, now) {
                marks.insert(mark, *count);
            } else if (mark - now).abs() > SKEW && self.stale.len() < REMOVED_MOST {
                // Left the window, or taken back long enough ago that nobody's clock is at it.
                self.stale.push(name.clone());
            }
        }
        let count = i64::from(booking.count);
        let others = marks.values().sum::<i64>() - count;
        let room = i64::from(policy.most) - others;
        let recent: i64 = marks
            .range(booking.since + 1..)
            .map(|(_, count)| count)
            .sum();
        self.settle();
        let until = policy.mark(now + LEASE);
        if room < 1 {
            for (mark, booked) in [(policy.mark(now), 1), (until, count - 1)] {
                *self.owed.entry(mark).or_default() -= booked;
                marks.entry(mark).and_modify(|count| *count -= booked);
            }
            let until = self.next_room(&marks, 1 - room, now);
            self.full_until = Some(until);
            self.remaining = 0;
            return Decision {
                passes: false,
                remaining: 0,
                resets: until,
            };
        }
        let granted = u32::try_from(count.min(room)).unwrap_or(1);
        let ahead = granted - 1;
        *self.owed.entry(until).or_default() -= count - i64::from(granted);
        self.lease = (ahead > 0).then_some(Lease {
            from: now,
            until,
            booked: ahead,
            left: ahead,
            used: BTreeMap::new(),
        });
        self.remaining = u32::try_from(room - i64::from(granted)).unwrap_or(u32::MAX);
        let most = (policy.most / 20).min(self.remaining / 10);
        let share = i64::from(most) * booking.mine.clamp(0, recent.max(0)) / recent.max(1);
        self.size_most = u32::try_from(share).unwrap_or_default().max(1);
        self.resets = self.next_room(&marks, 1, now);
        self.full_until = (self.remaining == 0 && ahead == 0).then_some(self.resets);
        Decision {
            passes: true,
            remaining: self.remaining + ahead,
            resets: self.resets,
        }
    }

    /// Returns when so many of the marked requests have left the window.
    fn next_room(&self, marks: &BTreeMap<i64, i64>, mut needed: i64, now: i64) -> i64 {
        for (mark, count) in marks {
            needed -= count;
            if needed <= 0 {
                return mark + self.policy.window();
            }
        }
        now + self.policy.window()
    }
}

#[cfg(test)]
#[path = "sliding_window_tests.rs"]
mod tests;
