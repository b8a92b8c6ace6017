use super::*;

const TODAY: Date = Date::constant(2026, 11, 20);

fn gtins(code: &str, format: Option<&str>) -> Result<Vec<(String, Reading)>, InvalidCode> {
    let format = format.map(|name| name.parse().unwrap());
    read(code, format, TODAY).map(|read| {
        assert_eq!(read.ambiguous, read.candidates.len() > 1);
        read.candidates
            .iter()
            .map(|candidate| (candidate.gtin.to_string(), candidate.reading))
            .collect()
    })
}

#[expect(clippy::unnecessary_wraps, reason = "compared with a result")]
fn one(gtin: &str, reading: Reading) -> Result<Vec<(String, Reading)>, InvalidCode> {
    Ok(vec![(format!("{gtin:0>14}"), reading)])
}

#[expect(clippy::unnecessary_wraps, reason = "compared with an option")]
fn day(text: &str) -> Option<PrintedDate> {
    Some(text.parse().unwrap())
}

#[test]
fn retail_numbers_are_read_by_their_length() {
    assert_eq!(
        gtins("036000291452", None),
        one("036000291452", Reading::UpcA)
    );
    assert_eq!(
        gtins("4006381333931", None),
        one("4006381333931", Reading::Ean13)
    );
    assert_eq!(gtins("96385074", None), one("96385074", Reading::Ean8));
    assert_eq!(
        gtins("14006381333938", None),
        one("14006381333938", Reading::Gtin14)
    );
    assert_eq!(gtins("06543217", None), one("065100004327", Reading::UpcE));
}

#[test]
fn a_wrong_check_digit_is_refused_in_every_form() {
    for code in [
        "036000291453",
        "4006381333932",
        "96385075",
        "06543218",
        "14006381333939",
        "0306406153",
        "(01)04006381333932",
        "]C10104006381333932",
        "https://id.gs1.org/01/04006381333932",
    ] {
        assert_eq!(gtins(code, None), Err(InvalidCode::CheckDigit), "{code}");
    }
    assert_eq!(InvalidCode::CheckDigit.code(), "INVALID_CHECK_DIGIT");
}

#[test]
fn eight_digits_that_fit_both_ways_give_both_numbers_until_the_symbol_settles_it() {
    assert_eq!(
        gtins("12345670", None),
        Ok(vec![
            ("00000012345670".into(), Reading::Ean8),
            ("00123456000070".into(), Reading::UpcE),
        ])
    );
    assert_eq!(
        gtins("12345670", Some("EAN_8")),
        one("12345670", Reading::Ean8)
    );
    assert_eq!(
        gtins("12345670", Some("UPC_E")),
        one("123456000070", Reading::UpcE)
    );
}

