//! The bucket that holds the index: reading, conditional putting, deleting.

use std::{io::Write, path::Path};

use aws_sdk_s3::{
    Client,
    error::SdkError,
    primitives::{ByteStream, DateTimeFormat},
    types::{Delete, ObjectIdentifier},
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    SnapshotError,
    snapshot::{
        Manifest, Pointer, SegmentFile, hexadecimal, manifest_key, pointer_key, segment_key,
    },
};

/// The greatest pointer or manifest that is read, in bytes.
const LONGEST_JSON: usize = 32 * 1024 * 1024;

/// The part of a bucket where the search index lives.
#[derive(Debug, Clone)]
pub struct SnapshotBucket {
    client: Client,
    bucket: String,
}

/// What a conditional read found.
pub(super) enum Look {
    /// Nothing was ever published.
    Absent,
    /// The same as before.
    Same,
    /// A pointer and its entity tag.
    New(Pointer, String),
}

impl SnapshotBucket {
    /// Names the bucket.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        let bucket = bucket.into();
        Self { client, bucket }
    }

    /// Reads the pointer, unless it still has that entity tag.
    pub(super) async fn look(&self, etag: Option<&str>) -> Result<Look, SnapshotError> {
        let key = pointer_key();
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&key)
            .set_if_none_match(etag.map(str::to_owned))
            .send()
            .await;
        match got {
            Ok(object) => {
                let etag = object.e_tag().unwrap_or_default().to_owned();
                let json = whole(&key, object.body).await?;
                Ok(Look::New(Pointer::parse(&key, &json)?, etag))
            }
            Err(error) => match status(&error) {
                Some(304) => Ok(Look::Same),
                Some(404) => Ok(Look::Absent),
                _ => Err(SnapshotError::store(format!("read {key}"), error)),
            },
        }
    }

    /// Reads a generation's manifest.
    pub(super) async fn manifest(&self, generation: u64) -> Result<Manifest, SnapshotError> {
        let key = manifest_key(generation);
        let body = self.get(&key).await?;
        let json = whole(&key, body).await?;
        Manifest::parse(&key, generation, &json)
    }

    /// Reads the manifest of the generation in force, and checks that it is the one that was published.
    pub(super) async fn current(&self, pointer: &Pointer) -> Result<Manifest, SnapshotError> {
        let manifest = self.manifest(pointer.generation).await?;
        if manifest.seal == pointer.seal {
            Ok(manifest)
        } else {
            Err(SnapshotError::Corrupt {
                object: manifest_key(pointer.generation),
                reason: "it is not the one that the pointer names".to_owned(),
            })
        }
    }

    /// Writes a manifest unless its generation's number is taken; returns whether it was free.
    pub(super) async fn claim(&self, manifest: &Manifest) -> Result<bool, SnapshotError> {
        let json = serde_json::to_vec(manifest).expect("a manifest has only string keys");
        let key = manifest_key(manifest.generation);
        self.put_if(&key, json, None).await
    }

    /// Moves the pointer, if it still has that entity tag (or is absent still); returns whether it did.
    pub(super) async fn move_pointer(
        &self,
        pointer: &Pointer,
        etag: Option<&str>,
    ) -> Result<bool, SnapshotError> {
        let json = serde_json::to_vec(pointer).expect("a pointer has only string keys");
        self.put_if(&pointer_key(), json, etag).await
    }

    async fn put_if(
        &self,
        key: &str,
        json: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<bool, SnapshotError> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/json")
            .body(json.into());
        let put = match etag {
            Some(etag) => put.if_match(etag),
            None => put.if_none_match("*"),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            // 409: somebody's put of the same key is under way; 404: what should match is gone.
            Err(error) if matches!(status(&error), Some(404 | 409 | 412)) => Ok(false),
            Err(error) => Err(SnapshotError::store(format!("write {key}"), error)),
        }
    }

    /// Uploads one file of the index.
    pub(super) async fn upload(
        &self,
        file: &SegmentFile,
        from: &Path,
    ) -> Result<(), SnapshotError> {
        let key = segment_key(&file.key_name());
        let body = ByteStream::from_path(from)
            .await
            .map_err(|error| SnapshotError::Store {
                what: format!("read what becomes {key}"),
                source: Box::new(error),
            })?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .body(body)
            .send()
            .await
            .map(drop)
            .map_err(|error| SnapshotError::store(format!("write {key}"), error))
    }

    /// Fetches one file of the index and checks size and checksum; a damaged one is not left behind.
    pub(super) async fn download(
        &self,
        file: &SegmentFile,
        to: &Path,
    ) -> Result<(), SnapshotError> {
        let key = segment_key(&file.key_name());
        let body = self.get(&key).await?;
        let done = checked(&key, file, body, to).await;
        if done.is_err() {
            // The error in hand says more than a failure to clean up could.
            let _ = std::fs::remove_file(to);
        }
        done
    }

    async fn get(&self, key: &str) -> Result<ByteStream, SnapshotError> {
        let got = self.client.get_object().bucket(&self.bucket).key(key);
        match got.send().await {
            Ok(object) => Ok(object.body),
            Err(error) if status(&error) == Some(404) => Err(SnapshotError::Missing {
                object: key.to_owned(),
            }),
            Err(error) => Err(SnapshotError::store(format!("read {key}"), error)),
        }
    }

    /// Deletes objects; those that are gone already are no error.
    pub(super) async fn delete(&self, keys: &[String]) -> Result<(), SnapshotError> {
        for some in keys.chunks(1000) {
            let objects = some
                .iter()
                .map(|key| ObjectIdentifier::builder().key(key).build())
                .collect::<Result<Vec<_>, _>>()
                .and_then(|objects| {
                    Delete::builder()
                        .set_objects(Some(objects))
                        .quiet(true)
                        .build()
                })
                .map_err(|error| SnapshotError::Store {
                    what: "build a deletion".to_owned(),
                    source: Box::new(error),
                })?;
            let deleted = self
                .client
                .delete_objects()
                .bucket(&self.bucket)
                .delete(objects)
                .send()
                .await
                .map_err(|error| SnapshotError::store("delete", error))?;
            if let Some(refused) = deleted.errors().first() {
                return Err(SnapshotError::Store {
                    what: format!("delete {}", refused.key().unwrap_or_default()),
                    source: refused.message().unwrap_or("no reason given").into(),
                });
            }
        }
        Ok(())
    }

    /// Lists all keys with that beginning, and when each was written.
    pub(super) async fn list(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, Timestamp)>, SnapshotError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| SnapshotError::store(format!("list {prefix}"), error))?;
            for object in page.contents() {
                let written = object
                    .last_modified()
                    .and_then(|time| time.fmt(DateTimeFormat::DateTime).ok())
                    .and_then(|time| time.parse().ok());
                if let (Some(key), Some(written)) = (object.key(), written) {
                    all.push((key.to_owned(), written));
                }
            }
        }
        Ok(all)
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

