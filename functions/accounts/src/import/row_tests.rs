//! Rows, good and bad.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::*;

const BCRYPT: &str = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn judge(fields: &Fields) -> Result<Account, String> {
    account(fields, UserId(Uuid::from_u128(1)), now())
}

fn json_row(row: &Value) -> Result<Account, String> {
    from_json(row.to_string().as_bytes()).and_then(|fields| judge(&fields))
}

#[test]
fn a_row_of_json_becomes_an_account() {
    let account = json_row(&json!({
        "email": "Ana@Example.org", "first_name": " Ana  Maria ", "last_name": "Silva",
        "password_hash": BCRYPT, "roles": ["operator"], "is_active": true, "email_verified": true,
        "created_at": "2024-02-03T04:05:06Z", "subscription_tier": "premium", "locale": "pt-BR",
    }))
    .unwrap();
    let made: Timestamp = "2024-02-03T04:05:06Z".parse().unwrap();
    assert_eq!(account.email.as_str(), "Ana@Example.org");
    assert_eq!(account.name.full(), "Ana Maria Silva");
    assert_eq!(account.password.as_deref(), Some(BCRYPT));
    assert_eq!(account.roles.words(), "user,operator");
    assert_eq!((account.tier, &*account.locale), (Tier::Premium, "pt-BR"));
    assert_eq!(account.email_verified_at, Some(made));
    assert_eq!((account.created_at, account.updated_at), (made, now()));
    assert_eq!(account.standing, Standing::Active);
}

#[test]
fn a_row_of_columns_says_the_same_in_its_own_words() {
    let header =
        header(b"email,name,password_hash,roles,is_active,email_verified,created_at").unwrap();
    let line = format!(
        "bo@example.org,\"Bo, the first\",{BCRYPT},viewer;developer,f,1,2024-02-03 04:05:06"
    );
    let account = from_columns(&header, line.as_bytes())
        .and_then(|fields| judge(&fields))
        .unwrap();
    assert_eq!(account.name.first, "Bo, the first");
    assert_eq!(account.roles.words(), "user,viewer,developer");
    assert_eq!(account.standing, Standing::Disabled(now()));
    assert_eq!(account.created_at, "2024-02-03T04:05:06Z".parse().unwrap());
    assert!(account.email_verified());
}

#[test]
fn what_is_not_said_is_the_least() {
    let account = json_row(&json!({"email": "cy@example.org", "name": null})).unwrap();
    assert_eq!((account.password, account.password_set_at), (None, None));
    assert_eq!(account.roles, Roles::default());
    assert_eq!(account.email_verified_at, None);
    assert_eq!(account.name.full(), "");
}

#[test]
fn all_that_is_wrong_with_a_row_is_said_and_nothing_of_what_it_holds() {
    let secret = "$2b$99$secret";
    let reason = json_row(&json!({
        "email": "canary at example", "name": 7, "password_hash": secret, "roles": ["root"],
        "is_active": "maybe", "email_verified": [], "created_at": "yesterday",
        "subscription_tier": "gold", "locale": "../../etc",
    }))
    .unwrap_err();
    for field in FIELDS {
        let spoken_of = !["first_name", "last_name"].contains(&field);
        assert_eq!(reason.contains(field), spoken_of, "{field}: {reason}");
    }
    for held in [
        "canary",
        "secret",
        "$99",
        "root",
        "maybe",
        "yesterday",
        "gold",
        "etc",
    ] {
        assert!(!reason.contains(held), "{held}: {reason}");
    }
}

#[test]
fn hashes_that_nobody_can_compute_and_dates_that_cannot_be_are_refused() {
    for hash in [
        "",
        "plain text",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$2b$12$short",
        "$2x$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$aaaa",
        "$argon2id$",
        "pbkdf2_sha256$1000$a$b",
    ] {
        let row = json!({"email": "a@example.org", "password_hash": hash});
        assert!(json_row(&row).is_err(), "{hash}");
    }
    for date in [
        "2027-01-01T00:00:00Z",
        "1969-12-31 23:59:59",
        "-009999-01-01T00:00:00Z",
        "1e9",
    ] {
        let row = json!({"email": "a@example.org", "created_at": date});
        assert!(json_row(&row).is_err(), "{date}");
    }
}

#[test]
fn lines_that_are_no_rows_are_refused_with_their_reason() {
    let deep = "[".repeat(10_000);
    let cases: [(&[u8], &str); 8] = [
        (b"{", "not JSON, at character 1"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\"a\"", "not a JSON object"),
        (b"\xff\xfe{\0}\0", "not UTF-8"),
        (
            b"{\"email\":\"a\0b@example.org\"}",
            "not JSON, at character 12",
        ),
        (
            b"{\"email\":\"a@example.org\",\"is_superuser\":true}",
            "has a field that is none of",
        ),
        (deep.as_bytes(), "not JSON, at character 128"),
    ];
    for (line, reason) in cases {
        let refused = from_json(line).unwrap_err();
        assert!(refused.starts_with(reason), "{refused}");
    }
    let header = vec!["email".to_owned(), "name".to_owned()];
    let cases: [(&[u8], &str); 4] = [
        (b"a@example.org", "1 columns instead of 2"),
        (b"a@example.org,b,c", "3 columns instead of 2"),
        (b"a@example.org,\"b", "a quotation does not end in its line"),
        (b"a@example.org,\xff", "not UTF-8"),
    ];
    for (line, reason) in cases {
        assert_eq!(from_columns(&header, line).unwrap_err(), reason);
    }
    let nul = from_columns(&header, b"a@example.org,b\0c").unwrap();
    assert!(judge(&nul).unwrap_err().contains("control characters"));
}

#[test]
fn a_header_names_columns_that_are_known_each_once() {
    for (line, reason) in [
        ("email;name", "column 1 of the first line is none of"),
        ("id,email", "column 1 of the first line is none of"),
        ("email,email", "the column email stands twice"),
        ("name,locale", "there is no column email"),
        ("ana@example.org,x", "column 1 of the first line is none of"),
    ] {
        let refused = header(line.as_bytes()).unwrap_err();
        assert!(refused.starts_with(reason), "{refused}");
        assert!(!refused.contains("ana@"));
    }
}
