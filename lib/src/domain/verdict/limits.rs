//! The limits that a notice puts on a product, kind by kind, against what the item shows.

use super::{
    Asked,
    evidence::{Compared, Field},
    question::{QuestionField, Want},
};
use crate::domain::{
    identifier::{Confidence, DateMark, Identifier, Value},
    matching::{self, Fit, GivenDate},
    normalise,
    posting::PostedProduct,
    printed_date::PrintedDate,
};

/// A kind of limit. Dates that say when an item goes off are one kind, dates that say when it was
/// made are another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Lot,
    Serial,
    Expiry,
    Production,
    Model,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Lot,
        Self::Serial,
        Self::Expiry,
        Self::Production,
        Self::Model,
    ];

    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Lot { .. } | Value::LotRange { .. } => Self::Lot,
            Value::Serial { .. } | Value::SerialRange { .. } => Self::Serial,
            Value::DateMark {
                mark: DateMark::Production,
                ..
            }
            | Value::ProductionWindow { .. } => Self::Production,
            Value::DateMark { .. } => Self::Expiry,
            Value::Model { .. } | Value::ModelPrefix { .. } => Self::Model,
            _ => return None,
        })
    }
}

/// What one kind of limit says about the item.
#[derive(Clone)]
pub(super) struct Limit<'a> {
    pub(super) kind: Kind,
    entries: Vec<&'a Identifier>,
    /// Nothing when the item's own was not given.
    pub(super) fit: Option<Fit>,
    pub(super) compared: Vec<Compared>,
}

/// Compares the item with every kind of limit that the product has.
pub(super) fn limits<'a>(product: &'a PostedProduct, asked: &Asked) -> Vec<Limit<'a>> {
    Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let entries: Vec<&Identifier> = product
                .limits
                .iter()
                .filter(|limit| Kind::of(&limit.value) == Some(kind))
                .collect();
            (!entries.is_empty()).then(|| Limit::new(kind, entries, asked))
        })
        .collect()
}

impl<'a> Limit<'a> {
    fn new(kind: Kind, entries: Vec<&'a Identifier>, asked: &Asked) -> Self {
        let mut limit = Self {
            kind,
            entries,
            fit: None,
            compared: Vec::new(),
        };
        let text =
            |given: &Option<String>| given.clone().filter(|text| !normalise::is_nothing(text));
        match kind {
            Kind::Lot => limit.compare_text(Field::Lot, text(&asked.lot), matching::lot),
            Kind::Serial => {
                limit.compare_text(Field::Serial, text(&asked.serial), matching::serial);
            }
            Kind::Model => {
                limit.compare_text(Field::Model, text(&asked.model), matching::model);
                let is_usable = asked
                    .model
                    .as_deref()
                    .is_some_and(|model| normalise::is_usable_model(&normalise::model(model)));
                // What is too short or has no digit can be the listed one and cannot differ from it.
                if !is_usable && limit.fit != Some(Fit::Inside) {
                    limit.fit = None;
                    limit.compared.clear();
                }
            }
            Kind::Expiry => limit.compare_dates(&[
                (Field::BestBefore, DateMark::BestBefore, asked.best_before),
                (Field::UseBy, DateMark::UseBy, asked.use_by),
                (Field::Date, DateMark::Unspecified, asked.date),
            ]),
            Kind::Production => limit.compare_dates(&[
                (Field::Production, DateMark::Production, asked.production),
                (Field::Date, DateMark::Unspecified, asked.date),
            ]),
        }
        limit
    }

    fn compare_text(
        &mut self,
        field: Field,
        given: Option<String>,
        compare: impl Fn(&str, &Value) -> Fit,
    ) {
        if let Some(given) = given {
            let (fit, notice) = self.against(|listed| compare(&given, listed));
            self.fit = Some(fit);
            self.compared.push(Compared::new(field, &given, &notice));
        }
    }

