//! The verdict on one item: what was asked, what is filed, and what follows.
//!
//! Silence is never comfort: an item is cleared only when every reading of every notice leaves it
//! out, the notices that say so were read whole, and some agency's data is recent.

mod evidence;
mod limits;
mod question;
mod weigh;

use serde::{Deserialize, Serialize};

pub use self::{
    evidence::{Compared, Evidence, Field, Level},
    question::{Question, QuestionField},
};
use super::{
    code::ScannedCode,
    coverage::Coverage,
    gtin::{Gtin, NumberKind},
    normalise,
    posting::{Posting, PostingKey},
    printed_date::PrintedDate,
    recall::RecallId,
};

/// What is known about the item in hand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The numbers that its code can mean; none when there is no code.
    pub candidates: Vec<Gtin>,
    /// The lot or batch, as printed.
    pub lot: Option<String>,
    /// The serial number, as printed.
    pub serial: Option<String>,
    /// The model, as printed.
    pub model: Option<String>,
    /// The best-before date.
    pub best_before: Option<PrintedDate>,
    /// The use-by or expiry date.
    pub use_by: Option<PrintedDate>,
    /// The production date.
    pub production: Option<PrintedDate>,
    /// A date of which nobody says what it is: what people read off when asked for "the date".
    pub date: Option<PrintedDate>,
    /// The brand, where the item itself or the catalogue tells it.
    pub brand: Option<String>,
}

impl From<&ScannedCode> for Asked {
    fn from(code: &ScannedCode) -> Self {
        Self {
            candidates: code.candidates.iter().map(|found| found.gtin).collect(),
            lot: code.lot.clone(),
            serial: code.serial.clone(),
            best_before: code.best_before,
            use_by: code.use_by,
            production: code.production,
            ..Self::default()
        }
    }
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownProduct {
    /// Its number.
    pub gtin: Gtin,
    /// Its name.
    pub name: String,
    /// Its brand.
    pub brand: Option<String>,
}

/// The five answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// An identifier that decides it matches a notice.
    Recalled,
    /// It matches a notice as far as it is known.
    PossiblyRecalled,
    /// A known product, and no notice that we hold covers it.
    NoKnownRecall,
    /// Nothing is known about the product.
    UnknownProduct,
    /// Nothing can be said.
    CannotCheck,
}

impl VerdictWord {
    /// Returns whether the answer warns of the item.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::Recalled | Self::PossiblyRecalled)
    }
}

/// Why nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The number belongs to a shop, a coupon or a receipt and names no product.
    NotATradeItem,
    /// No agency's data is recent enough, or there is none.
    NoRecentData,
    /// Neither a number nor a model was given.
    NothingToCheck,
}

/// The answer about one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// The answer.
    pub verdict: VerdictWord,
    /// The answer as a sentence for people.
    pub sentence: String,
    /// Why nothing can be said, when nothing can.
    pub reason: Option<Reason>,
    /// Each notice that has to do with the item, the strongest first.
    pub evidence: Vec<Evidence>,
    /// What to read off the product next, when that would help to decide.
    pub question: Option<Question>,
    /// Whether the code can mean several numbers.
    pub ambiguous: bool,
    /// The numbers that were tried, each with its own answer.
    pub candidates: Vec<CandidateVerdict>,
    /// The product in the catalogue, when it is there.
    pub product: Option<KnownProduct>,
    /// What the answer rests on.
    pub coverage: Coverage,
    /// Recalls whose postings were shortened, so that reading them whole may still decide: replace
    /// their postings by [`super::posting::posting_in_full`] and judge again.
    #[serde(skip)]
    pub unread: Vec<RecallId>,
}

/// The answer for one of the numbers that a code can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CandidateVerdict {
    /// The number.
    pub gtin: Gtin,
    /// What the number stands for.
    pub number: NumberKind,
    /// The answer if the code means this number.
    pub verdict: VerdictWord,
}

/// Judges one item by what is filed under its numbers and its model.
///
/// Postings under other numbers are left aside, so that whoever looks them up cannot make another
/// item match. `known` holds the catalogue's products for the candidates, as many as there are.
///
/// Notices of every kind count: an alert, a safety report, a health alert and a withdrawal also say
/// that the item is dangerous, and the evidence shows which it was. Ended recalls count as well,
/// for the product stays dangerous; notices that the authority took back do not.
///
/// One notice, by the key it was found under (the truth table for its limits is at
/// `weigh::level`): only a GTIN decides. A model number makes a possible match with the same brand,
/// and also where the brand cannot be told; another brand makes it chance. Where only a part of what
/// was given is the model, it is merely related until the brand is known to be the same.
///
/// When a code means several numbers, each is judged alone. Different answers of which one warns
/// give `possibly_recalled` and the question which symbol it was; answers that differ only in
/// whether the product is known give `unknown_product`, with the same question.
pub fn judge(
    asked: &Asked,
    filed: &[(PostingKey, Posting)],
    known: &[KnownProduct],
    coverage: &Coverage,
) -> Verdict {
    let mut candidates: Vec<Option<Gtin>> = Vec::new();
    for gtin in &asked.candidates {
        if !candidates.contains(&Some(*gtin)) {
            candidates.push(Some(*gtin));
        }
    }
    let ambiguous = candidates.len() > 1;
    if candidates.is_empty() {
        candidates.push(None);
    }
    let mut tried: Vec<One> = candidates
        .into_iter()
        .map(|gtin| One::judge(gtin, asked, filed, known, coverage))
        .collect();
    let verdicts = tried
        .iter()
        .filter_map(|one| {
            Some(CandidateVerdict {
                gtin: one.gtin?,
                number: one.gtin?.kind(),
                verdict: one.word,
            })
        })
        .collect();
    // Beside a product's number that no notice names, a number that means nothing outside a shop
    // says nothing; where a notice names the one, it matters that the other may be meant.
    let is_shop = |one: &One| one.reason == Some(Reason::NotATradeItem);
    if !tried.iter().any(|one| one.word.is_warning()) && !tried.iter().all(is_shop) {
        tried.retain(|one| !is_shop(one));
    }
    let (word, question) = join(&mut tried);
    let reason = tried
        .iter()
        .find_map(|one| one.reason)
        .filter(|_| word == VerdictWord::CannotCheck);
    let product = match tried.as_slice() {
        [one] => one.product.clone(),
        several => {
            let mut found = several.iter().filter_map(|one| one.product.clone());
            found.next().filter(|_| found.next().is_none())
        }
    };
    let evidence = evidence::strongest_each(tried.into_iter().flat_map(|one| one.evidence));
    let unread = evidence
        .iter()
        .filter(|evidence| evidence.shortened && evidence.level == Level::Conditional)
        .map(|evidence| evidence.recall.clone())
        .collect();
    Verdict {
        verdict: word,
        sentence: sentence(word, reason).to_owned(),
        reason,
        evidence,
        question,
        ambiguous,
        candidates: verdicts,
        product,
        coverage: coverage.clone(),
        unread,
    }
}

