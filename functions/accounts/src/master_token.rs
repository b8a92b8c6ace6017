//! Sets the master token, and takes it away.

use std::net::IpAddr;

use babyshield::{
    domain::account::EventKind,
    runtime::Error,
    stores::accounts::{Changes, MasterText, MasterToken},
};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::App;

/// The most networks that a master token counts from.
const ADDRESSES_MOST: usize = 20;

/// The most days that a master token lives.
const DAYS_MOST: i64 = 90;

/// The widest network in which a token may count: an office, not a continent.
const WIDEST: (u8, u8) = (16, 48);

impl App {
    /// Sets the master token in the place of any other, and answers with it: nobody sees it again.
    pub(crate) async fn set_master_token(
        &self,
        addresses: &[String],
        days: i64,
    ) -> Result<Value, Error> {
        let addresses = networks(addresses)?;
        if !(1..=DAYS_MOST).contains(&days) {
            return Err(format!("a master token lives from 1 to {DAYS_MOST} days").into());
        }
        let (text, now) = (MasterText::issue(), self.clock.now());
        let token = MasterToken {
            hash: text.hash(),
            addresses,
            set_at: now,
            expires_at: now + SignedDuration::from_hours(24 * days),
        };
        let mut event = self.event(EventKind::MasterTokenChanged, None);
        event.detail.extend([
            ("change".into(), "set".into()),
            ("until".into(), token.expires_at.to_string()),
        ]);
        let mut changes = Changes::new();
        self.accounts.set_master_token(&mut changes, &token)?;
        self.accounts.add_event(&mut changes, &event)?;
        self.accounts.commit(changes).await?;
        Ok(json!({
            "master_token": text.reveal(),
            "addresses": token.addresses,
            "expires_at": token.expires_at,
        }))
    }

    /// Takes the master token away.
    pub(crate) async fn clear_master_token(&self) -> Result<Value, Error> {
        let mut event = self.event(EventKind::MasterTokenChanged, None);
        event.detail.insert("change".into(), "cleared".into());
        let mut changes = Changes::new();
        self.accounts.clear_master_token(&mut changes)?;
        self.accounts.add_event(&mut changes, &event)?;
        self.accounts.commit(changes).await?;
        Ok(json!({"master_token": null}))
    }
}

/// Reads the networks from which a token counts; an address alone is a network of one.
fn networks(texts: &[String]) -> Result<Vec<IpNet>, Error> {
    if !(1..=ADDRESSES_MOST).contains(&texts.len()) {
        return Err(format!("give from 1 to {ADDRESSES_MOST} addresses").into());
    }
    let read = |text: &String| -> Result<IpNet, Error> {
        let network = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| "an address is 203.0.113.7, 203.0.113.0/28 or 2001:db8::/64")?
            .trunc();
        let narrowest = match network {
            IpNet::V4(_) => WIDEST.0,
            IpNet::V6(_) => WIDEST.1,
        };
        if network.prefix_len() < narrowest {
            return Err(format!("{network} is too wide for a master token").into());
        }
        Ok(network)
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        let networks = networks(&texts).map_err(|error| error.to_string())?;
        Ok(networks.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn addresses_and_networks_are_read_and_cut_to_their_prefix() {
        assert_eq!(
            read(&[
                "203.0.113.7",
                "203.0.113.9/28",
                "2001:db8::1",
                "2001:db8::1/64"
            ])
            .unwrap(),
            [
                "203.0.113.7/32",
                "203.0.113.0/28",
                "2001:db8::1/128",
                "2001:db8::/64"
            ]
        );
    }

    #[test]
    fn everybodys_addresses_are_no_list() {
        for odd in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "2001::/32", "office", ""] {
            assert!(read(&[odd]).is_err(), "{odd}");
        }
        assert!(read(&[]).is_err());
        assert!(read(&["203.0.113.7"; 21]).is_err());
    }
}
