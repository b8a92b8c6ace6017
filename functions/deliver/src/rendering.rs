//! A message as people read it: plain text and HTML, in their language.

use askama::Template as _;
use babyshield::{
    domain::{account::Purpose, locale::Locale},
    stores::accounts::{Outgoing, Template},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::words::{Words, phrases, words};

/// The longest name that somebody is greeted with, in characters.
const NAME_MOST: usize = 60;

/// Where links lead. Configured: nothing that a request says gets into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Prefers the app, where there is one, to the API's own pages.
    pub(crate) fn new(public_url: &str, app_url: Option<&str>) -> Self {
        Self(match app_url {
            Some(app) => app.trim_end_matches('/').to_owned(),
            None => format!("{}/api/v1/auth", public_url.trim_end_matches('/')),
        })
    }

    fn link(&self, purpose: Purpose, token: &str) -> String {
        let page = match purpose {
            Purpose::VerifyEmail | Purpose::ChangeEmail => "verify-email",
            Purpose::ResetPassword => "reset-password",
            Purpose::MagicLink => "magic-link",
        };
        format!("{}/{page}?token={token}", self.0)
    }
}

/// A message, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    pub(crate) html: String,
}

#[derive(askama::Template)]
#[template(path = "message.txt")]
struct Text<'a> {
    parts: &'a Parts,
}

#[derive(askama::Template)]
#[template(path = "message.html")]
struct Html<'a> {
    parts: &'a Parts,
}

/// What both forms are made of.
struct Parts {
    language: &'static str,
    subject: &'static str,
    greeting: String,
    lead: String,
    /// What the button says, where it leads, and how long.
    link: Option<(&'static str, String, &'static str)>,
    otherwise: &'static str,
    at: String,
    footer: &'static str,
}

/// Writes a message out. `token` makes the link good that it carries.
pub(crate) fn render(
    message: &Outgoing,
    token: Option<(Purpose, String)>,
    origin: &Origin,
) -> Result<Letter, askama::Error> {
    let locale = Locale::of(&message.locale);
    let phrases = phrases(locale);
    let Words {
        subject,
        lead,
        action,
        otherwise,
    } = words(locale, &message.template);
    let lead = match &message.template {
        Template::AccountDeleted { erased_at } => lead.replace("{day}", &day(*erased_at)),
        _ => lead.to_owned(),
    };
    let link = token.zip(action).map(|((purpose, token), action)| {
        let lasts = match purpose {
            Purpose::VerifyEmail => phrases.lasts_a_day,
            Purpose::ChangeEmail => phrases.lasts_an_hour,
            Purpose::ResetPassword | Purpose::MagicLink => phrases.lasts_a_quarter,
        };
        (action, origin.link(purpose, &token), lasts)
    });
    let parts = Parts {
        language: locale.tag(),
        subject,
        greeting: match presentable(&message.name) {
            Some(name) => phrases.hello_name.replace("{name}", &name),
            None => phrases.hello.to_owned(),
        },
        lead,
        link,
        otherwise,
        at: phrases.at.replace("{at}", &instant(message.at)),
        footer: phrases.footer,
    };
    Ok(Letter {
        subject,
        text: Text { parts: &parts }.render()?,
        html: Html { parts: &parts }.render()?,
    })
}

/// Returns a name that may stand in a message, or nothing.
///
/// Whoever registers somebody else's address chooses the name that its owner is written to with. So a
/// name is greeted only when it can be nothing but a name: letters, spaces, apostrophes, hyphens, and full
/// stops that end an abbreviation. Programs make links of less than an address.
fn presentable(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let letter = |c: char| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    let plain = |(at, c): (usize, char)| {
        let rest = &name[at + c.len_utf8()..];
        letter(c)
            || matches!(c, ' ' | '\'' | '\u{2019}' | '-')
            || c == '.' && (rest.is_empty() || rest.starts_with(' '))
    };
    let fits = (1..=NAME_MOST).contains(&name.chars().count());
    (fits && name.starts_with(letter) && name.char_indices().all(plain)).then_some(name)
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
#[path = "rendering_tests.rs"]
mod tests;
