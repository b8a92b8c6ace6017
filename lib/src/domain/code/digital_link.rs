//! GS1 Digital Link addresses (GS1 Digital Link standard, URI syntax, uncompressed).

use jiff::civil::Date;

use super::{
    InvalidCode, Reading, ScannedCode,
    application_identifiers::{Elements, Fault, Rule},
};

/// Returns whether the text is a web address.
pub(super) fn is_address(content: &str) -> bool {
    without_scheme(content).is_some()
}

fn without_scheme(content: &str) -> Option<&str> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let (head, rest) = content.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn fault(text: impl Into<String>) -> InvalidCode {
    InvalidCode::DigitalLink(text.into())
}

/// Reads `https://host/…/01/{gtin}[/22/{variant}][/10/{lot}][/21/{serial}][?17=…&15=…&11=…]`.
pub(super) fn read(content: &str, today: Date) -> Result<ScannedCode, InvalidCode> {
    let address = without_scheme(content).ok_or_else(|| fault("it has no https:// before it"))?;
    if let Some(odd) = address.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(fault(format!(
            "it holds {odd:?}, which must be percent-encoded"
        )));
    }
    let address = address.split('#').next().unwrap_or_default();
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let host_fits = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if !host_fits {
        return Err(fault("it has no host"));
    }
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let (number, qualifiers) = primary_key(&segments)
        .ok_or_else(|| fault("it has no /01/ with a trade item number behind it"))?;
    let mut elements = Elements::new(today);
    take(&mut elements, "01", &format!("{number:0>14}"))?;
    for pair in qualifiers.chunks(2) {
        let &[key, value] = pair else {
            return Err(fault("a part of the path has no value"));
        };
        let identifier = qualifier(key)
            .ok_or_else(|| fault("the path goes on with something other than 22, 10, 21 or 235"))?;
        take(&mut elements, identifier, &decode(value)?)?;
    }
    read_query(query, &mut elements)?;
    elements
        .finish(Reading::DigitalLink)
        .ok_or_else(|| fault("it has no trade item number"))
}

/// Finds the trade item number and what stands behind it; any path may stand before it.
fn primary_key<'a>(segments: &'a [&'a str]) -> Option<(&'a str, &'a [&'a str])> {
    segments.windows(2).enumerate().find_map(|(at, pair)| {
        let is_key = matches!(pair[0], "01" | "gtin");
        let is_number =
            (8..=14).contains(&pair[1].len()) && pair[1].bytes().all(|byte| byte.is_ascii_digit());
        (is_key && is_number).then(|| (pair[1], &segments[at + 2..]))
    })
}

/// The parts of a path that may follow the number, with their short names of earlier versions.
fn qualifier(key: &str) -> Option<&'static str> {
    Some(match key {
        "22" | "cpv" => "22",
        "10" | "lot" => "10",
        "21" | "ser" => "21",
        "235" => "235",
        _ => return None,
    })
}

fn read_query(query: &str, elements: &mut Elements) -> Result<(), InvalidCode> {
    for part in query.split(['&', ';']).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let identifier = match key {
            "exp" => "17",
            "lot" => "10",
            "ser" => "21",
            key => key,
        };
        // Everything that is no application identifier belongs to the resolver or to advertising.
        if Rule::of(identifier).is_some_and(|rule| rule.width == identifier.len()) {
            let value = decode(value)?;
            if identifier == "01" {
                take(elements, identifier, &format!("{value:0>14}"))?;
            } else {
                take(elements, identifier, &value)?;
            }
        }
    }
    Ok(())
}

fn take(elements: &mut Elements, identifier: &str, value: &str) -> Result<(), InvalidCode> {
    elements
        .take(identifier, value)
        .map_err(|wrong| match wrong {
            Fault::Number(number) => number.into(),
            Fault::Text(text) => fault(text),
        })
}

/// Undoes percent-encoding (RFC 3986, section 2.1).
fn decode(text: &str) -> Result<String, InvalidCode> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let byte = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .ok_or_else(|| fault("a percent sign is not followed by two hexadecimal digits"))?;
        bytes.push(byte);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| fault("its percent-encoding is not UTF-8"))
}
