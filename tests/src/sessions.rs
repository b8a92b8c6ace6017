//! People who have accounts and sessions, without the time that a password's hash takes.
//!
//! They are written by the stores that the function `auth` writes with, with the keys that it signs with;
//! that registering and signing in come to the same is held by the tests of those routes.

use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{Account, Session, SessionId, session::LONGEST},
    identity::{
        claims::{AUDIENCE, Claims},
        refresh::RefreshKeys,
        signing::TokenKeys,
    },
    stores::{
        accounts::{Accounts, Changes, Outcome},
        key_set::KeySets,
    },
};
use jiff::SignedDuration;

use crate::{
    sandbox::{READY, Sandbox},
    stack::PUBLIC_URL,
};

/// What somebody who has signed in holds.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The session.
    pub session: SessionId,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Sandbox {
    /// Returns the table `accounts`, past every proxy.
    pub fn account_store(&self) -> Accounts {
        Accounts::new(self.dynamo(), &self.accounts)
    }

    /// Makes an account for that address, of a user whose address is verified and who has no password.
    pub async fn person(&self, email: &str) -> Account {
        let (email, now) = (email.parse().expect("an address"), self.clock.now());
        let with = |person: &mut Account| {
            person.email = email;
            person.password_set_at = Some(now);
            person.name.last = "Quill".into();
        };
        self.put_person(with).await
    }

    /// Writes an account's new state, and returns it as it is then.
    pub async fn change(&self, account: &Account, change: impl FnOnce(&mut Account)) -> Account {
        let mut after = account.clone();
        change(&mut after);
        let (store, mut changes) = (self.account_store(), Changes::new());
        store.replace(&mut changes, &after).expect(READY);
        assert_eq!(store.commit(changes).await.expect(READY), Outcome::Done);
        after.version += 1;
        after
    }

    /// Opens a session of an account.
    pub async fn signed_in(&self, account: &Account) -> Tokens {
        let now = self.clock.now();
        let (_, secret) = self.secrets().await;
        let sets = KeySets::new(self.dynamo(), &self.accounts);
        let keys = TokenKeys::new(&self.start(self.emulator()).await.sdk, secret, sets);
        let signer = keys.signer(now).await.expect(READY);
        let id = SessionId(RandomIds.new_id());
        let token = RefreshKeys::new(signer.refresh_key()).first(account.id, id, rand::random());
        let until = now + LONGEST;
        let session = Session {
            id,
            user: account.id,
            current: token.hash(),
            previous: None,
            rotated_at: now,
            created_at: now,
            last_used_at: now,
            idle_until: Session::idle_until(now, until),
            until,
            password_set_at: account.password_set_at,
            device: "a test".into(),
            network: "203.0.113.0/24".into(),
            ended: None,
        };
        let (store, mut changes) = (self.account_store(), Changes::new());
        store.add_session(&mut changes, &session).expect(READY);
        assert_eq!(store.commit(changes).await.expect(READY), Outcome::Done);
        let claims = Claims {
            iss: PUBLIC_URL.into(),
            aud: AUDIENCE.into(),
            sub: account.id,
            sid: id,
            jti: RandomIds.new_id(),
            roles: account.roles.clone(),
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: (now + SignedDuration::from_mins(15)).as_second(),
        };
        Tokens {
            session: id,
            access: signer.sign(&claims).expect("the claims may be signed"),
            refresh: token.text(),
        }
    }
}
