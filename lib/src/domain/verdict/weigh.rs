//! One notice against one item: how the two stand to one another, and what else would settle it.

use super::{
    Asked,
    evidence::{Compared, Evidence, Field, Level, strongest_each},
    limits::{Kind, Limit, limits},
    question::{QuestionField, Want},
};
use crate::domain::{
    gtin::Gtin,
    identifier::{Confidence, Scope, Value},
    matching::{self, Fit},
    normalise,
    posting::{PostedProduct, Posting, PostingKey},
    recall::RecallId,
    vocabulary::Status,
};

/// Weighs everything that is filed against the item under one of its numbers, and says what else
/// would help with the notices that are left open.
pub(super) fn weigh(
    gtin: Option<Gtin>,
    asked: &Asked,
    brand: Option<&str>,
    filed: &[(PostingKey, Posting)],
) -> (Vec<Evidence>, Vec<Want>) {
    let models = asked
        .model
        .as_deref()
        .filter(|text| !normalise::is_nothing(text))
        .map(normalise::model_keys)
        .unwrap_or_default();
    let mut found: Vec<(Evidence, Vec<Want>)> = Vec::new();
    let mut by_model: Vec<&RecallId> = Vec::new();
    let keyed = filed.iter().filter_map(|(key, posting)| {
        let key = match key {
            PostingKey::Gtin(filed) if Some(*filed) == gtin => Key::Gtin(*filed),
            PostingKey::Model(filed) if models.whole.contains(filed) => Key::Model(filed),
            PostingKey::Model(filed) if models.parts.contains(filed) => Key::PartOfModel(filed),
            _ => return None,
        };
        Some((key, posting))
    });
    let mut keyed: Vec<(Key<'_>, &Posting)> = keyed.collect();
    keyed.sort_by_key(|(key, _)| matches!(key, Key::PartOfModel(_)));
    for (key, posting) in keyed {
        // One notice is filed under several forms of its models.
        if key.is_model() {
            if by_model.contains(&&posting.recall) {
                continue;
            }
            by_model.push(&posting.recall);
        }
        // A notice that the authority took back says nothing any more.
        if posting.status == Status::Withdrawn {
            continue;
        }
        let closest = posting
            .products
            .iter()
            .filter_map(|product| weigh_product(&key, product, asked, brand))
            .min_by_key(|weighed| weighed.level);
        if let Some(weighed) = closest {
            found.push(weighed.of(posting));
        }
    }
    let all: Vec<Evidence> = found.iter().map(|(evidence, _)| evidence.clone()).collect();
    let kept = strongest_each(all.into_iter());
    let wants = found
        .into_iter()
        .filter(|(evidence, _)| evidence.level == Level::Conditional)
        .flat_map(|(_, wants)| wants)
        .collect();
    (kept, wants)
}

/// What a posting was found under.
enum Key<'a> {
    Gtin(Gtin),
    /// A model, by all that was given.
    Model(&'a str),
    /// A model, by a part of what was given.
    PartOfModel(&'a str),
}

struct Weighed<'a> {
    product: &'a PostedProduct,
    level: Level,
    matched: Vec<Compared>,
    excluded: Vec<Compared>,
    undecided: Vec<Compared>,
    missing: Vec<Field>,
    wants: Vec<Want>,
}

fn weigh_product<'a>(
    key: &Key<'_>,
    product: &'a PostedProduct,
    asked: &Asked,
    brand: Option<&str>,
) -> Option<Weighed<'a>> {
    let limits = limits(product, asked);
    let mut weighed = Weighed {
        product,
        level: Level::Related,
        matched: Vec::new(),
        excluded: Vec::new(),
        undecided: Vec::new(),
        missing: Vec::new(),
        wants: Vec::new(),
    };
    let mut has_brand = true;
    match key {
        Key::Gtin(gtin) => {
            weighed
                .matched
                .push(Compared::new(Field::Gtin, gtin.as_str(), gtin.as_str()));
        }
        Key::Model(model) | Key::PartOfModel(model) => {
            let given = asked.model.as_deref().unwrap_or(model);
            weighed.matched.push(Compared::new(
                Field::Model,
                given,
                listed_model(product, model),
            ));
            // Some agencies name no brand: then it stands in the product's name or nowhere.
            let same_brand = brand.map_or(Fit::CannotTell, |brand| {
                if product.brands.is_empty() && matching::names_brand(brand, &product.name) {
                    Fit::Inside
                } else {
                    matching::brand(brand, &product.brands)
                }
            });
            match (same_brand, brand) {
                // The same number on another maker's product is chance.
                (Fit::Outside, _) => return None,
                (Fit::Inside, Some(brand)) => {
                    let listed = if product.brands.is_empty() {
                        product.name.clone()
                    } else {
                        product.brands.join(", ")
                    };
                    weighed
                        .matched
                        .push(Compared::new(Field::Brand, brand, &listed));
                }
                _ => has_brand = false,
            }
        }
    }
    weighed.level = key.level(product, &limits);
    weighed.sort_in(key, &limits);
    if !has_brand {
        // Nobody can say that it is the same product: it neither leaves the item out nor, by a part
        // of what was given, accuses it.
        weighed.level = match (key, weighed.level) {
            (Key::Model(_), Level::Exact | Level::Conditional) => Level::Conditional,
            _ => Level::Related,
        };
    }
    if weighed.level == Level::Conditional {
        if has_brand {
            weighed.ask(key, &limits);
        } else {
            weighed.wants.push(Want {
                field: QuestionField::Notice,
                mark: None,
                listed: Vec::new(),
            });
        }
    }
    Some(weighed)
}

