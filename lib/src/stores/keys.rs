//! The one module that spells keys. A key in production is a file format: the test pins each shape.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{StoreError, s};
use crate::domain::{
    account::{ApiKeyId, Email, Event, Name, Purpose, SessionId, UserId},
    agency::AgencyKey,
    gtin::Gtin,
    posting::PostingKey,
    recall::RecallId,
    window::Window,
};

/// Shards of the index of what waits to be announced.
pub const PENDING_SHARDS: u8 = 8;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// Returns the key as an item, or the beginning of one.
    pub fn into_item(self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), s(self.pk)), ("sk".to_owned(), s(self.sk))])
    }
}

/// `recalls`: the current version of a recall.
pub fn recall(id: &RecallId) -> Key {
    Key::new(format!("RECALL#{id}"), "RECALL")
}

/// `recalls`: an earlier version of a recall.
pub fn version(id: &RecallId, version: u32) -> Key {
    Key::new(format!("RECALL#{id}"), format!("VERSION#{version:06}"))
}

/// `recalls`: all recalls that are filed under one identifier, an attribute each.
pub fn posting(key: &PostingKey) -> Key {
    Key::new(posting_name(key), "POSTING")
}

/// Returns the partition key of a posting, which is also how a recall remembers where it is filed.
pub fn posting_name(key: &PostingKey) -> String {
    match key {
        PostingKey::Gtin(gtin) => format!("GTIN#{gtin}"),
        PostingKey::Model(model) => format!("MODEL#{model}"),
    }
}

/// Reads [`posting_name`] back.
pub fn posting_key(name: &str) -> Option<PostingKey> {
    if let Some(gtin) = name.strip_prefix("GTIN#") {
        return gtin.parse().ok().map(PostingKey::Gtin);
    }
    name.strip_prefix("MODEL#")
        .map(|model| PostingKey::Model(model.to_owned()))
}

/// `recalls`: the state of an agency, derived from its windows.
pub fn agency(agency: AgencyKey) -> Key {
    Key::new(format!("AGENCY#{agency}"), "STATE")
}

/// `recalls`: the state of one part and window of an agency's feed.
pub fn window(agency: AgencyKey, part: &str, window: Window) -> Key {
    Key::new(
        format!("AGENCY#{agency}"),
        format!("WINDOW#{part}#{window}"),
    )
}

/// `recalls`: what has been checked and when, every agency in one small item.
pub fn coverage() -> Key {
    Key::new("COVERAGE", "COVERAGE")
}

/// `recalls`, index `by_month`: the partition of an agency's month.
pub fn month(agency: AgencyKey, published: Date) -> String {
    format!("{agency}#{:04}-{:02}", published.year(), published.month())
}

/// `recalls`, index `by_month`: the order inside the month.
pub fn month_sort(published: Date, id: &RecallId) -> String {
    format!("{published}#{id}")
}

/// `recalls`, index `pending`: the shard of a recall that waits to be announced.
pub fn pending(id: &RecallId) -> String {
    let sum = id
        .as_str()
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    pending_shard(sum % PENDING_SHARDS)
}

/// `recalls`, index `pending`: a shard by its number.
pub fn pending_shard(shard: u8) -> String {
    format!("PENDING#{shard}")
}

/// `products`: a catalogue product.
pub fn product(gtin: &Gtin) -> Key {
    Key::new(format!("PRODUCT#{gtin}"), "PRODUCT")
}

/// `accounts`: a person.
pub fn account(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "USER")
}

/// Reads the person out of the partition key of [`account`].
pub fn user_of(pk: &str) -> Option<UserId> {
    pk.strip_prefix("USER#")?.parse().ok()
}

/// `accounts`: a session of a person, and the family of its refresh tokens.
pub fn session(user: UserId, session: SessionId) -> Key {
    Key::new(format!("USER#{user}"), format!("{SESSIONS}{session}"))
}

/// How the sort keys of a person's sessions begin.
pub const SESSIONS: &str = "SESSION#";

/// `accounts`: which person has an address. Unique by being this item and no index.
pub fn email_claim(email: &Email) -> Key {
    Key::new(format!("EMAIL#{}", digest(&email.key())), "EMAIL")
}

