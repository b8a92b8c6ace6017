//! Messages to people: written in the transaction that causes them, then named to the queue.

use babyshield::{
    domain::account::{Account, Email, Purpose},
    http::problem::Problem,
    runtime::chain,
    stores::{
        accounts::{Changes, OnceLink, Outgoing, Template},
        jobs::{DeliverJob, FORMAT, Job},
    },
};

use crate::{App, occasion::Occasion};

impl App {
    /// Adds a new link to what is written together, in the place of the person's link before it. The
    /// message that carries it goes to the same address.
    pub(crate) fn once_link(
        &self,
        changes: &mut Changes,
        purpose: Purpose,
        account: &Account,
        email: &Email,
        occasion: &Occasion,
    ) -> Result<OnceLink, Problem> {
        let id = self.ids.new_id();
        let link = OnceLink::new(id, purpose, account.id, email.clone(), occasion.now);
        self.accounts.add_once(changes, &link)?;
        Ok(link)
    }

    /// Adds a message to a person's address to what is written together. Once that is committed it is to
    /// be announced.
    pub(crate) fn send_later(
        &self,
        changes: &mut Changes,
        template: Template,
        account: &Account,
        occasion: &Occasion,
    ) -> Result<Outgoing, Problem> {
        self.send_later_to(changes, template, account, &account.email, occasion)
    }

    /// The same, to an address that is not the account's, or not yet, or not any more.
    pub(crate) fn send_later_to(
        &self,
        changes: &mut Changes,
        template: Template,
        account: &Account,
        to: &Email,
        occasion: &Occasion,
    ) -> Result<Outgoing, Problem> {
        let message = Outgoing {
            id: self.ids.new_id(),
            user: account.id,
            to: to.clone(),
            name: account.name.full(),
            locale: account.locale.clone(),
            template,
            request_id: occasion.request_id.clone(),
            at: occasion.now,
        };
        self.accounts.add_outgoing(changes, &message)?;
        Ok(message)
    }

    /// Names messages that are written to the queue, and takes their marks off.
    ///
    /// What fails here is only logged: the mark stands, and the sweeper of `deliver` names the message.
    pub(crate) async fn announce(&self, messages: &[Outgoing]) {
        let jobs: Vec<_> = messages
            .iter()
            .map(|message| Job {
                v: FORMAT,
                kind: DeliverJob::SendAccountMessage {
                    message: message.id,
                },
                id: self.ids.new_id(),
                request_id: message.request_id.clone(),
                at: message.at,
            })
            .collect();
        let outcome = async {
            self.deliver.send(&jobs).await?;
            for message in messages {
                self.accounts.announced_outgoing(message.id).await?;
            }
            Ok::<_, babyshield::stores::StoreError>(())
        };
        if let Err(error) = outcome.await {
            tracing::warn!(cause = chain(&error), "message left to the sweeper");
        }
    }
}
