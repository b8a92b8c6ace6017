//! Asking for links, and what a link's token is taken for.

use babyshield::{
    domain::account::{
        Account, Actor, Email, EventKind, Name, Purpose, Roles, Standing, Tier, UserId,
    },
    http::problem::{Code, FieldError, Problem},
    stores::accounts::{Changes, OnceLink, StoredLink, Template},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, occasion::Occasion};

/// The address that stands where there is nobody.
const NOBODY: &str = "nobody@babyshield.invalid";

/// How often a link is used again when the account was changed at the same moment.
pub(crate) const TRIES: u32 = 5;

/// A link's token, or the address that a link is asked for: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkBody {
    /// The token out of a link.
    token: Option<String>,
    /// The address to send a link to.
    #[schema(value_type = Option<String>, examples("ana@example.org"))]
    email: Option<Email>,
}

/// What somebody with a [`LinkBody`] wants.
pub(crate) enum Wanted {
    /// To use a link.
    Use(String),
    /// To be sent one.
    Send(Email),
}

impl LinkBody {
    /// Takes the one of the two that is there.
    pub(crate) fn wanted(self) -> Result<Wanted, Problem> {
        match (self.token, self.email) {
            (Some(token), None) => Ok(Wanted::Use(token)),
            (None, Some(email)) => Ok(Wanted::Send(email)),
            (None, None) => Err(Problem::invalid(vec![FieldError::new(
                "/token",
                "MISSING_FIELD",
                "either this field or email is required",
            )])),
            (Some(_), Some(_)) => Err(Problem::invalid(vec![FieldError::new(
                "/email",
                "INVALID_VALUE",
                "this field and token exclude each other",
            )])),
        }
    }
}

/// That a message is on its way, if there is somebody to write to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedView {
    /// Always true: whether there is such an account is not told.
    accepted: bool,
}

/// The answer to whoever asks for a link.
pub(crate) const ACCEPTED: AcceptedView = AcceptedView { accepted: true };

/// What is said to whoever asks for a link.
pub(crate) const ON_ITS_WAY: &str =
    "if there is an account with this address, a message is on its way to it";

/// Says that a link does not work, whatever is wrong with it: forged, used, replaced or late.
pub(crate) fn dead_link() -> Problem {
    Problem::new(Code::InvalidToken, "the link is not valid, or not any more")
}

impl App {
    /// Sends a link to an address, if there is an account to send it for.
    ///
    /// Whoever asks learns nothing: for an address without an account the same is read and written, for
    /// nobody, and a message that is never sent goes the same way.
    pub(crate) async fn ask_for_link(
        &self,
        purpose: Purpose,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<(), Problem> {
        let key = self.links.get().await?;
        let found = self.accounts.find_person(email).await?;
        let somebody = found.filter(|account| {
            account.is_active() && !(purpose == Purpose::VerifyEmail && account.email_verified())
        });
        let known = somebody.is_some();
        let account = match somebody {
            Some(account) => account,
            None => nobody(key.nobody(&email.key()), occasion)?,
        };
        let before = self.accounts.once(account.id, purpose).await?;
        let new = OnceLink::new(
            self.ids.new_id(),
            purpose,
            account.id,
            account.email.clone(),
            occasion.now,
        );
        let asked = StoredLink::ask(before.as_ref(), new, occasion.now);
        let template = if known && asked.send {
            Template::with_link(purpose, asked.stored.link.id)
        } else {
            Template::Nothing
        };
        let mut changes = Changes::new();
        self.accounts
            .add_asked(&mut changes, before.as_ref(), &asked)?;
        let message = self.send_later(&mut changes, template, &account, occasion)?;
        if let Some(kind) = event_kind(purpose) {
            let about = known.then_some(account.id);
            let event = occasion.event(kind, Actor::Anonymous, about);
            self.accounts.add_event(&mut changes, &event)?;
        }
        // Refused: somebody asked for the same at the same moment, and that is on its way.
        if self.accounts.commit(changes).await?.is_done() {
            self.announce(&[message]).await;
        }
        Ok(())
    }

    /// Returns the link that a token belongs to, and the person, while both are good.
    pub(crate) async fn open_link(
        &self,
        token: &str,
        purposes: &[Purpose],
        occasion: &Occasion,
    ) -> Result<(OnceLink, Account), Problem> {
        let opened = self.links.get().await?.open(token, purposes);
        let opened = opened.ok_or_else(dead_link)?;
        let link = self.accounts.working_link(&opened, occasion.now).await?;
        let link = link.ok_or_else(dead_link)?;
        let account = self.accounts.find(link.user).await?;
        let account = account.filter(Account::is_active).ok_or_else(dead_link)?;
        // A link that went to an address opens nothing for whoever has another one now.
        let own = link.email.key() == account.email.key();
        if own || link.purpose == Purpose::ChangeEmail {
            Ok((link, account))
        } else {
            Err(dead_link())
        }
    }
}

/// Returns what is noted when somebody asks for a link. One that only confirms an address opens nothing.
fn event_kind(purpose: Purpose) -> Option<EventKind> {
    match purpose {
        Purpose::ResetPassword => Some(EventKind::PasswordResetRequested),
        Purpose::MagicLink => Some(EventKind::MagicLinkRequested),
        Purpose::ChangeEmail => Some(EventKind::EmailChangeRequested),
        Purpose::VerifyEmail => None,
    }
}

/// Returns the account that stands where there is none.
fn nobody(id: UserId, occasion: &Occasion) -> Result<Account, Problem> {
    Ok(Account {
        id,
        email: NOBODY.parse().map_err(Problem::internal)?,
        email_verified_at: None,
        password: None,
        password_set_at: None,
        name: Name::default(),
        locale: String::new(),
        roles: Roles::default(),
        tier: Tier::Free,
        standing: Standing::Active,
        created_at: occasion.now,
        updated_at: occasion.now,
        last_sign_in_at: None,
        version: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_nobody_is_one() {
        NOBODY.parse::<Email>().unwrap();
    }
}
