//! Changes the key that signs tokens, by plan.
//!
//! Secrets Manager calls four steps, each perhaps more than once; an operator's order takes all four. A
//! rotation that is killed at any step leaves keys that work: the next key signs only when it is published
//! and its ring is the current one.

use aws_sdk_secretsmanager::{
    error::ProvideErrorMetadata, operation::get_secret_value::GetSecretValueOutput,
};
use babyshield::{
    domain::account::EventKind,
    identity::{
        ring::{LEAD, Ring},
        signing::{Signer, put_right},
    },
    runtime::Error,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// One step, as Secrets Manager calls it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Step {
    #[serde(rename = "Step")]
    name: String,
    secret_id: String,
    /// The identifier of the version that is to become the current one.
    client_request_token: String,
}

/// A version of the secret.
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) ring: Ring,
}

impl App {
    /// Takes one step.
    pub(crate) async fn take_step(&self, step: &Step) -> Result<Value, Error> {
        if !self.is_our_secret(&step.secret_id) {
            return Err("this function rotates one secret only, and it is not this one".into());
        }
        let token = &step.client_request_token;
        match step.name.as_str() {
            "createSecret" => self.create_next(token).await?,
            "setSecret" => self.publish_next(token).await?,
            "testSecret" => self.try_next(token).await?,
            "finishSecret" => self.make_current(token).await?,
            other => return Err(format!("a rotation has no step {other}").into()),
        }
        Ok(json!({"step": step.name}))
    }

    /// Takes all steps at once, as an operator orders it.
    pub(crate) async fn rotate_keys(&self) -> Result<Value, Error> {
        let token = self.ids.new_id().to_string();
        self.create_next(&token).await?;
        self.publish_next(&token).await?;
        self.try_next(&token).await?;
        self.make_current(&token).await?;
        let set = self.key_sets.find().await?.unwrap_or_default();
        let kid = self.version(&token).await?.ring.newest().kid.clone();
        let signs_from = set.key(&kid).map(|key| key.signs_from);
        Ok(json!({"kid": kid, "signs_from": signs_from}))
    }

    /// `createSecret`: puts the next ring beside the current one.
    async fn create_next(&self, token: &str) -> Result<(), Error> {
        if self.find_version(token).await?.is_some() {
            return Ok(());
        }
        let current = self.current().await?;
        let set = self.key_sets.find().await?;
        let next = current.ring.rotated(set.as_ref(), self.clock.now())?;
        self.put_version(token, &next).await
    }

    /// `setSecret`: publishes the next key, so that everybody knows it before it signs.
    async fn publish_next(&self, token: &str) -> Result<(), Error> {
        let next = self.version(token).await?;
        let now = self.clock.now();
        put_right(&self.key_sets, |set| next.ring.published(set, LEAD, now)).await?;
        Ok(())
    }

    /// `testSecret`: what the next key signs is what the published one verifies.
    async fn try_next(&self, token: &str) -> Result<(), Error> {
        let next = self.version(token).await?;
        let kid = next.ring.newest().kid.clone();
        let set = self.key_sets.find().await?.unwrap_or_default();
        let public = set.key(&kid).ok_or("the next key is not published")?;
        if Signer::from(&next.ring).is_verified_by(public) {
            Ok(())
        } else {
            Err("the published key does not verify what the next key signs".into())
        }
    }

    /// `finishSecret`: makes the next ring the current one; those before its newest key begin to end.
    async fn make_current(&self, token: &str) -> Result<(), Error> {
        let next = self.version(token).await?;
        let current = self.current().await?;
        if current.id != next.id {
            if next.ring.revision <= current.ring.revision {
                return Err("another ring became current meanwhile: rotate again".into());
            }
            self.promote(&next, &current).await?;
        }
        let now = self.clock.now();
        put_right(&self.key_sets, |set| next.ring.settled(set, now)).await?;
        // Written again where the step is: twice is better than never.
        let kid = &next.ring.newest().kid;
        self.note(EventKind::SigningKeyRotated, kid).await
    }

    /// Moves the label of the current version, unless somebody else has moved it already.
    pub(crate) async fn promote(&self, next: &Version, current: &Version) -> Result<(), Error> {
        self.secrets
            .update_secret_version_stage()
            .secret_id(&self.config.token_secret)
            .version_stage(CURRENT)
            .move_to_version_id(&next.id)
            .remove_from_version_id(&current.id)
            .send()
            .await?;
        Ok(())
    }

    /// Puts a ring into a version of its own that is not current yet.
    pub(crate) async fn put_version(&self, token: &str, ring: &Ring) -> Result<(), Error> {
        self.secrets
            .put_secret_value()
            .secret_id(&self.config.token_secret)
            .client_request_token(token)
            .secret_string(ring.to_text())
            .version_stages(PENDING)
            .send()
            .await?;
        Ok(())
    }

    /// Returns the current version.
    pub(crate) async fn current(&self) -> Result<Version, Error> {
        let answer = self
            .secrets
            .get_secret_value()
            .secret_id(&self.config.token_secret)
            .version_stage(CURRENT)
            .send()
            .await?;
        version_of(&answer)
    }

    async fn version(&self, token: &str) -> Result<Version, Error> {
        let version = self.find_version(token).await?;
        version.ok_or_else(|| "the rotation has no next ring yet: createSecret comes first".into())
    }

    async fn find_version(&self, token: &str) -> Result<Option<Version>, Error> {
        let answer = self
            .secrets
            .get_secret_value()
            .secret_id(&self.config.token_secret)
            .version_id(token)
            .send()
            .await;
        match answer {
            Ok(answer) => version_of(&answer).map(Some),
            // A version that Secrets Manager has announced and nobody has filled.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn is_our_secret(&self, id: &str) -> bool {
        name_of(id) == name_of(&self.config.token_secret)
    }
}

/// Returns a secret's name, which its address ends with, six more characters behind it.
fn name_of(id: &str) -> &str {
    match id.split_once(":secret:") {
        Some((_, name)) => name.rsplit_once('-').map_or(name, |(name, _)| name),
        None => id,
    }
}

fn version_of(answer: &GetSecretValueOutput) -> Result<Version, Error> {
    Ok(Version {
        id: answer.version_id().unwrap_or_default().to_owned(),
        ring: Ring::parse(answer.secret_string().unwrap_or_default())?,
    })
}
