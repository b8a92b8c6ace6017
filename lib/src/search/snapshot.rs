//! The layout of the index in the bucket.
//!
//! Under `search/v1/` lie `segments/` (immutable files, named by name and checksum), `manifests/`
//! (immutable, one a generation) and `current.json`, the pointer to the generation in force, which
//! only a conditional put moves. A file's key holds its checksum because two writers that start from
//! the same generation give the same names to different deletions.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SnapshotError, schema::FORMAT};

/// How long a file, a manifest or an orphan is kept after nothing current names it.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// How many generations before the current one the pointer names.
pub const PREVIOUS: usize = 3;

/// One generation of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the layout, [`FORMAT`].
    pub format: u32,
    /// The generation's number, from 1; numbers may be left out.
    pub generation: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many recalls it holds.
    pub recalls: usize,
    /// How many products they cover.
    pub products: usize,
    /// Its files.
    pub files: Vec<SegmentFile>,
    /// The content of the index's own `meta.json`.
    pub meta: String,
    /// What left the manifests in the last 48 hours, oldest first.
    pub retired: Vec<Retired>,
    /// When orphans were last looked for.
    pub swept_at: Timestamp,
    /// The SHA-256 of all this with this field empty, lower-case hexadecimal.
    pub seal: String,
}

/// One immutable file of the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SegmentFile {
    /// The name that the index knows it by.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// A generation that was replaced, and the files that left with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// When.
    pub at: Timestamp,
    /// The generation that was replaced.
    pub generation: u64,
    /// The last parts of the keys of the files that its successor does not need.
    pub files: Vec<String>,
}

/// The content of `current.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The version of the layout, [`FORMAT`].
    pub format: u32,
    /// The generation in force.
    pub generation: u64,
    /// The seal of its manifest.
    pub seal: String,
    /// The three before it, newest first: what serves when the one in force is spoilt.
    pub previous: Vec<u64>,
}

impl SegmentFile {
    /// Returns the last part of the file's key, which is also its name in the local cache.
    pub fn key_name(&self) -> String {
        let print = self.sha256.get(..16).unwrap_or(&self.sha256);
        format!("{}.{print}", self.name)
    }

    /// Returns whether name and checksum are such as the writer makes: a manifest is never a way
    /// out of the cache's directory.
    fn plain(&self) -> bool {
        let name_ok = !self.name.starts_with('.')
            && (1..=100).contains(&self.name.len())
            && self
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let print_ok =
            self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        name_ok && print_ok && self.name != "meta.json"
    }
}

impl Manifest {
    /// Reads a manifest and checks what it says about itself.
    pub fn parse(object: &str, generation: u64, json: &[u8]) -> Result<Self, SnapshotError> {
        let manifest: Self = parse(object, json)?;
        let fault = |reason: &str| SnapshotError::Corrupt {
            object: object.to_owned(),
            reason: reason.to_owned(),
        };
        if manifest.generation != generation {
            return Err(fault("it is the manifest of another generation"));
        }
        if manifest.clone().sealed().seal != manifest.seal {
            return Err(fault("its checksum does not fit"));
        }
        if !manifest.files.iter().all(SegmentFile::plain) {
            return Err(fault("a file's name or checksum is out of shape"));
        }
        Ok(manifest)
    }

    /// Returns the manifest with the seal that belongs to it.
    pub(super) fn sealed(mut self) -> Self {
        self.seal.clear();
        let json = serde_json::to_vec(&self).expect("a manifest has only string keys");
        self.seal = hexadecimal(&Sha256::digest(json));
        self
    }

    /// Returns the size of all files, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Pointer {
    /// Reads a pointer.
    pub fn parse(object: &str, json: &[u8]) -> Result<Self, SnapshotError> {
        parse(object, json)
    }
}

#[derive(Deserialize)]
struct Formatted {
    format: u32,
}

