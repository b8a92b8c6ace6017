//! The table `accounts`: people, their sessions and keys, links that work once, messages to be sent, and
//! the trail of what happened.
//!
//! What belongs together is written together: a [`Changes`] is one transaction.

mod changes;
mod directory;
mod events;
mod keys_of;
mod links;
mod master;
mod once;
mod outgoing;
mod people;
mod sessions;
mod trail;

use aws_sdk_dynamodb::Client;

pub use changes::{Changes, Outcome};
pub use directory::{Directory, DirectoryPage, Entry};
pub use keys_of::API_KEYS_MOST;
pub use links::LinkKeys;
pub use master::{MasterText, MasterToken, NoMasterToken};
pub use once::{Asked, OnceLink, StoredLink};
pub use outgoing::{Outgoing, Taken, Template};
pub use sessions::{Use, Used};
pub use trail::{DAYS_MOST, Stretch, TrailPage};

pub use crate::domain::account::Purpose;

/// The table `accounts`.
#[derive(Debug, Clone)]
pub struct Accounts {
    client: Client,
    table: String,
}

impl Accounts {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}
