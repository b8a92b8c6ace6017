//! What somebody gets who has shown who they are: a session, an access token, a refresh token.

use babyshield::{
    domain::account::{
        Account, Session, SessionId,
        session::{Ending, LONGEST},
    },
    http::problem::Problem,
    identity::{
        claims::{AUDIENCE, Claims},
        refresh::{RefreshKeys, RefreshToken},
        signing::Signer,
    },
    stores::accounts::{Changes, Outcome},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    occasion::Occasion,
    user_view::{UserView, effective_roles},
};

/// The most sessions that a person has at a time; of those there are, the least recently used give way.
const SESSIONS_MOST: usize = 50;

/// The answer to whoever has signed in, registered or refreshed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// What shows who asks, as `Authorization: Bearer`.
    access_token: String,
    /// What gets the next access token. It works once; the answer holds the next one.
    #[schema(examples("bsr_…"))]
    refresh_token: String,
    /// Always `bearer`.
    token_type: TokenType,
    /// For how many seconds the access token counts.
    #[schema(examples(900))]
    expires_in: i64,
    /// What shows to the next sign-in that this device is known; keep it, and send it along. It signs nobody
    /// in. Not in the answer to a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("bsd_…"))]
    device_token: Option<String>,
    /// The person.
    user: UserView,
}

/// How an access token is to be sent.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenType {
    /// As `Authorization: Bearer`.
    Bearer,
}

/// What became of a session that was to be opened.
pub(crate) enum Opened {
    /// It is open, and everything else is written.
    Done(Box<SignedInView>),
    /// Nothing is written: the condition of the caller's own write at this place did not hold.
    Refused(usize),
}

impl App {
    /// Opens a session for somebody who has shown who they are, together with the caller's own changes.
    /// Whether the account may be used is the caller's to ask. Events are the caller's too.
    ///
    /// What the client is given is made before anything is written: no failure leaves a session that
    /// nobody holds.
    pub(crate) async fn open_session(
        &self,
        account: &Account,
        occasion: &Occasion,
        mut changes: Changes,
    ) -> Result<Opened, Problem> {
        let now = occasion.now;
        let signer = self.tokens.signer(now).await?;
        let id = SessionId(self.ids.new_id());
        let token = RefreshKeys::new(signer.refresh_key()).first(account.id, id, rand::random());
        let mut answer = self.signed_in(&signer, account, &token, occasion)?;
        answer.device_token = Some(self.device_token(&signer, account, occasion));
        self.make_room(account, occasion).await?;
        let until = now + LONGEST;
        let session = Session {
            id,
            user: account.id,
            current: token.hash(),
            previous: None,
            rotated_at: now,
            created_at: now,
            last_used_at: now,
            idle_until: Session::idle_until(now, until),
            until,
            password_set_at: account.password_set_at,
            device: occasion.device.clone(),
            network: occasion.client.network(),
            ended: None,
        };
        self.accounts.add_session(&mut changes, &session)?;
        match self.accounts.commit(changes).await? {
            Outcome::Done => Ok(Opened::Done(Box::new(answer))),
            Outcome::Refused(place) => Ok(Opened::Refused(place)),
        }
    }

    /// Makes the answer that goes with a refresh token.
    pub(crate) fn signed_in(
        &self,
        signer: &Signer,
        account: &Account,
        token: &RefreshToken,
        occasion: &Occasion,
    ) -> Result<SignedInView, Problem> {
        let life = self.config.access_life.as_secs();
        let now = occasion.now.as_second();
        let claims = Claims {
            iss: self.config.public_url.clone(),
            aud: AUDIENCE.to_owned(),
            sub: account.id,
            sid: token.session(),
            jti: self.ids.new_id(),
            roles: effective_roles(account, &self.config),
            iat: now,
            nbf: now,
            exp: now + life,
        };
        Ok(SignedInView {
            access_token: signer.sign(&claims)?,
            refresh_token: token.text(),
            token_type: TokenType::Bearer,
            expires_in: life,
            device_token: None,
            user: UserView::of(account, &self.config),
        })
    }

    /// Ends the least recently used sessions of a person until there is room for one more. Sign-ins at
    /// the same moment may leave a few more than there should be; the next one ends those.
    async fn make_room(&self, account: &Account, occasion: &Occasion) -> Result<(), Problem> {
        let mut live = self.accounts.sessions(account.id).await?;
        live.retain(|session| session.is_live(occasion.now));
        live.sort_by_key(|session| session.last_used_at);
        let many = (live.len() + 1).saturating_sub(SESSIONS_MOST);
        for session in live.iter().take(many) {
            self.end_session(account.id, session.id, Ending::Displaced, occasion, None)
                .await?;
        }
        Ok(())
    }
}
