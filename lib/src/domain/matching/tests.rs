use super::{
    Fit::{CannotTell, Inside, Outside},
    *,
};

fn listed_lot(value: &str) -> Value {
    Value::Lot {
        value: value.into(),
    }
}

fn lots(from: &str, to: &str) -> Value {
    Value::LotRange {
        from: from.into(),
        to: to.into(),
    }
}

fn serials(from: &str, to: &str) -> Value {
    Value::SerialRange {
        from: from.into(),
        to: to.into(),
    }
}

fn given(mark: DateMark, date: &str) -> GivenDate {
    GivenDate {
        mark,
        date: date.parse().unwrap(),
    }
}

fn marked(mark: DateMark, from: &str, to: &str) -> Value {
    Value::DateMark {
        mark,
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }
}

#[test]
fn joining_answers_follows_the_table() {
    for (answers, joined) in [
        (&[][..], CannotTell),
        (&[Outside][..], Outside),
        (&[Outside, Outside], Outside),
        (&[Outside, CannotTell], CannotTell),
        (&[CannotTell, Outside], CannotTell),
        (&[CannotTell, Inside], Inside),
        (&[Outside, Inside], Inside),
        (&[Inside], Inside),
    ] {
        assert_eq!(Fit::any(answers.iter().copied()), joined, "{answers:?}");
    }
}

#[test]
fn single_lots() {
    for (item, listed, fit) in [
        ("1234AB", "1234 ab", Inside),
        ("LOT 1234-AB", "1234AB", Inside),
        ("1/mf/pbdb/ab/24", "1 MF PBDB AB 24", Inside),
        ("9999Z", "1234AB", Outside),
        ("1235AB", "1234AB", Outside),
        // Misread, or printed with the time of filling.
        ("I234AB", "1234AB", CannotTell),
        ("01234AB", "1234AB", CannotTell),
        ("1234AB 08:15", "1234AB", CannotTell),
        ("L1234", "1234", CannotTell),
        ("1234", "L1234", CannotTell),
        // Less than four characters are protected as well, whatever stands around them.
        ("312", "312", Inside),
        ("312 14:32", "312", CannotTell),
        ("L312 14:32", "312", CannotTell),
        ("312 EXP 03/2026", "312", CannotTell),
        ("N° de lot 312", "312", Inside),
        ("Numéro de lot : 312", "312", Inside),
        ("Lotnr 312", "312", Inside),
        ("CH. 312", "312", Inside),
        ("(10)312", "312", Inside),
        ("BATCH NO 312", "312", Inside),
        ("312/1", "312", CannotTell),
        ("312A", "312", CannotTell),
        ("312,313", "312", CannotTell),
        ("311-313", "312", CannotTell),
        ("311 à 313", "312", CannotTell),
        ("3I2", "312", CannotTell),
        ("999", "312", Outside),
        // The whole line.
        ("EXP 12/26 LOT WR2302 14:32", "WR2302", Inside),
        ("EXP 12/26 LOT WR 2302", "WR2302", Inside),
        ("WR2302 LOT", "WR2302", Inside),
        ("EXP 12/26 WR2302", "WR2302", CannotTell),
        ("12/26WR2302B", "WR2302", CannotTell),
        ("LOT WR2302/1", "WR2302", CannotTell),
        ("EXP 12/26 LOT WR9999 14:32", "WR2302", Outside),
        ("LOT 26/06 EXP 12/26", "26/06", Inside),
        // The last digits only.
        ("302", "WR2302", CannotTell),
        ("302 14:32", "WR2302", CannotTell),
        ("WR", "WR2302", CannotTell),
        ("27/01", "26/06", Outside),
        // No digit where the listed one has some, and other scripts.
        ("ABC", "312", CannotTell),
        ("312", "ABC", Outside),
        ("٣١٢", "312", Inside),
        ("३१२", "312", Inside),
        ("\u{200e}312", "312", Inside),
        ("АВ999", "312", CannotTell),
        ("É999", "312", CannotTell),
        ("99?", "312", CannotTell),
        // Rules instead of codes.
        ("24999", "24*", CannotTell),
        ("24999", "24XXX", CannotTell),
        ("24999", "all lots that begin with 23", CannotTell),
        ("", "1234", CannotTell),
        ("1234", "--", CannotTell),
    ] {
        assert_eq!(lot(item, &listed_lot(listed)), fit, "{item} in {listed}");
    }
}