/// What one number alone leads to.
struct One {
    gtin: Option<Gtin>,
    word: VerdictWord,
    reason: Option<Reason>,
    evidence: Vec<Evidence>,
    question: Option<Question>,
    product: Option<KnownProduct>,
}

impl One {
    fn judge(
        gtin: Option<Gtin>,
        asked: &Asked,
        filed: &[(PostingKey, Posting)],
        known: &[KnownProduct],
        coverage: &Coverage,
    ) -> Self {
        let product = known.iter().find(|product| Some(product.gtin) == gtin);
        let brand = asked
            .brand
            .as_deref()
            .or_else(|| product.and_then(|product| product.brand.as_deref()));
        let (evidence, wants) = weigh::weigh(gtin, asked, brand, filed);
        let has = |level| evidence.iter().any(|evidence| evidence.level == level);
        let (word, reason) = if has(Level::Exact) {
            (VerdictWord::Recalled, None)
        } else if has(Level::Conditional) {
            (VerdictWord::PossiblyRecalled, None)
        } else if gtin.is_some_and(|gtin| !gtin.kind().is_trade_item()) {
            (VerdictWord::CannotCheck, Some(Reason::NotATradeItem))
        } else if gtin.is_none() && asked.model.as_deref().is_none_or(normalise::is_nothing) {
            (VerdictWord::CannotCheck, Some(Reason::NothingToCheck))
        } else if !coverage.is_enough() {
            (VerdictWord::CannotCheck, Some(Reason::NoRecentData))
        } else if product.is_some() || has(Level::Excluded) {
            (VerdictWord::NoKnownRecall, None)
        } else {
            (VerdictWord::UnknownProduct, None)
        };
        let question = (word == VerdictWord::PossiblyRecalled).then(|| question::next(&wants));
        Self {
            gtin,
            word,
            reason,
            evidence,
            question,
            product: product.cloned(),
        }
    }
}

/// Joins the answers for several numbers, and asks for the symbol where it decides.
fn join(tried: &mut [One]) -> (VerdictWord, Option<Question>) {
    let first = tried[0].word;
    if let [one] = tried {
        return (one.word, one.question.clone());
    }
    if tried.iter().all(|one| one.word == first) {
        // Where every number leads to the same notices, the symbol does not matter.
        let recalls = |one: &One| -> Vec<RecallId> {
            one.evidence
                .iter()
                .map(|evidence| evidence.recall.clone())
                .collect()
        };
        let same = tried
            .iter()
            .all(|one| one.question == tried[0].question && recalls(one) == recalls(&tried[0]));
        let question = match first {
            VerdictWord::PossiblyRecalled if same => tried[0].question.clone(),
            VerdictWord::PossiblyRecalled => Some(question::which_symbol()),
            _ => None,
        };
        return (first, question);
    }
    if tried.iter().any(|one| one.word.is_warning()) {
        for evidence in tried.iter_mut().flat_map(|one| &mut one.evidence) {
            evidence.depends_on_symbol();
        }
        return (
            VerdictWord::PossiblyRecalled,
            Some(question::which_symbol()),
        );
    }
    (VerdictWord::UnknownProduct, Some(question::which_symbol()))
}

/// Returns the answer as a sentence for people.
const fn sentence(word: VerdictWord, reason: Option<Reason>) -> &'static str {
    match (word, reason) {
        (VerdictWord::Recalled, _) => {
            "A notice names this item. Stop using it until you have read what the notice asks you to do."
        }
        (VerdictWord::PossiblyRecalled, _) => {
            "A notice may mean this item. Stop using it until that is settled."
        }
        (VerdictWord::NoKnownRecall, _) => {
            "No notice that we hold covers this item. Below are the agencies that were checked, and as of when."
        }
        (VerdictWord::UnknownProduct, _) => {
            "We do not know this product, and no notice that we hold names it."
        }
        (VerdictWord::CannotCheck, Some(Reason::NotATradeItem)) => {
            "This number belongs to a shop, a coupon or a receipt and does not name a product. Look for another code, or for a model number."
        }
        (VerdictWord::CannotCheck, Some(Reason::NothingToCheck)) => {
            "There is neither a code nor a model number to check."
        }
        (VerdictWord::CannotCheck, _) => {
            "The notices that we hold are too old to say anything. Try again later."
        }
    }
}

#[cfg(test)]
mod tests;
