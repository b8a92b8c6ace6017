//! Accounts: who may sign in, as what, and the words for it. No I/O.

mod email;
mod event;
mod ids;
mod link;
mod record;
mod role;
mod scope;
pub mod session;

pub use email::{Email, InvalidEmail, composed};
pub use event::{Actor, Event, EventKind, UnknownKind};
pub use ids::{ApiKeyId, SessionId, UserId};
pub use link::Purpose;
pub use record::{Account, Name, Standing, Tier};
pub use role::{Role, Roles, UnknownRole};
pub use scope::{Scope, Scopes, UnknownScope};
pub use session::Session;
