//! A password that is being chosen: judged by the rules, then hashed.

use babyshield::{
    domain::account::Email,
    http::problem::{Code, FieldError, Problem},
    passwords::Password,
};
use tokio::task::spawn_blocking;

use crate::{App, lockout::hashing};

impl App {
    /// Judges a new password and returns its hash.
    pub(crate) async fn new_password(
        &self,
        field: &str,
        password: &Password,
        email: &Email,
        name: &str,
    ) -> Result<String, Problem> {
        let faults = self
            .judge_password(field, password, Some(email), name)
            .await?;
        if !faults.is_empty() {
            return Err(weak(faults));
        }
        self.hash_password(password).await
    }

    /// Returns what is wrong with a new password, as faults of that field.
    pub(crate) async fn judge_password(
        &self,
        field: &str,
        password: &Password,
        email: Option<&Email>,
        name: &str,
    ) -> Result<Vec<FieldError>, Problem> {
        let (rules, password) = (self.config.passwords, password.clone());
        let (email, name) = (email.cloned(), name.to_owned());
        // Guessing at a long password takes milliseconds: not on the thread that serves requests.
        let judged = spawn_blocking(move || rules.check(&password, email.as_ref(), &name));
        let faults = judged.await.map_err(Problem::internal)?.err();
        let faults = faults.unwrap_or_default().into_iter();
        Ok(faults
            .map(|fault| FieldError::new(field, fault.code, fault.message))
            .collect())
    }

    /// Hashes a password that was judged.
    pub(crate) async fn hash_password(&self, password: &Password) -> Result<String, Problem> {
        let hash = self.hasher.hash(password.clone());
        hash.await.map_err(hashing)
    }
}

/// Says that a password cannot be used, and everything that is wrong with it.
pub(crate) fn weak(errors: Vec<FieldError>) -> Problem {
    let reasons: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    let detail = reasons.join("; ");
    Problem {
        errors,
        ..Problem::new(Code::WeakPassword, detail)
    }
}
