//! Files of people that an operator has put into the bucket, and the reports beside them.

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// The part of the bucket where such files are put.
pub const FOLDER: &str = "imports/users/";

/// How the name of a report ends.
pub const REPORT: &str = ".report.json";

/// The largest report that is read back, in bytes.
const REPORT_MOST: i64 = 8_000_000;

/// The part of the bucket that holds such files.
#[derive(Debug, Clone)]
pub struct Imports {
    client: Client,
    bucket: String,
}

/// A file that is being read.
#[derive(Debug)]
pub struct Opened {
    /// What tells its content from any other.
    pub etag: String,
    /// Its bytes.
    pub body: ByteStream,
}

impl Imports {
    /// Names the bucket.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }

    /// Opens a file, or returns nothing when there is none. Nothing of it is held.
    pub async fn open(&self, key: &str) -> Result<Option<Opened>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        match get.send().await {
            Ok(answer) => Ok(Some(Opened {
                etag: answer.e_tag.unwrap_or_default(),
                body: answer.body,
            })),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file after so many bytes, if its content is still the one with that tag.
    pub async fn open_after(
        &self,
        key: &str,
        etag: &str,
        bytes: u64,
    ) -> Result<Option<Opened>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let get = get.if_match(etag).range(format!("bytes={bytes}-"));
        match get.send().await {
            Ok(answer) => Ok(Some(Opened {
                etag: etag.to_owned(),
                body: answer.body,
            })),
            Err(error) if missing(&error) || error.code() == Some("PreconditionFailed") => Ok(None),
            // The file ends there.
            Err(error) if error.code() == Some("InvalidRange") => Ok(Some(Opened {
                etag: etag.to_owned(),
                body: ByteStream::default(),
            })),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the report of a file, or nothing when there is none that can be read.
    pub async fn report<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket);
        let answer = match get.key(format!("{key}{REPORT}")).send().await {
            Ok(answer) => answer,
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if answer
            .content_length
            .is_none_or(|length| length > REPORT_MOST)
        {
            return Ok(None);
        }
        let body = answer.body.collect().await;
        let body = body.map_err(|error| StoreError::Busy(error.into()))?;
        Ok(serde_json::from_slice(&body.to_vec()).ok())
    }

    /// Keeps the report of a file.
    pub async fn keep_report<T: Serialize>(&self, key: &str, report: &T) -> Result<(), StoreError> {
        let body = serde_json::to_vec_pretty(report)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(format!("{key}{REPORT}"))
            .content_type("application/json")
            .body(ByteStream::from(body))
            .send()
            .await?;
        Ok(())
    }
}

fn missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("NoSuchKey")
}
