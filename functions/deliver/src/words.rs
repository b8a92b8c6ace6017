//! What messages say, language by language. A language that is not here is answered in English.

mod de;
mod en;
mod es;
mod fr;

use babyshield::{domain::locale::Locale, stores::accounts::Template};

/// The words of one message.
pub(crate) struct Words {
    pub(crate) subject: &'static str,
    /// What happened, and what to do.
    pub(crate) lead: &'static str,
    /// What the link says, where there is one.
    pub(crate) action: Option<&'static str>,
    /// What to do if it was somebody else.
    pub(crate) otherwise: &'static str,
}

/// The words of every message.
pub(crate) struct Phrases {
    pub(crate) hello: &'static str,
    /// The same, with `{name}`.
    pub(crate) hello_name: &'static str,
    pub(crate) lasts_a_day: &'static str,
    pub(crate) lasts_an_hour: &'static str,
    pub(crate) lasts_a_quarter: &'static str,
    /// When it happened, with `{at}`.
    pub(crate) at: &'static str,
    /// Who writes, and why.
    pub(crate) footer: &'static str,
}

/// Returns what every message says in a language.
pub(crate) fn phrases(locale: Locale) -> &'static Phrases {
    match locale {
        Locale::En => &en::PHRASES,
        Locale::De => &de::PHRASES,
        Locale::Fr => &fr::PHRASES,
        Locale::Es => &es::PHRASES,
    }
}

/// Returns what one message says in a language.
pub(crate) fn words(locale: Locale, template: &Template) -> Words {
    match locale {
        Locale::En => en::words(template),
        Locale::De => de::words(template),
        Locale::Fr => fr::words(template),
        Locale::Es => es::words(template),
    }
}

/// What is never sent says nothing.
fn nothing() -> Words {
    Words {
        subject: "",
        lead: "",
        action: None,
        otherwise: "",
    }
}