/// `accounts`: an API key, by its own identifier; every function may read these.
pub fn api_key(key: ApiKeyId) -> Key {
    Key::new(format!("APIKEY#{key}"), "APIKEY")
}

/// `accounts`: that a person has an API key.
pub fn api_key_of(user: UserId, key: ApiKeyId) -> Key {
    Key::new(format!("USER#{user}"), format!("{API_KEYS}{key}"))
}

/// How the sort keys of a person's API keys begin.
pub const API_KEYS: &str = "APIKEY#";

/// `accounts`: the one link of a person that works for a purpose.
pub fn once(user: UserId, purpose: Purpose) -> Key {
    Key::new(format!("ONCE#{user}"), purpose.as_str())
}

/// `accounts`: a message that is to be sent.
pub fn outgoing(id: Uuid) -> Key {
    Key::new(format!("OUTGOING#{id}"), "OUTGOING")
}

/// Reads the partition key of [`outgoing`] back.
pub fn outgoing_id(pk: &str) -> Result<Uuid, StoreError> {
    pk.strip_prefix("OUTGOING#")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| StoreError::Corrupt(format!("no message has the key {pk}")))
}

/// `accounts`, index `pending`: the shard of a message that waits to be sent.
pub fn outgoing_pending(id: Uuid) -> String {
    pending_shard(id.as_bytes()[15] % PENDING_SHARDS)
}

/// Shards of a day of the audit trail, and of the directory of people.
pub const ACCOUNT_SHARDS: u8 = 8;

/// `accounts`: something that happened, in the day's audit trail.
pub fn event(event: &Event) -> Key {
    let day = event.at.to_zoned(TimeZone::UTC).date();
    Key::new(
        event_shard(day, event.id.as_bytes()[15] % ACCOUNT_SHARDS),
        event_sort(event),
    )
}

/// `accounts`: one shard of a day of the audit trail.
pub fn event_shard(day: Date, shard: u8) -> String {
    format!("AUDIT#{day}#{shard}")
}

/// `accounts`: the order inside a shard of the audit trail, and in the index `about`.
pub fn event_sort(event: &Event) -> String {
    format!("{:015}#{}", event.at.as_millisecond(), event.id)
}

/// `accounts`: where an instant stands in the order of the audit trail, before its events.
pub fn event_bound(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond())
}

/// `accounts`, index `about`: the events of one person.
pub fn events_about(user: UserId) -> String {
    format!("USER#{user}")
}

/// `accounts`, indexes `directory` and `names`: the shard of a person.
pub fn directory(user: UserId) -> String {
    directory_shard(user.0.as_bytes()[15] % ACCOUNT_SHARDS)
}

/// `accounts`, indexes `directory` and `names`: a shard by its number.
pub fn directory_shard(shard: u8) -> String {
    format!("PEOPLE#{shard}")
}

/// `accounts`, index `directory`: where a person stands in the order of addresses.
pub fn by_email(email: &Email) -> String {
    email.key()
}

/// The most of a name that counts in the order of names, in characters.
const NAME_SORTED: usize = 120;

/// `accounts`, index `names`: where a person stands in the order of names, the family name first. The
/// identifier behind it makes every place one person's.
pub fn by_name(name: &Name, user: UserId) -> String {
    format!(
        "{}#{user}",
        name_prefix(&format!("{} {}", name.last, name.first))
    )
}

/// Returns how a text is spelled in the order of names: composed, in lower case, with single spaces.
pub fn name_prefix(text: &str) -> String {
    let text: String = text.nfc().flat_map(char::to_lowercase).collect();
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(NAME_SORTED).collect()
}

/// `accounts`: the public keys that access tokens are checked with; every function may read it.
pub fn key_set() -> Key {
    Key::new("KEYSET", "KEYSET")
}

/// `accounts`: the hash of the master token, and the addresses it counts from; every function may read it.
pub fn master_token() -> Key {
    Key::new("MASTERTOKEN", "MASTERTOKEN")
}