/// Returns the model as the notice writes it, of which the key is a form.
fn listed_model<'a>(product: &'a PostedProduct, key: &'a str) -> &'a str {
    let is_it = |value: &&'a str| {
        normalise::model(value) == key || normalise::look_alike_model(value).as_deref() == Some(key)
    };
    let models = product
        .limits
        .iter()
        .filter_map(|limit| match &limit.value {
            Value::Model { value } => Some(value.as_str()),
            _ => None,
        });
    models.into_iter().find(is_it).unwrap_or(key)
}

impl Key<'_> {
    /// Whether the key can decide: a model cannot, nor a guess at a number, nor one shop's number.
    fn decides(&self, product: &PostedProduct) -> bool {
        match self {
            Self::Gtin(gtin) => product.trust > Confidence::Low && gtin.kind().is_trade_item(),
            Self::Model(_) | Self::PartOfModel(_) => false,
        }
    }

    const fn is_model(&self) -> bool {
        matches!(self, Self::Model(_) | Self::PartOfModel(_))
    }

    fn level(&self, product: &PostedProduct, limits: &[Limit<'_>]) -> Level {
        match level(product.scope, product.shortened, limits) {
            Level::Exact if !self.decides(product) => Level::Conditional,
            level => level,
        }
    }
}

impl Weighed<'_> {
    /// Files every comparison where the reader of the evidence looks for it.
    fn sort_in(&mut self, key: &Key<'_>, limits: &[Limit<'_>]) {
        // Limits of a product that is covered whole are descriptions.
        let binding = self.product.scope != Scope::AllUnits;
        let complete = read_whole(self.product.scope, self.product.shortened);
        for limit in limits {
            if key.is_model() && limit.kind == Kind::Model {
                continue;
            }
            let place = match limit.fit {
                Some(Fit::Inside) => &mut self.matched,
                Some(Fit::Outside) if complete => &mut self.excluded,
                Some(_) if binding => &mut self.undecided,
                Some(_) => continue,
                None => {
                    if binding {
                        self.missing.push(limit.field());
                    }
                    continue;
                }
            };
            place.extend(limit.compared.iter().cloned());
        }
    }

    /// Notes what would settle an open case, and nothing that could not.
    fn ask(&mut self, key: &Key<'_>, limits: &[Limit<'_>]) {
        let with = |change: &dyn Fn(&mut Limit<'_>)| {
            let mut supposed = limits.to_vec();
            supposed.iter_mut().for_each(change);
            key.level(self.product, &supposed)
        };
        let may_exclude = limits
            .iter()
            .all(|limit| limit.fit.is_some() || limit.can_exclude())
            && with(&|limit| limit.fit = limit.fit.or(Some(Fit::Outside))) == Level::Excluded;
        let useful = |limit: &&Limit<'_>| {
            let inside = |other: &mut Limit<'_>| {
                if other.kind == limit.kind {
                    other.fit = Some(Fit::Inside);
                }
            };
            // The only model that a notice lists is the product itself.
            let is_name = limit.kind == Kind::Model && limits.len() > 1 && limit.is_single();
            limit.fit.is_none()
                && !is_name
                && (may_exclude || limit.can_include() && with(&inside) == Level::Exact)
        };
        self.wants = limits.iter().filter(useful).map(Limit::want).collect();
        if self.wants.is_empty() {
            let has_compared = limits
                .iter()
                .any(|limit| limit.kind != Kind::Model && limit.fit.is_some());
            let field = if key.is_model() && !has_compared {
                QuestionField::Model
            } else {
                QuestionField::Notice
            };
            self.wants.push(Want {
                field,
                mark: None,
                listed: Vec::new(),
            });
        }
    }

    fn of(self, posting: &Posting) -> (Evidence, Vec<Want>) {
        let agency = posting.recall.agency();
        let evidence = Evidence {
            recall: posting.recall.clone(),
            agency,
            agency_name: agency.row().name.clone(),
            title: posting.title.clone(),
            url: posting.url.clone(),
            published: posting.published,
            kind: posting.kind,
            status: posting.status,
            severity: posting.severity.clone(),
            hazards: posting.hazards.clone(),
            remedies: posting.remedies.clone(),
            product: self.product.name.clone(),
            brands: self.product.brands.clone(),
            level: self.level,
            matched: self.matched,
            excluded: self.excluded,
            undecided: self.undecided,
            missing: self.missing,
            shortened: self.product.shortened,
        };
        (evidence, self.wants)
    }
}

