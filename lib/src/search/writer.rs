//! Makes a generation out of the current one and a batch of changes, and publishes it.
//!
//! The order of things keeps every crash harmless: files first, then the manifest under a number
//! nobody else has, then the pointer by a conditional put, and only then does anything go away. What
//! a crash leaves behind is named by nothing and is swept after 48 hours.

use std::{path::Path, sync::Mutex};

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::{
    SnapshotBucket, SnapshotError,
    bucket::Look,
    cache::{Cache, Checkout},
    schema::FORMAT,
    snapshot::{
        KEPT, Manifest, PREVIOUS, Pointer, Retired, SegmentFile, generation_of, manifest_key,
        manifests_prefix, segment_key, segments_prefix,
    },
};
use crate::domain::recall::{Recall, RecallId};

pub(super) mod build;

/// How often orphans are looked for.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How many numbers may be taken by writers that died or lost before this one gives up.
const MOST_CLAIMS: u64 = 50;
/// How many files are uploaded at once.
const AT_ONCE: usize = 4;

/// Changes to the index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Recalls as they are now, each with the version of its record; they replace what is there.
    pub upserts: Vec<(Recall, u32)>,
    /// Recalls that are no more.
    pub removals: Vec<RecallId>,
}

/// What a new generation starts from, and what must not have changed when it is published.
#[derive(Debug)]
pub struct Base {
    etag: Option<String>,
    previous: Vec<u64>,
    manifest: Option<Manifest>,
}

/// Makes generations. One at a time, by a lease that the caller holds; the conditional put keeps two
/// from both winning all the same.
#[derive(Debug)]
pub struct SnapshotWriter {
    bucket: SnapshotBucket,
    cache: Cache,
    // The files of the last generation, so that they need not be fetched again.
    held: Mutex<Option<Checkout>>,
}

impl SnapshotWriter {
    /// Opens a writer with a scratch directory, of which the fetched files may take so many bytes;
    /// the new ones come on top.
    pub fn open(
        bucket: SnapshotBucket,
        scratch: &Path,
        allowed: u64,
    ) -> Result<Self, SnapshotError> {
        Ok(Self {
            bucket,
            cache: Cache::open(scratch, allowed)?,
            held: Mutex::new(None),
        })
    }

    /// Notes the current generation. Records that are read *after* this are at least as new as what
    /// is in it, so a publication from this base never takes anything back.
    pub async fn begin(&self) -> Result<Base, SnapshotError> {
        match self.bucket.look(None).await? {
            Look::New(pointer, etag) => {
                let manifest = self.bucket.current(&pointer).await?;
                Ok(Base {
                    etag: Some(etag),
                    previous: pointer.previous,
                    manifest: Some(manifest),
                })
            }
            // A pointer that was lost must not make an index of what happens to change next: the newest
            // generation is where it stood.
            Look::Absent | Look::Same => Ok(Base {
                etag: None,
                previous: Vec::new(),
                manifest: match self.last_number().await? {
                    0 => None,
                    last => Some(self.bucket.manifest(last).await?),
                },
            }),
        }
    }

    /// Applies a batch to the base and publishes the outcome as one generation, whole or not at all.
    ///
    /// Fails with [`SnapshotError::Conflict`] when somebody published since [`Self::begin`]; then
    /// nothing of the batch is visible, and the whole is to be done again.
    pub async fn publish(
        &self,
        base: Base,
        batch: Batch,
        now: Timestamp,
    ) -> Result<Manifest, SnapshotError> {
        let checkout = match &base.manifest {
            Some(manifest) => self.cache.check_out(&self.bucket, manifest).await?,
            None => self.cache.empty()?,
        };
        let known = base
            .manifest
            .as_ref()
            .map_or(Vec::new(), |m| m.files.clone());
        let built = tokio::task::spawn_blocking(move || {
            build::build(checkout.path(), &batch, &known).map(|built| (built, checkout))
        });
        let (built, checkout) = built
            .await
            .map_err(|error| SnapshotError::Thread(Box::new(error)))??;
        self.upload(&built, &checkout).await?;
        let manifest = self.claim(&base, built, now).await?;
        self.point(&base, &manifest).await?;
        self.hold(&manifest, checkout)?;
        self.clean(base.manifest.as_ref(), &manifest, now).await;
        Ok(manifest)
    }

