//! The agencies' words filed under our closed vocabularies, in English and in French.
//!
//! A table row is a pattern that is searched in the lower-case text; the authority's own words are
//! kept beside what comes out, so a word that no row knows loses nothing.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::domain::vocabulary::{Category, Hazard, Remedy};

type Table<T> = LazyLock<Vec<(Regex, T)>>;

fn table<T: Copy>(rows: &[(&str, T)]) -> Vec<(Regex, T)> {
    let regex = |pattern: &str| {
        Regex::new(&format!(r"\b(?:{pattern})")).expect("the tables are compiled by a test")
    };
    rows.iter()
        .map(|(pattern, word)| (regex(pattern), *word))
        .collect()
}

fn all<T: Copy + Ord>(table: &[(Regex, T)], text: &str) -> Vec<T> {
    let text = text.to_lowercase();
    let found: BTreeSet<T> = table
        .iter()
        .filter(|(pattern, _)| pattern.is_match(&text))
        .map(|(_, word)| *word)
        .collect();
    found.into_iter().collect()
}

static HAZARDS: Table<Hazard> = LazyLock::new(|| {
    table(&[
        (
            r"chok|aspirat\w* (?:hazard|risk)|étouffement|obstruction",
            Hazard::Choking,
        ),
        (r"suffocat|asphyxi|suffoc", Hazard::Suffocation),
        (r"strangl|strangulat|étranglement", Hazard::Strangulation),
        (r"entrap|trapped|coincement|piégeage", Hazard::Entrapment),
        (
            r"falls?\b|fall hazard|falling|tip[- ]?over|tipping|collaps|chute|bascul",
            Hazard::Fall,
        ),
        (
            r"lacerat|cuts?\b|puncture|sharp edge|impale|coupure|perforation",
            Hazard::Laceration,
        ),
        (
            r"crush|amputat|pinch|sever(?:ed|ing) finger|écrasement|pincement",
            Hazard::Crushing,
        ),
        (
            r"fire\b|fires\b|flammab|ignit|incendie|inflamm",
            Hazard::Fire,
        ),
        (r"burns?\b|scald|overheat|brûlure|surchauffe", Hazard::Burn),
        (
            r"explo[ds]|burst|ruptur|éclatement|déflagration",
            Hazard::Explosion,
        ),
        (
            r"electric(?:al)? shock|shock hazard|electrocut|choc électrique|électrocution|électrisation",
            Hazard::ElectricShock,
        ),
        (r"drown|noyade", Hazard::Drowning),
        (
            r"lead\b(?: (?:paint|content|poison|level|and|in|which|that|expos)|[.,;]|$)|levels of lead|phthalate|poison|toxi[cn]|chemical|cadmium|mercury|arsenic|asbestos|pesticid|benzene|chimique|amiante|plomb|contaminants|intoxication|mycotoxine|aflatoxin|ethylene oxide|oxyde d'éthylène|histamine|carbon monoxide|monoxyde",
            Hazard::Chemical,
        ),
        (
            r"ingest|magnets?\b|button cell|coin batter|swallowed|ingestion|aimant|pile bouton",
            Hazard::Ingestion,
        ),
        (
            r"listeri|salmonell|e\.? ?coli|escherichia|cronobacter|clostridi|botul|bacter|microb|mold|mould|norovirus|hepatitis|legionel|staphyloco|bacill|steril|insanitary|pseudomonas|burkholderia|moisissure|shiga|stec\b|virus",
            Hazard::Microbiological,
        ),
        (
            r"allerg|undeclared (?:milk|egg|wheat|soy|peanut|almond|cashew|tree nut|nuts?\b|fish|shellfish|shrimp|sesame|sulfite|crustacean|pecan|walnut|hazelnut|gluten)|allergène",
            Hazard::Allergen,
        ),
        (
            r"foreign (?:material|object|matter|body|substance)|metal (?:piece|fragment|shaving|particle)|glass (?:piece|fragment|particle)|plastic (?:piece|fragment|particle)|pieces? of (?:metal|glass|plastic|rubber|wood)|rubber (?:piece|fragment|material)|corps étranger|inertes|particulate matter|verre|particule",
            Hazard::ForeignBody,
        ),
        (
            r"sub-?potent|super-?potent|cgmp|dissolution|impurit|degradation|failed stability|stability (?:data|test)|out[- ]of[- ]specification|failed .{0,40}specification|nutrient|vitamin d|incorrect dosage|unapproved|without an approved|composition|dosage|potency",
            Hazard::Composition,
        ),
        (
            r"mislabel|misbrand|labell?ing|label mix|not labeled|lacks? .{0,30}label|does not (?:list|declare|contain a listing)|étiquetage|mention obligatoire",
            Hazard::Labelling,
        ),
        (
            r"crash|brak(?:e|es|ing)\b|head injur|impact|collision|accident de la (?:route|circulation)",
            Hazard::Crash,
        ),
        (r"hearing|noise|auditi|bruit", Hazard::Noise),
        (
            r"injur|blessure|domma?ge à la vue|lésion|eye hazard",
            Hazard::Injury,
        ),
    ])
});

