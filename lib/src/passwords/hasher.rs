//! Computes hashes beside the thread that serves requests, as many at a time as the memory takes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, phc::PasswordHash},
};
use secrecy::ExposeSecret;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{Password, stored::Stored};

/// What the rest of a function takes, in MiB.
const REST_MIB: u32 = 128;

/// The most hashes at a time; more than this many processors a function never has.
const PARALLEL_MOST: u32 = 16;

/// A hash of nobody's password, after its parameters: what unknown people's are compared with.
const NOBODYS: &str = "bm9ib2R5J3Mgc2FsdA$eS2zIhQmR3EAZ2mKQ0FnNjd0VbmhyQZQrZ0hG5vJcXk";

/// What a hash takes to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What new hashes take: 19 MiB, two passes, one lane (OWASP's first choice for Argon2id).
    pub const STANDARD: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    pub(super) fn of(params: &Params) -> Self {
        Self {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        }
    }

    pub(super) fn at_most(self, most: Self) -> bool {
        self.memory_kib <= most.memory_kib && self.passes <= most.passes && self.lanes <= most.lanes
    }
}

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The parameters are impossible, or there is no memory or no randomness.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
    /// The computation panicked.
    #[error("the computation of a hash broke off")]
    Broken(#[from] tokio::task::JoinError),
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the password is the one that was hashed.
    pub matched: bool,
    /// Whether the hash should be made anew, now that the password is known.
    pub rehash: bool,
}

/// Computes hashes.
///
/// A hash that is begun is finished, even if nobody waits for it any more: its memory stays counted
/// until then.
#[derive(Debug, Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    parallel: u32,
    cost: Cost,
    computed: Arc<AtomicU64>,
}

/// Returns how many hashes fit into a function's memory (in MiB) side by side; without knowing it, one.
pub fn parallel(memory_mib: Option<u32>) -> u32 {
    let mib = Cost::STANDARD.memory_kib / 1024;
    let fit = memory_mib.unwrap_or(0).saturating_sub(REST_MIB) / mib;
    fit.clamp(1, PARALLEL_MOST)
}

impl Hasher {
    /// Computes so many hashes side by side, new ones at the standard cost.
    pub fn new(parallel: u32) -> Self {
        Self::with_cost(parallel, Cost::STANDARD)
    }

    /// Computes new hashes at a cost of its own: tests make thousands.
    pub fn with_cost(parallel: u32, cost: Cost) -> Self {
        let parallel = parallel.max(1);
        Self {
            permits: Arc::new(Semaphore::new(parallel as usize)),
            parallel,
            cost,
            computed: Arc::default(),
        }
    }

    /// Returns how many hashes were computed so far, for whatever reason.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Hashes a new password, with a salt of its own, as a PHC string.
    pub async fn hash(&self, password: impl Into<Password>) -> Result<String, HashingError> {
        let (password, cost) = (password.into(), self.cost);
        let permit = self.permit(cost).await;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let hash = spawn_blocking(move || {
            let hash = argon2(cost)?.hash_password(password.composed().expose_secret().as_bytes());
            // Only now is the memory free again.
            drop(permit);
            hash.map(|hash| hash.to_string())
                .map_err(|error| HashingError::Failed(error.to_string()))
        });
        hash.await?
    }

    /// Compares a password with a stored hash. Where there is none, or one that cannot be read, it is
    /// compared with nobody's, which takes as long and never matches.
    pub async fn verify(
        &self,
        password: impl Into<Password>,
        stored: Option<&str>,
    ) -> Result<Verdict, HashingError> {
        let password = password.into();
        let known = stored.and_then(Stored::parse);
        if stored.is_some() && known.is_none() {
            tracing::error!(
                "a stored password hash cannot be read; the person needs a new password"
            );
        }
        let somebodys = known.is_some();
        let hash = match known {
            Some(hash) => hash,
            None => nobodys(self.cost)?,
        };
        let rehash = hash.cost() != Some(self.cost);
        let permit = self.permit(hash.cost().unwrap_or(self.cost)).await;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let matched = spawn_blocking(move || {
            let matched = hash.is_of(&password);
            drop(permit);
            matched
        });
        let matched = matched.await? && somebodys;
        Ok(Verdict {
            matched,
            rehash: matched && rehash,
        })
    }

    /// Waits until there is room. The caller's own deadline bounds it: the edge ends what takes too long.
    async fn permit(&self, cost: Cost) -> OwnedSemaphorePermit {
        let places = cost.memory_kib.div_ceil(self.cost.memory_kib);
        Arc::clone(&self.permits)
            .acquire_many_owned(places.clamp(1, self.parallel))
            .await
            .expect("nobody closes the semaphore")
    }
}