fn parse<T: serde::de::DeserializeOwned>(object: &str, json: &[u8]) -> Result<T, SnapshotError> {
    let fault = |error: serde_json::Error| SnapshotError::Corrupt {
        object: object.to_owned(),
        reason: error.to_string(),
    };
    let Formatted { format } = serde_json::from_slice(json).map_err(fault)?;
    if format != FORMAT {
        return Err(SnapshotError::Format {
            object: object.to_owned(),
            found: format,
            expected: FORMAT,
        });
    }
    serde_json::from_slice(json).map_err(fault)
}

/// Returns bytes in lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Returns the key of the pointer.
pub fn pointer_key() -> String {
    format!("search/v{FORMAT}/current.json")
}

/// Returns the key of a generation's manifest.
pub fn manifest_key(generation: u64) -> String {
    format!("{}{generation:010}.json", manifests_prefix())
}

/// Returns what the keys of all manifests begin with.
pub fn manifests_prefix() -> String {
    format!("search/v{FORMAT}/manifests/")
}

/// Returns the generation that a manifest's key names.
pub fn generation_of(key: &str) -> Option<u64> {
    key.strip_prefix(&manifests_prefix())?
        .strip_suffix(".json")?
        .parse()
        .ok()
}

/// Returns the key of a file, from the last part of it.
pub fn segment_key(key_name: &str) -> String {
    format!("{}{key_name}", segments_prefix())
}

/// Returns what the keys of all files begin with.
pub fn segments_prefix() -> String {
    format!("search/v{FORMAT}/segments/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str) -> Manifest {
        Manifest {
            format: FORMAT,
            generation: 7,
            created_at: Timestamp::UNIX_EPOCH,
            recalls: 1,
            products: 2,
            files: vec![SegmentFile {
                name: name.to_owned(),
                bytes: 3,
                sha256: "ab".repeat(32),
            }],
            meta: "{}".to_owned(),
            retired: Vec::new(),
            swept_at: Timestamp::UNIX_EPOCH,
            seal: String::new(),
        }
        .sealed()
    }

    #[test]
    fn the_keys_are_a_file_format() {
        assert_eq!(pointer_key(), "search/v1/current.json");
        assert_eq!(manifest_key(12), "search/v1/manifests/0000000012.json");
        assert_eq!(generation_of(&manifest_key(12)), Some(12));
        assert_eq!(
            segment_key(&manifest("0a1b.store").files[0].key_name()),
            "search/v1/segments/0a1b.store.abababababababab"
        );
    }

    #[test]
    fn a_manifest_reads_back_and_one_of_another_generation_is_refused() {
        let json = serde_json::to_vec(&manifest("a.idx")).unwrap();
        assert_eq!(Manifest::parse("m", 7, &json).unwrap(), manifest("a.idx"));
        assert!(matches!(
            Manifest::parse("m", 8, &json),
            Err(SnapshotError::Corrupt { .. })
        ));
        assert!(matches!(
            Manifest::parse("m", 7, &json[..json.len() / 2]),
            Err(SnapshotError::Corrupt { .. })
        ));
    }

    #[test]
    fn any_bit_that_flips_in_a_manifest_is_noticed() {
        let json = serde_json::to_vec(&manifest("a.idx")).unwrap();
        for at in 0..json.len() {
            for bit in 0..8 {
                let mut flipped = json.clone();
                flipped[at] ^= 1 << bit;
                // The T and the Z of a time may be small letters, which changes nothing.
                let changed =
                    Manifest::parse("m", 7, &flipped).is_ok_and(|read| read != manifest("a.idx"));
                assert!(!changed, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_file_name_cannot_leave_the_cache() {
        for name in ["../x", "/etc/x", ".managed.json", "meta.json", "", "a b"] {
            let json = serde_json::to_vec(&manifest(name)).unwrap();
            let refused = Manifest::parse("m", 7, &json);
            assert!(
                matches!(refused, Err(SnapshotError::Corrupt { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn another_format_is_named_as_such_whatever_else_it_holds() {
        let refused = Pointer::parse("p", br#"{"format": 2, "anything": []}"#);
        assert!(matches!(
            refused,
            Err(SnapshotError::Format { found: 2, .. })
        ));
    }
}