static REMEDIES: Table<Remedy> = LazyLock::new(|| {
    table(&[
        (r"refund|money back|rembours|avoir\b", Remedy::Refund),
        (r"replac|exchang|echange|échange", Remedy::Replace),
        (
            r"repair|retrofit|réparation|mise en conformité|fix kit",
            Remedy::Repair,
        ),
        (
            r"new instructions|revised instructions|updated instructions|nouvelles? (?:notice|instruction)",
            Remedy::NewInstructions,
        ),
        (r"label\b|new labels|warning label|étiquette", Remedy::Label),
        (
            r"dispose|discard|throw (?:it|them|the|away)|destroy|détrui|jeter|détruire",
            Remedy::Dispose,
        ),
        (
            r"stop(?:ped)? using|do not use|discontinue us|ne plus (?:utiliser|consommer|manipuler)|do not (?:eat|consume)|take (?:it|them|the .{1,60}) away",
            Remedy::StopUse,
        ),
        (
            r"return (?:it|them|the|to)|rapporter|ramener|retourner",
            Remedy::Return,
        ),
        (r"contact|call\b|contacter", Remedy::Contact),
    ])
});

static CATEGORIES: Table<Category> = LazyLock::new(|| {
    table(&[
        (
            r"infant formula|baby formula|follow-on (?:infant )?(?:milk )?formula|toddler formula|baby food|infant cereal|breast ?milk|human milk|similac|enfamil|aliments pour bébés|lait (?:infantile|1er âge|2e âge|de croissance)|laits? infantile|préparations? pour nourrissons|petits pots",
            Category::BabyFood,
        ),
        (
            r"car seats?|booster seat|child restraint|siège[s]? auto|réhausseur",
            Category::CarSeats,
        ),
        (
            r"cribs?\b|bassinet|mattress|sleeper|play ?yard|baby monitor|bed rail|bedside|crib bumper|nightlight|infant lounger|inclined sleep|berceau|lits?\b|matelas|tour de lit|couffin|gigoteuse",
            Category::Sleep,
        ),
        (
            r"stroller|baby carrier|child carrier|sling\b|carriage|backpack carrier|poussette|porte-bébé|landau",
            Category::Strollers,
        ),
        (
            r"high ?chair|bouncer|infant swing|baby swing|walker|safety gate|gate\b|rocker|activity center|dresser|chaise haute|transat|barrière|trotteur|balancelle",
            Category::Furniture,
        ),
        (
            r"bottle warmer|baby bottle|sippy|pacifier|teether|breast pump|feeding|bib\b|tétine|sucette|biberon|anneau de dentition|attache-sucette",
            Category::Feeding,
        ),
        (
            r"bath\b|bath (?:tub|seat)|changing table|diaper|wipes|baignoire|couche|lingette|thermomètre de bain",
            Category::BathAndCare,
        ),
        (
            r"pajama|sleepwear|sweatshirt|jacket|clothing|garment|shoe|sneaker|boot|robe\b|robes\b|jewelry|necklace|bracelet|swimsuit|hoodie|vêtement|chaussure|bijou|pyjama|manteau",
            Category::Clothing,
        ),
        (
            r"toy|doll\b|puzzle|game|plush|building set|slime|magnetic (?:ball|set)|rattle|jouet|poupée|peluche|\bjeux?\b|hochet|déguisement",
            Category::Toys,
        ),
        (
            r"bicycle|bike|helmet|scooter|swimming pool|playground|trampoline|hoverboard|skate|exercise|treadmill|golf|hunting|camping|vélo|casque|trottinette|piscine|sports?\b|loisirs",
            Category::Sport,
        ),
        (
            r"sunscreen|shampoo|lotion|cosmetic|makeup|nail|essential oil|cosmétique|hygiène|maquillage|parfum|crème",
            Category::Cosmetics,
        ),
        (
            r"thermometer|nebuliz|medical device|dispositif médical",
            Category::MedicalDevices,
        ),
        (
            r"tablets?,|capsules?,|rx only|injection|oral suspension|ibuprofen|acetaminophen|médicament",
            Category::Medicines,
        ),
        (
            r"alimentation|food\b|produits laitiers|viande|fromage|céréales|boissons|pêche",
            Category::Food,
        ),
        (
            r"vehicle|atv\b|all-terrain|motorcycle|automobile|voiture|moto\b",
            Category::Vehicles,
        ),
        (
            r"lamp|light|candle|heater|stove|oven|range|cooker|blender|kettle|appliance|charger|battery|batter|power (?:bank|adapter|strip)|fan\b|furniture|chair|table\b|stool|ladder|blind|curtain|lighter|mower|saw\b|smoke alarm|maison|habitat|bricolage|électrique|appareil|outil|mobilier|décoration|luminaire|ustensile",
            Category::Household,
        ),
    ])
});

