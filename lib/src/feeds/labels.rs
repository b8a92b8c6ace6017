//! The words that say what the code beside them is.

use std::{collections::HashMap, sync::LazyLock};

use super::tokens::Token;
use crate::domain::identifier::DateMark;

/// What a label announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Lots, batches and the codes that stand for them.
    Lot,
    /// Serial numbers.
    Serial,
    /// A date on the package.
    Date(DateMark),
    /// When it was made.
    Made,
    /// A trade item number.
    TradeItem,
    /// A model, style, item or part number.
    Model,
    /// A marketplace's number.
    Listing,
    /// Numbers of a trade's own (drug codes, catalogue lines) that no owner reads off a package.
    Trade,
}

impl Label {
    /// Returns whether the other label says the same, or more closely what this one says.
    pub(super) fn agrees(self, other: Self) -> bool {
        let dated = |label: Self| matches!(label, Self::Date(_) | Self::Made);
        self == other || dated(self) && dated(other)
    }

    /// Returns whether what it announces limits a recall to some units of a product.
    pub(super) fn limits(self) -> bool {
        matches!(self, Self::Lot | Self::Serial | Self::Date(_) | Self::Made)
    }
}

const BEST: Label = Label::Date(DateMark::BestBefore);
const USE: Label = Label::Date(DateMark::UseBy);
const SELL: Label = Label::Date(DateMark::Unspecified);

/// Labels by their words, longer before shorter where one begins the other.
const LABELS: &[(&str, Label)] = &[
    ("production date code", Label::Lot),
    ("production date codes", Label::Lot),
    ("manufacture date code", Label::Lot),
    ("manufacturing date code", Label::Lot),
    ("universal product code", Label::TradeItem),
    ("universal product codes", Label::TradeItem),
    ("best if used by", BEST),
    ("best if used before", BEST),
    ("best when used by", BEST),
    ("best when purchased by", SELL),
    ("best if sold by", SELL),
    ("date of manufacture", Label::Made),
    ("dates of manufacture", Label::Made),
    ("date limite de consommation", USE),
    ("date de durabilité minimale", BEST),
    ("à consommer jusqu", USE),
    ("à consommer avant", USE),
    ("à consommer de préférence avant", BEST),
    ("numéro de série", Label::Serial),
    ("numéros de série", Label::Serial),
    ("beyond use date", USE),
    ("date code", Label::Lot),
    ("date codes", Label::Lot),
    ("production code", Label::Lot),
    ("production codes", Label::Lot),
    ("production lot", Label::Lot),
    ("production lots", Label::Lot),
    ("tracking number", Label::Lot),
    ("tracking numbers", Label::Lot),
    ("tracking code", Label::Lot),
    ("control number", Label::Lot),
    ("production date", Label::Made),
    ("production dates", Label::Made),
    ("manufacture date", Label::Made),
    ("manufacture dates", Label::Made),
    ("manufacturing date", Label::Made),
    ("manufacturing dates", Label::Made),
    ("manufactured date", Label::Made),
    ("mfg date", Label::Made),
    ("pack date", Label::Made),
    ("packed on", Label::Made),
    ("packaged on", Label::Made),
    ("product code", Label::Trade),
    ("product codes", Label::Trade),
    ("product number", Label::Trade),
    ("product numbers", Label::Trade),
    ("product no", Label::Trade),
    ("item code", Label::Trade),
    ("item codes", Label::Trade),
    ("best before/by", BEST),
    ("best by/before", BEST),
    ("best by", BEST),
    ("best before", BEST),
    ("best-by", BEST),
    ("best-before", BEST),
    ("enjoy by", BEST),
    ("freshest by", BEST),
    ("fresh by", BEST),
    ("with a best by", BEST),
    ("with a best before", BEST),
    ("with a use by", USE),
    ("use by", USE),
    ("used by", USE),
    ("use-by", USE),
    ("use before", USE),
    ("use or freeze by", USE),
    ("code date", SELL),
    ("code dates", SELL),
    ("sell by", SELL),
    ("sell-by", SELL),
    ("sell thru", SELL),
    ("freeze by", SELL),
    ("bar code", Label::TradeItem),
    ("code barre", Label::TradeItem),
    ("code barres", Label::TradeItem),
    ("serial", Label::Serial),
    ("serials", Label::Serial),
    ("s/n", Label::Serial),
    ("lot/batch", Label::Lot),
    ("batch/lot", Label::Lot),
    ("lot", Label::Lot),
    ("lots", Label::Lot),
    ("batch", Label::Lot),
    ("batches", Label::Lot),
    ("lotcode", Label::Lot),
    ("pedigree", Label::Lot),
    ("code", Label::Lot),
    ("codes", Label::Lot),
    ("datecode", Label::Lot),
    ("upc", Label::TradeItem),
    ("upcs", Label::TradeItem),
    ("upc/ean", Label::TradeItem),
    ("ean", Label::TradeItem),
    ("ean-13", Label::TradeItem),
    ("ean13", Label::TradeItem),
    ("gtin", Label::TradeItem),
    ("gtin-14", Label::TradeItem),
    ("barcode", Label::TradeItem),
    ("barcodes", Label::TradeItem),
    ("code-barres", Label::TradeItem),
    ("udi-di", Label::TradeItem),
    ("udi", Label::TradeItem),
    ("gencod", Label::TradeItem),
    ("gencode", Label::TradeItem),
    ("exp", USE),
    ("expiry", USE),
    ("expiration", USE),
    ("expirations", USE),
    ("expires", USE),
    ("expiring", USE),
    ("exp.date", USE),
    ("bud", USE),
    ("dlc", USE),
    ("bb", BEST),
    ("bbd", BEST),
    ("bbe", BEST),
    ("ddm", BEST),
    ("dluo", BEST),
    ("manufactured", Label::Made),
    ("produced", Label::Made),
    ("made", Label::Made),
    ("mfg", Label::Made),
    ("mfd", Label::Made),
    ("asin", Label::Listing),
    ("ndc", Label::Trade),
    ("supc", Label::Trade),
    ("rx", Label::Trade),
    ("model", Label::Model),
    ("models", Label::Model),
    ("modèle", Label::Model),
    ("modèles", Label::Model),
    ("référence", Label::Model),
    ("références", Label::Model),
    ("réf", Label::Model),
    ("style", Label::Model),
    ("styles", Label::Model),
    ("item", Label::Model),
    ("items", Label::Model),
    ("sku", Label::Model),
    ("skus", Label::Model),
    ("part", Label::Model),
    ("catalog", Label::Model),
];

