//! Catalogue products: what exists, recalled or not.

use aws_sdk_dynamodb::{
    Client,
    types::{PutRequest, WriteRequest},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

use super::{Item, StoreError, backoff, batch_get, json, keys, s};
use crate::domain::gtin::Gtin;

/// The most puts that one `BatchWriteItem` takes.
const WRITE_BATCH: usize = 25;
/// The most keys that one `BatchGetItem` takes.
const READ_BATCH: usize = 100;

/// The table `products`.
#[derive(Debug, Clone)]
pub struct ProductStore {
    client: Client,
    table: String,
}

/// A catalogue product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its number.
    pub gtin: Gtin,
    /// Its name.
    pub name: String,
    /// Its brand, where known.
    pub brand: Option<String>,
    /// Its category, in the source's words.
    pub category: Option<String>,
    /// What is in the package.
    pub quantity: Option<String>,
    /// ISO 3166-1 alpha-2 of the market, where known.
    pub country: Option<String>,
    /// Who says so.
    pub source: String,
    /// Where they say so.
    pub source_url: Option<String>,
    /// The licence of the data.
    pub licence: String,
}

impl ProductStore {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Writes those products that are new or changed and returns how many that were. Idempotent.
    pub async fn write_many(&self, products: &[Product]) -> Result<usize, StoreError> {
        let mut written = 0;
        for products in products.chunks(READ_BATCH) {
            // The last of several lines about one product counts.
            let distinct: BTreeMap<_, _> = products
                .iter()
                .map(|product| (product.gtin, product))
                .collect();
            let wanted = distinct.keys().map(keys::product).collect();
            let stored = batch_get(&self.client, vec![(self.table.clone(), wanted)], true).await?;
            let mut same = Vec::new();
            for item in stored.values().flatten() {
                let product = read(item)?;
                if distinct.get(&product.gtin) == Some(&&product) {
                    same.push(product.gtin);
                }
            }
            let changed: Vec<_> = distinct
                .into_values()
                .filter(|product| !same.contains(&product.gtin))
                .collect();
            for products in changed.chunks(WRITE_BATCH) {
                self.put(products).await?;
                written += products.len();
            }
        }
        Ok(written)
    }

    async fn put(&self, products: &[&Product]) -> Result<(), StoreError> {
        let mut requests = Vec::new();
        for product in products {
            let put = PutRequest::builder()
                .set_item(Some(item(product)?))
                .build()
                .map_err(|error| StoreError::Refused(error.into()))?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        let mut left = HashMap::from([(self.table.clone(), requests)]);
        let mut tries = 0;
        while !left.is_empty() {
            let asked: usize = left.values().map(Vec::len).sum();
            let answer = self
                .client
                .batch_write_item()
                .set_request_items(Some(left))
                .send()
                .await?;
            left = answer.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                break;
            }
            // A batch of which some is taken each time is slow, and no standstill.
            if left.values().map(Vec::len).sum::<usize>() == asked {
                tries += 1;
                if tries == 5 {
                    return Err(StoreError::Busy("items stayed unprocessed".into()));
                }
            }
            backoff(tries.max(1)).await;
        }
        Ok(())
    }
}

fn item(product: &Product) -> Result<Item, StoreError> {
    let mut item = keys::product(&product.gtin).into_item();
    let body =
        serde_json::to_string(product).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    item.insert("product".into(), s(body));
    Ok(item)
}

pub(super) fn read(item: &Item) -> Result<Product, StoreError> {
    json(item, "product")
}