async fn whole(key: &str, mut body: ByteStream) -> Result<Vec<u8>, SnapshotError> {
    let mut all = Vec::new();
    while let Some(bytes) = next(key, &mut body).await? {
        all.extend_from_slice(bytes.as_ref());
        if all.len() > LONGEST_JSON {
            return Err(SnapshotError::Corrupt {
                object: key.to_owned(),
                reason: format!("more than {LONGEST_JSON} bytes"),
            });
        }
    }
    Ok(all)
}

async fn checked(
    key: &str,
    file: &SegmentFile,
    mut body: ByteStream,
    to: &Path,
) -> Result<(), SnapshotError> {
    let fault = |reason: String| SnapshotError::Corrupt {
        object: key.to_owned(),
        reason,
    };
    let mut out = std::fs::File::create_new(to).map_err(SnapshotError::disk(to))?;
    let (mut digest, mut size) = (Sha256::new(), 0_u64);
    while let Some(bytes) = next(key, &mut body).await? {
        let bytes = bytes.as_ref();
        size += bytes.len() as u64;
        if size > file.bytes {
            return Err(fault(format!(
                "more than the {} bytes it should have",
                file.bytes
            )));
        }
        digest.update(bytes);
        out.write_all(bytes).map_err(SnapshotError::disk(to))?;
    }
    if size != file.bytes {
        return Err(fault(format!("{size} bytes instead of {}", file.bytes)));
    }
    if hexadecimal(&digest.finalize()) != file.sha256 {
        return Err(fault("the checksum does not fit".to_owned()));
    }
    Ok(())
}

async fn next(
    key: &str,
    body: &mut ByteStream,
) -> Result<Option<impl AsRef<[u8]> + use<>>, SnapshotError> {
    body.try_next().await.map_err(|error| SnapshotError::Store {
        what: format!("send all of {key}"),
        source: Box::new(error),
    })
}
