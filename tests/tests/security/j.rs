//! J: access tokens. Everything goes through the real function `auth` and the guards before it.

mod doors;
mod ends;
mod forged;
mod keys;
mod machines;

use axum::Router;
use babyshield::domain::account::{SessionId, UserId};
use babyshield::{clock::Clock, identity::ring::Ring};
use babyshield_tests::{
    forge::{Forge, claims},
    functions::{Answered, Ask, router},
    sandbox::Sandbox,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// What is for people who have signed in, and says nothing but who they are and what they have.
const PRIVATE: &str = "/api/v1/auth/sessions";

/// A function, the key that it signs with, and somebody who is signed in.
struct Bench {
    sandbox: Sandbox,
    auth: Router,
    forge: Forge,
    user: UserId,
    session: SessionId,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::new().await;
        let auth = function(&sandbox, "auth").await;
        let forge = Forge::of(&root(&sandbox).await);
        let bench = Self {
            sandbox,
            auth,
            forge,
            user: UserId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
            session: SessionId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002)),
        };
        // Who asks first has the key of a new stack published.
        let set = Ask::get("/.well-known/jwks.json").send(&bench.auth).await;
        assert_eq!(set.json()["keys"][0]["kid"], bench.forge.kid.as_str());
        assert_eq!(bench.ask(&bench.token()).await.status, 200);
        bench
    }

    fn now(&self) -> Timestamp {
        self.sandbox.clock.now()
    }

    fn token(&self) -> String {
        self.forge.token(self.user, self.session, self.now())
    }

    fn claims(&self) -> Value {
        claims(self.user, self.session, self.now())
    }

    async fn ask(&self, token: &str) -> Answered {
        Ask::get(PRIVATE).bearer(token).send(&self.auth).await
    }

    /// Returns which of the tokens were not refused as what they are: not valid, and nothing more said.
    async fn taken(&self, tokens: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
        let mut taken = Vec::new();
        for (name, token) in tokens {
            let got = self.ask(&token).await;
            let challenge = got.header("www-authenticate");
            if got.status != 401
                || got.code() != "INVALID_TOKEN"
                || !challenge.starts_with("Bearer realm=")
            {
                taken.push(format!("{name}: {} {}", got.status, got.json()));
            }
        }
        assert_eq!(
            self.ask(&self.token()).await.status,
            200,
            "a good one still is"
        );
        taken
    }
}

/// Builds a function as its instances are: it knows nothing yet.
async fn function(sandbox: &Sandbox, name: &str) -> Router {
    let mut start = sandbox.http(sandbox.emulator(), &[]).await;
    router(name, &mut start)
}

/// Returns the secret of a stack that nobody has rotated yet.
async fn root(sandbox: &Sandbox) -> String {
    let secret: Value = serde_json::from_str(&secret(sandbox).await).unwrap();
    secret["root"].as_str().unwrap().to_owned()
}

/// Returns the current text of the secret with the keys that sign.
async fn secret(sandbox: &Sandbox) -> String {
    let (_, tokens) = sandbox.secrets().await;
    let got = sandbox
        .secrets_manager()
        .get_secret_value()
        .secret_id(tokens);
    let text = got.send().await.unwrap().secret_string.unwrap();
    Ring::parse(&text).unwrap();
    text
}
