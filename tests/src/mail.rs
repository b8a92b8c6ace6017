//! Messages of a sandbox: the worker that sends them, and the emulator's mail service, which keeps them.

use aws_sdk_sesv2::Client as Ses;
use babyshield::{
    clock::Clock,
    domain::account::{Account, Email, Name, Roles, Standing, Tier, UserId},
    stores::accounts::{Accounts, Changes},
};
use serde_json::Value;

use crate::{
    sandbox::{Sandbox, delivery, returned},
    stack::PUBLIC_URL,
};

/// The address that messages come from.
pub const FROM: &str = "no-reply@babyshield.example";

/// A message as the mail service took it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The addresses.
    pub to: Vec<String>,
    /// What it says that it comes from.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

impl Mail {
    /// Returns the address that the message's link leads to.
    pub fn link(&self) -> &str {
        let link = self
            .text
            .lines()
            .find(|line| line.starts_with("http") && line.contains("?token="));
        link.expect("the message has a link")
    }

    /// Returns the token of the message's link.
    pub fn token(&self) -> &str {
        let (_, token) = self.link().split_once("?token=").expect("just looked for");
        token
    }
}

impl Sandbox {
    /// Returns the worker `deliver`, with every client at that address. The emulator's mail service takes
    /// what it sends.
    pub async fn deliver(&self, endpoint: &str) -> babyshield_deliver::App {
        let start = self.start(endpoint).await;
        let direct = self.start(self.emulator()).await;
        // There already, when another test was first.
        let _ = Ses::new(&direct.sdk)
            .create_email_identity()
            .email_identity(FROM)
            .send()
            .await;
        let (signing, _) = self.secrets().await;
        let config = babyshield_deliver::Config {
            accounts_table: self.accounts.clone(),
            deliver_queue: self.deliver_queue.clone(),
            link_secret: signing.to_owned(),
            public_url: PUBLIC_URL.to_owned(),
            app_url: None,
            mail_from: FROM.parse().expect("an address"),
        };
        babyshield_deliver::App::new(&start, config)
    }

    /// Lets the worker handle everything that the queue `deliver` holds.
    ///
    /// # Panics
    /// When it sends a job back.
    pub async fn deliver_all(&self) {
        let worker = self.deliver(self.emulator()).await;
        let bodies = self.drain(&self.deliver_queue).await;
        let mut waiting: Vec<_> = bodies.chunks(10).map(<[_]>::to_vec).collect();
        for last in [false, true] {
            let mut again = Vec::new();
            for some in waiting {
                let answer = worker.handle(delivery(&some)).await;
                let back = returned(&answer.expect("a batch never fails as a whole"));
                assert!(!last || back.is_empty(), "{back:?}");
                // Of two jobs that name one message the second one waits for the first.
                let named = |id: &String| id.trim_start_matches('m').parse::<usize>();
                again.push(
                    back.iter()
                        .map(|id| some[named(id).expect("our own")].clone())
                        .collect(),
                );
            }
            waiting = again;
        }
    }

    /// Returns the messages that were sent to an address, the first one first.
    pub async fn mails(&self, address: &str) -> Vec<Mail> {
        let url = format!("{}/_ministack/ses/messages", self.emulator());
        let client = reqwest::Client::builder().no_proxy().build();
        let answer = client.expect("a client needs nothing").get(url).send();
        let answer = answer.await.expect("the emulator answers");
        let kept: Value = answer.json().await.expect("its messages are JSON");
        let by_account = kept["messages"].as_object().into_iter().flatten();
        let messages =
            by_account.flat_map(|(_, messages)| messages.as_array().into_iter().flatten());
        messages
            .map(|message| {
                let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
                let to = message["To"].as_array().into_iter().flatten();
                Mail {
                    to: to.filter_map(|to| to.as_str().map(str::to_owned)).collect(),
                    from: text("Source"),
                    subject: text("Subject"),
                    text: text("BodyText"),
                    html: text("BodyHtml"),
                }
            })
            .filter(|mail| mail.to.iter().any(|to| to == address))
            .collect()
    }

    /// Delivers what waits and returns the last message to an address.
    pub async fn last_mail(&self, address: &str) -> Mail {
        self.deliver_all().await;
        let mut mails = self.mails(address).await;
        mails.pop().expect("a message was sent to the address")
    }

    /// Puts a person into the table, as they are after `change`.
    pub async fn put_person(&self, change: impl FnOnce(&mut Account)) -> Account {
        let id = self.start(self.emulator()).await.ids.new_id();
        let now = self.clock.now();
        let email: Email = format!("{}@example.org", id.simple())
            .parse()
            .expect("an address");
        let mut account = Account {
            id: UserId(id),
            email,
            email_verified_at: Some(now),
            password: None,
            password_set_at: None,
            name: Name {
                first: "Ana".into(),
                last: "Example".into(),
            },
            locale: "en".into(),
            roles: Roles::default(),
            tier: Tier::Free,
            standing: Standing::Active,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
            version: 1,
        };
        change(&mut account);
        let accounts = Accounts::new(self.dynamo(), &self.accounts);
        let mut changes = Changes::new();
        let inserted = accounts.insert(&mut changes, &account);
        inserted.expect("a person is JSON");
        let outcome = accounts.commit(changes).await;
        assert!(outcome.expect("the emulator answers").is_done());
        account
    }
}
