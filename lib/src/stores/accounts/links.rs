//! Where the key of links comes from.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use crate::{identity::link::LinkKey, stores::StoreError};

/// The key of links, fetched when the first token is made or read.
#[derive(Debug, Clone)]
pub struct LinkKeys {
    client: Client,
    secret: String,
    key: Arc<OnceCell<LinkKey>>,
}

impl LinkKeys {
    /// Names the secret; nothing is fetched yet.
    pub fn new(sdk: &SdkConfig, secret: impl Into<String>) -> Self {
        Self {
            client: Client::new(sdk),
            secret: secret.into(),
            key: Arc::default(),
        }
    }

    /// Returns the key, fetching it once in the life of the instance.
    pub async fn get(&self) -> Result<&LinkKey, StoreError> {
        self.key
            .get_or_try_init(|| async {
                let answer = self
                    .client
                    .get_secret_value()
                    .secret_id(&self.secret)
                    .send()
                    .await?;
                let text = answer.secret_string().unwrap_or_default();
                LinkKey::derive(text.as_bytes())
                    .map_err(|error| StoreError::Corrupt(error.to_string()))
            })
            .await
    }
}
