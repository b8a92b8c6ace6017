//! What messages say, language by language. A language that is not here is answered in English.

mod de;
mod en;
mod es;
mod fr;

use babyshield::stores::accounts::Template;

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

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    En,
    De,
    Fr,
    Es,
}

impl Locale {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// Returns the language of a BCP 47 tag: `de-AT` is German.
    pub(crate) fn of(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "de" => Self::De,
            "fr" => Self::Fr,
            "es" => Self::Es,
            _ => Self::En,
        }
    }

    /// Returns the language as a BCP 47 tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    pub(crate) fn phrases(self) -> &'static Phrases {
        match self {
            Self::En => &en::PHRASES,
            Self::De => &de::PHRASES,
            Self::Fr => &fr::PHRASES,
            Self::Es => &es::PHRASES,
        }
    }

    pub(crate) fn words(self, template: &Template) -> Words {
        match self {
            Self::En => en::words(template),
            Self::De => de::words(template),
            Self::Fr => fr::words(template),
            Self::Es => es::words(template),
        }
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
