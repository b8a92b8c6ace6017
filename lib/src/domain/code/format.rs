//! The names of symbols: what scanners and recognition kits call them, and the ISO/IEC 15424
//! identifiers that scanners put before a code.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidCode;

/// The kind of symbol that a code was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodeFormat {
    /// UPC-A, 12 digits.
    UpcA,
    /// UPC-E, 8 digits that stand for 12.
    UpcE,
    /// EAN-8.
    #[serde(rename = "ean_8")]
    Ean8,
    /// EAN-13, of which ISBN, ISSN and JAN are uses.
    #[serde(rename = "ean_13")]
    Ean13,
    /// Interleaved 2 of 5; in trade always ITF-14.
    Itf,
    /// GS1 `DataBar` (omnidirectional, stacked, limited): a GTIN and nothing else.
    DataBar,
    /// GS1 `DataBar` Expanded: an element string.
    DataBarExpanded,
    /// Code 128, GS1-128 included.
    #[serde(rename = "code_128")]
    Code128,
    /// Data Matrix, GS1 `DataMatrix` included.
    DataMatrix,
    /// QR code, the micro and rectangular kinds included.
    QrCode,
    /// Any other symbol that can carry text (Code 39, PDF417, Aztec and the like).
    OtherCarrier,
}

impl CodeFormat {
    /// Returns whether the symbol holds digits only, and which number they are is given by it.
    pub(super) const fn holds_digits_only(self) -> bool {
        matches!(
            self,
            Self::UpcA | Self::UpcE | Self::Ean8 | Self::Ean13 | Self::Itf
        )
    }

    /// Returns whether the symbol can hold any text.
    pub(super) const fn carries_text(self) -> bool {
        matches!(
            self,
            Self::Code128 | Self::DataMatrix | Self::QrCode | Self::OtherCarrier
        )
    }

    /// Returns the name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpcA => "UPC-A",
            Self::UpcE => "UPC-E",
            Self::Ean8 => "EAN-8",
            Self::Ean13 => "EAN-13",
            Self::Itf => "ITF-14",
            Self::DataBar => "GS1 DataBar",
            Self::DataBarExpanded => "GS1 DataBar Expanded",
            Self::Code128 => "Code 128",
            Self::DataMatrix => "Data Matrix",
            Self::QrCode => "QR code",
            Self::OtherCarrier => "other",
        }
    }
}

impl FromStr for CodeFormat {
    type Err = InvalidCode;

    /// Reads the names of `ZXing`, ML Kit, `AVFoundation`, Vision, the browsers' Barcode Detection API
    /// and zbar; case, separators and their namespaces do not matter.
    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        if text.len() > 64 {
            return Err(InvalidCode::UnknownFormat);
        }
        let text = text.trim().to_ascii_lowercase();
        let name = [
            "org.gs1.",
            "org.iso.",
            "org.ansi.",
            "com.intermec.",
            "vnbarcodesymbology",
            "format_",
        ]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(&text);
        let name: String = name
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ' ' | '.'))
            .collect();
        Ok(match name.as_str() {
            "upca" | "upc" | "gtin12" => Self::UpcA,
            "upce" => Self::UpcE,
            "ean8" | "gtin8" | "jan8" => Self::Ean8,
            "ean13" | "ean" | "gtin13" | "jan" | "jan13" | "isbn" | "isbn13" | "issn" => {
                Self::Ean13
            }
            "itf" | "itf14" | "i2of5" | "i25" | "interleaved2of5" | "gtin14" => Self::Itf,
            "databar"
            | "gs1databar"
            | "gs1databarlimited"
            | "databarlimited"
            | "databarstacked"
            | "databaromnidirectional"
            | "rss14"
            | "rsslimited" => Self::DataBar,
            "databarexpanded" | "gs1databarexpanded" | "databarexp" | "rssexpanded" => {
                Self::DataBarExpanded
            }
            "code128" | "gs1128" | "ean128" | "ucc128" => Self::Code128,
            "datamatrix" | "gs1datamatrix" => Self::DataMatrix,
            "qrcode" | "qr" | "gs1qrcode" | "microqr" | "microqrcode" | "rmqrcode" => Self::QrCode,
            "code39" | "code39mod43" | "code39checksum" | "code39fullascii" | "code93"
            | "code93i" | "codabar" | "pdf417" | "micropdf417" | "aztec" | "maxicode"
            | "dotcode" | "gs1dotcode" => Self::OtherCarrier,
            _ => return Err(InvalidCode::UnknownFormat),
        })
    }
}

