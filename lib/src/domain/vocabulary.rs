//! The closed vocabularies that recalls are filed under. The authority's own words stand beside them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A word that is not in the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of {allowed}")]
pub struct NotInVocabulary {
    /// The words that would have been, comma-separated.
    pub allowed: String,
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:tt,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$item_doc])* #[serde(rename = $word)] $item,)* }

        impl $name {
            /// Every word, in the order of its definition.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// Returns the word as it stands in JSON and in queries.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = NotInVocabulary;
            fn from_str(text: &str) -> Result<Self, NotInVocabulary> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| NotInVocabulary {
                    allowed: Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

vocabulary! {
    /// What a notice is.
    RecallKind {
        /// The product is taken back from consumers.
        Recall = "recall",
        /// The product is taken off sale.
        Withdrawal = "withdrawal",
        /// A warning without a recall.
        Alert = "alert",
        /// A market surveillance finding.
        SafetyReport = "safety_report",
        /// A health warning without a recall (USDA).
        PublicHealthAlert = "public_health_alert",
    }
}

vocabulary! {
    /// Whether the recall still runs.
    Status {
        /// It runs.
        Ongoing = "ongoing",
        /// The authority says that it has ended; the product stays dangerous.
        Ended = "ended",
        /// The authority took the notice back.
        Withdrawn = "withdrawn",
        /// The feed does not say.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// How bad it is, on one scale for all agencies.
    SeverityLevel {
        /// Death or lasting harm is likely enough (FDA Class I, Safety Gate "serious").
        Serious = "serious",
        /// Passing or treatable harm (FDA Class II).
        Moderate = "moderate",
        /// Harm is unlikely (FDA Class III).
        Low = "low",
        /// The agency does not rate.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What can happen.
    Hazard {
        /// Parts or contents that block the airway when swallowed.
        Choking = "choking",
        /// Blocked breathing from outside.
        Suffocation = "suffocation",
        /// Cords, straps, loops around the neck.
        Strangulation = "strangulation",
        /// Caught body parts.
        Entrapment = "entrapment",
        /// Falls of the child or the product, tip-over included.
        Fall = "fall",
        /// Cuts and punctures.
        Laceration = "laceration",
        /// Crushed or severed fingers and limbs.
        Crushing = "crushing",
        /// Fire.
        Fire = "fire",
        /// Burns and scalds.
        Burn = "burn",
        /// Explosion, bursting.
        Explosion = "explosion",
        /// Electric shock.
        ElectricShock = "electric_shock",
        /// Water.
        Drowning = "drowning",
        /// Poisonous or corrosive substances, lead, restricted chemicals.
        Chemical = "chemical",
        /// Swallowed magnets, button batteries, expanding beads.
        Ingestion = "ingestion",
        /// Bacteria, viruses, moulds and their toxins.
        Microbiological = "microbiological",
        /// An allergen that is not declared.
        Allergen = "allergen",
        /// Metal, glass, plastic in food or medicine.
        ForeignBody = "foreign_body",
        /// Wrong strength, missing nutrients, failed sterility of medicines and formula.
        Composition = "composition",
        /// A wrong or missing label or instruction.
        Labelling = "labelling",
        /// Crash protection of car seats, helmets, strollers' brakes.
        Crash = "crash",
        /// Hearing.
        Noise = "noise",
        /// Injury that the notice does not name more closely.
        Injury = "injury",
        /// Anything else.
        Other = "other",
    }
}

vocabulary! {
    /// What the owner is offered.
    Remedy {
        /// Money back.
        Refund = "refund",
        /// Another product.
        Replace = "replace",
        /// A repair or a repair kit.
        Repair = "repair",
        /// New instructions.
        NewInstructions = "new_instructions",
        /// A new label.
        Label = "label",
        /// Throw it away.
        Dispose = "dispose",
        /// Stop using it.
        StopUse = "stop_use",
        /// Bring it back to the shop.
        Return = "return",
        /// Ask the firm.
        Contact = "contact",
        /// Nothing is offered.
        NoneOffered = "none",
        /// Anything else.
        Other = "other",
    }
}

vocabulary! {
    /// Our own product taxonomy.
    Category {
        /// Cribs, bassinets, mattresses, sleepers, monitors.
        Sleep = "sleep",
        /// Strollers, carriers, slings.
        Strollers = "strollers",
        /// Car seats and boosters.
        CarSeats = "car_seats",
        /// High chairs, bouncers, swings, walkers, gates, play yards.
        Furniture = "furniture",
        /// Bottles, cups, pacifiers, teethers, breast pumps.
        Feeding = "feeding",
        /// Infant formula and baby food.
        BabyFood = "baby_food",
        /// Bath seats, changing, nappies.
        BathAndCare = "bath_and_care",
        /// Cosmetics and toiletries.
        Cosmetics = "cosmetics",
        /// Clothing, shoes, jewellery.
        Clothing = "clothing",
        /// Toys and games.
        Toys = "toys",
        /// Bicycles, helmets, pools, playgrounds, sport.
        Sport = "sport",
        /// Medicines.
        Medicines = "medicines",
        /// Thermometers, nebulisers, other devices.
        MedicalDevices = "medical_devices",
        /// Food for everyone.
        Food = "food",
        /// Things of the household, electrical appliances.
        Household = "household",
        /// Vehicles and their parts.
        Vehicles = "vehicles",
        /// Anything else.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_as_itself_and_others_are_refused_by_name() {
        for hazard in Hazard::ALL {
            assert_eq!(hazard.as_str().parse::<Hazard>().as_ref(), Ok(hazard));
            assert_eq!(serde_json::to_value(hazard).unwrap(), hazard.as_str());
        }
        assert!(
            "danger"
                .parse::<SeverityLevel>()
                .unwrap_err()
                .to_string()
                .contains("serious, moderate, low, unknown")
        );
    }
}
