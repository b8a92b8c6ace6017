//! Makes an administrator of somebody who has an account: how a new stack gets its first one.

use babyshield::{
    domain::account::{Email, EventKind, Role},
    runtime::Error,
    stores::accounts::Changes,
};
use serde_json::{Value, json};

use crate::App;

/// How often it is tried when the account is changed meanwhile.
const TRIES: u32 = 5;

impl App {
    /// Gives somebody the role `admin`. Doing it twice does nothing more.
    pub(crate) async fn make_admin(&self, email: &Email) -> Result<Value, Error> {
        for _ in 0..TRIES {
            let Some(mut account) = self.accounts.find_person(email).await? else {
                return Err("nobody has this address: register first".into());
            };
            if !account.is_active() {
                return Err("the account is disabled or deleted".into());
            }
            if account.roles.iter().any(|role| role == Role::Admin) {
                return Ok(json!({"user": account.id, "roles": account.roles, "changed": false}));
            }
            let before = account.roles.words();
            account.roles = account.roles.iter().chain([Role::Admin]).collect();
            account.updated_at = self.clock.now();
            let mut event = self.event(EventKind::RolesChanged, Some(account.id));
            event.detail.insert("from".into(), before);
            event.detail.insert("to".into(), account.roles.words());
            let mut changes = Changes::new();
            self.accounts.replace(&mut changes, &account)?;
            let keys = self
                .accounts
                .keep_api_keys_in_step(&mut changes, &account, &account.roles);
            keys.await?;
            self.accounts.add_event(&mut changes, &event)?;
            if self.accounts.commit(changes).await?.is_done() {
                return Ok(json!({"user": account.id, "roles": account.roles, "changed": true}));
            }
        }
        Err("the account kept changing; try again".into())
    }
}
