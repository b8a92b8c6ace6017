//! The languages that people are written to in.

/// A language that there are words in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English, which stands in for every language that is not here.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// Returns the language of a BCP 47 tag (`de-AT` is German), if there are words in it.
    pub fn known(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(language))
    }

    /// Returns the language of a BCP 47 tag, or English.
    pub fn of(tag: &str) -> Self {
        Self::known(tag).unwrap_or(Self::En)
    }

    /// Returns the first language of an `Accept-Language` that there are words in, or English. Clients
    /// write what they like best first; their weights are not looked at.
    pub fn accepted(header: &str) -> Self {
        header
            .split(',')
            .take(20)
            .find_map(|range| Self::known(range.split(';').next().unwrap_or_default()))
            .unwrap_or(Self::En)
    }

    /// Returns the language as a BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_by_their_first_part() {
        for (tag, locale) in [
            ("de-AT", Locale::De),
            ("DE", Locale::De),
            ("fr_CA", Locale::Fr),
            ("es-419", Locale::Es),
            ("en-GB", Locale::En),
            ("pt-BR", Locale::En),
            ("", Locale::En),
            ("\u{0}", Locale::En),
        ] {
            assert_eq!(Locale::of(tag), locale, "{tag:?}");
        }
    }

    #[test]
    fn the_first_language_that_there_are_words_in_is_taken() {
        for (header, locale) in [
            ("fr-CH, fr;q=0.9, en;q=0.8", Locale::Fr),
            ("pt-BR, es;q=0.5", Locale::Es),
            ("*", Locale::En),
            ("", Locale::En),
            (",,;;", Locale::En),
        ] {
            assert_eq!(Locale::accepted(header), locale, "{header:?}");
        }
    }
}
