//! Raw payloads in the bucket, as they came.

use aws_sdk_s3::{Client, error::ProvideErrorMetadata, primitives::ByteStream};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::domain::agency::AgencyKey;

/// The part of the bucket that holds what was fetched.
#[derive(Debug, Clone)]
pub struct Payloads {
    client: Client,
    bucket: String,
}

impl Payloads {
    /// Names the bucket.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }

    /// Returns the key under which a payload is kept. Its content decides it: the same payload is kept
    /// once, however often it comes.
    pub fn key(agency: AgencyKey, part: &str, body: &[u8]) -> String {
        let digest = hex::encode(&Sha256::digest(body)[..16]);
        format!("raw/{agency}/{part}/{digest}")
    }

    /// Keeps a payload under its key.
    pub async fn keep(&self, key: &str, body: &[u8]) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(body.to_vec()))
            .content_type("application/octet-stream")
            .send()
            .await?;
        Ok(())
    }

    /// Returns an object, or nothing when there is none. Refuses one of more than `most` bytes unread.
    pub async fn find(&self, key: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = match self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let length =
            usize::try_from(answer.content_length().unwrap_or_default()).unwrap_or(usize::MAX);
        if length > most {
            return Err(StoreError::TooLarge(length));
        }
        let body = answer
            .body
            .collect()
            .await
            .map_err(|error| StoreError::Busy(error.into()))?;
        Ok(Some(body.to_vec()))
    }
}
