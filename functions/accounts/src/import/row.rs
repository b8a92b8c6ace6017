//! One row of a file of people: read from JSON or from columns, and judged.
//!
//! What is wrong is said by the name of the field alone: a reason never repeats an address or a hash.

use babyshield::{
    domain::account::{Account, Email, Name, Role, Roles, Standing, Tier, UserId},
    passwords::readable,
};
use csv::{ReaderBuilder, StringRecord};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};

/// Every field that a row may have.
pub(super) const FIELDS: [&str; 11] = [
    "email",
    "name",
    "first_name",
    "last_name",
    "password_hash",
    "roles",
    "is_active",
    "email_verified",
    "created_at",
    "subscription_tier",
    "locale",
];

/// The longest name, in characters.
const NAME_MOST: usize = 100;

/// The longest language tag, in characters (RFC 5646, 4.4.1).
const LOCALE_MOST: usize = 35;

/// What messages are written in where a row names no language.
const LOCALE: &str = "en";

/// The fields of a row.
pub(super) type Fields = Map<String, Value>;

/// Reads the first line of a file with columns.
pub(super) fn header(line: &[u8]) -> Result<Vec<String>, String> {
    let names: Vec<_> = columns(line)?.iter().map(str::to_owned).collect();
    let allowed = FIELDS.join(",");
    if let Some(at) = names.iter().position(|name| !FIELDS.contains(&&**name)) {
        let at = at + 1;
        return Err(format!(
            "column {at} of the first line is none of {allowed}"
        ));
    }
    if let Some(name) = names
        .iter()
        .find(|name| names.iter().filter(|other| other == name).count() > 1)
    {
        return Err(format!("the column {name} stands twice"));
    }
    if !names.iter().any(|name| name == "email") {
        return Err("there is no column email".into());
    }
    Ok(names)
}

/// Reads a line with columns. An empty column counts as not given.
pub(super) fn from_columns(header: &[String], line: &[u8]) -> Result<Fields, String> {
    let record = columns(line)?;
    if record.len() != header.len() {
        let (has, wants) = (record.len(), header.len());
        return Err(format!("{has} columns instead of {wants}"));
    }
    let given = header.iter().zip(record.iter());
    let given = given.filter(|(_, text)| !text.trim().is_empty());
    Ok(given
        .map(|(name, text)| (name.clone(), Value::from(text.trim())))
        .collect())
}

fn columns(line: &[u8]) -> Result<StringRecord, String> {
    let text = str::from_utf8(line).map_err(|_| "not UTF-8")?;
    // A row is a line: a quotation that does not end in it would swallow the next row.
    if text.matches('"').count() % 2 == 1 {
        return Err("a quotation does not end in its line".into());
    }
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let record = reader.into_records().next();
    record
        .and_then(Result::ok)
        .ok_or_else(|| "not a line of columns".into())
}

/// Reads a line of JSON. A field that is null counts as not given.
pub(super) fn from_json(line: &[u8]) -> Result<Fields, String> {
    let text = str::from_utf8(line).map_err(|_| "not UTF-8")?;
    let row: Value = serde_json::from_str(text)
        .map_err(|error| format!("not JSON, at character {}", error.column()))?;
    let Value::Object(mut fields) = row else {
        return Err("not a JSON object".into());
    };
    fields.retain(|_, value| !value.is_null());
    if fields.keys().any(|name| !FIELDS.contains(&&**name)) {
        return Err(format!("has a field that is none of {}", FIELDS.join(", ")));
    }
    Ok(fields)
}