/// Decides how a product whose key agrees stands to the item, from the limits of the notice.
///
/// Notices mix kinds of limit in two ways that our record does not tell apart: as alternatives
/// ("lot 12, or best before May") and as descriptions of the same units ("lot 12, best before
/// May"). Each kind is inside, outside, cannot tell, or not given. Lots, serial numbers and dates
/// tell units apart; a model tells products apart, and decides only where nothing else is listed.
///
/// | scope | the limits | level |
/// | --- | --- | --- |
/// | all units | whatever they are | exact |
/// | unknown | some kind outside | conditional |
/// | unknown | none outside | exact |
/// | listed, partly listed | none could be read | conditional |
/// | listed, partly listed | some unit kind inside, no kind outside | exact |
/// | listed, partly listed | some kind inside, some kind outside | conditional: the readings disagree |
/// | listed, read whole | every unit kind outside, and not several models of which this may be an unlimited one | excluded: both readings leave the item out |
/// | listed, read whole | models only, outside | excluded |
/// | listed together, read whole | some unit kind outside, none inside, and models as above | excluded: they describe the same units |
/// | listed, partly listed | anything else | conditional |
///
/// A list that was cut (`shortened`) was not read whole. Being inside the part that was read counts
/// all the same.
fn level(scope: Scope, shortened: bool, limits: &[Limit<'_>]) -> Level {
    let has = |fit| limits.iter().any(|limit| limit.fit == Some(fit));
    let outside = has(Fit::Outside);
    match scope {
        Scope::AllUnits => return Level::Exact,
        Scope::Unknown if !outside => return Level::Exact,
        Scope::Unknown => return Level::Conditional,
        Scope::ListedUnits | Scope::ListedTogether | Scope::PartlyListed => {}
    }
    let (models, units): (Vec<_>, Vec<_>) =
        limits.iter().partition(|limit| limit.kind == Kind::Model);
    let deciding = if units.is_empty() { &models } else { &units };
    if !outside && deciding.iter().any(|limit| limit.fit == Some(Fit::Inside)) {
        return Level::Exact;
    }
    let is_outside = |limit: &&Limit<'_>| limit.fit == Some(Fit::Outside);
    let leaves_out = if scope == Scope::ListedTogether {
        // An item that is inside one kind and outside another contradicts the notice.
        deciding.iter().any(&is_outside)
            && !deciding.iter().any(|limit| limit.fit == Some(Fit::Inside))
    } else {
        !deciding.is_empty() && deciding.iter().all(is_outside)
    };
    let one_model = units.is_empty()
        || models
            .iter()
            .all(|limit| limit.fit == Some(Fit::Outside) || limit.is_single());
    if read_whole(scope, shortened) && leaves_out && one_model {
        Level::Excluded
    } else {
        Level::Conditional
    }
}

/// Returns whether the list may leave an item out: it was read whole, and filed whole.
fn read_whole(scope: Scope, shortened: bool) -> bool {
    matches!(scope, Scope::ListedUnits | Scope::ListedTogether) && !shortened
}
