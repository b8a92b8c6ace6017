//! One job: a message is taken in hand, written out, sent, and noted as sent.
//!
//! The note follows the sending, so a worker that dies between the two sends the message a second time:
//! the mail service knows no key by which it would refuse it. The other order would lose messages.

use babyshield::{
    metrics,
    runtime::{Error, chain},
    stores::{
        StoreError,
        accounts::{Outgoing, Taken, Template},
        jobs::{self, DeliverJob},
    },
};
use jiff::{SignedDuration, Timestamp};
use tracing::Instrument;
use uuid::Uuid;

use crate::{App, mail::Sent, rendering::render};

/// How long a message is in hand: longer than the function may run (60 seconds), shorter than the queue
/// hides a message (six times that).
const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// Why a message goes back to the queue.
#[derive(Debug, thiserror::Error)]
#[error("somebody else has the message in hand")]
struct InHand;

/// What became of a message.
enum Outcome {
    /// The mail service has it, under this identifier.
    Sent(String),
    /// The mail service will never take it.
    Refused,
    /// Its link works no more: it was used, or replaced, or it is late.
    Stale,
    /// Nobody was to be written to.
    Nothing,
}

impl Outcome {
    fn metric(&self) -> &'static str {
        match self {
            Self::Sent(_) => "messages_sent",
            Self::Refused => "messages_refused",
            Self::Stale => "messages_stale",
            Self::Nothing => "messages_for_nobody",
        }
    }

    fn note(&self) -> &str {
        match self {
            Self::Sent(id) => id,
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::Nothing => "nothing",
        }
    }
}

impl App {
    /// Does what the body of a job says.
    pub(crate) async fn work(&self, body: &str) -> Result<(), Error> {
        let job = jobs::parse::<DeliverJob>(body)?;
        let DeliverJob::SendAccountMessage { message } = job.kind;
        // Every line that follows carries the identifier of the request that caused it.
        let span = tracing::info_span!("job", request.id = job.request_id, job.id = %job.id);
        self.send(message).instrument(span).await
    }

    async fn send(&self, id: Uuid) -> Result<(), Error> {
        let now = self.clock.now();
        let message = match self.accounts.take_outgoing(id, now, now + LEASE).await? {
            Taken::Mine(message) => message,
            Taken::Leased => return Err(InHand.into()),
            Taken::Done => return Ok(()),
            Taken::Gone => {
                tracing::warn!(message.id = %id, "there is no such message any more");
                return Ok(());
            }
        };
        match self.deliver(&message, now).await {
            Ok(outcome) => {
                let noted = self.accounts.finish_outgoing(id, outcome.note(), now);
                noted.await?;
                tell(id, &outcome, now);
                Ok(())
            }
            Err(error) => {
                // The lease ends by itself where this fails too.
                if let Err(error) = self.accounts.release_outgoing(id).await {
                    tracing::warn!(cause = chain(&error), "message kept in hand");
                }
                Err(error)
            }
        }
    }

    async fn deliver(&self, message: &Outgoing, now: Timestamp) -> Result<Outcome, Error> {
        if message.template == Template::Nothing {
            return Ok(Outcome::Nothing);
        }
        let token = match message.template.link() {
            None => None,
            Some((link, purpose)) => {
                let stored = self.accounts.once(message.user, purpose).await?;
                let works =
                    stored.is_some_and(|stored| stored.link.id == link && stored.link.until > now);
                if !works {
                    return Ok(Outcome::Stale);
                }
                let key = self.links.get().await?;
                Some((purpose, key.token(message.user, link, purpose)))
            }
        };
        let letter = render(message, token, &self.origin)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(match self.mail.send(&message.to, &letter).await? {
            Sent::Taken(id) => Outcome::Sent(id),
            Sent::Refused => Outcome::Refused,
        })
    }
}

fn tell(message: Uuid, outcome: &Outcome, now: Timestamp) {
    if matches!(outcome, Outcome::Refused) {
        tracing::warn!(message.id = %message, "the mail service will not take the message");
    }
    tracing::info!(message.id = %message, outcome = outcome.note(), "message handled");
    metrics::emit(
        now,
        &[("channel", "email")],
        &[(outcome.metric(), "Count", 1.0)],
    );
}
