//! What agencies put into text fields, made fit to show: no markup, no control characters, no
//! unbounded length.

use super::decode;

/// The longest title that is kept, in characters.
pub(super) const TITLE: usize = 300;
/// The longest description that is kept, in characters.
pub(super) const LONG: usize = 20_000;
/// The longest name of a firm, a product or a place that is kept, in characters.
pub(super) const NAME: usize = 1_000;
/// The longest identifier that is kept, in characters.
pub(super) const CODE: usize = 64;
/// The longest link that is kept, in characters; a longer one is dropped, for half a link is none.
pub(super) const LINK: usize = 2_000;

/// Returns the text without markup, entities, control characters and runs of white space, cut to
/// `limit` characters, or nothing when nothing is left.
pub(super) fn clean(raw: &str, limit: usize) -> Option<String> {
    // Nothing beyond this can be kept, whatever markup takes away.
    let raw = cut(raw, limit.saturating_mul(20).max(4_000));
    // Tags come as such and escaped.
    let plain = without_tags(&unescape(&without_tags(&decode::repair(raw))));
    let mut cleaned = String::with_capacity(plain.len().min(limit * 4));
    for word in plain
        .split(|c: char| c.is_whitespace() || c.is_control())
        .map(|word| {
            word.replace(
                ['\u{200B}', '\u{200C}', '\u{200D}', '\u{FEFF}', '\u{AD}'],
                "",
            )
        })
        .filter(|word| !word.is_empty())
    {
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.push_str(&word);
    }
    let cleaned = cut(&cleaned, limit).trim_end();
    (!cleaned.is_empty()).then(|| cleaned.to_owned())
}

/// Returns at most the first `limit` characters.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    text.char_indices()
        .nth(limit)
        .map_or(text, |(end, _)| &text[..end])
}

/// Returns the link if it is a whole one over HTTP.
pub(super) fn link(raw: &str) -> Option<String> {
    let link = raw.trim();
    let plain = link.len() <= LINK && !link.contains(|c: char| c.is_whitespace() || c.is_control());
    (plain && (link.starts_with("https://") || link.starts_with("http://")))
        .then(|| link.to_owned())
}

fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let after = &rest[open + 1..];
        let is_tag = after
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '!');
        let close = cut(after, 2_000).find('>');
        if let Some(close) = close.filter(|_| is_tag) {
            kept.push_str(&rest[..open]);
            kept.push(' ');
            rest = &after[close + 1..];
        } else {
            kept.push_str(&rest[..=open]);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let mut after = &rest[at + 1..];
        // Escaped again at every station: `&amp;amp;amp;quot;` has been met with six of them.
        while let Some(inner) = after.strip_prefix("amp;") {
            after = inner;
        }
        let entity = cut(after, 12)
            .find(';')
            .and_then(|end| Some((entity(&after[..end])?, end)));
        if let Some((character, end)) = entity {
            plain.push(character);
            rest = &after[end + 1..];
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "reg" => '®',
        "trade" => '™',
        "copy" => '©',
        "deg" => '°',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        "bull" => '•',
        "eacute" => 'é',
        "egrave" => 'è',
        "ecirc" => 'ê',
        "agrave" => 'à',
        "acirc" => 'â',
        "ccedil" => 'ç',
        "ocirc" => 'ô',
        "icirc" => 'î',
        "ugrave" => 'ù',
        "frac12" => '½',
        "frac14" => '¼',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_entities_and_control_characters_go() {
        assert_eq!(
            clean(
                "<p>A&amp;A\r\n &lt;b&gt;x&lt;/b&gt; 5 < 6\u{0}\u{200B}</p>",
                100
            )
            .unwrap(),
            "A&A x 5 < 6"
        );
        assert_eq!(
            clean("Zurawski&#39;s &#xe9; &nosuch; &#1114112;", 100).unwrap(),
            "Zurawski's é &nosuch; &#1114112;"
        );
        assert_eq!(
            clean("&amp;amp;amp;quot;x&amp;amp;lt;b&amp;gt; &amp;amp; y", 100).unwrap(),
            "\"x & y"
        );
        assert_eq!(clean(" \t&nbsp;<br/> ", 100), None);
    }

    #[test]
    fn cutting_respects_characters() {
        assert_eq!(clean("ééé", 2).unwrap(), "éé");
        assert_eq!(cut("€", 0), "");
        assert_eq!(clean(&"<".repeat(100_000), 10).unwrap(), "<<<<<<<<<<");
    }

    #[test]
    fn a_link_is_whole_or_not_at_all() {
        assert_eq!(
            link(" https://a.example/x ").as_deref(),
            Some("https://a.example/x")
        );
        for odd in ["javascript:alert(1)", "/relative", "https://a b", ""] {
            assert_eq!(link(odd), None, "{odd}");
        }
        assert_eq!(
            link(&format!("https://a.example/{}", "x".repeat(LINK))),
            None
        );
    }
}
