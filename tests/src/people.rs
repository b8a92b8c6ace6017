//! People of a sandbox: those who are simply there with a token, and those who signed in themselves.

use aws_sdk_dynamodb::types::TransactWriteItem;
use axum::Router;
use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{Account, ApiKeyId, Name, Role, Roles, SessionId, UserId},
    identity::{
        claims::{AUDIENCE, Claims},
        signing::TokenKeys,
    },
    stores::{
        accounts::Accounts,
        api_keys::{ApiKey, KeyText},
        key_set::KeySets,
    },
};
use serde_json::json;

use crate::{functions::Ask, sandbox::Sandbox, stack::PUBLIC_URL};

/// A password that may be used.
pub const PASSWORD: &str = "a lantern, two oars and a kettle";

/// The people of one sandbox.
pub struct People<'a> {
    sandbox: &'a Sandbox,
    accounts: Accounts,
    keys: TokenKeys,
}

/// Somebody who registered through the API.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The address.
    pub email: String,
    /// The account.
    pub id: String,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The session.
    pub session: String,
}

impl<'a> People<'a> {
    /// Gets to know a sandbox.
    pub async fn of(sandbox: &'a Sandbox) -> Self {
        let (_, tokens) = sandbox.secrets().await;
        let start = sandbox.start(sandbox.emulator()).await;
        let sets = KeySets::new(sandbox.dynamo(), &sandbox.accounts);
        Self {
            accounts: Accounts::new(sandbox.dynamo(), &sandbox.accounts),
            keys: TokenKeys::new(&start.sdk, tokens, sets),
            sandbox,
        }
    }

    /// Returns a token of a new person with this role, who has an account.
    pub async fn token(&self, role: Role) -> String {
        let account = self.person(role).await;
        self.sign(&self.claims(&account)).await
    }

    /// Returns a new person with this role: the account and a token.
    pub async fn known(&self, role: Role) -> (UserId, String) {
        let account = self.person(role).await;
        let token = self.sign(&self.claims(&account)).await;
        (account.id, token)
    }

    /// Returns another token of somebody who is there.
    pub async fn token_of(&self, user: UserId) -> String {
        let account = self.accounts.find(user).await;
        let account = account.expect("the emulator answers").expect("is there");
        self.sign(&self.claims(&account)).await
    }

    /// Returns a token that was good until five minutes ago.
    pub async fn expired(&self) -> String {
        let account = self.person(Role::Admin).await;
        let claims = self.claims(&account);
        self.sign(&Claims {
            iat: claims.iat - 1200,
            nbf: claims.nbf - 1200,
            exp: claims.iat - 300,
            ..claims
        })
        .await
    }

    /// Returns a token whose signature is another's.
    pub async fn forged(&self) -> String {
        let (own, other) = (self.token(Role::Admin).await, self.token(Role::User).await);
        let (said, _) = own.rsplit_once('.').expect("three parts");
        let (_, signature) = other.rsplit_once('.').expect("three parts");
        format!("{said}.{signature}")
    }

    /// Returns the text of an API key whose owner has this role.
    pub async fn machine(&self, role: Role, scopes: &[&str]) -> String {
        let owner = self.person(role).await;
        let text = KeyText::issue(ApiKeyId(RandomIds.new_id()));
        let key = ApiKey {
            id: text.id,
            hash: text.hash(),
            prefix: text.prefix(),
            user: owner.id,
            name: "a machine".into(),
            roles: owner.roles,
            scopes: scopes
                .iter()
                .map(|scope| scope.parse().expect("a scope"))
                .collect(),
            owner_active: true,
            limit_per_window: None,
            created_at: self.sandbox.clock.now(),
            expires_at: None,
            revoked_at: None,
        };
        let put = key.put(&self.sandbox.accounts).expect("a key is JSON");
        let put = TransactWriteItem::builder().put(put.build().expect("whole"));
        let written = self.sandbox.dynamo().transact_write_items();
        let written = written.transact_items(put.build()).send().await;
        written.expect("the key is written");
        text.reveal()
    }

    /// Returns somebody who registers now.
    pub async fn signed_in(&self, auth: &Router) -> SignedIn {
        let email = format!("{}@example.org", RandomIds.new_id().simple());
        let body = json!({"email": email, "password": PASSWORD, "name": "Ana Example"});
        let answer = Ask::post("/api/v1/auth/register", &body).send(auth).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let data = answer.data();
        let text = |name: &str| data[name].as_str().expect("a text").to_owned();
        let access = text("access_token");
        let sessions = Ask::get("/api/v1/auth/sessions")
            .bearer(&access)
            .send(auth)
            .await;
        let session = sessions.data()["items"][0]["id"]
            .as_str()
            .map(str::to_owned);
        SignedIn {
            email,
            id: data["user"]["id"].as_str().expect("a text").to_owned(),
            refresh: text("refresh_token"),
            session: session.expect("who signed in has a session"),
            access,
        }
    }

    async fn person(&self, role: Role) -> Account {
        let with = |person: &mut Account| {
            person.name = Name::default();
            person.roles = Roles::from_iter([role]);
        };
        self.sandbox.put_person(with).await
    }

    fn claims(&self, account: &Account) -> Claims {
        let now = self.sandbox.clock.now().as_second();
        Claims {
            iss: PUBLIC_URL.into(),
            aud: AUDIENCE.into(),
            sub: account.id,
            sid: SessionId(RandomIds.new_id()),
            jti: RandomIds.new_id(),
            roles: account.roles.clone(),
            iat: now,
            nbf: now,
            exp: now + 900,
        }
    }

    async fn sign(&self, claims: &Claims) -> String {
        let signer = self.keys.signer(self.sandbox.clock.now()).await;
        signer
            .expect("the secret is there")
            .sign(claims)
            .expect("claims are JSON")
    }
}

impl SignedIn {
    /// Makes an API key and returns its identifier.
    pub async fn api_key(&self, auth: &Router) -> String {
        let body = json!({"name": "a machine", "scopes": ["read"]});
        let made = Ask::post("/api/v1/auth/api-keys", &body);
        let made = made.bearer(&self.access).send(auth).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.data()["id"]
            .as_str()
            .expect("a key has an identifier")
            .to_owned()
    }
}
