//! What a scan asks: one round trip over two tables.

use aws_sdk_dynamodb::{Client, types::AttributeValue};

use super::{
    Item, StoreError,
    agencies::CoverageRow,
    agencies::coverage_of,
    batch_get, keys,
    products::{self, Product},
};
use crate::domain::{
    agency::AgencyKey,
    gtin::Gtin,
    posting::{Posting, PostingKey},
};

/// The tables `recalls` and `products`, read together.
#[derive(Debug, Clone)]
pub struct Lookup {
    client: Client,
    recalls: String,
    products: String,
}

/// What is known about some identifiers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Recalls, by the identifier under which they are filed.
    pub postings: Vec<(PostingKey, Posting)>,
    /// Catalogue products.
    pub products: Vec<Product>,
    /// What has been checked; absent for agencies that never were.
    pub coverage: Vec<(AgencyKey, CoverageRow)>,
}

impl Lookup {
    /// Names the tables.
    pub fn new(client: Client, recalls: impl Into<String>, products: impl Into<String>) -> Self {
        Self {
            client,
            recalls: recalls.into(),
            products: products.into(),
        }
    }

    /// Returns what is filed under the identifiers, the products of the GTINs, and the coverage.
    ///
    /// One `BatchGetItem`. Consistent, since a recall that was stored a moment ago must be seen: one
    /// unit per 4 kB of each item.
    pub async fn find(&self, gtins: &[Gtin], models: &[String]) -> Result<Found, StoreError> {
        let filed = gtins
            .iter()
            .map(|gtin| PostingKey::Gtin(*gtin))
            .chain(models.iter().cloned().map(PostingKey::Model));
        let mut recalls: Vec<_> = filed.map(|key| keys::posting(&key)).collect();
        recalls.push(keys::coverage());
        let products = gtins.iter().map(keys::product).collect();
        let wanted = vec![
            (self.recalls.clone(), recalls),
            (self.products.clone(), products),
        ];
        let mut items = batch_get(&self.client, wanted, true).await?;
        let mut found = Found::default();
        for item in items.remove(&self.products).unwrap_or_default() {
            found.products.push(products::read(&item)?);
        }
        for item in items.remove(&self.recalls).unwrap_or_default() {
            let pk = super::text(&item, "pk")?;
            match keys::posting_key(pk) {
                Some(key) => filed_under(&key, &item, &mut found.postings)?,
                None => found.coverage = coverage_of(&item),
            }
        }
        found
            .postings
            .sort_by(|(a, x), (b, y)| (a, &x.recall).cmp(&(b, &y.recall)));
        Ok(found)
    }
}

fn filed_under(
    key: &PostingKey,
    item: &Item,
    into: &mut Vec<(PostingKey, Posting)>,
) -> Result<(), StoreError> {
    for (name, value) in item {
        if let (true, AttributeValue::S(json)) = (name.starts_with("r#"), value) {
            let posting = serde_json::from_str(json)
                .map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))?;
            into.push((key.clone(), posting));
        }
    }
    Ok(())
}
