//! Reads a catalogue file from the bucket into `products`.
//!
//! CSV in UTF-8 with the header `gtin,name,brand,category,quantity,country,source,source_url,licence`.
//! A line that is wrong in any way is refused and counted; a number is never repaired.

use std::collections::HashMap;

use babyshield::{domain::gtin::Gtin, metrics, runtime::Error, stores::products::Product};
use csv::{Reader, ReaderBuilder, StringRecord};

use crate::App;

/// The largest catalogue file, in bytes. Larger catalogues come in several files.
const FILE_MOST: usize = 64_000_000;
/// Products that are written together.
const CHUNK: usize = 500;
/// The longest text of a column, in characters.
const TEXT_MOST: usize = 300;
/// How many refused lines are logged one by one.
const LOGGED: u32 = 20;
const COLUMNS: [&str; 9] = [
    "gtin",
    "name",
    "brand",
    "category",
    "quantity",
    "country",
    "source",
    "source_url",
    "licence",
];

impl App {
    /// Imports the file. Importing it again changes nothing.
    pub(crate) async fn import_catalogue(&self, key: &str) -> Result<(), Error> {
        if !key.starts_with("catalogue/") {
            return Err(format!("{key} is not under catalogue/").into());
        }
        let Some(file) = self.payloads.find(key, FILE_MOST).await? else {
            return Err(format!("there is no object {key}").into());
        };
        let mut reader = lines(&file);
        let header = reader.headers()?;
        if header != &StringRecord::from(COLUMNS.to_vec()) {
            return Err(format!("the header must be {}", COLUMNS.join(",")).into());
        }
        let last = last_lines(&file);
        let (mut read, mut refused, mut written) = (0_u32, 0_u32, 0);
        let mut chunk = Vec::new();
        for line in reader.records() {
            read += 1;
            match line
                .map_err(|error| error.to_string())
                .and_then(|line| product(&line))
            {
                Ok(product) if last.get(&product.gtin) != Some(&read) => {}
                Ok(product) => chunk.push(product),
                Err(reason) => {
                    refused += 1;
                    if refused <= LOGGED {
                        tracing::warn!(line = read + 1, reason, "catalogue line refused");
                    }
                }
            }
            if chunk.len() == CHUNK {
                written += self
                    .products
                    .write_many(&std::mem::take(&mut chunk))
                    .await?;
            }
        }
        written += self.products.write_many(&chunk).await?;
        tracing::info!(key, read, refused, written, "catalogue imported");
        metrics::emit(
            self.clock.now(),
            &[("worker", "sync")],
            &[
                ("catalogue_written", "Count", written as f64),
                ("catalogue_refused", "Count", f64::from(refused)),
            ],
        );
        Ok(())
    }
}

fn lines(file: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().flexible(true).from_reader(file)
}

/// Returns the number, from 1, of the last good line about each product, which is the one that counts:
/// were the others written too, every import would change the product back and forth.
fn last_lines(file: &[u8]) -> HashMap<Gtin, u32> {
    let good = (1..).zip(lines(file).into_records());
    good.filter_map(|(at, line)| Some((product(&line.ok()?).ok()?.gtin, at)))
        .collect()
}

fn product(line: &StringRecord) -> Result<Product, String> {
    if line.len() != COLUMNS.len() {
        return Err(format!(
            "{} columns instead of {}",
            line.len(),
            COLUMNS.len()
        ));
    }
    let column = |at: usize| {
        let text = line[at].trim();
        if text.chars().count() > TEXT_MOST || text.chars().any(char::is_control) {
            return Err(format!(
                "{} is too long or has control characters",
                COLUMNS[at]
            ));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    };
    let required = |at: usize| column(at)?.ok_or_else(|| format!("{} is empty", COLUMNS[at]));
    let gtin: Gtin = required(0)?
        .parse()
        .map_err(|error| format!("gtin: {error}"))?;
    if !gtin.kind().is_trade_item() {
        return Err(String::from(
            "gtin: a shop's own number identifies nothing elsewhere",
        ));
    }
    let source_url = column(7)?;
    if source_url
        .as_ref()
        .is_some_and(|url| !url.starts_with("https://"))
    {
        return Err(String::from("source_url is no https address"));
    }
    let country = column(5)?;
    if country
        .as_ref()
        .is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()))
    {
        return Err(String::from("country is no two-letter code"));
    }
    Ok(Product {
        gtin,
        name: required(1)?,
        brand: column(2)?,
        category: column(3)?,
        quantity: column(4)?,
        country,
        source: required(6)?,
        source_url,
        licence: required(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(columns: [&str; 9]) -> StringRecord {
        StringRecord::from(columns.to_vec())
    }

    #[test]
    fn a_good_line_becomes_a_product() {
        let product = product(&line([
            "036000291452",
            "Rice cereal",
            "",
            "baby food",
            "200 g",
            "US",
            "Open Food Facts",
            "",
            "ODbL-1.0",
        ]));
        let product = product.unwrap();
        assert_eq!(product.gtin.as_str(), "00036000291452");
        assert_eq!(
            (product.brand, product.country.as_deref()),
            (None, Some("US"))
        );
    }

    #[test]
    fn a_wrong_line_is_refused_with_its_reason_and_never_repaired() {
        let good = ["036000291452", "a", "", "", "", "", "s", "", "l"];
        let cases: [(usize, &str, &str); 8] = [
            (0, "036000291453", "gtin: the check digit is wrong"),
            (0, "7.99E+11", "gtin: a GTIN has digits only"),
            (
                0,
                "2000000000008",
                "gtin: a shop's own number identifies nothing elsewhere",
            ),
            (0, "", "gtin is empty"),
            (1, " ", "name is empty"),
            (5, "France", "country is no two-letter code"),
            (7, "javascript:alert(1)", "source_url is no https address"),
            (1, "a\u{0}b", "name is too long or has control characters"),
        ];
        for (at, text, reason) in cases {
            let mut columns = good;
            columns[at] = text;
            assert_eq!(product(&line(columns)).unwrap_err(), reason);
        }
        let short = StringRecord::from(vec!["036000291452", "a"]);
        assert_eq!(product(&short).unwrap_err(), "2 columns instead of 9");
    }
}