/// `ledger`: that a session is ended while its access tokens may still live.
pub fn denied_session(session: SessionId) -> Key {
    Key::new(format!("DENY#SESSION#{session}"), "DENY")
}

/// `ledger`: from when on a person's access tokens count.
pub fn denied_user(user: UserId) -> Key {
    Key::new(format!("DENY#USER#{user}"), "DENY")
}

/// `ledger`: what one caller has used of one limit.
pub fn limit(policy: &str, subject: &str) -> Key {
    Key::new(format!("LIMIT#{policy}#{subject}"), "LIMIT")
}

/// `ledger`: a request that is not to be carried out twice, by the digest of what tells it apart.
pub fn repetition(digest: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{digest}"), "IDEMPOTENCY")
}

/// `ledger`: sign-ins that were tried for an address (by its digest) from one client.
pub fn attempts_from(digest: &str, client: &str) -> Key {
    Key::new(format!("ATTEMPTS#{digest}"), format!("CLIENT#{client}"))
}

/// `ledger`: sign-ins that were tried for an address (by its digest) with one known device.
pub fn attempts_with(digest: &str, device: Uuid) -> Key {
    Key::new(format!("ATTEMPTS#{digest}"), format!("DEVICE#{device}"))
}

/// `ledger`: times that a session was asked for the password of its address (by its digest).
pub fn attempts_in(digest: &str, session: SessionId) -> Key {
    Key::new(format!("ATTEMPTS#{digest}"), format!("SESSION#{session}"))
}

/// `ledger`: sign-ins that were tried for an address (by its digest), from wherever.
pub fn attempts(digest: &str) -> Key {
    Key::new(format!("ATTEMPTS#{digest}"), "ACCOUNT")
}

/// `ledger`: when an API key was last used.
pub fn last_used(key: ApiKeyId) -> Key {
    Key::new(format!("LASTUSED#{key}"), "LASTUSED")
}

/// Returns a digest that stands for an address or the like in a key: not reversible at a glance, and of
/// one length.
pub fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..20])
}

/// `ledger`: a lease.
pub fn lease(name: &str) -> Key {
    Key::new(format!("LEASE#{name}"), "LEASE")
}

