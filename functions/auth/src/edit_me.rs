//! Changes of one's own data, as PUT and PATCH have them in common.

use babyshield::{
    domain::account::{Account, Actor, Email, EventKind, Name, Purpose},
    http::{
        caller::SignedIn,
        if_match::IfMatch,
        problem::{Code, Problem},
    },
    passwords::Password,
    stores::accounts::{Changes, OnceLink, Outcome, StoredLink, Template},
};

use crate::{App, occasion::Occasion};

/// How often a change is made anew over what somebody else wrote meanwhile.
const TRIES: u32 = 5;

/// What is to be changed; what is none stays.
pub(crate) struct Edit {
    /// The name.
    pub(crate) name: Option<Name>,
    /// The language.
    pub(crate) locale: Option<String>,
    /// The address, which is changed once it is verified.
    pub(crate) email: Option<Email>,
    /// What another address needs.
    pub(crate) current_password: Option<Password>,
}

impl App {
    /// Changes one's own data and returns them as they are then.
    pub(crate) async fn edit_me(
        &self,
        caller: &SignedIn,
        edit: Edit,
        seen: &IfMatch,
        occasion: &Occasion,
    ) -> Result<Account, Problem> {
        let mut account = self.oneself(caller.user).await?;
        seen.check(&self.state_of(&account))?;
        let moves = edit.email.as_ref();
        let moves = moves.filter(|email| email.key() != account.email.key());
        if let Some(email) = moves {
            let password = edit.current_password.as_ref();
            self.confirm_password(&account, caller.session, password, occasion)
                .await?;
            if self.accounts.find_by_email(email).await?.is_some() {
                return Err(self.address_taken(&account, email, occasion).await?);
            }
        }
        for _ in 0..TRIES {
            let mut changes = Changes::new();
            let after = edited(&account, &edit, occasion);
            let differs = after != account;
            if differs {
                self.accounts.replace(&mut changes, &after)?;
                let user = account.id;
                let event =
                    occasion.event(EventKind::ProfileChanged, Actor::User(user), Some(user));
                self.accounts.add_event(&mut changes, &event)?;
            }
            let mut messages = Vec::new();
            if let Some(email) = moves {
                messages.push(
                    self.ask_new_address(&mut changes, &account, email, occasion)
                        .await?,
                );
            }
            if changes.is_empty() {
                return Ok(account);
            }
            if self.accounts.commit(changes).await? == Outcome::Done {
                self.announce(&messages).await;
                let version = after.version + u64::from(differs);
                return Ok(Account { version, ..after });
            }
            account = self.oneself(caller.user).await?;
            seen.check(&self.state_of(&account))?;
        }
        Err(Problem::new(
            Code::Conflict,
            "the account is being changed by somebody else; try again",
        ))
    }

    /// Says that somebody has the address that is asked for, no more often than a link would be sent there:
    /// nobody goes through lists of addresses with an account of their own.
    async fn address_taken(
        &self,
        account: &Account,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<Problem, Problem> {
        let purpose = Purpose::ChangeEmail;
        let before = self.accounts.once(account.id, purpose).await?;
        let id = self.ids.new_id();
        let link = OnceLink::new(id, purpose, account.id, email.clone(), occasion.now);
        // The link is written and never sent: it counts, and opens nothing.
        let asked = StoredLink::ask(before.as_ref(), link, occasion.now);
        let mut changes = Changes::new();
        self.accounts
            .add_asked(&mut changes, before.as_ref(), &asked)?;
        if !asked.send || !self.accounts.commit(changes).await?.is_done() {
            return Ok(too_often());
        }
        Ok(Problem::new(
            Code::UserExists,
            "there is an account with this address",
        ))
    }

    /// Adds the link that makes another address the account's. The one before stays until it is followed.
    async fn ask_new_address(
        &self,
        changes: &mut Changes,
        account: &Account,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<babyshield::stores::accounts::Outgoing, Problem> {
        let purpose = Purpose::ChangeEmail;
        let before = self.accounts.once(account.id, purpose).await?;
        let id = self.ids.new_id();
        let link = OnceLink::new(id, purpose, account.id, email.clone(), occasion.now);
        let asked = StoredLink::ask(before.as_ref(), link, occasion.now);
        if !asked.send {
            // Nobody sends mails to strangers by the dozen through their own account.
            return Err(too_often());
        }
        self.accounts.add_asked(changes, before.as_ref(), &asked)?;
        let user = account.id;
        let kind = EventKind::EmailChangeRequested;
        let event = occasion.event(kind, Actor::User(user), Some(user));
        self.accounts.add_event(changes, &event)?;
        let link = asked.stored.link.id;
        self.send_later_to(
            changes,
            Template::ChangeEmail { link },
            account,
            email,
            occasion,
        )
    }
}

fn too_often() -> Problem {
    Problem {
        retry_after: Some(60),
        ..Problem::new(
            Code::RateLimited,
            "a link was sent a moment ago, or too many were; try again later",
        )
    }
}

fn edited(before: &Account, edit: &Edit, occasion: &Occasion) -> Account {
    let mut after = before.clone();
    if let Some(name) = &edit.name {
        after.name = name.clone();
    }
    if let Some(locale) = &edit.locale {
        after.locale.clone_from(locale);
    }
    // Another spelling of the same address needs no proof.
    if let Some(email) = edit
        .email
        .as_ref()
        .filter(|email| email.key() == before.email.key())
    {
        after.email = email.clone();
    }
    if after != *before {
        after.updated_at = occasion.now;
    }
    after
}
