//! The walk through a text from label to label: what a word does to the list that it stands in.
//!
//! How a code is read stands in [`codes`](super::codes), how a day in [`days`](super::days).

use super::{
    barcode, dates,
    labels::{self, Label},
    limits::{MOST, Reading, Rules},
    tokens::Token,
    words::{CLOSERS, FILLERS, HEDGES, OPENERS},
};
use crate::domain::identifier::Value;

/// A text on the way from its first token to its last.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what stood before, one flag for each thing that matters later"
)]
pub(super) struct Reader<'a> {
    pub(super) tokens: &'a [Token<'a>],
    pub(super) rules: Rules,
    pub(super) at: usize,
    pub(super) context: Option<Label>,
    /// No code was read yet since the label.
    pub(super) fresh: bool,
    /// A word such as "between" stood before, so that "and" joins a span.
    pub(super) spanning: bool,
    /// The lots or serials that dates were given to, and that go on after a date.
    pub(super) before_dates: Option<Label>,
    pub(super) limited_sentence: bool,
    /// A word that makes less of a list stood in this sentence.
    pub(super) hedged_sentence: bool,
    pub(super) reading: Reading,
}

impl<'a> Reader<'a> {
    /// Begins at the first token.
    pub(super) fn new(tokens: &'a [Token<'a>], rules: Rules) -> Self {
        Self {
            tokens,
            rules,
            at: 0,
            context: None,
            fresh: false,
            spanning: false,
            before_dates: None,
            limited_sentence: false,
            hedged_sentence: false,
            reading: Reading {
                whole: true,
                ..Reading::default()
            },
        }
    }

    /// Reads to the end.
    pub(super) fn run(mut self) -> Reading {
        while let Some(token) = self.tokens.get(self.at) {
            if let Some((label, used)) =
                labels::at(self.tokens, self.at).filter(|(label, _)| self.applies(*label))
            {
                if !(self.fresh && self.context.is_some_and(|context| context.agrees(label))) {
                    self.leave();
                }
                self.enter(label, used);
            } else if !token.text.starts_with(char::is_alphanumeric) && token.text != "°" {
                self.punctuation();
            } else if !self.value() {
                self.word();
            }
        }
        self.leave();
        self.reading
    }

    /// "Made in China" and "part of the set" are no labels.
    fn applies(&self, label: Label) -> bool {
        let next = |step: usize| self.tokens.get(self.at + step);
        match label {
            Label::Made
                if next(0).is_some_and(|token| {
                    matches!(token.lower.as_str(), "made" | "manufactured" | "produced")
                }) =>
            {
                let opened = next(1).is_some_and(|token| {
                    OPENERS.contains(&token.lower.as_str())
                        || matches!(token.lower.as_str(), "in" | "on" | "during" | "date")
                });
                let undated = next(1).is_some_and(|token| {
                    matches!(
                        token.lower.as_str(),
                        "before" | "after" | "prior" | "since" | "until"
                    )
                });
                undated
                    || opened
                        && (2..4).any(|step| {
                            self.date(self.at + step).is_some()
                                || dates::without_year(self.tokens, self.at + step).is_some()
                        })
            }
            Label::Model
                if next(0).is_some_and(|token| {
                    matches!(token.lower.as_str(), "part" | "items" | "catalog")
                }) =>
            {
                next(1).is_some_and(|token| {
                    matches!(
                        token.lower.as_str(),
                        "number" | "numbers" | "no" | "nos" | "#" | "code" | "codes"
                    )
                })
            }
            // "Lot code" and "UPC code" have said already what it is; in a sentence it says nothing.
            Label::Lot
                if next(0)
                    .is_some_and(|token| matches!(token.lower.as_str(), "code" | "codes")) =>
            {
                !(self.rules.prose || self.fresh && self.context.is_some())
            }
            _ => true,
        }
    }

    fn enter(&mut self, label: Label, used: usize) {
        self.before_dates = match label {
            Label::Lot | Label::Serial => Some(label),
            Label::Date(_) | Label::Made if !self.rules.prose => self.before_dates,
            _ => None,
        };
        self.context = Some(label);
        self.fresh = true;
        self.spanning = false;
        self.at += used;
        if label.limits() {
            self.reading.limits = true;
            self.limited_sentence = true;
            if self.hedged_sentence {
                self.reading.whole = false;
            }
        }
        // "made in May 2014": the word between is part of the label.
        if label == Label::Made
            && let Some(token) = self.tokens.get(self.at)
            && matches!(token.lower.as_str(), "in" | "on" | "during")
        {
            self.at += 1;
        }
    }

    /// A label is left. In a sentence, one without codes is harmless only where it says where to look.
    fn leave(&mut self) {
        let Some(label) = self.context.take() else {
            return;
        };
        if self.fresh && label.limits() && !(self.rules.prose && self.says_where()) {
            self.reading.whole = false;
        }
        self.fresh = false;
    }

    fn says_where(&self) -> bool {
        let from = self.at.saturating_sub(1);
        self.tokens[from..].iter().take(4).any(|token| {
            matches!(
                token.lower.as_str(),
                "printed" | "stamped" | "located" | "found" | "on" | "label" | "sticker"
            )
        })
    }

    fn punctuation(&mut self) {
        let text = self.tokens[self.at].text;
        let ends = self.rules.prose
            && matches!(text, "." | "!" | "?" | "•")
            && self.tokens.get(self.at + 1).is_none_or(|next| next.spaced)
            && !(self.fresh && self.abbreviated());
        if ends {
            self.leave();
            self.limited_sentence = false;
            self.hedged_sentence = false;
        } else if text == "(" && self.rules.prose && !self.fresh && self.context.is_some() {
            // A colour or a size beside a code.
            let close = self.tokens[self.at..]
                .iter()
                .take(14)
                .position(|token| token.text == ")");
            self.at += close.unwrap_or(0);
        } else if matches!(text, "*" | "+" | "<" | ">" | "≤" | "≥" | "%" | "$" | "€")
            && !self.rules.prose
        {
            self.reading.whole = false;
        }
        self.at += 1;
    }

    /// "No." and its like, whose full stop ends no sentence.
    fn abbreviated(&self) -> bool {
        self.at > 0
            && matches!(
                self.tokens[self.at - 1].lower.as_str(),
                "no" | "nos" | "num" | "exp" | "réf" | "mfg"
            )
    }

    fn word(&mut self) {
        let word = self.tokens[self.at].lower.as_str();
        if self.context.is_some() && OPENERS.contains(&word) {
            self.spanning = true;
        } else if self.fresh && matches!(word, "a" | "an")
            || FILLERS.contains(&word) && (self.context.is_some() || !self.rules.prose)
        {
            // Nothing to do.
        } else if self.rules.prose {
            self.prose_word();
        } else {
            self.reading.whole = false;
            // Dates cannot be mistaken for words, so a list of them goes on.
            if !matches!(self.context, Some(Label::Date(_) | Label::Made)) {
                self.context = None;
            }
        }
        self.at += 1;
    }

    fn prose_word(&mut self) {
        let token = &self.tokens[self.at];
        let limiting = self.context.is_some_and(Label::limits);
        let hedge = HEDGES.contains(&token.lower.as_str());
        let loose = limiting && !self.fresh && !CLOSERS.contains(&token.lower.as_str());
        let stray = self.limited_sentence && self.context.is_none() && token.is_code();
        self.hedged_sentence |= hedge;
        if (limiting || self.limited_sentence) && hedge || loose || stray {
            self.reading.whole = false;
        }
        if matches!(
            token.lower.as_str(),
            "beginning" | "starting" | "begin" | "start"
        ) && self.fresh
        {
            self.prefix();
        }
        self.leave();
    }

    /// Reads the code or the date here, as the label announces it.
    fn value(&mut self) -> bool {
        let Some(label) = self.context else {
            return false;
        };
        match label {
            Label::Date(_) | Label::Made => self.next_lot() || self.dated(label),
            Label::TradeItem => match barcode::at(self.tokens, self.at) {
                Some((value, used)) => self.take(value, used),
                None => false,
            },
            Label::Trade => {
                let code = self.tokens[self.at].is_code();
                self.at += usize::from(code);
                self.fresh &= !code;
                code
            }
            Label::Lot | Label::Serial | Label::Model | Label::Listing => self.code(label),
        }
    }

    pub(super) fn take(&mut self, value: Value, used: usize) -> bool {
        self.push(value);
        self.at += used;
        self.fresh = false;
        true
    }

    pub(super) fn push(&mut self, value: Value) {
        if self.reading.found.len() >= MOST {
            self.reading.whole = false;
        } else if !self.reading.found.contains(&value) {
            self.reading.found.push(value);
        }
    }
}