#[test]
fn spans_of_lots() {
    for (item, from, to, fit) in [
        ("4501", "4501", "4530", Inside),
        ("4530", "4501", "4530", Inside),
        ("lot 4515", "4501", "4530", Inside),
        ("4500", "4501", "4530", Outside),
        ("4531", "4501", "4530", Outside),
        ("999999", "4501", "4530", Outside),
        ("04510", "4501", "4530", CannotTell),
        ("45150815", "4501", "4530", CannotTell),
        ("ZZ", "4501", "4530", CannotTell),
        ("512", "4501", "4530", CannotTell),
        ("LOT 512", "4501", "4530", CannotTell),
        ("455", "200100", "200899", CannotTell),
        ("EXP 12/26 LOT 4515 14:32", "4501", "4530", CannotTell),
        ("4515 14:32", "4501", "4530", CannotTell),
        ("999945159", "4501", "4530", CannotTell),
        ("4600 4515", "4501", "4530", CannotTell),
        ("4400-4600", "4501", "4530", CannotTell),
        ("4600", "4501", "4530", Outside),
        ("٤٦٠٠", "4501", "4530", Outside),
        ("46𝟎0É", "4501", "4530", CannotTell),
        ("4515B", "4501", "4530", CannotTell),
        ("L1250", "L1234", "L1299", Inside),
        ("l-1250", "L1234", "L 1299", Inside),
        ("L1300", "L1234", "L1299", Outside),
        ("M1250", "L1234", "L1299", CannotTell),
        ("L12500", "L1234", "L1299", CannotTell),
        ("1250", "L1234", "L1299", CannotTell),
        ("1250A", "1234A", "1299A", Inside),
        ("1250B", "1234A", "1299A", CannotTell),
        ("L1250", "L1234", "M1299", CannotTell),
        ("L1250", "L999", "L1299", CannotTell),
        ("1000", "950", "1050", Inside),
        ("1050", "1050", "950", Inside),
        ("1000", "1050", "950", CannotTell),
        ("A", "B", "C", CannotTell),
        ("", "1", "2", CannotTell),
        // 15 January to 20 February, written with the day first: 25 January is within.
        ("250124", "150124", "200224", CannotTell),
        // As a number within, as a date not.
        ("160324", "150124", "200224", CannotTell),
        // The year first: sorts as a number.
        ("240125", "240115", "240220", Inside),
        ("240301", "240115", "240220", Outside),
    ] {
        assert_eq!(lot(item, &lots(from, to)), fit, "{item} in {from}..{to}");
    }
}

#[test]
fn spans_of_serial_numbers() {
    for (item, fit) in [
        ("SN AB0005000", Inside),
        ("s/n ab-0005000", Inside),
        ("AB0010000", Outside),
        ("AC0005000", CannotTell),
        ("5000", CannotTell),
    ] {
        assert_eq!(
            serial(item, &serials("AB0000001", "AB0009999")),
            fit,
            "{item}"
        );
    }
    let long = "9".repeat(60);
    assert_eq!(serial(&long, &serials("1", &long)), Inside);
    assert_eq!(serial(&"8".repeat(60), &serials("1", &long)), CannotTell);
    assert_eq!(serial("1", &listed_lot("1")), CannotTell);
}

#[test]
fn models_and_beginnings_of_models() {
    let named = |value: &str| Value::Model {
        value: value.into(),
    };
    let prefix = |value: &str| Value::ModelPrefix {
        value: value.into(),
    };
    for (item, listed, fit) in [
        ("xl 200", named("XL-200"), Inside),
        ("XL-300", named("XL-200"), Outside),
        ("XL-200B", named("XL-200"), CannotTell),
        ("XL-2OO", named("XL-200"), CannotTell),
        ("XL-200", named("Snuggle"), CannotTell),
        ("Snuggle", named("XL-200"), CannotTell),
        ("", named("XL-200"), CannotTell),
        ("XL-200B", prefix("XL2"), Inside),
        ("XL-300B", prefix("XL2"), Outside),
        ("XL", prefix("XL2"), CannotTell),
        ("x1-200", prefix("XL2"), CannotTell),
    ] {
        assert_eq!(model(item, &listed), fit, "{item} in {listed:?}");
    }
}

#[test]
fn only_two_whole_model_numbers_differ() {
    let listed = Value::Model {
        value: "XL-200".into(),
    };
    for item in [
        "XL2",
        "200",
        "Mod. XL-200",
        "M/N XL.200",
        "XL-200 (blue)",
        "Rattle (XL-200)",
        "XL/200",
        "Acme XL-2OO",
        "ХL-900",
        "?",
    ] {
        assert_ne!(model(item, &listed), Outside, "{item}");
    }
    assert_eq!(model("XL-900 (blue)", &listed), Outside);
}

#[test]
fn a_short_brand_is_found_in_a_name_where_it_looks_like_one() {
    for (brand, name, found) in [
        ("NUK", "NUK First Choice bottle", true),
        ("nuk", "Bottle by NUK", true),
        ("MAM", "Mam soother", true),
        ("Nuk", "a nuk bottle", false),
        ("ABC", "Abcd bottle", false),
        ("Graco", "High chair by graco", true),
        ("", "Bottle", false),
        ("-", "- bottle", false),
    ] {
        assert_eq!(names_brand(brand, name), found, "{brand} in {name}");
    }
}

#[test]
fn what_was_typed_and_what_the_code_holds_agree_in_any_form_of_the_same() {
    let lots = |typed: &str, held: &str| agree(&normalise::lot(typed), &normalise::lot(held));
    for (typed, held, same) in [
        ("LOT 312", "312", true),
        ("L312", "312", true),
        ("312", "L312", true),
        ("EXP 12/26 LOT 312 14:32", "312", true),
        ("313", "312", false),
        ("WR9999", "WR2302", false),
    ] {
        assert_eq!(lots(typed, held), same, "{typed} beside {held}");
    }
    assert!(agree(
        &normalise::serial("SN 200455"),
        &normalise::serial("200455")
    ));
}