    fn compare_dates(&mut self, given: &[(Field, DateMark, Option<PrintedDate>)]) {
        let mut fits = Vec::new();
        for (field, mark, date) in given {
            let Some(date) = *date else { continue };
            let item = GivenDate { mark: *mark, date };
            let (fit, notice) = self.against(|listed| matching::date(item, listed));
            // Some date is no answer to the question when the item was made, nor, where nobody can
            // tell, to the one for a date that the notice names.
            let is_named = matches!(
                self.mark(),
                Some(DateMark::Production | DateMark::BestBefore | DateMark::UseBy)
            );
            let is_beside = is_named && *field == Field::Date && fit == Fit::CannotTell;
            if !is_beside {
                fits.push(fit);
                self.compared
                    .push(Compared::new(*field, &date.to_string(), &notice));
            }
        }
        self.fit = if fits.is_empty() {
            None
        } else if fits.contains(&Fit::Inside) {
            Some(Fit::Inside)
        } else {
            Some(if fits.iter().all(|fit| *fit == Fit::Outside) {
                Fit::Outside
            } else {
                Fit::CannotTell
            })
        };
    }

    /// Compares with every entry; the text is the entry that fits, or the list.
    ///
    /// A guess ([`Confidence::Low`]) never decides, neither for nor against the item.
    fn against(&self, compare: impl Fn(&Value) -> Fit) -> (Fit, String) {
        let fits: Vec<Fit> = self
            .entries
            .iter()
            .map(|entry| match entry.confidence {
                Confidence::Low => Fit::CannotTell,
                Confidence::Medium | Confidence::High => compare(&entry.value),
            })
            .collect();
        let text = fits.iter().position(|fit| *fit == Fit::Inside).map_or_else(
            || self.listed(3).join(", "),
            |at| written(&self.entries[at].value),
        );
        (Fit::any(fits), text)
    }

    /// Returns so many of the entries as text, with a mark where there are more.
    fn listed(&self, most: usize) -> Vec<String> {
        let mut listed: Vec<String> = self
            .entries
            .iter()
            .take(most)
            .map(|entry| written(&entry.value))
            .collect();
        if self.entries.len() > most {
            listed.push("…".into());
        }
        listed
    }

    /// Whether the notice lists one model only, of which other limits can but speak.
    pub(super) fn is_single(&self) -> bool {
        match self.entries.as_slice() {
            [one] => matches!(one.value, Value::Model { .. }),
            several => {
                let first = written(&several[0].value);
                several.iter().all(|entry| {
                    matches!(entry.value, Value::Model { .. })
                        && normalise::model(&written(&entry.value)) == normalise::model(&first)
                })
            }
        }
    }

    /// Whether some entry is no guess, so that the item can turn out to be inside.
    pub(super) fn can_include(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.confidence > Confidence::Low)
    }

    /// Whether no entry is a guess, so that the item can turn out to be outside.
    pub(super) fn can_exclude(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| entry.confidence > Confidence::Low)
    }

    fn mark(&self) -> Option<DateMark> {
        match self.entries.first().map(|entry| &entry.value) {
            Some(Value::DateMark { mark, .. }) => Some(*mark),
            Some(Value::ProductionWindow { .. }) => Some(DateMark::Production),
            _ => None,
        }
    }

    pub(super) fn field(&self) -> Field {
        match (self.kind, self.mark()) {
            (Kind::Lot, _) => Field::Lot,
            (Kind::Serial, _) => Field::Serial,
            (Kind::Model, _) => Field::Model,
            (Kind::Production, _) => Field::Production,
            (Kind::Expiry, Some(DateMark::BestBefore)) => Field::BestBefore,
            (Kind::Expiry, Some(DateMark::UseBy)) => Field::UseBy,
            (Kind::Expiry, _) => Field::Date,
        }
    }

    pub(super) fn want(&self) -> Want {
        Want {
            field: match self.kind {
                Kind::Lot => QuestionField::Lot,
                Kind::Serial => QuestionField::Serial,
                Kind::Model => QuestionField::Model,
                Kind::Expiry | Kind::Production => QuestionField::Date,
            },
            mark: self.mark(),
            listed: self.listed(3),
        }
    }
}

/// Returns an entry as people write it.
fn written(value: &Value) -> String {
    let span = |from: &str, to: &str| {
        if from == to {
            from.to_owned()
        } else {
            format!("{from} – {to}")
        }
    };
    match value {
        Value::Gtin { value } => value.to_string(),
        Value::UpcRaw { value }
        | Value::Model { value }
        | Value::Lot { value }
        | Value::Serial { value }
        | Value::Certificate { value }
        | Value::ListingId { value } => value.clone(),
        Value::ModelPrefix { value } => format!("{value}…"),
        Value::LotRange { from, to } | Value::SerialRange { from, to } => span(from, to),
        Value::DateMark { from, to, .. } | Value::ProductionWindow { from, to } => {
            span(&from.to_string(), &to.to_string())
        }
    }
}