/// Makes an account of a row, or says everything that is wrong with it.
pub(super) fn account(fields: &Fields, id: UserId, now: Timestamp) -> Result<Account, String> {
    let mut faults = Vec::new();
    let mut note = |fault: String| faults.push(fault);
    if !fields.contains_key("email") {
        note("email is missing".into());
    }
    let written = text(fields, "email", &mut note);
    let email = written.as_ref().and_then(|text| text.parse::<Email>().ok());
    if written.is_some() && email.is_none() {
        note("email is not an e-mail address".into());
    }
    let name = name(fields, &mut note);
    let password = text(fields, "password_hash", &mut note);
    if password.as_deref().is_some_and(|hash| !readable(hash)) {
        note(
            "password_hash is no hash that can be verified: $2a$, $2b$, $2y$ or $argon2id$".into(),
        );
    }
    let created_at = created_at(fields, now, &mut note);
    let roles = roles(fields, &mut note);
    let active = flag(fields, "is_active", true, &mut note);
    let verified = flag(fields, "email_verified", false, &mut note);
    let tier = tier(fields, &mut note);
    let locale = locale(fields, &mut note);
    let Some(email) = email.filter(|_| faults.is_empty()) else {
        return Err(faults.join("; "));
    };
    Ok(Account {
        id,
        email,
        email_verified_at: verified.then_some(created_at),
        password_set_at: password.as_ref().map(|_| created_at),
        password,
        name,
        locale,
        roles,
        tier,
        standing: if active {
            Standing::Active
        } else {
            Standing::Disabled(now)
        },
        created_at,
        updated_at: now,
        last_sign_in_at: None,
        version: 1,
    })
}

fn text(fields: &Fields, name: &str, note: &mut impl FnMut(String)) -> Option<String> {
    let value = fields.get(name)?;
    if !value.is_string() {
        note(format!("{name} is no text"));
    }
    value.as_str().map(str::to_owned)
}

fn name(fields: &Fields, note: &mut impl FnMut(String)) -> Name {
    let mut part = |field: &str| {
        let text = text(fields, field, note).unwrap_or_default();
        let words: Vec<_> = text.split_whitespace().collect();
        let text = words.join(" ");
        if text.chars().count() > NAME_MOST || text.chars().any(char::is_control) {
            note(format!("{field} is too long or has control characters"));
        }
        text
    };
    let (whole, first, last) = (part("name"), part("first_name"), part("last_name"));
    if first.is_empty() && last.is_empty() {
        Name {
            first: whole,
            last: String::new(),
        }
    } else {
        Name { first, last }
    }
}

fn flag(fields: &Fields, name: &str, unsaid: bool, note: &mut impl FnMut(String)) -> bool {
    match fields.get(name) {
        None => unsaid,
        Some(Value::Bool(flag)) => *flag,
        Some(value) => match value.as_str().map(str::to_lowercase).as_deref() {
            Some("true" | "t" | "yes" | "1") => true,
            Some("false" | "f" | "no" | "0") => false,
            _ => {
                note(format!("{name} is neither true nor false"));
                unsaid
            }
        },
    }
}

fn roles(fields: &Fields, note: &mut impl FnMut(String)) -> Roles {
    let words: Option<Vec<String>> = match fields.get("roles") {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(
            text.split([';', '|', ' ', ','])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        Some(Value::Array(words)) => words
            .iter()
            .map(|word| word.as_str().map(str::to_owned))
            .collect(),
        Some(_) => None,
    };
    let roles: Option<Roles> = words.and_then(|words| {
        let roles = words.iter().map(|word| word.parse::<Role>());
        roles.collect::<Result<_, _>>().ok()
    });
    roles.unwrap_or_else(|| {
        note("roles has a word that is none of user, viewer, developer, operator, admin".into());
        Roles::default()
    })
}

fn tier(fields: &Fields, note: &mut impl FnMut(String)) -> Tier {
    let Some(value) = fields.get("subscription_tier") else {
        return Tier::default();
    };
    serde_json::from_value(value.clone()).unwrap_or_else(|_| {
        note("subscription_tier is none of free, premium, business".into());
        Tier::default()
    })
}

fn locale(fields: &Fields, note: &mut impl FnMut(String)) -> String {
    let Some(tag) = text(fields, "locale", note) else {
        return LOCALE.into();
    };
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let good = tag.len() <= LOCALE_MOST
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if !good {
        note("locale is no language tag".into());
    }
    tag
}

/// Reads when the account was made: RFC 3339, or a date and time without a zone, which is UTC.
fn created_at(fields: &Fields, now: Timestamp, note: &mut impl FnMut(String)) -> Timestamp {
    let Some(text) = text(fields, "created_at", note) else {
        return now;
    };
    let read = text.parse::<Timestamp>().ok().or_else(|| {
        let plain: DateTime = text.parse().ok()?;
        Some(plain.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    match read.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok()) {
        Some(at) if at <= now && at >= Timestamp::UNIX_EPOCH => at,
        Some(_) => {
            note("created_at lies before 1970 or in the future".into());
            now
        }
        None => {
            note("created_at is no date and time".into());
            now
        }
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
