//! The API keys of a person: written and listed for their owner, and kept to what the owner may.

use aws_sdk_dynamodb::types::{Delete, Put};

use super::{Accounts, Changes};
use crate::{
    domain::account::{Account, ApiKeyId, Roles, UserId},
    stores::{StoreError, api_keys::ApiKey, batch_get, keys, s, text},
};

/// The most keys that one person has at a time.
pub const API_KEYS_MOST: usize = 20;

impl Accounts {
    /// Returns a person's keys, the newest first, whether they still count or not. The read is
    /// consistent.
    pub async fn api_keys_of(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :keys)")
            .expression_attribute_values(":pk", s(keys::account(user).pk))
            .expression_attribute_values(":keys", s(keys::API_KEYS))
            .send()
            .await?;
        let mut wanted = Vec::new();
        for item in answer.items() {
            let id = text(item, "sk")?.strip_prefix(keys::API_KEYS);
            let id = id.and_then(|id| id.parse().ok());
            let id: ApiKeyId = id.ok_or_else(|| StoreError::Corrupt("a key's name".into()))?;
            wanted.push(keys::api_key(id));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = batch_get(&self.client, vec![(self.table.clone(), wanted)], true).await?;
        let items = found.remove(&self.table).unwrap_or_default();
        let mut found: Vec<ApiKey> = items
            .iter()
            .map(ApiKey::of_item)
            .collect::<Result<_, _>>()?;
        found.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
        Ok(found)
    }

    /// Adds a new key. It belongs beside a [`Accounts::replace`] of its owner: that is what keeps two
    /// keys that are made at once from being one too many, and a key from having roles that its owner
    /// is just losing.
    pub fn add_api_key(&self, changes: &mut Changes, key: &ApiKey) -> Result<(), StoreError> {
        let put = key.put(&self.table)?;
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::api_key_of(key.user, key.id).into_item()))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }

    /// Adds the end of a key. Returns the place; a commit that is refused there means that this person
    /// has no such key.
    pub fn remove_api_key(
        &self,
        changes: &mut Changes,
        user: UserId,
        key: ApiKeyId,
    ) -> Result<usize, StoreError> {
        let place = changes.len();
        for (at, name) in [keys::api_key_of(user, key), keys::api_key(key)]
            .into_iter()
            .enumerate()
        {
            let delete = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(name.into_item()))
                .set_condition_expression((at == 0).then(|| "attribute_exists(pk)".into()))
                .build();
            changes.delete(delete.map_err(|error| StoreError::Refused(error.into()))?);
        }
        Ok(place)
    }

    /// Adds the end of all of a person's keys, where the account passes to whoever has its address. It
    /// belongs beside the [`Accounts::replace`], as above.
    pub async fn remove_api_keys(
        &self,
        changes: &mut Changes,
        user: UserId,
    ) -> Result<(), StoreError> {
        for key in self.api_keys_of(user).await? {
            self.remove_api_key(changes, user, key.id)?;
        }
        Ok(())
    }

    /// Adds what a change of a person means for their keys: those of an account that may be used have
    /// the owner's roles from now on, and the others end. It belongs beside the [`Accounts::replace`];
    /// a commit that is refused at one of these places lost a race against the end of a key.
    pub async fn keep_api_keys_in_step(
        &self,
        changes: &mut Changes,
        owner: &Account,
        roles: &Roles,
    ) -> Result<(), StoreError> {
        for mut key in self.api_keys_of(owner.id).await? {
            if !owner.is_active() {
                self.remove_api_key(changes, owner.id, key.id)?;
            } else if key.roles != *roles {
                key.roles = roles.clone();
                let put = key.put(&self.table)?;
                let put = put.condition_expression("attribute_exists(pk)").build();
                changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
            }
        }
        Ok(())
    }
}
