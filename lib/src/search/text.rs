//! What a person typed, as queries: never through a query language, always built term by term.
//!
//! A word scores by how well it matched first and by where it stood second, in whole numbers:
//! exact 1000, prefix of the last word 650, one slip 330, two slips 10, and up to 290 for the field.
//! So an order can be explained, and does not change when segments are merged.

use tantivy::{
    Term,
    query::{BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Query},
    schema::Field,
};

use super::{
    filter::{any_of, exactly},
    query::{LONGEST_TEXT, MOST_WORDS, QueryError},
    schema::Fields,
    words::{self, normal_codes, stem},
};

const EXACT: f32 = 1000.0;
/// All parts of a word that was cut by punctuation.
const IN_PARTS: f32 = 980.0;
const PREFIX: f32 = 650.0;
const ONE_SLIP: f32 = 330.0;
const PARTS_WITH_SLIPS: f32 = 320.0;
const TWO_SLIPS: f32 = 10.0;
const IDENTIFIER: f32 = 290.0;
/// Above any sum of words: the whole text is an identifier.
const WHOLE_IDENTIFIER: f32 = 100_000.0;

/// Words too common to ask for when there are others, in the languages of the feeds.
const COMMON: &[&str] = &[
    "a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with", "de", "des", "du", "en",
    "et", "la", "le", "les", "pour", "avec", "und", "der", "die", "das",
];

/// How freely words are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freedom {
    /// As typed, the last word perhaps unfinished.
    AsTyped,
    /// With a slip of the finger from 4 letters on, two from 8 on.
    WithSlips,
    /// With two slips from 6 letters on.
    WithManySlips,
}

/// A text that was typed, cut into words.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    words: Vec<TypedWord>,
    codes: Vec<String>,
}

#[derive(Debug, Clone)]
struct TypedWord {
    /// Folded, without punctuation.
    text: String,
    parts: Vec<String>,
    last: bool,
}

impl Typed {
    /// Cuts a text; one without letters and digits gives no words.
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        if text.chars().count() > LONGEST_TEXT {
            return Err(QueryError::TextTooLong);
        }
        let mut words: Vec<_> = words::words(text).into_iter().map(TypedWord::new).collect();
        if words.len() > MOST_WORDS {
            return Err(QueryError::TooManyWords);
        }
        if let Some(last) = words.last_mut() {
            last.last = true;
        }
        let rare = |word: &TypedWord| !COMMON.contains(&word.text.as_str());
        if words.iter().any(rare) {
            words.retain(rare);
        }
        // Words alone are no identifier: a model called "Comfort" is found as the word it is.
        let codes = if text.chars().any(char::is_numeric) {
            normal_codes(text)
        } else {
            Vec::new()
        };
        Ok(Self { words, codes })
    }

    /// Returns how many words there are to match.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns the query for documents that hold at least so many of the words.
    pub(super) fn query(
        &self,
        fields: &Fields,
        freedom: Freedom,
        at_least: usize,
    ) -> Box<dyn Query> {
        let words = self.words.iter().map(|word| word.query(fields, freedom));
        let text: Box<dyn Query> = if at_least >= self.words.len() {
            Box::new(BooleanQuery::intersection(words.collect()))
        } else {
            Box::new(BooleanQuery::union_with_minimum_required_clauses(
                words.collect(),
                at_least,
            ))
        };
        if self.codes.is_empty() {
            return text;
        }
        let identifier = any_of(fields.identifier, self.codes.iter().cloned());
        Box::new(BooleanQuery::union(vec![
            scored(identifier, WHOLE_IDENTIFIER),
            text,
        ]))
    }
}

impl TypedWord {
    fn new(word: words::Word) -> Self {
        let text = word.joined.unwrap_or_else(|| word.parts.concat());
        let parts = if word.parts.len() > 1 {
            let telling = |part: &String| part.len() > 1 || part.chars().any(char::is_numeric);
            word.parts.into_iter().filter(telling).collect()
        } else {
            Vec::new()
        };
        Self {
            text,
            parts,
            last: false,
        }
    }

    fn query(&self, fields: &Fields, freedom: Freedom) -> Box<dyn Query> {
        let mut ways = Vec::new();
        self.ways(fields, freedom, &mut ways);
        let parts = |freedom| {
            let last = self.parts.len().saturating_sub(1);
            let queries = self.parts.iter().enumerate().map(|(at, part)| {
                let part = Self {
                    text: part.clone(),
                    parts: Vec::new(),
                    last: self.last && at == last,
                };
                part.query(fields, freedom)
            });
            Box::new(BooleanQuery::intersection(queries.collect()))
        };
        if !self.parts.is_empty() {
            ways.push(scored(parts(Freedom::AsTyped), IN_PARTS));
            if freedom != Freedom::AsTyped {
                ways.push(scored(parts(freedom), PARTS_WITH_SLIPS));
            }
        }
        Box::new(DisjunctionMaxQuery::new(ways))
    }

    /// Every way in which the word as a whole may match, in every field.
    fn ways(&self, fields: &Fields, freedom: Freedom, ways: &mut Vec<Box<dyn Query>>) {
        let letters = self.text.chars().count();
        // A digit that differs is another product: codes are matched as they are.
        let code = self.text.chars().any(char::is_numeric);
        let filed = stem(&self.text);
        if code {
            let codes = normal_codes(&self.text);
            ways.push(scored(
                any_of(fields.identifier, codes.into_iter()),
                EXACT + IDENTIFIER,
            ));
        }
        for (field, bonus) in text_fields(fields) {
            ways.push(scored(exactly(field, &filed), EXACT + bonus));
            if self.last && letters >= 2 {
                ways.push(scored(begins(field, &self.text), PREFIX + bonus));
            }
            let two_slips_from = match freedom {
                _ if code => continue,
                Freedom::AsTyped => continue,
                Freedom::WithSlips => 8,
                Freedom::WithManySlips => 6,
            };
            if letters >= 4 {
                ways.push(scored(near(field, &filed, 1), ONE_SLIP + bonus));
            }
            if letters >= two_slips_from {
                ways.push(scored(near(field, &filed, 2), TWO_SLIPS + bonus));
            }
        }
    }
}

fn text_fields(fields: &Fields) -> [(Field, f32); 5] {
    [
        (fields.name, 290.0),
        (fields.brand_text, 250.0),
        (fields.model, 250.0),
        (fields.category_text, 100.0),
        (fields.more, 0.0),
    ]
}

fn scored(query: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, score))
}

fn begins(field: Field, text: &str) -> Box<dyn Query> {
    let term = Term::from_field_text(field, text);
    Box::new(FuzzyTermQuery::new_prefix(term, 0, true))
}

fn near(field: Field, text: &str, slips: u8) -> Box<dyn Query> {
    let term = Term::from_field_text(field, text);
    Box::new(FuzzyTermQuery::new(term, slips, true))
}

/// Returns one query for each word of the text, all of which must hold.
pub(super) fn all_words(fields: &Fields, text: &str) -> Result<Vec<Box<dyn Query>>, QueryError> {
    let typed = Typed::parse(text)?;
    let filed = |word: &str| exactly(fields.recall_text, &stem(word));
    let each = typed.words.iter().map(|word| {
        let parts = word.parts.iter().map(|part| filed(part)).collect();
        let either = vec![
            filed(&word.text),
            Box::new(BooleanQuery::intersection(parts)) as Box<dyn Query>,
        ];
        Box::new(BooleanQuery::union(either)) as Box<dyn Query>
    });
    Ok(each.collect())
}