/// Returns the hazards that a text names, sorted, without repeats.
///
/// A text that names none of them is `Other`; no text is nothing.
pub(super) fn hazards(text: Option<&str>) -> Vec<Hazard> {
    let Some(text) = text else { return Vec::new() };
    let mut found = all(&HAZARDS, text);
    // "Injury" is for notices that do not say more.
    if found.len() > 1 {
        found.retain(|hazard| *hazard != Hazard::Injury);
    }
    if found.is_empty() {
        vec![Hazard::Other]
    } else {
        found
    }
}

/// Returns the remedies that a text names, sorted, without repeats.
pub(super) fn remedies(text: &str) -> Vec<Remedy> {
    all(&REMEDIES, text)
}

/// Returns the remedy of CPSC's own closed list of options.
pub(super) fn remedy_option(option: &str) -> Remedy {
    match option.trim().to_lowercase().as_str() {
        "refund" => Remedy::Refund,
        "replace" => Remedy::Replace,
        "repair" => Remedy::Repair,
        "new instructions" => Remedy::NewInstructions,
        "dispose" => Remedy::Dispose,
        "label" => Remedy::Label,
        _ => Remedy::Other,
    }
}

/// Returns the category of the first row that fits a text.
pub(super) fn category(text: &str) -> Option<Category> {
    let text = text.to_lowercase();
    CATEGORIES
        .iter()
        .find(|(pattern, _)| pattern.is_match(&text))
        .map(|(_, category)| *category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazards_in_two_languages() {
        for (text, expected) in [
            ("posing a fall hazard to children", vec![Hazard::Fall]),
            (
                "excessive levels of lead, a chemical hazard",
                vec![Hazard::Chemical],
            ),
            ("can lead to serious injury", vec![Hazard::Injury]),
            (
                "Salmonella; undeclared milk",
                vec![Hazard::Microbiological, Hazard::Allergen],
            ),
            (
                "listeria monocytogenes (agent responsable de la listériose)",
                vec![Hazard::Microbiological],
            ),
            (
                "brûlures|risque chimique|dommage à la vue",
                vec![Hazard::Burn, Hazard::Chemical],
            ),
            ("étouffement", vec![Hazard::Choking]),
            ("autre risque", vec![Hazard::Other]),
        ] {
            assert_eq!(hazards(Some(text)), expected, "{text}");
        }
        assert_eq!(hazards(None), []);
    }

    #[test]
    fn remedies_in_two_languages() {
        assert_eq!(
            remedies(
                "ne plus consommer|rapporter le produit au point de vente|détruire le produit"
            ),
            [Remedy::Dispose, Remedy::StopUse, Remedy::Return]
        );
        assert_eq!(
            remedies("remboursement|echange"),
            [Remedy::Refund, Remedy::Replace]
        );
        assert_eq!(
            remedies("Consumers should stop using the seats and contact X for a free repair kit."),
            [Remedy::Repair, Remedy::StopUse, Remedy::Contact]
        );
    }

    #[test]
    fn categories_go_from_the_narrow_to_the_wide() {
        for (text, expected) in [
            ("Poco child backpack carriers", Some(Category::Strollers)),
            ("Similac Alimentum infant formula", Some(Category::BabyFood)),
            (
                "bébés-enfants (hors alimentaire) jouets",
                Some(Category::Toys),
            ),
            ("Jenny Lind Cribs", Some(Category::Sleep)),
            ("zzz", None),
        ] {
            assert_eq!(category(text), expected, "{text}");
        }
    }
}
