//! The tables, the bucket and the queues, in the domain's words.
//!
//! Stores are concrete types over the SDK. Absence is `Ok(None)`; each method says what it promises.

#[cfg(feature = "accounts")]
pub mod accounts;
pub mod agencies;
#[cfg(feature = "identity")]
pub mod api_keys;
pub mod attempts;
#[cfg(feature = "identity")]
pub mod denials;
#[cfg(feature = "accounts")]
pub mod imports;
pub mod jobs;
#[cfg(feature = "identity")]
pub mod key_set;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod lookup;
pub mod payloads;
pub mod products;
mod recall_item;
pub mod recalls;
pub mod repetitions;

use std::{collections::HashMap, error::Error, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, KeysAndAttributes},
};

use self::keys::Key;

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out or unreachable: worth trying again.
    #[error("the store is busy")]
    Busy(#[source] Box<dyn Error + Send + Sync>),
    /// Refused: trying again will not help.
    #[error("the store refused")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored cannot be read.
    #[error("an item is not what it should be: {0}")]
    Corrupt(String),
    /// An item would not fit (`DynamoDB` allows 400 kB).
    #[error("an item of {0} bytes or more is too large for the store")]
    TooLarge(usize),
}

/// What an item may have, in bytes (`DynamoDB`).
const ITEM_MOST: usize = 400_000;

/// A raw item.
pub(crate) type Item = HashMap<String, AttributeValue>;

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        // `DynamoDB`'s, S3's and SQS's own words for the same few things.
        const PASSING: &[&str] = &[
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "LimitExceededException",
            "OverLimit",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestTimeout",
            "ServiceUnavailable",
            "SlowDown",
            "ThrottlingException",
            "TransactionConflictException",
            "TransactionInProgressException",
        ];
        if let SdkError::ServiceError(service) = &error
            && service
                .err()
                .message()
                .is_some_and(|message| message.contains("Item size"))
        {
            return Self::TooLarge(ITEM_MOST);
        }
        let passing = match &error {
            SdkError::ServiceError(service) => service
                .err()
                .code()
                .is_none_or(|code| PASSING.contains(&code)),
            SdkError::ConstructionFailure(_) => false,
            _ => true,
        };
        if passing {
            Self::Busy(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

#[cfg(feature = "http")]
impl From<StoreError> for crate::http::problem::Problem {
    /// Whatever happened, nothing could be decided: that is 503, never an empty answer.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) | StoreError::Refused(_) => Self::unavailable(error),
            StoreError::Corrupt(_) | StoreError::TooLarge(_) => Self::internal(error),
        }
    }
}

/// Reads attributes out of an item, naming what is wrong.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Result<&'a str, StoreError> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(StoreError::Corrupt(format!("no text in {name}"))),
    }
}

pub(crate) fn number<T: std::str::FromStr>(item: &Item, name: &str) -> Result<T, StoreError> {
    match item.get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| StoreError::Corrupt(format!("no number in {name}")))
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(
    item: &Item,
    name: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text(item, name)?)
        .map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Reads up to 100 keys over any tables in one call, going on until none is left unprocessed.
///
/// Promises nothing about order. `consistent` reads see every write that was acknowledged before.
pub(crate) async fn batch_get(
    client: &Client,
    wanted: Vec<(String, Vec<Key>)>,
    consistent: bool,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
    let mut request: HashMap<String, KeysAndAttributes> = HashMap::new();
    for (table, keys) in wanted {
        if keys.is_empty() {
            continue;
        }
        let keys = keys.into_iter().map(Key::into_item).collect();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(consistent)
            .build();
        request.insert(
            table,
            keys.map_err(|error| StoreError::Refused(error.into()))?,
        );
    }
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    let mut tries = 0;
    while !request.is_empty() {
        let asked: usize = request.values().map(|keys| keys.keys().len()).sum();
        let answer = client
            .batch_get_item()
            .set_request_items(Some(request))
            .send()
            .await?;
        for (table, items) in answer.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        request = answer.unprocessed_keys.unwrap_or_default();
        let left: usize = request.values().map(|keys| keys.keys().len()).sum();
        // An answer ends at 16 MB: what is left then is no sign of being busy.
        if left == asked {
            tries += 1;
            if tries == 5 {
                return Err(StoreError::Busy("keys stayed unprocessed".into()));
            }
            backoff(tries).await;
        }
    }
    Ok(found)
}

/// Waits before another try: exponential, with full jitter, at most two seconds.
pub(crate) async fn backoff(tries: u32) {
    let most = 50_u64.saturating_mul(1 << tries.min(6)).min(2_000);
    let wait = rand::random_range(0..=most);
    tokio::time::sleep(Duration::from_millis(wait)).await;
}
