//! How sessions end before their time.
//!
//! The end of a session and the denial of its access tokens are one transaction over two tables: there
//! is no moment at which a session refreshes no more and its tokens are not denied, and no crash between
//! the two. From then on nothing refreshes it; its access tokens are refused everywhere as soon as an
//! instance has forgotten what it knew, which is within a minute.

use babyshield::{
    domain::account::{Event, SessionId, UserId, session::Ending},
    http::problem::Problem,
    stores::{
        StoreError,
        accounts::{Changes, Outcome},
    },
};

use crate::{App, occasion::Occasion};

/// How many sessions end in one transaction; each is two of at most a hundred writes.
const TOGETHER: usize = 40;

/// How often the sessions of a person are read again when one of them ended meanwhile.
const TRIES: u32 = 10;

impl App {
    /// Ends one session, and writes the event with it. Returns false, and writes nothing, when there is no
    /// such session or it has ended already.
    pub(crate) async fn end_session(
        &self,
        user: UserId,
        session: SessionId,
        ending: Ending,
        occasion: &Occasion,
        event: Option<&Event>,
    ) -> Result<bool, Problem> {
        let mut changes = Changes::new();
        self.add_end(&mut changes, user, session, ending, occasion)?;
        if let Some(event) = event {
            self.accounts.add_event(&mut changes, event)?;
        }
        Ok(self.accounts.commit(changes).await?.is_done())
    }

    /// Ends every session of a person but that one, and writes the event with the first of them, or alone
    /// where there is none. Returns how many ended.
    ///
    /// Forty end at a time; whoever is told of a failure asks again, and the rest ends. A session that is
    /// opened meanwhile is not among them: what must hold for those too, such as a new password or a
    /// disabled account, is written before, and is asked for at every refresh.
    pub(crate) async fn end_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        ending: Ending,
        occasion: &Occasion,
        event: Option<&Event>,
    ) -> Result<usize, Problem> {
        let (mut ended, mut event) = (0, event);
        'again: for _ in 0..TRIES {
            let mut live = self.accounts.sessions(user).await?;
            live.retain(|session| session.is_live(occasion.now) && Some(session.id) != except);
            for some in live.chunks(TOGETHER) {
                let mut changes = Changes::new();
                for session in some {
                    self.add_end(&mut changes, user, session.id, ending, occasion)?;
                }
                if let Some(event) = event {
                    self.accounts.add_event(&mut changes, event)?;
                }
                match self.accounts.commit(changes).await? {
                    Outcome::Done => (ended, event) = (ended + some.len(), None),
                    // One of them has ended already: they are read again.
                    Outcome::Refused(_) => continue 'again,
                }
            }
            if let Some(event) = event {
                let mut changes = Changes::new();
                self.accounts.add_event(&mut changes, event)?;
                self.accounts.commit(changes).await?;
            }
            return Ok(ended);
        }
        Err(StoreError::Busy("a person's sessions kept changing".into()).into())
    }

    /// Adds the end of a session and the denial of its access tokens to what is written together. Its
    /// place is that of the next change.
    pub(crate) fn add_end(
        &self,
        changes: &mut Changes,
        user: UserId,
        session: SessionId,
        ending: Ending,
        occasion: &Occasion,
    ) -> Result<(), StoreError> {
        let last_token = occasion.now + self.config.access_life;
        self.accounts
            .end_session(changes, user, session, ending, occasion.now)?;
        self.denials.add_session(changes, session, last_token)
    }
}
