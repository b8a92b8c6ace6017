//! Requests that are carried out once: who is at it, and what came of it.

use aws_sdk_dynamodb::{
    Client as Dynamo,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use aws_sdk_s3::{Client as S3, primitives::ByteStream};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::{Item, StoreError, json, keys, n, number, recalls::lost_race, s, text};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A larger body goes to the bucket: an item holds 400 kB.
const IN_ITEM: usize = 300_000;

/// The records of requests that carry a key, in the table `ledger`, with large answers in the bucket.
#[derive(Debug, Clone)]
pub struct Repetitions {
    dynamo: Dynamo,
    table: String,
    s3: S3,
    bucket: String,
}

/// A request that is to be carried out now, by whoever holds this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    digest: String,
    owner: String,
    request: String,
}

/// An answer as it was first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// The header fields that belong to it.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Bytes,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: carry it out.
    Mine(Claim),
    /// It is being carried out, at the longest until then.
    Running(Timestamp),
    /// It was carried out, and this came of it.
    Done(Kept),
    /// Its key belongs to another request.
    Other,
}

impl Repetitions {
    /// Names the table and the bucket.
    pub fn new(
        dynamo: Dynamo,
        table: impl Into<String>,
        s3: S3,
        bucket: impl Into<String>,
    ) -> Self {
        Self {
            dynamo,
            table: table.into(),
            s3,
            bucket: bucket.into(),
        }
    }

    /// Begins a request, or returns what is known of it: one conditional write, of which one of any
    /// number at once succeeds.
    ///
    /// `digest` tells requests apart that may have the same key, `request` is the digest of what must be
    /// the same in a repetition, `owner` is new for each try. Who began and is not heard of until `until`
    /// is given up.
    pub async fn begin(
        &self,
        digest: &str,
        request: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError> {
        let claim = Claim {
            digest: digest.to_owned(),
            owner: owner.to_owned(),
            request: request.to_owned(),
        };
        let outcome = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(claim.item(until)))
            .condition_expression("attribute_not_exists(pk) OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else {
            return Ok(Begun::Mine(claim));
        };
        let item = error
            .as_service_error()
            .and_then(|error| match error {
                aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                    failed,
                ) => failed.item().cloned(),
                _ => None,
            });
        let Some(item) = item else {
            return Err(error.into());
        };
        // The answer to our own write was lost, and the SDK wrote again.
        if text(&item, "owner")? == owner {
            return Ok(Begun::Mine(claim));
        }
        if text(&item, "request")? != request {
            return Ok(Begun::Other);
        }
        if !item.contains_key("status") {
            let until = Timestamp::from_millisecond(number(&item, "until")?);
            return until
                .map(Begun::Running)
                .map_err(|error| StoreError::Corrupt(error.to_string()));
        }
        self.kept(&item).await.map(Begun::Done)
    }

    async fn kept(&self, item: &Item) -> Result<Kept, StoreError> {
        let body = match (item.get("body"), item.get("object")) {
            (Some(AttributeValue::B(body)), _) => Bytes::copy_from_slice(body.as_ref()),
            (None, Some(AttributeValue::S(key))) => {
                let object = self.s3.get_object().bucket(&self.bucket).key(key);
                let body = object.send().await?.body.collect().await;
                body.map_err(|error| StoreError::Busy(error.into()))?
                    .into_bytes()
            }
            _ => return Err(StoreError::Corrupt("a kept answer has no body".into())),
        };
        Ok(Kept {
            status: number(item, "status")?,
            headers: json(item, "headers")?,
            body,
        })
    }

    /// Keeps what came of a request for 24 hours. Returns false where the claim was given up meanwhile
    /// and somebody else holds it.
    pub async fn keep(
        &self,
        claim: &Claim,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let headers = serde_json::to_string(&kept.headers)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let mut item = claim.item(now + KEPT);
        item.insert("status".to_owned(), n(kept.status));
        item.insert("headers".to_owned(), s(headers));
        if kept.body.len() > IN_ITEM {
            let key = format!("idempotency/{}/{}", claim.digest, claim.owner);
            self.s3
                .put_object()
                .bucket(&self.bucket)
                .key(&key)
                .body(ByteStream::from(kept.body.clone()))
                .content_type("application/octet-stream")
                .send()
                .await?;
            item.insert("object".to_owned(), s(key));
        } else {
            let body = AttributeValue::B(kept.body.to_vec().into());
            item.insert("body".to_owned(), body);
        }
        let outcome = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(&claim.owner))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Err(error) if lost_race(&error) => Ok(false),
            other => other.map(|_| true),
        }
    }

    /// Forgets a request of which nothing came, so that it can be made again. Does nothing when the claim
    /// has passed to somebody else.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let outcome = self
            .dynamo
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::repetition(&claim.digest).into_item()))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(&claim.owner))
            .send()
            .await
            .map_err(StoreError::from);
        match outcome {
            Err(error) if lost_race(&error) => Ok(()),
            other => other.map(drop),
        }
    }
}

impl Claim {
    fn item(&self, until: Timestamp) -> Item {
        let mut item = keys::repetition(&self.digest).into_item();
        item.extend([
            ("owner".to_owned(), s(&self.owner)),
            ("request".to_owned(), s(&self.request)),
            ("until".to_owned(), n(until.as_millisecond())),
            ("expires_at".to_owned(), n(until.as_second() + 3_600)),
        ]);
        item
    }
}