#[test]
fn upc_e_is_written_out_by_the_last_of_its_six_digits() {
    for (short, long) in [
        ("01234505", "012000003455"),
        ("01234514", "012100003454"),
        ("01234523", "012200003453"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234558", "012345000058"),
        ("01234565", "012345000065"),
        ("01234572", "012345000072"),
        ("01234589", "012345000089"),
        ("01234596", "012345000096"),
        ("11234593", "112345000093"),
    ] {
        assert_eq!(
            gtins(short, Some("upc-e")),
            one(long, Reading::UpcE),
            "{short}"
        );
        assert_eq!(
            gtins(long, Some("upc-e")),
            one(long, Reading::UpcE),
            "{long}"
        );
        assert_eq!(
            gtins(&short[..7], None).unwrap()[0],
            one(long, Reading::UpcE).unwrap()[0]
        );
        if let Some(seven) = short.strip_prefix('0') {
            assert_eq!(
                gtins(&seven[..6], None),
                one(long, Reading::UpcE),
                "{short}"
            );
            let without_system = gtins(seven, None).unwrap();
            assert!(
                without_system.contains(&one(long, Reading::UpcE).unwrap()[0]),
                "{short}"
            );
        }
    }
}

#[test]
fn a_format_that_the_code_does_not_fit_is_a_mismatch() {
    for (code, format) in [
        ("036000291452", "EAN_13"),
        ("4006381333931", "UPC_A"),
        ("4006381333931", "ITF"),
        ("96385074", "UPC_E"),
        ("036000291452", "UPC_E"),
        ("036000291452", "EAN_8"),
        ("123456", "ITF"),
        ("123456", "CODE_128"),
        ("]E04006381333931", "QR_CODE"),
        ("]C10104006381333931", "DATA_MATRIX"),
        ("https://id.gs1.org/01/04006381333931", "GS1_DATABAR"),
    ] {
        let fault = gtins(code, Some(format)).unwrap_err();
        assert_eq!(fault.code(), "FORMAT_MISMATCH", "{code} {format}: {fault}");
    }
}

#[test]
fn decoders_that_pad_or_expand_are_understood() {
    assert_eq!(
        gtins("0036000291452", Some("UPC_A")),
        one("036000291452", Reading::UpcA)
    );
    assert_eq!(
        gtins("0036000291452", Some("org.gs1.EAN-13")),
        one("036000291452", Reading::Ean13)
    );
    assert_eq!(
        gtins("]E00036000291452", None),
        one("036000291452", Reading::Ean13)
    );
    assert_eq!(
        gtins("]E496385074\r\n", None),
        one("96385074", Reading::Ean8)
    );
    assert_eq!(
        gtins("0065100004327", Some("UPC_E")),
        one("065100004327", Reading::UpcE)
    );
    assert_eq!(
        gtins("0104006381333931", Some("GS1_DATABAR")),
        one("4006381333931", Reading::ElementString)
    );
    assert_eq!(
        gtins("4006381333931", Some("QR_CODE")),
        one("4006381333931", Reading::Ean13)
    );
}

#[test]
fn spaces_and_hyphens_of_people_are_allowed_and_nothing_else() {
    assert_eq!(
        gtins(" 0 36000-29145 2 ", None),
        one("036000291452", Reading::UpcA)
    );
    assert_eq!(
        gtins("978\u{2011}0\u{a0}8048-1663-2", None),
        one("9780804816632", Reading::Ean13)
    );
    for (code, found, position) in [
        ("03600029145O", 'O', 12),
        ("０３６０００２９１４５２", '０', 1),
        ("0360\u{0}0291452", '\u{0}', 5),
        ("036000\n291452", '\n', 7),
        ("HelloWorld", 'H', 1),
        ("\u{feff}036000291452", '\u{feff}', 1),
    ] {
        let fault = gtins(code, None).unwrap_err();
        assert_eq!(fault, InvalidCode::Character { found, position });
        assert_eq!(fault.code(), "INVALID_CHARACTER");
        assert!(!fault.to_string().contains(char::is_control), "{fault}");
    }
}

#[test]
fn empty_long_and_odd_codes_are_refused_by_name() {
    for (code, expected) in [
        ("", "EMPTY"),
        (" \t\r\n ", "EMPTY"),
        ("]C1", "EMPTY"),
        ("-", "INVALID_LENGTH"),
        ("1", "INVALID_LENGTH"),
        ("123456789", "INVALID_LENGTH"),
        ("12345678901", "INVALID_LENGTH"),
        ("999999999999999", "INVALID_LENGTH"),
        ("0000000000000", "PLACEHOLDER"),
        ("000000", "PLACEHOLDER"),
        ("0000000000", "PLACEHOLDER"),
        ("(01)00000000000000", "PLACEHOLDER"),
        ("]Z9123", "UNKNOWN_FORMAT"),
        ("]", "UNKNOWN_FORMAT"),
    ] {
        assert_eq!(gtins(code, None).unwrap_err().code(), expected, "{code:?}");
    }
    assert_eq!(gtins(&"1".repeat(513), None), Err(InvalidCode::TooLong));
    assert_eq!(gtins(&"é".repeat(513), None), Err(InvalidCode::TooLong));
    assert_eq!(
        gtins(&"1".repeat(512), None).unwrap_err().code(),
        "INVALID_LENGTH"
    );
}

#[test]
fn books_periodicals_shop_numbers_and_coupons_are_told_apart() {
    let kind = |code: &str| read(code, None, TODAY).unwrap().candidates[0].number;
    assert_eq!(kind("9780804816632"), NumberKind::Book);
    assert_eq!(kind("0-306-40615-2"), NumberKind::Book);
    assert_eq!(kind("080442957X"), NumberKind::Book);
    assert_eq!(kind("9771473968012"), NumberKind::Periodical);
    assert_eq!(kind("2112345012346"), NumberKind::InStore);
    assert_eq!(kind("00020374"), NumberKind::InStore);
    assert_eq!(
        gtins("0-306-40615-2", None),
        one("9780306406157", Reading::Isbn10)
    );
    assert_eq!(
        gtins("080442957x", Some("ISBN")),
        one("9780804429573", Reading::Isbn10)
    );
}

#[test]
fn an_element_string_gives_lot_serial_and_dates_in_every_spelling() {
    for code in [
        "(01)04006381333931(17)271231(10)AB-12/3(21)S99",
        "(01) 0 4006381 33393 1 (17) 271231 (10) AB-12/3 (21) S99",
        "(01)4006381333931(17)271231(10)AB-12/3(21)S99",
        "]C101040063813339311727123110AB-12/3\u{1d}21S99",
        "]d201040063813339311727123110AB-12/3\u{1d}21S99",
        "]Q301040063813339311727123110AB-12/3\u{1d}21S99",
        "]e001040063813339311727123110AB-12/3\u{1d}21S99",
        "\u{1d}01040063813339311727123110AB-12/3\u{1d}21S99\u{1d}",
        "01040063813339311727123110AB-12/3<gs>21S99",
        "01040063813339311727123110AB-12/3{FNC1}21S99",
        "01040063813339311727123110AB-12/3\\x1d21S99",
        "01040063813339311727123110AB-12/3\u{241d}21S99",
        "21S99\u{1d}10AB-12/3\u{1d}172712310104006381333931",
    ] {
        let found = read(code, None, TODAY).unwrap_or_else(|fault| panic!("{code:?}: {fault}"));
        assert_eq!(
            found.candidates[0].gtin.as_str(),
            "04006381333931",
            "{code:?}"
        );
        assert_eq!(found.candidates[0].reading, Reading::ElementString);
        assert_eq!(found.lot.as_deref(), Some("AB-12/3"), "{code:?}");
        assert_eq!(found.serial.as_deref(), Some("S99"), "{code:?}");
        assert_eq!(found.use_by, day("2027-12-31"), "{code:?}");
        assert_eq!((found.best_before, found.production), (None, None));
    }
}

#[test]
fn other_elements_are_skipped_by_their_lengths() {
    let found = read(
        "]C1010400638133393131030012503922123\u{1d}8005001234\u{1d}70032612312359\u{1d}11260100\
         15270100422250\u{1d}4210123\u{1d}99x",
        None,
        TODAY,
    )
    .unwrap();
    assert_eq!(found.production, day("2026-01"));
    assert_eq!(found.best_before, day("2027-01"));
}

#[test]
fn a_lot_with_something_stuck_to_it_is_no_lot() {
    let found = read("010400638133393110ABC21S99", None, TODAY).unwrap();
    assert_eq!((found.lot, found.serial), (None, None));
    let found = read("010400638133393110ABC17271231", None, TODAY).unwrap();
    assert_eq!((found.lot, found.use_by), (None, None));
    let found = read("010400638133393110ABC99", None, TODAY).unwrap();
    assert_eq!(found.lot.as_deref(), Some("ABC99"));
    // A symbol's identifier does not show that the scanner sends separators.
    for code in [
        "]C1010400638133393110ABC21S99",
        "]C10103770018292519103123103000500",
        "]d20103770018292519103123922199",
        "]d201037700182925191031215271231",
    ] {
        let found = read(code, None, TODAY).unwrap();
        assert_eq!((found.lot, found.serial), (None, None), "{code}");
    }
    // One that is seen does.
    let found = read("]C1010400638133393110ABC21S99\u{1d}21S1", None, TODAY).unwrap();
    assert_eq!(found.lot.as_deref(), Some("ABC21S99"));
    // Too much like the end of a lot to be a count or a maker's number.
    for lot in ["WR2302", "FB2401"] {
        let found = read(&format!("]d2010400638133393110{lot}"), None, TODAY).unwrap();
        assert_eq!(found.lot.as_deref(), Some(lot));
    }
}

#[test]
fn malformed_element_strings_are_refused_with_the_reason() {
    for (code, reason) in [
        ("(10)ABC", "no trade item number"),
        ("(00)340123450000000018", "no trade item number"),
        ("(01)04006381333", "wrong length"),
        ("(01)0400638133393A", "digits only"),
        ("(01)04006381333931(17)271331", "no date"),
        ("(01)04006381333931(17)270230", "no date"),
        ("(01)04006381333931(17)2712", "wrong length"),
        ("(01)04006381333931(10)", "wrong length"),
        (
            "(01)04006381333931(10)123456789012345678901",
            "wrong length",
        ),
        ("(01)04006381333931(10)A B", "does not allow"),
        ("(01)04006381333931(10)é", "does not allow"),
        ("(01)04006381333931(14)271231", "no application identifier"),
        ("(01)04006381333931(10)A(10)B", "twice"),
        ("(01)04006381333931(01)00036000291452", "twice"),
        ("(01", "brackets"),
        ("()", "brackets"),
        ("]C10104006381333931172712", "cut off"),
        ("]C1010400638133393188", "begins with 88"),
        ("]C1010400638133393110\u{1d}21X", "wrong length"),
        ("]C1(01)04006381333931", ""),
    ] {
        match read(code, None, TODAY) {
            Err(InvalidCode::ElementString(text)) => {
                assert!(text.contains(reason), "{code}: {text}");
            }
            Ok(found) => assert!(reason.is_empty() && found.candidates.len() == 1, "{code}"),
            Err(other) => panic!("{code}: {other}"),
        }
    }
    assert_eq!(
        InvalidCode::ElementString(String::new()).code(),
        "INVALID_ELEMENT_STRING"
    );
}

#[test]
fn two_digit_years_fall_within_fifty_years_of_today() {
    let use_by = |text: &str, today| {
        read(&format!("(01)04006381333931(17){text}"), None, today)
            .unwrap()
            .use_by
    };
    assert_eq!(use_by("270131", TODAY), day("2027-01-31"));
    assert_eq!(use_by("760131", TODAY), day("2076-01-31"));
    assert_eq!(use_by("770131", TODAY), day("1977-01-31"));
    let later = Date::constant(2095, 1, 1);
    assert_eq!(use_by("450131", later), day("2145-01-31"));
    assert_eq!(use_by("460131", later), day("2046-01-31"));
}

#[test]
fn day_zero_is_the_month_and_its_last_day() {
    let found = read("(01)04006381333931(15)280200", None, TODAY).unwrap();
    let month = found.best_before.unwrap();
    assert_eq!(month.to_string(), "2028-02");
    assert_eq!(month.last(), Date::constant(2028, 2, 29));
}

#[test]
fn digital_links_of_any_host_are_read() {
    for code in [
        "https://id.gs1.org/01/04006381333931/10/AB-12%2F3/21/S99?17=271231",
        "HTTPS://example.com/some/path/01/04006381333931/22/2A/10/AB-12%2f3/21/S99?linkType=all&17=271231#top",
        "http://example.com:8080/gtin/4006381333931/lot/AB-12%2F3/ser/S99/?exp=271231&utm_source=%zz",
        "https://example.com/01/4006381333931?10=AB-12%2F3&21=S99;17=271231",
    ] {
        let found = read(code, Some(CodeFormat::QrCode), TODAY)
            .unwrap_or_else(|fault| panic!("{code}: {fault}"));
        assert_eq!(
            found.candidates[0].gtin.as_str(),
            "04006381333931",
            "{code}"
        );
        assert_eq!(found.candidates[0].reading, Reading::DigitalLink);
        assert_eq!(found.lot.as_deref(), Some("AB-12/3"), "{code}");
        assert_eq!(found.serial.as_deref(), Some("S99"), "{code}");
        assert_eq!(found.use_by, day("2027-12-31"), "{code}");
    }
}

#[test]
fn other_addresses_are_refused() {
    for (code, reason) in [
        ("https://example.com/", "no /01/"),
        ("https://example.com", "no /01/"),
        ("https://", "no host"),
        ("https:///01/04006381333931", "no host"),
        ("https://user@example.com/01/04006381333931", "no host"),
        ("https://example.com/01/", "no /01/"),
        ("https://example.com/01/abc", "no /01/"),
        ("https://example.com/414/4006381333931", "no /01/"),
        ("https://example.com/01/04006381333931/10", "no value"),
        ("https://example.com/01/04006381333931/10/", "no value"),
        ("https://example.com/01/04006381333931/99/x", "goes on"),
        ("https://example.com/01/04006381333931/10/%4", "hexadecimal"),
        (
            "https://example.com/01/04006381333931/10/%+4",
            "hexadecimal",
        ),
        ("https://example.com/01/04006381333931/10/%ff", "UTF-8"),
        (
            "https://example.com/01/04006381333931/10/%00",
            "does not allow",
        ),
        ("https://example.com/01/04006381333931?17=271340", "no date"),
        ("https://example.com/01/04006381333931/10/A?10=B", "twice"),
        (
            "https://example.com/01/04006381333931/10/é",
            "percent-encoded",
        ),
        ("https://example.com/01/123456789", "wrong"),
    ] {
        match read(code, None, TODAY) {
            Err(InvalidCode::DigitalLink(text)) => assert!(text.contains(reason), "{code}: {text}"),
            Err(InvalidCode::CheckDigit) => assert_eq!(reason, "wrong", "{code}"),
            other => panic!("{code}: {other:?}"),
        }
    }
    assert_eq!(
        InvalidCode::DigitalLink(String::new()).code(),
        "INVALID_DIGITAL_LINK"
    );
}

/// A small generator of numbers (xorshift), so that every run tries the same inputs.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn no_input_makes_it_panic_and_every_number_that_comes_out_is_right() {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "(01)",
        "01",
        "04006381333931",
        "10",
        "21",
        "17",
        "271231",
        "\u{1d}",
        "]C1",
        "]d2",
        "]Q3",
        "https://",
        "example.com",
        "/",
        "/01/",
        "/gtin/",
        "?",
        "&",
        "=",
        "%",
        "%2F",
        "é",
        "０",
        "-",
        " ",
        "X",
        "<GS>",
        "\\",
        "]",
        "9",
        "8005",
        "\u{0}",
        "😀",
        "ß",
        "İ",
        "{fnc1}",
    ];
    let formats = [
        None,
        Some("UPC_A"),
        Some("UPC_E"),
        Some("EAN_13"),
        Some("QR_CODE"),
        Some("ITF"),
    ];
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut read_well = 0_u32;
    for round in 0..60_000 {
        let code: String = if round % 2 == 0 {
            (0..numbers.below(9))
                .map(|_| PIECES[numbers.below(PIECES.len())])
                .collect()
        } else {
            let length = numbers.below(20);
            let bytes: Vec<u8> = (0..length)
                .map(|_| match round % 3 {
                    0 => b'0' + u8::try_from(numbers.below(10)).unwrap(),
                    _ => u8::try_from(numbers.below(256)).unwrap(),
                })
                .collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        match gtins(&code, formats[numbers.below(formats.len())]) {
            Ok(found) => {
                read_well += 1;
                assert!(!found.is_empty(), "{code:?}");
                for (gtin, _) in found {
                    assert!(gtin.parse::<Gtin>().is_ok(), "{code:?}");
                }
            }
            Err(fault) => assert!(!fault.to_string().is_empty()),
        }
    }
    assert!(read_well > 300, "only {read_well} codes could be read");
}

#[test]
fn every_single_wrong_digit_is_noticed() {
    for good in ["036000291452", "4006381333931", "14006381333938"] {
        for at in 0..good.len() {
            for digit in '0'..='9' {
                let mut bad: Vec<char> = good.chars().collect();
                bad[at] = digit;
                let bad: String = bad.into_iter().collect();
                if bad != good {
                    assert_eq!(gtins(&bad, None), Err(InvalidCode::CheckDigit), "{bad}");
                }
            }
        }
    }
}