fn argon2(cost: Cost) -> Result<Argon2<'static>, HashingError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None);
    let params = params.map_err(|error| HashingError::Failed(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn nobodys(cost: Cost) -> Result<Stored, HashingError> {
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let phc = format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${NOBODYS}");
    let hash = PasswordHash::new(&phc).map_err(|error| HashingError::Failed(error.to_string()))?;
    Ok(Stored::Argon2(Box::new(hash), cost))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[tokio::test]
    async fn a_new_hash_is_argon2id_at_the_standard_cost_with_a_salt_of_its_own() {
        let hasher = Hasher::new(1);
        let (one, two) = (
            hasher.hash("correct horse").await.unwrap(),
            hasher.hash("correct horse").await.unwrap(),
        );
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        let verdict = hasher.verify("correct horse", Some(&one)).await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                matched: true,
                rehash: false
            }
        );
        assert!(
            !hasher
                .verify("correct hearse", Some(&one))
                .await
                .unwrap()
                .matched
        );
    }

    #[tokio::test]
    async fn hashes_of_another_cost_and_bcrypts_are_to_be_made_anew_once_they_match() {
        let hasher = Hasher::with_cost(1, CHEAP);
        let dearer = Cost {
            memory_kib: 128,
            ..CHEAP
        };
        let old = [
            Hasher::with_cost(1, dearer)
                .hash("correct horse")
                .await
                .unwrap(),
            bcrypt::hash("correct horse", 4).unwrap(),
        ];
        for old in old {
            let verdict = hasher.verify("correct horse", Some(&old)).await.unwrap();
            assert_eq!((verdict.matched, verdict.rehash), (true, true), "{old}");
            let verdict = hasher.verify("wrong horse", Some(&old)).await.unwrap();
            assert_eq!((verdict.matched, verdict.rehash), (false, false), "{old}");
        }
    }

    #[tokio::test]
    async fn nobody_and_a_spoilt_hash_cost_a_hash_and_never_match() {
        let hasher = Hasher::with_cost(1, CHEAP);
        for stored in [None, Some("spoilt"), Some("")] {
            let before = hasher.computed();
            for password in ["", "nobody's salt", "correct horse"] {
                assert!(!hasher.verify(password, stored).await.unwrap().matched);
            }
            assert_eq!(hasher.computed() - before, 3);
        }
    }

    #[tokio::test]
    async fn a_password_is_composed_and_kept_whole() {
        let hasher = Hasher::with_cost(1, CHEAP);
        let long = "\u{1f37c} ".repeat(600);
        for (chosen, typed) in [
            ("andr\u{e9}", "andre\u{301}"),
            (
                "\u{1f37c}\u{1f9f8} tea at four",
                "\u{1f37c}\u{1f9f8} tea at four",
            ),
            (long.as_str(), long.as_str()),
        ] {
            let hash = hasher.hash(chosen).await.unwrap();
            assert!(hasher.verify(typed, Some(&hash)).await.unwrap().matched);
            for near in [
                format!("{typed} "),
                format!(" {typed}"),
                typed.to_uppercase() + "x",
            ] {
                assert!(!hasher.verify(near, Some(&hash)).await.unwrap().matched);
            }
        }
        let (at_72, at_73) = ("x".repeat(72), "x".repeat(73));
        let hash = hasher.hash(at_72.as_str()).await.unwrap();
        assert!(!hasher.verify(at_73, Some(&hash)).await.unwrap().matched);
    }

    #[test]
    fn as_many_hashes_run_as_fit_into_the_memory() {
        assert_eq!(parallel(Some(512)), 16);
        assert_eq!(parallel(Some(256)), 6);
        assert_eq!(parallel(Some(128)), 1);
        assert_eq!(parallel(Some(u32::MAX)), 16);
        assert_eq!(parallel(None), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_hangs_up_leaves_no_place_taken() {
        let hasher = Hasher::with_cost(2, Cost::STANDARD);
        for _ in 0..8 {
            let one = hasher.verify("correct horse", None);
            drop(tokio::time::timeout(Duration::from_millis(1), one).await);
        }
        // All places can be had again.
        let all = Arc::clone(&hasher.permits).acquire_many_owned(2);
        let all = tokio::time::timeout(Duration::from_secs(30), all).await;
        assert_eq!(all.unwrap().unwrap().num_permits(), 2);
    }
}
