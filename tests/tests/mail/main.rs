//! Messages and the links in them: from the request that causes one to the page that it leads to.

#![cfg(test)]

mod crash;
mod links;
mod pages;
mod worker;

use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::Account,
    stores::{
        accounts::{Accounts, Changes, Outgoing, Template},
        jobs::DeliverJob,
    },
};
use babyshield_tests::sandbox::{Sandbox, job};
use uuid::Uuid;

/// How long a message that was sent back is out of sight, in seconds, as the template says for `deliver`.
const OUT_OF_SIGHT: i64 = 360;

/// Returns the body of the job that sends a message.
fn job_of(message: Uuid) -> String {
    job(DeliverJob::SendAccountMessage { message })
}

/// Writes a message that waits to be sent.
async fn put_message(sandbox: &Sandbox, person: &Account, template: Template) -> Uuid {
    let accounts = Accounts::new(sandbox.dynamo(), &sandbox.accounts);
    let message = Outgoing {
        id: RandomIds.new_id(),
        user: person.id,
        to: person.email.clone(),
        name: person.name.full(),
        locale: person.locale.clone(),
        template,
        request_id: "a-test".to_owned(),
        at: sandbox.clock.now(),
    };
    let mut changes = Changes::new();
    accounts.add_outgoing(&mut changes, &message).unwrap();
    assert!(accounts.commit(changes).await.unwrap().is_done());
    message.id
}