#[test]
fn brands() {
    let listed = |brands: &[&str]| {
        brands
            .iter()
            .map(|&brand| brand.to_owned())
            .collect::<Vec<_>>()
    };
    for (item, brands, fit) in [
        ("Graco", listed(&["GRACO Inc."]), Inside),
        ("Graco", listed(&["Graco Children's Products"]), Inside),
        ("Béaba", listed(&["x", "beaba"]), Inside),
        ("Baby", listed(&["Baby Trend"]), Outside),
        ("Baby Jogger", listed(&["Baby Trend"]), Outside),
        ("Graco", listed(&[]), CannotTell),
        ("Graco", listed(&["-"]), CannotTell),
        ("", listed(&["Graco"]), CannotTell),
    ] {
        assert_eq!(brand(item, &brands), fit, "{item} in {brands:?}");
    }
}

#[test]
fn dates_of_the_same_kind() {
    let use_by = marked(DateMark::UseBy, "2025-03-10", "2025-03-20");
    for (date, fit) in [
        ("2025-03-10", Inside),
        ("2025-03-20", Inside),
        ("2025-03-09", Outside),
        ("2025-03-21", Outside),
        // The item shows only the month.
        ("2025-03", CannotTell),
        ("2025-04", Outside),
    ] {
        assert_eq!(
            super::date(given(DateMark::UseBy, date), &use_by),
            fit,
            "{date}"
        );
        // A date of no stated kind before the span may be that of production.
        let unstated = if fit == Outside && date < "2025-03-10" {
            CannotTell
        } else {
            fit
        };
        let unnamed = marked(DateMark::Unspecified, "2025-03-10", "2025-03-20");
        for listed in [&use_by, &unnamed] {
            assert_eq!(
                super::date(given(DateMark::Unspecified, date), listed),
                unstated,
                "{date}"
            );
        }
        // A date that the notice does not name may be another one than the item's.
        let careful = if fit == Outside { CannotTell } else { fit };
        for mark in [DateMark::UseBy, DateMark::BestBefore, DateMark::Production] {
            assert_eq!(super::date(given(mark, date), &unnamed), careful, "{date}");
        }
    }
    let turned = marked(DateMark::UseBy, "2025-03-20", "2025-03-10");
    assert_eq!(
        super::date(given(DateMark::UseBy, "2025-03-15"), &turned),
        CannotTell
    );
}

#[test]
fn dates_of_different_kinds_exclude_nothing() {
    let (inside, before, after) = ("2025-03-15", "2024-01-01", "2026-01-01");
    let window = Value::ProductionWindow {
        from: "2025-03-10".parse().unwrap(),
        to: "2025-03-20".parse().unwrap(),
    };
    let use_by = marked(DateMark::UseBy, "2025-03-10", "2025-03-20");
    for (mark, listed, at, fit) in [
        (DateMark::BestBefore, &use_by, inside, Inside),
        (DateMark::BestBefore, &use_by, before, CannotTell),
        (DateMark::Production, &use_by, inside, CannotTell),
        (DateMark::Production, &use_by, after, CannotTell),
        (DateMark::Production, &window, inside, Inside),
        (DateMark::Production, &window, after, Outside),
        (DateMark::UseBy, &window, inside, CannotTell),
        (DateMark::UseBy, &window, after, CannotTell),
        (DateMark::Unspecified, &window, inside, Inside),
        (DateMark::Unspecified, &window, after, CannotTell),
        (DateMark::Unspecified, &window, before, Outside),
    ] {
        assert_eq!(
            super::date(given(mark, at), listed),
            fit,
            "{mark:?} {at} {listed:?}"
        );
    }
}

#[test]
fn odd_texts_of_every_kind_end_in_an_answer() {
    let texts = [
        "",
        " ",
        "-",
        "L",
        "LOT",
        "S/N",
        "é",
        "ß",
        "İ",
        "ﬃ",
        "１２",
        "😀1",
        "1😀",
        "0",
        "00",
        "\u{0}",
        "١٢٣",
        "A1B2",
        "1".repeat(300).leak(),
        "L:",
        "L-",
        "ÀÉ1234",
        "x\u{301}9",
    ];
    for item in texts {
        for from in texts {
            for to in texts {
                let fit = lot(item, &lots(from, to));
                assert_eq!(fit, lot(item, &lots(from, to)));
                let _: Fit = serial(item, &serials(from, to));
            }
            assert_ne!(
                lot(item, &listed_lot(item)),
                Outside,
                "{item:?} is outside itself"
            );
            assert_ne!(model(item, &Value::Model { value: item.into() }), Outside);
            let _: Fit = model(item, &Value::ModelPrefix { value: from.into() });
            let _: Fit = brand(item, &[from.to_owned()]);
        }
    }
}
