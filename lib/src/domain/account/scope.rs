//! Scopes: what an API key may be used for. A key never does more than its owner may.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One thing that an API key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Reading recalls, agencies and products, and searching them.
    #[serde(rename = "read")]
    Read,
    /// Checking products: barcodes, labels, pictures.
    #[serde(rename = "scan")]
    Scan,
    /// What the owner's family owns and is told.
    #[serde(rename = "family")]
    Family,
    /// What staff do, as far as the owner's roles go.
    #[serde(rename = "staff")]
    Staff,
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one of read, scan, family, staff")]
pub struct UnknownScope;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Scan, Self::Family, Self::Staff];

    /// Returns the scope's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Scan => "scan",
            Self::Family => "family",
            Self::Staff => "staff",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

/// The scopes of a key.
pub type Scopes = BTreeSet<Scope>;