/// What an identifier before the code says (ISO/IEC 15424).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identified {
    /// Whether the content is an element string, in which separators come through.
    pub(super) element_string: bool,
    /// The symbols that it can be, of which the first is taken when nobody says otherwise.
    pub(super) formats: &'static [CodeFormat],
}

/// Splits `]cm` off the code, `c` being the symbol and `m` its variety.
pub(super) fn split_identifier(code: &str) -> Result<(Option<Identified>, &str), InvalidCode> {
    use CodeFormat as F;
    let Some(rest) = code.strip_prefix(']') else {
        return Ok((None, code));
    };
    let mut characters = rest.chars();
    let (Some(symbol), Some(variety)) = (characters.next(), characters.next()) else {
        return Err(InvalidCode::UnknownFormat);
    };
    let formats: &[CodeFormat] = match (symbol, variety) {
        ('E', '0' | '3') => &[F::Ean13, F::UpcA, F::UpcE],
        ('E', '4') => &[F::Ean8],
        ('I', '0'..='2') => &[F::Itf],
        ('C', '0'..='4') => &[F::Code128],
        ('d', '0'..='6') => &[F::DataMatrix],
        ('Q', '0'..='6') => &[F::QrCode],
        ('e', '0'..='3') => &[F::DataBarExpanded, F::DataBar],
        ('A' | 'F' | 'G' | 'J' | 'L' | 'U' | 'z', '0'..='9' | 'A'..='F') => &[F::OtherCarrier],
        _ => return Err(InvalidCode::UnknownFormat),
    };
    let element_string = matches!(
        (symbol, variety),
        ('C' | 'J', '1') | ('d', '2') | ('Q', '3') | ('e', '0')
    );
    let identified = Identified {
        element_string,
        formats,
    };
    Ok((Some(identified), characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_scanners_and_kits_use_are_read() {
        for (name, format) in [
            ("UPC_A", CodeFormat::UpcA),
            ("upc-a", CodeFormat::UpcA),
            ("FORMAT_UPC_E", CodeFormat::UpcE),
            ("org.gs1.UPC-E", CodeFormat::UpcE),
            ("EAN_13", CodeFormat::Ean13),
            ("org.gs1.EAN-13", CodeFormat::Ean13),
            ("VNBarcodeSymbologyEAN8", CodeFormat::Ean8),
            ("org.ansi.Interleaved2of5", CodeFormat::Itf),
            ("ITF", CodeFormat::Itf),
            ("QR_CODE", CodeFormat::QrCode),
            ("org.iso.QRCode", CodeFormat::QrCode),
            ("DATA_MATRIX", CodeFormat::DataMatrix),
            ("CODE_128", CodeFormat::Code128),
            ("GS1_DATABAR", CodeFormat::DataBar),
            ("GS1_DATABAR_EXPANDED", CodeFormat::DataBarExpanded),
            ("RSS_EXPANDED", CodeFormat::DataBarExpanded),
            ("PDF_417", CodeFormat::OtherCarrier),
        ] {
            assert_eq!(name.parse(), Ok(format), "{name}");
        }
    }

    #[test]
    fn a_name_that_nobody_uses_is_refused() {
        let long = "upca".repeat(40);
        for name in [
            "",
            "UNKNOWN",
            "ean14",
            "org.gs1.",
            "QR\u{0}CODE",
            "ｕｐｃａ",
            &long,
        ] {
            assert_eq!(
                name.parse::<CodeFormat>(),
                Err(InvalidCode::UnknownFormat),
                "{name}"
            );
        }
    }

    #[test]
    fn a_format_reads_back_from_its_own_json() {
        for format in [
            CodeFormat::UpcA,
            CodeFormat::Ean8,
            CodeFormat::Ean13,
            CodeFormat::Code128,
            CodeFormat::DataBarExpanded,
            CodeFormat::QrCode,
        ] {
            let json = serde_json::to_value(format).unwrap();
            assert_eq!(json.as_str().unwrap().parse(), Ok(format));
        }
    }
}
