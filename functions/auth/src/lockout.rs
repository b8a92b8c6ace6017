//! What stands before a password is looked at, and what follows when it was wrong.
//!
//! The rules are the store's (`stores/attempts.rs`), their reasons in
//! `docs/decisions/0008-lockout-that-cannot-lock-the-owner-out.md`. Everything here is done for addresses
//! that nobody has as well, in the same calls.

use babyshield::{
    domain::account::{Account, Actor, Email, EventKind, SessionId, UserId},
    http::problem::{Code, FieldError, Problem},
    identity::signing::Signer,
    passwords::{HashingError, Password},
    runtime::chain,
    stores::{
        accounts::{Changes, Outgoing, Template},
        attempts::{Attempt, Reserved, Whence, digest},
    },
};
use uuid::Uuid;

use crate::{App, device::DeviceKey, occasion::Occasion};

impl App {
    /// Returns where an attempt for an address comes from: a known device where the client shows one.
    pub(crate) async fn whence(
        &self,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<Whence, Problem> {
        let network = occasion.client.network();
        Ok(match self.known_device(email, occasion).await? {
            Some(device) => Whence::Device(device, network),
            None => Whence::Network(network),
        })
    }

    async fn known_device(
        &self,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<Option<Uuid>, Problem> {
        let Some(token) = &occasion.device_token else {
            return Ok(None);
        };
        let signer = self.tokens.signer(occasion.now).await?;
        let key = DeviceKey::new(signer.refresh_key());
        Ok(key.read(email, token, occasion.now))
    }

    /// Makes the token that shows from now on that a device is known: the same device where it is already.
    pub(crate) fn device_token(
        &self,
        signer: &Signer,
        account: &Account,
        occasion: &Occasion,
    ) -> String {
        let (key, email) = (DeviceKey::new(signer.refresh_key()), &account.email);
        let shown = occasion.device_token.as_deref();
        let known = shown.and_then(|token| key.read(email, token, occasion.now));
        let device = known.unwrap_or_else(|| self.ids.new_id());
        key.issue(email, device, occasion.now)
    }

    /// Gives an attempt its place, before anything is looked at.
    pub(crate) async fn reserve(
        &self,
        email: &Email,
        whence: &Whence,
        occasion: &Occasion,
    ) -> Result<Attempt, Problem> {
        let digest = digest(email);
        let reserved = self.attempts.reserve(&digest, whence, occasion.now);
        let (detail, seconds) = match reserved.await? {
            Reserved::Granted(attempt) => return Ok(attempt),
            Reserved::Wait(seconds) => (
                "too many sign-ins have failed: wait, or ask for a link by e-mail, which works at once",
                seconds,
            ),
            Reserved::Stopped => (
                "too many sign-ins have failed in a row: ask for a link by e-mail or for a new password, or sign in \
                 on a device that has signed in before",
                self.config.lockout_seconds,
            ),
        };
        tracing::warn!(retry_after = seconds, "sign-in blocked");
        Err(Problem {
            retry_after: Some(seconds),
            ..Problem::new(Code::TooManyAttempts, detail)
        })
    }

    /// Writes down that an attempt has failed, and tells the owner when there were very many.
    pub(crate) async fn failed(
        &self,
        attempt: &Attempt,
        email: &Email,
        account: Option<&Account>,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let about = account.map(|account| account.id);
        tracing::warn!(
            user.id = about.map(tracing::field::display),
            "sign-in failed"
        );
        let mut changes = Changes::new();
        let event = |kind| occasion.event(kind, Actor::Anonymous, about);
        self.accounts
            .add_event(&mut changes, &event(EventKind::SignInFailed))?;
        if attempt.last_from_there || attempt.last_in_a_row {
            let of = if attempt.last_in_a_row {
                "account"
            } else {
                "client"
            };
            let mut blocked = event(EventKind::SignInBlocked);
            blocked.detail.insert("lockout".into(), of.into());
            self.accounts.add_event(&mut changes, &blocked)?;
        }
        let mut messages = Vec::new();
        if attempt.last_in_a_row
            && self
                .attempts
                .is_to_be_told(&digest(email), occasion.now)
                .await?
        {
            messages.push(self.tell_owner(&mut changes, email, account, occasion)?);
        }
        self.accounts.commit(changes).await?;
        if !messages.is_empty() {
            self.announce(&messages).await;
        }
        Ok(())
    }

    fn tell_owner(
        &self,
        changes: &mut Changes,
        email: &Email,
        account: Option<&Account>,
        occasion: &Occasion,
    ) -> Result<Outgoing, Problem> {
        if let Some(account) = account {
            return self.send_later(changes, Template::ManyFailedSignIns, account, occasion);
        }
        // Nobody: the same is written, and nothing is sent.
        let message = Outgoing {
            id: self.ids.new_id(),
            user: UserId(Uuid::nil()),
            to: email.clone(),
            name: String::new(),
            locale: String::new(),
            template: Template::Nothing,
            request_id: occasion.request_id.clone(),
            at: occasion.now,
        };
        self.accounts.add_outgoing(changes, &message)?;
        Ok(message)
    }

    /// Notes that the password was right. What fails here is only logged: the person is in, and counters
    /// that stand too high go down by themselves.
    pub(crate) async fn succeeded(&self, attempt: &Attempt) {
        if let Err(error) = self.attempts.succeeded(attempt).await {
            tracing::warn!(
                cause = chain(&error),
                "the counters of a sign-in stand too high"
            );
        }
    }

    /// Asks somebody who is signed in for the password again. A wrong one is counted against the session,
    /// so that whoever found an open device cannot go on guessing there.
    pub(crate) async fn confirm_password(
        &self,
        account: &Account,
        session: SessionId,
        given: Option<&Password>,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let Some(given) = given else {
            return Err(Problem::invalid(vec![FieldError::new(
                "/current_password",
                "MISSING_FIELD",
                "this needs the password",
            )]));
        };
        let whence = Whence::Session(session);
        let attempt = self.reserve(&account.email, &whence, occasion).await?;
        let stored = account.password.as_deref();
        let verdict = self.hasher.verify(given.clone(), stored).await;
        if verdict.map_err(hashing)?.matched {
            self.succeeded(&attempt).await;
            return Ok(());
        }
        self.failed(&attempt, &account.email, Some(account), occasion)
            .await?;
        Err(Problem::new(
            Code::InvalidCredentials,
            "the password is not the account's",
        ))
    }

    /// Forgets what was counted against an address, after a new password or a link. What fails here is only
    /// logged: the person is in, or sets another password.
    pub(crate) async fn unlock(&self, email: &Email) {
        if let Err(error) = self.attempts.clear(&digest(email)).await {
            tracing::warn!(cause = chain(&error), "a lockout was not lifted");
        }
    }
}

/// Says that a password could not be hashed, which is our fault.
pub(crate) fn hashing(error: HashingError) -> Problem {
    Problem::internal(error)
}
