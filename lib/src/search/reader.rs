//! Keeps a generation open for the functions that answer from it.
//!
//! A request waits only while nothing is open. Otherwise it is answered from what is there, and a
//! newer generation is looked for beside it: what that finds serves the next request.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::{SignedDuration, Timestamp};
use tantivy::{Index, ReloadPolicy};

use super::{
    SnapshotBucket, SnapshotError,
    bucket::Look,
    cache::{Cache, Checkout},
    query::Catalogue,
    schema::{Fields, tokenizers},
    snapshot::{Manifest, Pointer},
};

/// How long a look at the pointer is good for.
pub const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// After how long without a successful look an answer is called stale.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How many generations that cursors ask for stay open.
const MOST_PINNED: usize = 2;

/// An open generation.
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many recalls it holds.
    pub recalls: usize,
    /// How many products they cover.
    pub products: usize,
    /// What answers questions.
    pub catalogue: Catalogue,
    // The files under the open index.
    _files: Checkout,
}

impl Generation {
    /// Returns how long ago it was made.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.created_at)
    }
}

/// How the reader stands, for health checks and for answers that must show their age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The generation that answers; absent when none could be opened yet.
    pub generation: Option<u64>,
    /// When that generation was made.
    pub created_at: Option<Timestamp>,
    /// When it was last seen to be the newest.
    pub confirmed_at: Option<Timestamp>,
    /// Whether that is more than a minute ago, or a newer one exists and cannot be opened.
    pub stale: bool,
    /// Why the last look failed, in words for the log.
    pub error: Option<String>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Generation>>,
    pinned: Vec<Arc<Generation>>,
    etag: Option<String>,
    looked_at: Option<Timestamp>,
    confirmed_at: Option<Timestamp>,
    // The pointer names a generation that could not be opened.
    behind: bool,
    error: Option<String>,
}

/// The generations that a function has open.
pub struct SnapshotReader {
    bucket: SnapshotBucket,
    cache: Cache,
    state: RwLock<State>,
    // One look at a time.
    looking: tokio::sync::Mutex<()>,
    // One pinned generation at a time.
    pinning: tokio::sync::Mutex<()>,
}

impl SnapshotReader {
    /// Opens a reader whose files may take so many bytes of a directory; fetches nothing yet.
    pub fn open(
        bucket: SnapshotBucket,
        directory: &Path,
        allowed: u64,
    ) -> Result<Self, SnapshotError> {
        Ok(Self {
            bucket,
            cache: Cache::open(directory, allowed)?,
            state: RwLock::default(),
            looking: tokio::sync::Mutex::default(),
            pinning: tokio::sync::Mutex::default(),
        })
    }