type Words = Vec<&'static str>;

/// The labels by their first word, the longest first.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<(Words, Label)>>> = LazyLock::new(|| {
    let mut index: HashMap<&str, Vec<(Words, Label)>> = HashMap::new();
    for (text, label) in LABELS {
        let words: Words = text.split(' ').collect();
        index.entry(words[0]).or_default().push((words, *label));
    }
    for labels in index.values_mut() {
        labels.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    index
});

/// Returns the label at a token and how many tokens it takes.
pub(super) fn at(tokens: &[Token<'_>], start: usize) -> Option<(Label, usize)> {
    let candidates = BY_FIRST_WORD.get(tokens.get(start)?.lower.as_str())?;
    let fits = |words: &Words| {
        let here = tokens[start..].iter().map(|token| token.lower.as_str());
        words.len() <= tokens.len() - start && here.zip(words).all(|(token, word)| token == *word)
    };
    candidates
        .iter()
        .find(|(words, _)| fits(words))
        .map(|(words, label)| (*label, words.len()))
}

#[cfg(test)]
mod tests {
    use super::{super::tokens::tokens, *};

    #[test]
    fn the_longest_label_wins() {
        for (text, label, used) in [
            ("Production date code S12", Label::Lot, 3),
            ("production date 1/2/24", Label::Made, 2),
            ("Best if used by 1/2/24", BEST, 4),
            ("UPC: 1", Label::TradeItem, 1),
            ("date limite de consommation", USE, 4),
        ] {
            assert_eq!(at(&tokens(text), 0), Some((label, used)), "{text}");
        }
        assert_eq!(at(&tokens("Lotion 5"), 0), None);
    }
}
