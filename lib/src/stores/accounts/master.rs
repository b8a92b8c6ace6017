//! The master token: an administrator for whoever holds it, at a few addresses, for some days.
//!
//! It is for the day on which nobody else can get in. The table holds its digest alone; the token has
//! 256 random bits, which cannot be guessed and so need no slower hash.

use std::{net::IpAddr, str::FromStr};

use aws_sdk_dynamodb::types::{Delete, Put};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Accounts, Changes};
use crate::{
    identity::MASTER_BEGINNING,
    stores::{StoreError, json, keys, n, s},
};

/// What the table knows of the master token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterToken {
    /// The digest of the token.
    pub hash: String,
    /// The networks that it counts from.
    pub addresses: Vec<IpNet>,
    /// When it was set.
    pub set_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// The text of a master token.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterText([u8; 32]);

impl std::fmt::Debug for MasterText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterText(..)")
    }
}

/// A text that is no master token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no master token")]
pub struct NoMasterToken;

impl MasterText {
    /// Makes a new token out of the system's random numbers.
    pub fn issue() -> Self {
        Self(rand::random())
    }

    /// Returns the text, to be shown once.
    pub fn reveal(&self) -> String {
        let mut bytes = self.0.to_vec();
        bytes.extend_from_slice(&checksum(&self.0));
        format!("{MASTER_BEGINNING}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the digest that the table holds.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0))
    }
}

impl FromStr for MasterText {
    type Err = NoMasterToken;

    fn from_str(text: &str) -> Result<Self, NoMasterToken> {
        let coded = text.strip_prefix(MASTER_BEGINNING).ok_or(NoMasterToken)?;
        let mut bytes = [0; 36];
        match URL_SAFE_NO_PAD.decode_slice(coded, &mut bytes) {
            Ok(36) => {}
            _ => return Err(NoMasterToken),
        }
        let (secret, sum) = bytes.split_at(32);
        let secret = secret.try_into().map_err(|_| NoMasterToken)?;
        if checksum(&secret) == sum {
            Ok(Self(secret))
        } else {
            Err(NoMasterToken)
        }
    }
}

/// Returns what a slip of the pen is known by before the table is asked. It is no secret.
fn checksum(secret: &[u8; 32]) -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(b"babyshield master token\0");
    digest.update(secret);
    let digest = digest.finalize();
    std::array::from_fn(|at| digest[at])
}

impl MasterToken {
    /// Returns whether a token is this one, and counts now and from there. The digests are
    /// compared in constant time.
    pub fn admits(&self, text: &MasterText, from: Option<IpAddr>, now: Timestamp) -> bool {
        let same: bool = self.hash.as_bytes().ct_eq(text.hash().as_bytes()).into();
        let near = from.map(|address| address.to_canonical());
        let near =
            near.is_some_and(|address| self.addresses.iter().any(|net| net.contains(&address)));
        same && near && now < self.expires_at
    }
}

impl Accounts {
    /// Returns what is known of the master token. The read is consistent.
    pub async fn master_token(&self) -> Result<Option<MasterToken>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::master_token().into_item()))
            .consistent_read(true)
            .send()
            .await?;
        let item = answer.item.as_ref();
        item.map(|item| json(item, "master_token")).transpose()
    }

    /// Adds a master token, in the place of any other.
    pub fn set_master_token(
        &self,
        changes: &mut Changes,
        token: &MasterToken,
    ) -> Result<(), StoreError> {
        let body =
            serde_json::to_string(token).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::master_token().into_item()))
            .item("master_token", s(body))
            .item("expires_at", n(token.expires_at.as_second()))
            .build();
        changes.put(put.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }

    /// Adds the end of the master token.
    pub fn clear_master_token(&self, changes: &mut Changes) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::master_token().into_item()))
            .build();
        changes.delete(delete.map_err(|error| StoreError::Refused(error.into()))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_from_its_addresses_until_its_end_and_no_other_does() {
        let (text, other) = (MasterText::issue(), MasterText::issue());
        let end: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let token = MasterToken {
            hash: text.hash(),
            addresses: vec![
                "203.0.113.0/28".parse().unwrap(),
                "2001:db8::/64".parse().unwrap(),
            ],
            set_at: Timestamp::UNIX_EPOCH,
            expires_at: end,
        };
        let early = end - jiff::SignedDuration::from_secs(1);
        let admits = |text, from: &str, now| token.admits(text, Some(from.parse().unwrap()), now);
        assert!(admits(&text, "203.0.113.7", early));
        assert!(admits(&text, "2001:db8::1", early));
        assert!(
            admits(&text, "::ffff:203.0.113.7", early),
            "the same in IPv6"
        );
        assert!(!admits(&text, "203.0.113.16", early));
        assert!(!admits(&text, "203.0.113.7", end));
        assert!(!admits(&other, "203.0.113.7", early));
        assert!(!token.admits(&text, None, early), "no gateway, no address");
    }

    #[test]
    fn a_text_reads_back_and_no_other_does() {
        let text = MasterText::issue();
        let shown = text.reveal();
        assert_eq!(shown.parse(), Ok(text.clone()));
        assert_eq!(format!("{text:?}"), "MasterText(..)");
        for at in 0..shown.len() {
            let mut changed = shown.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(changed.parse::<MasterText>(), Err(NoMasterToken), "{at}");
        }
        for odd in ["", "bsm_", "bsk_AAAA", &shown[..40], &format!("{shown}A")] {
            assert_eq!(odd.parse::<MasterText>(), Err(NoMasterToken), "{odd}");
        }
    }
}
