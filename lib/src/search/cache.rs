//! The index's files on the local disk.
//!
//! One directory may serve several processes at once: each has a directory of its own inside, held
//! by a lock, and shares the immutable files with the others by hard links in `files/`. What a dead
//! process left behind goes when the next one starts.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{
    SnapshotBucket, SnapshotError,
    snapshot::{Manifest, SegmentFile},
};

/// How many files are fetched at once.
const AT_ONCE: usize = 8;

/// A directory for the files of an index.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    files: PathBuf,
    own: Arc<Own>,
    allowed: u64,
}

/// This process's own directory; gone with its last user.
#[derive(Debug)]
struct Own {
    // Before the directory, so that it is let go first.
    _lock: File,
    directory: TempDir,
}

/// The files of one generation in a directory of their own; gone when dropped.
#[derive(Debug)]
pub(super) struct Checkout {
    directory: TempDir,
    // Keeps the directory around this one.
    _own: Arc<Own>,
}

impl Checkout {
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Cache {
    /// Opens a cache that may take so many bytes, making its directory where needed.
    pub(super) fn open(root: &Path, allowed: u64) -> Result<Self, SnapshotError> {
        let files = root.join("files");
        let processes = root.join("processes");
        for directory in [&files, &processes] {
            fs::create_dir_all(directory).map_err(SnapshotError::disk(directory))?;
        }
        // Held to the end of this function, so that nobody takes a directory without a lock for dead.
        let door = File::create(root.join("starting")).map_err(SnapshotError::disk(root))?;
        door.lock().map_err(SnapshotError::disk(root))?;
        remove_dead(&processes)?;
        let directory = temporary("process-", &processes)?;
        let lock = File::create(directory.path().join("lock"))
            .and_then(|lock| lock.lock().map(|()| lock))
            .map_err(SnapshotError::disk(directory.path()))?;
        Ok(Self {
            files,
            own: Arc::new(Own {
                _lock: lock,
                directory,
            }),
            allowed,
        })
    }

    /// Makes an empty directory.
    pub(super) fn empty(&self) -> Result<Checkout, SnapshotError> {
        Ok(Checkout {
            directory: temporary("generation-", self.own.directory.path())?,
            _own: Arc::clone(&self.own),
        })
    }

    /// Lays out a generation, fetching what is not here yet. Fails as a whole: a directory that is
    /// returned holds every file.
    pub(super) async fn check_out(
        &self,
        bucket: &SnapshotBucket,
        manifest: &Manifest,
    ) -> Result<Checkout, SnapshotError> {
        self.evict()?;
        let checkout = self.empty()?;
        let mut lacking = Vec::new();
        for file in &manifest.files {
            if !self.link_known(file, checkout.path())? {
                lacking.push(file.clone());
            }
        }
        let needed = lacking.iter().map(|file| file.bytes).sum::<u64>() + self.taken()?;
        if needed > self.allowed {
            return Err(SnapshotError::NoRoom {
                needed,
                allowed: self.allowed,
            });
        }
        self.fetch(bucket, lacking, checkout.path()).await?;
        let meta = checkout.path().join("meta.json");
        fs::write(&meta, &manifest.meta).map_err(SnapshotError::disk(meta))?;
        Ok(checkout)
    }

    async fn fetch(
        &self,
        bucket: &SnapshotBucket,
        mut lacking: Vec<SegmentFile>,
        to: &Path,
    ) -> Result<(), SnapshotError> {
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(file) = lacking.pop()
            {
                let (bucket, path) = (bucket.clone(), to.join(&file.name));
                running.spawn(async move {
                    bucket.download(&file, &path).await?;
                    Ok::<_, SnapshotError>((file, path))
                });
            }
            let Some(done) = running.join_next().await else {
                return Ok(());
            };
            let (file, path) = done.map_err(|error| SnapshotError::Thread(Box::new(error)))??;
            self.keep(&file, &path)?;
        }
    }

    /// Shares a file that is known to be right with later generations.
    pub(super) fn keep(&self, file: &SegmentFile, at: &Path) -> Result<(), SnapshotError> {
        match fs::hard_link(at, self.files.join(file.key_name())) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(SnapshotError::disk(at)(error))
            }
            _ => Ok(()),
        }
    }

    /// Links a file that is here already; returns whether it was.
    fn link_known(&self, file: &SegmentFile, to: &Path) -> Result<bool, SnapshotError> {
        let known = self.files.join(file.key_name());
        let Ok(facts) = fs::metadata(&known) else {
            return Ok(false);
        };
        if facts.len() != file.bytes {
            // Files come here whole and checked, so this one was changed by somebody else.
            fs::remove_file(&known).map_err(SnapshotError::disk(&known))?;
            return Ok(false);
        }
        match fs::hard_link(&known, to.join(&file.name)) {
            Ok(()) => Ok(true),
            // Another process let it go in between.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SnapshotError::disk(known)(error)),
        }
    }

    /// Removes the files that no generation of any process uses.
    pub(super) fn evict(&self) -> Result<(), SnapshotError> {
        for (path, facts) in self.known()? {
            if facts.nlink() == 1 {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn taken(&self) -> Result<u64, SnapshotError> {
        Ok(self.known()?.iter().map(|(_, facts)| facts.len()).sum())
    }

    fn known(&self) -> Result<Vec<(PathBuf, fs::Metadata)>, SnapshotError> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.files).map_err(SnapshotError::disk(&self.files))? {
            let path = entry.map_err(SnapshotError::disk(&self.files))?.path();
            match fs::metadata(&path) {
                Ok(facts) => all.push((path, facts)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(SnapshotError::disk(path)(error)),
            }
        }
        Ok(all)
    }
}

/// Removes the directories of processes that hold their lock no more.
fn remove_dead(processes: &Path) -> Result<(), SnapshotError> {
    for entry in fs::read_dir(processes).map_err(SnapshotError::disk(processes))? {
        let directory = entry.map_err(SnapshotError::disk(processes))?.path();
        let held = match File::open(directory.join("lock")) {
            Ok(lock) => match lock.try_lock() {
                Ok(()) => false,
                Err(TryLockError::WouldBlock) => true,
                Err(TryLockError::Error(error)) => {
                    return Err(SnapshotError::disk(directory)(error));
                }
            },
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(SnapshotError::disk(directory)(error)),
        };
        if held {
            continue;
        }
        match fs::remove_dir_all(&directory) {
            // Its own process was just cleaning up.
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(SnapshotError::disk(directory)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn temporary(prefix: &str, within: &Path) -> Result<TempDir, SnapshotError> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(within)
        .map_err(SnapshotError::disk(within))
}

fn remove(path: &Path) -> Result<(), SnapshotError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(SnapshotError::disk(path)(error)),
        _ => Ok(()),
    }
}