/// `ledger`: the turns of those who ask a host.
pub fn turn(host: &str) -> Key {
    Key::new(format!("TURN#{host}"), "TURN")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::{Actor, EventKind};

    #[test]
    fn every_key_keeps_its_shape() {
        let id: RecallId = "us-cpsc:24113".parse().unwrap();
        let cpsc: AgencyKey = "us-cpsc".parse().unwrap();
        let gtin: Gtin = "036000291452".parse().unwrap();
        let year = Window::year(2026);
        let user = UserId(Uuid::from_u128(1));
        let other = Uuid::from_u128(2);
        let happened = Event {
            id: other,
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            kind: EventKind::SignedIn,
            actor: Actor::User(user),
            about: Some(user),
            client: None,
            request_id: "r".into(),
            detail: std::collections::BTreeMap::new(),
        };
        let shapes = [
            recall(&id),
            version(&id, 3),
            posting(&PostingKey::Gtin(gtin)),
            posting(&PostingKey::Model("NSRGFGSS1".into())),
            agency(cpsc),
            window(cpsc, "recalls", year),
            coverage(),
            product(&gtin),
            lease("sync"),
            turn("api.fda.gov"),
            account(user),
            session(user, SessionId(other)),
            email_claim(&"Ana@Example.org".parse().unwrap()),
            api_key(ApiKeyId(other)),
            api_key_of(user, ApiKeyId(other)),
            once(user, Purpose::ResetPassword),
            outgoing(other),
            super::event(&happened),
            key_set(),
            master_token(),
            denied_session(SessionId(other)),
            denied_user(user),
            limit("default", "ip:203.0.113.7"),
            repetition("ab12"),
            attempts_from("ab12", "203.0.113.0/24"),
            attempts_with("ab12", other),
            attempts_in("ab12", SessionId(other)),
            attempts("ab12"),
            last_used(ApiKeyId(other)),
        ];
        let shapes: Vec<_> = shapes
            .iter()
            .map(|key| format!("{} | {}", key.pk, key.sk))
            .collect();
        assert_eq!(
            shapes,
            [
                "RECALL#us-cpsc:24113 | RECALL",
                "RECALL#us-cpsc:24113 | VERSION#000003",
                "GTIN#00036000291452 | POSTING",
                "MODEL#NSRGFGSS1 | POSTING",
                "AGENCY#us-cpsc | STATE",
                "AGENCY#us-cpsc | WINDOW#recalls#2026-01-01..2026-12-31",
                "COVERAGE | COVERAGE",
                "PRODUCT#00036000291452 | PRODUCT",
                "LEASE#sync | LEASE",
                "TURN#api.fda.gov | TURN",
                "USER#00000000-0000-0000-0000-000000000001 | USER",
                "USER#00000000-0000-0000-0000-000000000001 | SESSION#00000000-0000-0000-0000-000000000002",
                "EMAIL#86b9260a115ceac89a9738af23696ce3a5d70449 | EMAIL",
                "APIKEY#00000000-0000-0000-0000-000000000002 | APIKEY",
                "USER#00000000-0000-0000-0000-000000000001 | APIKEY#00000000-0000-0000-0000-000000000002",
                "ONCE#00000000-0000-0000-0000-000000000001 | reset_password",
                "OUTGOING#00000000-0000-0000-0000-000000000002 | OUTGOING",
                "AUDIT#2026-11-20#2 | 001795176000000#00000000-0000-0000-0000-000000000002",
                "KEYSET | KEYSET",
                "MASTERTOKEN | MASTERTOKEN",
                "DENY#SESSION#00000000-0000-0000-0000-000000000002 | DENY",
                "DENY#USER#00000000-0000-0000-0000-000000000001 | DENY",
                "LIMIT#default#ip:203.0.113.7 | LIMIT",
                "IDEMPOTENCY#ab12 | IDEMPOTENCY",
                "ATTEMPTS#ab12 | CLIENT#203.0.113.0/24",
                "ATTEMPTS#ab12 | DEVICE#00000000-0000-0000-0000-000000000002",
                "ATTEMPTS#ab12 | SESSION#00000000-0000-0000-0000-000000000002",
                "ATTEMPTS#ab12 | ACCOUNT",
                "LASTUSED#00000000-0000-0000-0000-000000000002 | LASTUSED",
            ]
        );
        assert_eq!(month(cpsc, year.from), "us-cpsc#2026-01");
        assert_eq!(month_sort(year.from, &id), "2026-01-01#us-cpsc:24113");
        assert_eq!(pending(&id), "PENDING#3");
    }

    #[test]
    fn people_are_ordered_by_address_and_by_name_with_the_family_name_first() {
        let user = UserId(Uuid::from_u128(1));
        let name = |first: &str, last: &str| {
            let (first, last) = (first.to_owned(), last.to_owned());
            by_name(&Name { first, last }, user)
        };
        let id = "#00000000-0000-0000-0000-000000000001";
        assert_eq!(name("Ana  Maria", "Silva"), format!("silva ana maria{id}"));
        assert_eq!(name(" Ana ", ""), format!("ana{id}"));
        // An accent composed and not, in either case.
        assert_eq!(name("", "\u{c9}LA"), name("", "e\u{301}la"));
        // A sort key has at most 1,024 bytes.
        assert!(name(&"\u{1f9f8}".repeat(300), "").len() < 1_024);
        assert_eq!(
            by_email(&"Ana@Example.org".parse().unwrap()),
            "ana@example.org"
        );
        assert_eq!(user_of(&account(user).pk), Some(user));
        assert_eq!(user_of("EMAIL#x"), None);
        assert_eq!(directory(user), "PEOPLE#1");
        assert_eq!(event_bound(Timestamp::UNIX_EPOCH), "000000000000000");
    }

    #[test]
    fn a_posting_reads_back_from_its_name() {
        for key in [
            PostingKey::Gtin("036000291452".parse().unwrap()),
            PostingKey::Model("A#1".into()),
        ] {
            assert_eq!(posting_key(&posting_name(&key)), Some(key));
        }
        assert_eq!(posting_key("RECALL#x"), None);
    }
}
