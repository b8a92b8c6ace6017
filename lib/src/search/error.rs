//! What can go wrong between the bucket, the local disk and the index.

use std::path::PathBuf;

use aws_sdk_s3::error::{BoxError, SdkError};

/// Why a generation could not be read or made. `Display` never holds its source.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Nothing was ever published.
    #[error("no search index has been published yet")]
    NoGeneration,
    /// A pinned generation is past its 48 hours.
    #[error("generation {0} of the search index is gone")]
    GenerationGone(u64),
    /// An object that a manifest or the pointer names is not there.
    #[error("{object} is missing from the bucket")]
    Missing {
        /// The key.
        object: String,
    },
    /// An object is not what the manifest says.
    #[error("{object} is damaged: {reason}")]
    Corrupt {
        /// The key.
        object: String,
        /// What does not fit.
        reason: String,
    },
    /// An object was written by a newer or older program.
    #[error("{object} has format {found}, this program reads {expected}")]
    Format {
        /// The key.
        object: String,
        /// Its format.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// Somebody else published in the meantime; nothing of ours is visible.
    #[error("another writer published first")]
    Conflict,
    /// The files need more local disk than they may take.
    #[error("the search index needs {needed} bytes of disk, {allowed} are allowed")]
    NoRoom {
        /// What is needed, in bytes.
        needed: u64,
        /// What is allowed, in bytes.
        allowed: u64,
    },
    /// The bucket did not answer, or refused.
    #[error("the bucket failed to {what}")]
    Store {
        /// What was asked of it.
        what: String,
        /// The cause.
        #[source]
        source: BoxError,
    },
    /// The local disk failed.
    #[error("the local disk failed at {path}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The index failed.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
    /// The thread that built the index died.
    #[error("the thread that built the search index died")]
    Thread(#[source] BoxError),
}

impl SnapshotError {
    /// Returns whether another try may succeed without anybody's help: a busy bucket, a lost race.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Store { .. })
    }

    /// Returns whether the generation itself is at fault, so that an older one may serve.
    pub(super) fn spoilt(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. } | Self::Corrupt { .. } | Self::Index(_)
        )
    }

    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::Disk { path, source }
    }

    pub(super) fn store<E>(what: impl Into<String>, source: SdkError<E>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        Self::Store {
            what: what.into(),
            source: Box::new(source),
        }
    }
}