    /// Returns the generation that is open, or opens the current one and waits for it.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Generation>, SnapshotError> {
        if let Some(current) = self.read(|state| state.current.clone()) {
            return Ok(current);
        }
        let _one = self.looking.lock().await;
        if let Some(current) = self.read(|state| state.current.clone()) {
            return Ok(current);
        }
        self.look(now).await?;
        self.read(|state| state.current.clone())
            .ok_or(SnapshotError::NoGeneration)
    }

    /// Looks for a newer generation, unless somebody does or has within five seconds. To be spawned
    /// beside a request; a failure is kept for [`Self::freshness`] and logged, and the generation
    /// that is open stays.
    pub async fn refresh_beside(&self, now: Timestamp) {
        let fresh = |state: &State| {
            let looked = state.looked_at;
            looked.is_some_and(|at| now.duration_since(at) < LOOK_EVERY)
        };
        if self.read(fresh) {
            return;
        }
        let Ok(_one) = self.looking.try_lock() else {
            return;
        };
        if let Err(error) = self.look(now).await {
            tracing::warn!(error = ?error, "the search index was not refreshed");
        }
    }

    /// Returns a generation that a cursor names, opening it again where needed.
    pub async fn at(&self, number: u64) -> Result<Arc<Generation>, SnapshotError> {
        if let Some(open) = self.find(number) {
            return Ok(open);
        }
        let _one = self.pinning.lock().await;
        if let Some(open) = self.find(number) {
            return Ok(open);
        }
        let opened = match self.older(number).await {
            Ok(opened) => Arc::new(opened),
            Err(SnapshotError::Missing { .. }) => {
                return Err(SnapshotError::GenerationGone(number));
            }
            Err(error) => return Err(error),
        };
        self.write(|state| {
            state.pinned.push(Arc::clone(&opened));
            if state.pinned.len() > MOST_PINNED {
                state.pinned.remove(0);
            }
        });
        Ok(opened)
    }

    /// Returns how the reader stands.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        self.read(|state| {
            let old = |at| now.duration_since(at) > STALE_AFTER;
            Freshness {
                generation: state.current.as_ref().map(|current| current.number),
                created_at: state.current.as_ref().map(|current| current.created_at),
                confirmed_at: state.confirmed_at,
                stale: state.behind || state.confirmed_at.is_none_or(old),
                error: state.error.clone(),
            }
        })
    }

    fn find(&self, number: u64) -> Option<Arc<Generation>> {
        self.read(|state| {
            let mut open = state.current.iter().chain(&state.pinned);
            open.find(|open| open.number == number).cloned()
        })
    }

    async fn look(&self, now: Timestamp) -> Result<(), SnapshotError> {
        let etag = self.read(|state| state.etag.clone());
        let looked = match self.bucket.look(etag.as_deref()).await {
            Ok(Look::Same) => Ok(()),
            Ok(Look::Absent) => Err(SnapshotError::NoGeneration),
            Ok(Look::New(pointer, etag)) => self.follow(&pointer, etag).await,
            Err(error) => Err(error),
        };
        self.write(|state| {
            state.looked_at = Some(now);
            match &looked {
                Ok(()) => {
                    state.confirmed_at = Some(now);
                    state.error = None;
                }
                Err(error) => state.error = Some(error.to_string()),
            }
        });
        // An older generation that could be opened answers all the same, and `freshness` says so.
        looked.or_else(|error| {
            let open = self.read(|state| state.current.is_some());
            if open && error.spoilt() {
                tracing::error!(error = ?error, "the newest generation of the search index cannot be opened");
                Ok(())
            } else {
                Err(error)
            }
        })
    }

    /// Opens what the pointer names; with nothing open yet and that one spoilt, one before it.
    async fn follow(&self, pointer: &Pointer, etag: String) -> Result<(), SnapshotError> {
        let newest = self.newest(pointer).await;
        let (opened, outcome) = match newest {
            Ok(opened) => (Some(opened), Ok(())),
            Err(error) if error.spoilt() && self.read(|state| state.current.is_none()) => {
                let mut before = None;
                for number in &pointer.previous {
                    if let Ok(opened) = self.older(*number).await {
                        before = Some(Arc::new(opened));
                        break;
                    }
                }
                (before, Err(error))
            }
            Err(error) => (None, Err(error)),
        };
        self.write(|state| {
            state.behind = outcome.is_err();
            // Without the tag the next look reads the pointer again and tries once more.
            state.etag = outcome.is_ok().then_some(etag);
            if let Some(opened) = opened
                && let Some(last) = state.current.replace(opened)
            {
                // Cursors that were just given out name it.
                state.pinned.push(last);
                if state.pinned.len() > MOST_PINNED {
                    state.pinned.remove(0);
                }
            }
        });
        outcome
    }

    async fn newest(&self, pointer: &Pointer) -> Result<Arc<Generation>, SnapshotError> {
        match self.find(pointer.generation) {
            Some(open) => Ok(open),
            None => self
                .load(self.bucket.current(pointer).await?)
                .await
                .map(Arc::new),
        }
    }

    async fn older(&self, number: u64) -> Result<Generation, SnapshotError> {
        self.load(self.bucket.manifest(number).await?).await
    }

    async fn load(&self, manifest: Manifest) -> Result<Generation, SnapshotError> {
        let files = match self.cache.check_out(&self.bucket, &manifest).await {
            // Generations that only cursors ask for give way.
            Err(SnapshotError::NoRoom { .. }) => {
                self.write(|state| state.pinned.clear());
                self.cache.check_out(&self.bucket, &manifest).await?
            }
            checked_out => checked_out?,
        };
        open(&manifest, files)
    }

    fn read<T>(&self, with: impl FnOnce(&State) -> T) -> T {
        // Nothing panics while it holds the lock; what is inside is whole in any case.
        with(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, with: impl FnOnce(&mut State)) {
        with(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Opens the files of a generation that is on the disk.
fn open(manifest: &Manifest, files: Checkout) -> Result<Generation, SnapshotError> {
    let mut index = Index::open_in_dir(files.path())?;
    index.set_tokenizers(tokenizers());
    let fields = Fields::new();
    if index.schema() != fields.schema {
        return Err(SnapshotError::Corrupt {
            object: format!("generation {}", manifest.generation),
            reason: "its fields are not those of its format".to_owned(),
        });
    }
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    Ok(Generation {
        number: manifest.generation,
        created_at: manifest.created_at,
        recalls: manifest.recalls,
        products: manifest.products,
        catalogue: Catalogue::new(fields, reader.searcher()),
        _files: files,
    })
}

#[cfg(test)]
mod tests;
