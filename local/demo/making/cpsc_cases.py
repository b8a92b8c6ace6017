"""CPSC: made-up recalls of made-up brands, one family of cases after the other.

A made-up record is known by its number (`YY9nn`) and its link (example.com).
"""

from __future__ import annotations

from making import cpsc
from making.book import Book
from making.gtin import upc_e, wrong

KINDS = {
    "crib": ("Cribs", "Entrapment"), "stroller": ("Strollers", "Fall"), "high chair": ("High Chairs", "Fall"),
    "car seat": ("Car Seats", "Injury"), "lounger": ("Baby Loungers", "Suffocation"), "rattle": ("Rattles", "Choking"),
    "bath seat": ("Bath Seats", "Drowning"), "monitor": ("Baby Monitors", "Fire"), "bottle": ("Bottle Warmers", "Burn"),
    "blocks": ("Building Blocks", "Magnet Ingestion"), "gate": ("Safety Gates", "Entrapment"),
    "carrier": ("Baby Carriers", "Fall"), "walker": ("Baby Walkers", "Fall"), "pacifier": ("Pacifiers", "Choking"),
    "dresser": ("Nursery Dressers", "Tip-Over"), "puzzle": ("Wooden Puzzles", "Lead Poisoning"),
}  # fmt: skip


class Maker:
    """Numbers made-up recalls and sets them in the service's layout."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.count = 0

    def recall(self, date: str, brand: str, kind: str, description: str, **given: object) -> str:
        """Adds a recall and returns its id; `upcs`, `products` and `options` are short forms."""
        self.count += 1
        noun, hazard = KINDS[kind]
        number = str(given.pop("number", f"{date[2:4]}{900 + self.count}"))
        name = f"{brand} {noun}"
        options = list(given.pop("options", ["Refund"]))
        units = str(given.pop("units", f"About {self.count * 730 + 400:,}"))
        products = given.pop("products", [cpsc.product(name, units)])
        codes = list(given.pop("upcs", []))
        record = cpsc.layout(
            number, date, RecallID=990000 + self.count, Title=cpsc.title_of(brand, name, [hazard], number),
            Description=f"The recall covers {name}. {description}".strip(),
            URL=f"https://www.example.com/recalls/us-cpsc/{number.replace('-', '')}",
            ConsumerContact=f"{brand} answers questions at https://www.example.com/contact.",
            Products=products, Injuries=[{"Name": "None reported."}],
            Importers=[{"Name": f"{brand} (made up), of Springfield", "CompanyID": ""}],
            Retailers=[{"Name": f"Stores nationwide from January {int(date[:4]) - 1} through {month(date)} for about $40.", "CompanyID": ""}],
            ManufacturerCountries=[{"Country": "China"}], ProductUPCs=[{"UPC": c} for c in codes],
            Hazards=[{"Name": cpsc.hazard_text([hazard], number), "HazardType": "", "HazardTypeID": ""}],
            Remedies=[{"Name": cpsc.remedy_text(options, brand, number)}], RemedyOptions=[{"Option": o} for o in options],
        )  # fmt: skip
        record.update(given)
        self.book.feeds["us-cpsc"].append(record)
        return f"us-cpsc:{number.replace('-', '')}"

    def item(self, brand: str, kind: str, extra: str = "") -> str:
        """Adds a catalogue item and returns its GTIN."""
        return self.book.item(self.book.us.next(), f"{brand} {KINDS[kind][0].rstrip('s')}{extra}", brand, "nursery")


def add(book: Book) -> None:
    """Adds every family of CPSC cases."""
    book.agency = "us-cpsc"
    make = Maker(book)
    gtin_decides(make)
    lots(make)
    serials_and_dates(make)
    model_only(make)
    several(make)
    twins(make)
    forms(make)
    misprints(make)
    oddities(make)
    broken(make)


def gtin_decides(make: Maker) -> None:
    for date, brand, kind, text in (
        ("2024-03-14", "Wrenlet", "crib", "All units are included, whatever their lot."),
        ("2025-02-20", "Snugarro", "lounger", "Every unit sold is included."),
        ("2025-08-07", "Tootlewick", "blocks", "All sets are included."),
        ("2026-03-12", "Mossypup", "high chair", "All colors and all production dates are included."),
        ("2026-09-17", "Quillabee", "bottle", "All units are included."),
    ):
        code, other = make.item(brand, kind), make.item(brand, kind, " Spare Cover")
        recall = make.recall(date, brand, kind, text, upcs=[code])
        make.book.case("gtin decides", recall, code, "recalled", "the GTIN is listed and nothing limits the notice")
        why = "same company prefix, another item: only the recalled item's GTIN is listed"
        make.book.case("same company, another item", None, other, "no_known_recall", why)


def lots(make: Maker) -> None:
    for date, brand, kind, inside, outside, listing in (
        ("2023-05-11", "Owlbury", "rattle", "WR2302", "WR2399", "Lot numbers WR2301, WR2302 and WR2303 are included."),
        ("2024-06-06", "Fernlet", "pacifier", "B1177", "B1199", "Only lot numbers B1176, B1177 and B1178 are included."),
        ("2025-11-06", "Pipwillow", "puzzle", "88412", "88500", "Lot numbers 88411 and 88412 are included."),
    ):
        code = make.item(brand, kind)
        recall = make.recall(date, brand, kind, listing + " No other lots are included.", upcs=[code])
        make.book.limited("lot list", recall, code, "lot", inside, outside)
    for date, brand, kind, first, last, inside, outside in (
        ("2023-09-21", "Cubbish", "bottle", "4501", "4530", "4512", "4600"),
        ("2026-02-05", "Lullabrook", "monitor", "LB1000", "LB1499", "LB1250", "LB1500"),
    ):
        code = make.item(brand, kind)
        text = f"Lot numbers {first} through {last} are included. No other lots are included."
        recall = make.recall(date, brand, kind, text, upcs=[code])
        make.book.limited("lot range", recall, code, "lot", inside, outside)
    code = make.item("Nappelo", "stroller")
    text = "Lot numbers 7101 and 7102 are included, and others whose label can no longer be read."
    recall = make.recall("2025-06-12", "Nappelo", "stroller", text, upcs=[code])
    why = "the list is not complete, so a lot outside it proves nothing"
    make.book.case("limits read in part", recall, code, "possibly_recalled", why, "any", {"lot": "9999"})


def serials_and_dates(make: Maker) -> None:
    for date, brand, kind, first, last, inside, outside in (
        ("2022-04-14", "Brindlekid", "car seat", "200100", "200899", "200455", "201000"),
        ("2024-10-03", "Tumbelo", "monitor", "TM5000", "TM5999", "TM5500", "TM6100"),
        ("2026-05-14", "Wrenlet", "walker", "31000", "31450", "31200", "31500"),
    ):
        code = make.item(brand, kind)
        text = f"Serial numbers {first} through {last} are included. No other serial numbers are included."
        recall = make.recall(date, brand, kind, text, upcs=[code])
        make.book.limited("serial range", recall, code, "serial", inside, outside)
    for date, brand, kind in (("2024-01-18", "Owlbury", "gate"), ("2025-09-25", "Fernlet", "carrier")):
        code, year = make.item(brand, kind), int(date[:4]) - 1
        text = f"Only units manufactured from March {year} through June {year} are included; the date stands on the label."
        recall = make.recall(date, brand, kind, text, upcs=[code])
        make.book.limited("production window", recall, code, "date", f"{year}-05-10", f"{year}-09-01", parameter="production")


def model_only(make: Maker) -> None:
    for date, brand, kind, other, models in (
        ("2023-02-09", "Lullabrook", "bath seat", "puzzle", ["LB-410", "LB-420"]),
        ("2024-08-22", "Cubbish", "dresser", "rattle", ["CD3001"]),
        ("2026-01-15", "Tootlewick", "stroller", "blocks", ["TS-77A", "TS-77B"]),
    ):
        code, same = make.item(brand, other), make.item(brand, kind)
        listing = f"Model number{'s' * (len(models) > 1)} {cpsc.listed(models)} can be found on the label."
        products = [cpsc.product(f"{brand} {KINDS[kind][0]}", "About 1,200", models[0] if len(models) == 1 else "")]
        recall = make.recall(date, brand, kind, listing, products=products)
        why = "the notice names no GTIN, and this item of the brand is another kind of product"
        make.book.case("model only", None, code, "no_known_recall", why, not_verdict="recalled")
        why = "brand and model of the product are those of the notice; a GTIN alone would not say so"
        make.book.case(
            "model only", recall, same, "recalled", why, "any", {"model": models[0]}, accept=["recalled", "possibly_recalled"]
        )
        why = "no GTIN in the notice: the GTIN of a product of the brand must not say recalled"
        accept = ["no_known_recall", "possibly_recalled"]
        make.book.case("model only", None, same, "no_known_recall", why, "any", accept=accept, not_verdict="recalled")


def several(make: Maker) -> None:
    for date, brand, kinds in (
        ("2024-04-25", "Snugarro", ("crib", "gate", "rattle")),
        ("2025-12-04", "Quillabee", ("stroller", "carrier")),
    ):
        codes = [make.item(brand, kind) for kind in kinds]
        names = [f"{brand} {KINDS[kind][0]}" for kind in kinds]
        products = [cpsc.product(name, f"About {900 * (i + 1):,}") for i, name in enumerate(names)]
        recall = make.recall(date, brand, kinds[0], "All units are included.", products=products, upcs=codes)
        for code, name in zip(codes, names):
            make.book.case("several products", recall, code, "recalled", f"{name} is one of the products of the notice")
    for first, second, brand, kind in (
        ("2023-03-23", "2024-02-15", "Mossypup", "lounger"),
        ("2024-07-11", "2025-04-17", "Nappelo", "high chair"),
    ):
        code = make.item(brand, kind)
        text = "Lot numbers 3301 and 3302 are included. No other lots are included."
        early = make.recall(first, brand, kind, text, upcs=[code])
        late = make.recall(second, brand, kind, "The earlier recall is widened: all units are included.", upcs=[code])
        ids = [early, late]
        why = "two notices list this GTIN and the later one covers every lot"
        make.book.case("several recalls for one item", late, code, "recalled", why, recall_ids=[late])
        why = "two notices list this GTIN, and this lot is in both"
        make.book.case("several recalls for one item", late, code, "recalled", why, None, {"lot": "3302"}, recall_ids=ids)


def twins(make: Maker) -> None:
    canada = "https://recalls-rappels.canada.ca/en/alert-recall/example-made-up-{}"
    for number, (date, brand, kind, twin) in enumerate((
        ("2023-11-09", "Pipwillow", "crib", {"URL": canada.format(1)}),
        ("2025-05-22", "Tumbelo", "stroller", {"URL": canada.format(2)}),
        ("2019-06-20", "Brindlekid", "high chair", {"Country": "Canada"}),
    )):  # fmt: skip
        code = make.item(brand, kind)
        units = f"About {2100 + number * 900:,} (in addition, about {150 + number * 10} were sold in Canada)"
        recall = make.recall(date, brand, kind, "All units are included.", upcs=[code], units=units, Inconjunctions=[twin])
        make.book.case("twin in another country", recall, code, "recalled", "the notice names a Canadian twin", related="ca-hc")


def forms(make: Maker) -> None:
    for date, brand, kind in (("2024-09-12", "Wrenlet", "pacifier"), ("2026-04-09", "Owlbury", "blocks")):
        code = make.book.short.next()
        make.book.item(code, f"{brand} {KINDS[kind][0]}", brand, "nursery")
        recall = make.recall(date, brand, kind, "All units are included.", upcs=[code])
        for form, name in ((upc_e(code), "UPC-E"), (code, "UPC-A"), ("0" + code, "EAN-13"), ("00" + code, "GTIN-14")):
            more = {"format": "upc_e"} if name == "UPC-E" else {}
            make.book.case("forms of one item", recall, form, "recalled", f"{name} form of {code}", None, more)
    code = make.item("Fernlet", "bottle")
    text = "Lot numbers FB2401 and FB2402 are included. No other lots are included."
    recall = make.recall("2025-01-23", "Fernlet", "bottle", text, upcs=[code])
    gtin = code.zfill(14)
    make.book.case("code carries the lot", recall, f"]d201{gtin}10FB2401", "recalled", "GS1 element string with lot FB2401")
    make.book.case("code carries the lot", recall, f"]d201{gtin}10FB9999", "no_known_recall", "GS1 element string, lot not listed")
    link = f"https://id.gs1.org/01/{gtin}/10/FB2402"
    make.book.case("code carries the lot", recall, link, "recalled", "GS1 Digital Link with lot FB2402")


def misprints(make: Maker) -> None:
    for date, brand, kind, in_field in (("2023-07-13", "Cubbish", "walker", True), ("2025-03-06", "Snugarro", "puzzle", False)):
        code = make.item(brand, kind)
        bad = wrong(code)
        text = "All units are included." if in_field else f"The packaging bears UPC {bad}. All units are included."
        make.recall(date, brand, kind, text, upcs=[bad] if in_field else [])
        where = "field" if in_field else "prose"
        why = f"the notice's {where} has this code with a wrong check digit, which is kept as text and matches nothing"
        make.book.case("wrong check digit", None, code, "no_known_recall", why)
        make.book.case("wrong check digit", None, bad, None, "a misread code is refused", None, problem="INVALID_CHECK_DIGIT")
    code = make.item("Tootlewick", "rattle")
    make.recall("2024-11-21", "Tootlewick", "rattle", "All units are included.", upcs=[code[:-1]])
    why = "the field holds eleven digits: the missing one is not guessed"
    make.book.case("wrong check digit", None, code, "no_known_recall", why)


def oddities(make: Maker) -> None:
    for date, brand, kind in (("2020-02-13", "Mossypup", "gate"), ("2021-10-07", "Lullabrook", "car seat")):
        code = make.item(brand, kind)
        text = f"Units marked \u00e2\u20ac\u0153{brand}\u00e2\u20ac\ufffd on the child\u00e2\u20ac\u2122s side are included. All units are included."
        recall = make.recall(date, brand, kind, text, upcs=[code])
        make.book.case("broken encoding", recall, code, "recalled", "quotes of the text are broken, its facts are not")
    code = make.item("Quillabee", "crib")
    recall = make.recall(
        "2019-04-11", "Quillabee", "crib", "All units are included.", upcs=[code], number="19-931",
        RecallDate="2019-04-11", LastPublishDate="2019-04-12",
    )  # fmt: skip
    make.book.case("odd dates", recall, code, "recalled", "number with a hyphen, dates without a time")
    code = make.item("Pipwillow", "monitor")
    products = [cpsc.product("Pipwillow Baby Monitors", "Unknown", "N/A")]
    recall = make.recall(
        "2022-08-18", "Pipwillow", "monitor", "Model number n/a, lot: all lots. All units are included.",
        upcs=[code, "000000000000", "N/A"], products=products,
    )  # fmt: skip
    why = "n/a, all lots and a code of zeros are placeholders: nothing limits the notice"
    make.book.case("placeholders", recall, code, "recalled", why)
    make.book.case("placeholders", recall, code, "recalled", why, None, {"lot": "4711"})


def broken(make: Maker) -> None:
    make.recall("2025-07-17", "Nappelo", "carrier", "All units are included.", number="")
    make.recall("2022-06-23", "Nappelo", "walker", "All units are included.", RecallDate="2022-06-31T00:00:00")
    make.book.rejects["us-cpsc"] = 2


def month(date: str) -> str:
    """Returns a date's month and year in words."""
    names = "January February March April May June July August September October November December".split()
    return f"{names[int(date[5:7]) - 1]} {date[:4]}"