    async fn upload(&self, built: &build::Built, from: &Checkout) -> Result<(), SnapshotError> {
        let mut waiting: Vec<_> = built.new.clone();
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(file) = waiting.pop()
            {
                let (bucket, path) = (self.bucket.clone(), from.path().join(&file.name));
                running.spawn(async move { bucket.upload(&file, &path).await });
            }
            let Some(done) = running.join_next().await else {
                return Ok(());
            };
            done.map_err(|error| SnapshotError::Thread(Box::new(error)))??;
        }
    }

    /// Writes the manifest under the first free number.
    async fn claim(
        &self,
        base: &Base,
        built: build::Built,
        now: Timestamp,
    ) -> Result<Manifest, SnapshotError> {
        let last = match &base.manifest {
            Some(manifest) => manifest.generation,
            // No pointer, but perhaps what is left of an index that was given up.
            None => self.last_number().await?,
        };
        let mut manifest = Manifest {
            format: FORMAT,
            generation: last,
            created_at: now,
            recalls: built.recalls,
            products: built.products,
            retired: retired(base.manifest.as_ref(), &built.files, now),
            files: built.files,
            meta: built.meta,
            swept_at: match &base.manifest {
                Some(old) if now.duration_since(old.swept_at) < SWEEP_EVERY => old.swept_at,
                _ => now,
            },
            seal: String::new(),
        };
        for number in last + 1..=last + MOST_CLAIMS {
            manifest.generation = number;
            manifest = manifest.sealed();
            if self.bucket.claim(&manifest).await? {
                return Ok(manifest);
            }
        }
        Err(SnapshotError::Conflict)
    }

    async fn last_number(&self) -> Result<u64, SnapshotError> {
        let manifests = self.bucket.list(&manifests_prefix()).await?;
        let numbers = manifests.iter().filter_map(|(key, _)| generation_of(key));
        Ok(numbers.max().unwrap_or(0))
    }

    async fn point(&self, base: &Base, manifest: &Manifest) -> Result<(), SnapshotError> {
        let before = base.manifest.iter().map(|manifest| manifest.generation);
        let pointer = Pointer {
            format: FORMAT,
            generation: manifest.generation,
            seal: manifest.seal.clone(),
            previous: before
                .chain(base.previous.iter().copied())
                .take(PREVIOUS)
                .collect(),
        };
        if self
            .bucket
            .move_pointer(&pointer, base.etag.as_deref())
            .await?
        {
            return Ok(());
        }
        // The client tries again by itself; its second try meets what the first one did.
        match self.bucket.look(None).await? {
            Look::New(current, _) if current == pointer => Ok(()),
            _ => Err(SnapshotError::Conflict),
        }
    }

    /// Keeps the files for the next time, in place of those of the last one.
    fn hold(&self, manifest: &Manifest, checkout: Checkout) -> Result<(), SnapshotError> {
        for file in &manifest.files {
            self.cache.keep(file, &checkout.path().join(&file.name))?;
        }
        // The lock is held for an assignment only, so nobody can have died with it.
        let mut held = self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *held = Some(checkout);
        drop(held);
        self.cache.evict()
    }

    /// Deletes what is past its time. The generation is out already, so a failure is only logged:
    /// what stays behind is swept later.
    async fn clean(&self, old: Option<&Manifest>, new: &Manifest, now: Timestamp) {
        let mut keys = expired(old, new, now);
        if old.is_none_or(|old| old.swept_at != new.swept_at) {
            match self.orphans(new, now).await {
                Ok(orphans) => keys.extend(orphans),
                Err(error) => {
                    tracing::warn!(error = ?error, "orphans of the search index not listed");
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        if let Err(error) = self.bucket.delete(&keys).await {
            tracing::warn!(error = ?error, "old files of the search index not deleted");
        }
    }

    /// Finds what no manifest of the last 48 hours knows and nobody has just written.
    async fn orphans(&self, new: &Manifest, now: Timestamp) -> Result<Vec<String>, SnapshotError> {
        let mut orphans = Vec::new();
        for prefix in [segments_prefix(), manifests_prefix()] {
            for (key, written) in self.bucket.list(&prefix).await? {
                if now.duration_since(written) >= KEPT && !named(new, &key) {
                    orphans.push(key);
                }
            }
        }
        Ok(orphans)
    }
}

/// The base's list without what is past its time, and the base itself.
fn retired(old: Option<&Manifest>, files: &[SegmentFile], now: Timestamp) -> Vec<Retired> {
    let Some(old) = old else {
        return Vec::new();
    };
    let gone = old.files.iter().filter(|file| !files.contains(file));
    let kept = old.retired.iter().filter(|entry| !is_past(entry, now));
    kept.cloned()
        .chain([Retired {
            at: now,
            generation: old.generation,
            files: gone.map(SegmentFile::key_name).collect(),
        }])
        .collect()
}

/// What the base's list held for long enough.
fn expired(old: Option<&Manifest>, new: &Manifest, now: Timestamp) -> Vec<String> {
    let entries = old.iter().flat_map(|old| &old.retired);
    entries
        .filter(|entry| is_past(entry, now))
        .flat_map(|entry| {
            let files = entry.files.iter().map(|name| segment_key(name));
            files.chain([manifest_key(entry.generation)])
        })
        .filter(|key| !named(new, key))
        .collect()
}

fn is_past(entry: &Retired, now: Timestamp) -> bool {
    now.duration_since(entry.at) >= KEPT
}

/// Whether the manifest names the key, as its own or as retired.
fn named(manifest: &Manifest, key: &str) -> bool {
    let retired = &manifest.retired;
    if let Some(generation) = generation_of(key) {
        return generation == manifest.generation
            || retired.iter().any(|entry| entry.generation == generation);
    }
    let Some(name) = key.strip_prefix(&segments_prefix()) else {
        return true;
    };
    manifest.files.iter().any(|file| file.key_name() == name)
        || retired
            .iter()
            .any(|entry| entry.files.iter().any(|file| file == name))
}

#[cfg(test)]
mod tests;
