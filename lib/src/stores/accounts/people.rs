//! People: one item each, and beside it the item that says whose an address is.
//!
//! An address is unique because its claim is an item of its own that can be put only once; no index
//! decides it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, Update};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Accounts, Changes};
use crate::{
    domain::account::{Account, Email, Standing, UserId},
    stores::{Item, StoreError, batch_get, json, keys, n, s, text},
};

/// Stands where no password was ever set.
const NEVER: &str = "never";

impl Accounts {
    /// Returns a person. The read is consistent: it sees every change that was acknowledged before.
    pub async fn find(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::account(user).into_item()))
            .consistent_read(true)
            .send()
            .await?;
        answer.item.as_ref().map(read).transpose()
    }

    /// Returns those people who are there, at most a hundred, in the order in which they are named. The
    /// read is consistent.
    pub async fn find_many(&self, users: &[UserId]) -> Result<Vec<Account>, StoreError> {
        let wanted = users.iter().map(|user| keys::account(*user)).collect();
        let tables = vec![(self.table.clone(), wanted)];
        let mut found = batch_get(&self.client, tables, true).await?;
        let items = found.remove(&self.table).unwrap_or_default();
        let people: Vec<_> = items.iter().map(read).collect::<Result<_, _>>()?;
        let named = users
            .iter()
            .filter_map(|user| people.iter().find(|person| person.id == *user));
        Ok(named.cloned().collect())
    }

    /// Returns whose an address is. The read is consistent.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::email_claim(email).into_item()))
            .consistent_read(true)
            .send()
            .await?;
        let Some(item) = answer.item else {
            return Ok(None);
        };
        let user = text(&item, "user")?.parse();
        user.map(Some)
            .map_err(|_| StoreError::Corrupt("user is no identifier".into()))
    }

    /// Returns the person behind an address. Takes two calls whether there is somebody or not, so that
    /// nothing tells an unknown address from a known one.
    pub async fn find_person(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let user = self.find_by_email(email).await?;
        self.find(user.unwrap_or(UserId(Uuid::nil()))).await
    }

    /// Adds a new person and the claim of the address. Returns the place of the claim: a commit that is
    /// refused there means that somebody else has the address.
    pub fn insert(&self, changes: &mut Changes, account: &Account) -> Result<usize, StoreError> {
        let place = changes.len();
        changes.put(self.claim(account)?);
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::account(account.id).into_item()))
            .condition_expression("attribute_not_exists(pk)");
        for (name, value) in attributes(account)? {
            put = put.item(name, value);
        }
        if let Some(at) = account.last_sign_in_at {
            put = put.item("last_sign_in_at", s(at.to_string()));
        }
        changes.put(built(put.build())?);
        Ok(place)
    }

    /// Adds a person's new state, over the one it was made from: `account.version` is that one's, and
    /// the one that is written counts one more. Returns the place; a commit that is refused there lost a
    /// race. When somebody last signed in is not touched: that is [`Accounts::sign_in`]'s.
    pub fn replace(&self, changes: &mut Changes, account: &Account) -> Result<usize, StoreError> {
        let place = changes.len();
        let next = Account {
            version: account.version + 1,
            ..account.clone()
        };
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::account(account.id).into_item()))
            .condition_expression("#version = :read")
            .expression_attribute_values(":read", n(account.version));
        let attributes = attributes(&next)?;
        let mut sets = Vec::new();
        for (name, value) in &attributes {
            sets.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        let expression = format!("SET {}", sets.join(", "));
        changes.update(built(update.update_expression(expression).build())?);
        Ok(place)
    }

    /// Adds that a person is still as they were read. Returns the place; a commit that is refused there
    /// lost a race against a change of that person.
    pub fn unchanged(&self, changes: &mut Changes, account: &Account) -> Result<usize, StoreError> {
        let place = changes.len();
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::account(account.id).into_item()))
            .condition_expression("#version = :read")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":read", n(account.version))
            .build();
        changes.check(built(check)?);
        Ok(place)
    }

    /// Adds a change of the address: the new one is claimed, the old one is given back. Both accounts
    /// are the same person before and after. Returns the places of the claim and of the account.
    pub fn change_email(
        &self,
        changes: &mut Changes,
        before: &Account,
        after: &Account,
    ) -> Result<(usize, usize), StoreError> {
        let place = changes.len();
        if before.email.key() != after.email.key() {
            changes.put(self.claim(after)?);
            self.release_email(changes, before)?;
        }
        Ok((place, self.replace(changes, after)?))
    }

    /// Adds that the address is anybody's again. It belongs beside the [`Accounts::replace`].
    pub fn release_email(
        &self,
        changes: &mut Changes,
        account: &Account,
    ) -> Result<(), StoreError> {
        let release = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::email_claim(&account.email).into_item()))
            .condition_expression("#user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", s(account.id.to_string()))
            .build();
        changes.delete(built(release)?);
        Ok(())
    }

    /// Adds that the person signs in now, if they still may and their password is still the one that was
    /// read. Returns the place; a commit that is refused there means that they may not any more.
    pub fn sign_in(
        &self,
        changes: &mut Changes,
        account: &Account,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let place = changes.len();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::account(account.id).into_item()))
            .update_expression("SET last_sign_in_at = :now")
            .condition_expression("standing = :active AND password_set_at = :password_set_at")
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":active", s(standing(&Standing::Active)))
            .expression_attribute_values(":password_set_at", s(password_set_at(account)))
            .build();
        changes.update(built(update)?);
        Ok(place)
    }

    fn claim(&self, account: &Account) -> Result<Put, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::email_claim(&account.email).into_item()))
            .item("user", s(account.id.to_string()))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        built(put)
    }
}

fn built<T>(built: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, StoreError> {
    built.map_err(|error| StoreError::Refused(error.into()))
}

fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Disabled(_) => "disabled",
        Standing::Deleted(_) => "deleted",
    }
}

fn password_set_at(account: &Account) -> String {
    account
        .password_set_at
        .map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

/// Returns what is written of a person, but for the key and the last sign-in.
fn attributes(account: &Account) -> Result<HashMap<&'static str, AttributeValue>, StoreError> {
    let body = serde_json::to_string(account);
    let body = body.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(HashMap::from([
        ("account", s(body)),
        ("version", n(account.version)),
        ("standing", s(standing(&account.standing))),
        ("password_set_at", s(password_set_at(account))),
        ("directory", s(keys::directory(account.id))),
        ("by_email", s(keys::by_email(&account.email))),
        ("by_name", s(keys::by_name(&account.name, account.id))),
    ]))
}

fn read(item: &Item) -> Result<Account, StoreError> {
    let mut account: Account = json(item, "account")?;
    if item.contains_key("last_sign_in_at") {
        let at = text(item, "last_sign_in_at")?.parse();
        let at = at.map_err(|_| StoreError::Corrupt("last_sign_in_at is no instant".into()))?;
        account.last_sign_in_at = Some(at);
    }
    Ok(account)
}
