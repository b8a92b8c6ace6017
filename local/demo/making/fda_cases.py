"""openFDA: made-up events of made-up brands, one family of cases after the other.

A made-up record is known by its event (990001 and up) and its product number (`F-9nnn-YYYY`).
"""

from __future__ import annotations

from making import fda
from making.book import Book
from making.gtin import wrong


class Maker:
    """Numbers made-up events and products and sets them in the API's layout."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.events = 990000
        self.numbers = 9000

    def event(self) -> str:
        """Returns the next event's id."""
        self.events += 1
        return str(self.events)

    def product(self, kind: str, event: str, date: str, brand: str, text: str, code_info: str, **given: object) -> str:
        """Adds one product of an event and returns the recall's id."""
        self.numbers += 1
        number = str(given.pop("number", f"{fda.LETTER[kind]}-{self.numbers}-{date[:4]}"))
        record = fda.layout(
            kind, event, number, date, recalling_firm=f"{brand} (made up)", city="Springfield", state="IL",
            product_description=text, code_info=code_info, product_quantity=f"{self.numbers - 8990} cases",
            reason_for_recall=REASON[kind], distribution_pattern="Nationwide", more_code_info="",
        )  # fmt: skip
        record.update(given)
        self.book.feeds[fda.FEED[kind]].append({k: v for k, v in record.items() if v is not None})
        return f"us-fda:{event}"

    def item(self, brand: str, name: str, kind: str = "Food", quantity: str = "") -> str:
        """Adds a catalogue item and returns its GTIN."""
        return self.book.item(self.book.us.next(), f"{brand} {name}", brand, kind.lower(), quantity)


REASON = {
    "Food": "Foreign matter may be in the product.",
    "Drugs": "The active substance is too weak.",
    "Devices": "The device may show a wrong reading.",
}
FORMULA = "Infant Formula Powder, Milk-Based, with Iron, 12.5 OZ (354 g)"
PUREE = "Apple Pear Puree Pouch, 4 OZ (113 g)"
DROPS = "Infants' Acetaminophen Oral Suspension, 160 mg per 5 mL, 2 FL OZ (59 mL)"
THERMOMETER = "Ear Thermometer for Babies"


def spaced(code: str) -> str:
    """Returns a UPC-A as it is printed under its bars."""
    return f"{code[0]} {code[1:6]} {code[6:11]} {code[11]}"


def add(book: Book) -> None:
    """Adds every family of openFDA cases."""
    book.agency = "us-fda"
    make = Maker(book)
    everything(make)
    lots(make)
    dates(make)
    several(make)
    states(make)
    drugs(make)
    devices(make)
    misprints(make)


def everything(make: Maker) -> None:
    for date, brand, name, words in (
        ("20240221", "Purelune", FORMULA, "All lots"),
        ("20250514", "Grainwick", "Oat Baby Cereal, 8 OZ (227 g)", "All codes"),
        ("20260819", "Berrymoss", PUREE, "All lots within expiry"),
        ("20230118", "Sproutlark", "Teething Biscuits Banana, 5 OZ (142 g)", "ALL LOTS."),
    ):
        code, other = make.item(brand, name.split(",")[0]), make.item(brand, "Rice Snack")
        recall = make.product("Food", make.event(), date, brand, f"{brand} {name}, UPC {spaced(code)}", words)
        make.book.case("all lots", recall, code, "recalled", f"codes of the notice: {words}")
        make.book.case("all lots", recall, code, "recalled", "no lot is outside a notice on all lots", None, {"lot": "X1"})
        why = "same company prefix, another item"
        make.book.case("same company, another item", None, other, "no_known_recall", why)


def lots(make: Maker) -> None:
    for date, brand, name, text, inside, outside in (
        ("20240508", "Purelune", FORMULA, "Lots: 24A101, 24A102, 24A103", "24A102", "24A199"),
        ("20250319", "Berrymoss", PUREE, "Lot # K5011; Lot # K5012", "K5012", "K5020"),
        ("20261007", "Sproutlark", "Toddler Yogurt Melts, 1 OZ (28 g)", "Lot Codes: 6120B, 6121B and 6122B", "6121B", "6180B"),
        ("20211103", "Grainwick", "Rice Baby Cereal, 8 OZ (227 g)", "Lots 093470 and 103470", "103470", "113470"),
    ):
        code = make.item(brand, name.split(",")[0] + f" {inside}")
        recall = make.product("Food", make.event(), date, brand, f"{brand} {name}, UPC {spaced(code)}", text)
        make.book.limited("lot list", recall, code, "lot", inside, outside)
    for date, brand, text, inside, outside in (
        ("20240710", "Sproutlark", "Lots 4501 through 4530", "4512", "4600"),
        ("20251126", "Purelune", "Lot numbers 22100 to 22199", "22150", "22200"),
    ):
        code = make.item(brand, f"Toddler Drink {inside}")
        recall = make.product("Food", make.event(), date, brand, f"{brand} Toddler Drink, 32 FL OZ, UPC {spaced(code)}", text)
        make.book.limited("lot range", recall, code, "lot", inside, outside)
    for date, brand, text in (
        ("20240918", "Berrymoss", "Lot 24C100 and others whose code cannot be read"),
        ("20260225", "Grainwick", "Lot B600 and further lots; the list is not final"),
    ):
        code = make.item(brand, "Vegetable Mash " + text[4:8])
        recall = make.product("Food", make.event(), date, brand, f"{brand} Vegetable Mash, 4 OZ, UPC {spaced(code)}", text)
        why = "the list is not complete, so a lot outside it proves nothing"
        make.book.case("limits read in part", recall, code, "possibly_recalled", why, "any", {"lot": "9999"})


def dates(make: Maker) -> None:
    for date, brand, text, inside, outside in (
        ("20250205", "Purelune", "Best By dates 01MAR2025 through 31MAY2025", "2025-04-15", "2025-07-01"),
        ("20260318", "Berrymoss", "USE BY 2026 MAR 04 through 2026 MAR 31", "2026-03-20", "2026-04-20"),
        ("20240612", "Grainwick", "Best by dates from 07/01/2024 to 08/31/2024", "2024-08-01", "2024-09-15"),
        ("20220504", "Sproutlark", "Best By 01May22 and 15Jun22", "2022-06-15", "2022-06-16"),
    ):
        code = make.item(brand, f"Fruit Cup {inside}")
        recall = make.product("Food", make.event(), date, brand, f"{brand} Fruit Cup, 4 OZ, UPC {spaced(code)}", text)
        make.book.limited("date range", recall, code, "date", inside, outside)


def several(make: Maker) -> None:
    event, date, brand = make.event(), "20250820", "Purelune"
    codes = [make.item(brand, f"Stage {i} Formula") for i in (1, 2, 3)]
    for stage, code in enumerate(codes, 1):
        text = f"{brand} Stage {stage} Infant Formula Powder, 12.5 OZ, UPC {spaced(code)}"
        recall = make.product("Food", event, date, brand, text, f"Lots: S{stage}501, S{stage}502")
    make.book.case("several products", recall, codes[1], "recalled", "the lot is of this product", None, {"lot": "S2502"})
    why = "the lot is listed for another product of the event, not for this one"
    make.book.case("several products", recall, codes[1], "no_known_recall", why, None, {"lot": "S1501"})
    why = "the item matches and its lot is not given"
    make.book.case("several products", recall, codes[2], "possibly_recalled", why, "lot")
    for date, brand, size in (("20240117", "Sproutlark", 12), ("20260610", "Berrymoss", 60), ("20260715", "Purelune", 45)):
        event = make.event()
        for number in range(1, size + 1):
            code = make.item(brand, f"Puree No. {number}") if number in (1, size) or size == 12 else make.book.us.next()
            text = f"{brand} Puree No. {number}, 4 OZ (113 g), UPC {spaced(code)}"
            recall = make.product("Food", event, date, brand, text, "All lots")
        make.book.case("several products", recall, code, "recalled", f"the last of {size} products of one event")
    code = make.item("Grainwick", "Barley Baby Cereal")
    text = f"Grainwick Barley Baby Cereal, 8 OZ, UPC {spaced(code)}"
    early = make.product("Food", make.event(), "20230802", "Grainwick", text, "Lots: GB301, GB302", classification="Class I")
    late = make.product("Food", make.event(), "20240327", "Grainwick", text, "Lots: GB401, GB402")
    why = "two events list this GTIN; this lot is of the later one"
    make.book.case("several recalls for one item", late, code, "recalled", why, None, {"lot": "GB401"}, recall_ids=[late])
    why = "two events list this GTIN; this lot is of the earlier one"
    make.book.case("several recalls for one item", early, code, "recalled", why, None, {"lot": "GB301"}, recall_ids=[early])
    why = "two events list this GTIN; this lot is of neither"
    make.book.case("several recalls for one item", late, code, "no_known_recall", why, None, {"lot": "GB555"})
    for first, second, brand in (("20241224", "20250108", "Purelune"), ("20211229", "20220105", "Sproutlark")):
        event = make.event()
        codes = [make.item(brand, f"Cereal Bar {first[:4]} {flavor}") for flavor in ("Apple", "Plum")]
        for date, code, flavor in zip((first, second), codes, ("Apple", "Plum")):
            text = f"{brand} Cereal Bar {flavor}, 6 OZ, UPC {spaced(code)}"
            recall = make.product("Food", event, date, brand, text, "All lots")
        for code in codes:
            why = f"one event, its products reported on {first} and {second}: one recall with both products"
            make.book.case("event over two report years", recall, code, "recalled", why)


def states(make: Maker) -> None:
    for date, brand, given, why in (
        ("20220615", "Berrymoss", {"status": "Terminated", "termination_date": "20230110"}, "ended recalls are still recalls"),
        ("20230329", "Grainwick", {"status": "Completed"}, "a completed recall is still a recall"),
        ("20260930", "Purelune", {"classification": "Not Yet Classified", "number": "N/A", "center_classification_date": ""},
         "not yet classified, so without a number of its own"),
        ("20261014", "Sproutlark", {"classification": "Not Yet Classified", "number": "N/A", "center_classification_date": ""},
         "not yet classified, so without a number of its own"),
        ("20240501", "Sproutlark", {"classification": "Class III", "more_code_info": None}, "a field the API may leave out"),
    ):  # fmt: skip
        code = make.item(brand, f"Baby Pasta {date}")
        text = f"{brand} Baby Pasta, 9 OZ, UPC {spaced(code)}"
        event = make.event()
        recall = make.product("Food", event, date, brand, text, "All lots", **given)
        if given.get("number") == "N/A":
            other = make.item(brand, f"Baby Pasta {date} Large")
            text = f"{brand} Baby Pasta Large, 18 OZ, UPC {spaced(other)}"
            make.product("Food", event, date, brand, text, "All lots", **given)
            make.book.case("status and class", recall, other, "recalled", "second product of the event, also numbered N/A")
        make.book.case("status and class", recall, code, "recalled", why)


def drugs(make: Maker) -> None:
    for date, brand, in_field in (("20240306", "Feverel", True), ("20250709", "Calmenny", True), ("20260128", "Feverel", False)):
        code = make.item(brand, f"Infants' Acetaminophen {date}", "Drugs", "59 mL")
        labeller = "99" + date[3:6]
        openfda = {
            "brand_name": [f"{brand} Infants"], "generic_name": ["ACETAMINOPHEN"], "manufacturer_name": [f"{brand} (made up)"],
            "product_ndc": [f"{labeller}-101"], "product_type": ["HUMAN OTC DRUG"], "route": ["ORAL"],
            "substance_name": ["ACETAMINOPHEN"], "package_ndc": [f"{labeller}-101-02"], "is_original_packager": [True],
            "upc": ["0" + code],
        }  # fmt: skip
        text = f"{brand} {DROPS}, NDC {labeller}-101-02" + ("" if in_field else f", UPC {spaced(code)}")
        codes = f"Lot #: {brand[0]}D0412, Exp 09/2027; Lot #: {brand[0]}D0413, Exp 10/2027"
        recall = make.product("Drugs", make.event(), date, brand, text, codes, openfda=openfda if in_field else {})
        make.book.limited("drug", recall, code, "lot", f"{brand[0]}D0413", f"{brand[0]}D0999", inside_accept=["recalled", "possibly_recalled"])
    code = make.item("Calmenny", "Baby Teething Gel", "Drugs", "9 g")
    text = f"Calmenny Baby Teething Gel, 0.33 OZ (9.4 g), UPC {spaced(code)}"
    recall = make.product("Drugs", make.event(), "20250917", "Calmenny", text, "All Lots.")
    make.book.case("all lots", recall, code, "recalled", "a drug, all lots")


def devices(make: Maker) -> None:
    names = ["Ear Thermometer for Babies", "Electric Breast Pump", "Infant Nebulizer", "Nasal Aspirator", "Baby Scale",
             "Infant Pulse Oximeter Sensor", "Phototherapy Blanket", "Enteral Feeding Set"]  # fmt: skip
    brands = ["Thermowick", "Pumpelle", "Airowren", "Medilark"]
    for number in range(24):
        name, brand = names[number % len(names)], brands[number % len(brands)]
        date = f"{2019 + number // 3}{(number * 5) % 12 + 1:02d}{(number * 7) % 27 + 1:02d}"
        code = make.item(brand, f"{name} {number + 1}", "Devices")
        text = f"{brand} {name}, Model {brand[:2].upper()}-{100 + number}"
        if number % 4 == 0:
            first = 10000 + number * 1000
            codes = f"UDI-DI: {code.zfill(14)}; Serial numbers {first} to {first + 499}"
            recall = make.product("Devices", make.event(), date, brand, text, codes, classification="Class I")
            make.book.limited("serial range", recall, code, "serial", str(first + 250), str(first + 900))
        elif number % 4 == 1:
            codes = f"UDI-DI: {code.zfill(14)}; Lot numbers: P{number}01, P{number}02"
            recall = make.product("Devices", make.event(), date, brand, text, codes)
            if number % 8 == 1:
                make.book.limited("lot list", recall, code, "lot", f"P{number}02", f"P{number}77")
        elif number % 4 == 2:
            codes = f"UPC {spaced(code)}; all serial numbers"
            recall = make.product("Devices", make.event(), date, brand, text, codes)
            make.book.case("gtin decides", recall, code, "recalled", "a device, all serial numbers")
        else:
            recall = make.product("Devices", make.event(), date, brand, text, f"Model {brand[:2].upper()}-{100 + number}, all units")
            why = "the notice names a model and no GTIN: the GTIN alone must not say recalled"
            accept = ["no_known_recall", "possibly_recalled"]
            make.book.case("model only", None, code, "no_known_recall", why, "any", accept=accept, not_verdict="recalled")


def misprints(make: Maker) -> None:
    for date, brand in (("20230510", "Berrymoss"), ("20251008", "Grainwick")):
        code = make.item(brand, f"Snack Puffs {date}")
        bad = wrong(code)
        make.product("Food", make.event(), date, brand, f"{brand} Snack Puffs, 1.5 OZ, UPC {spaced(bad)}", "All lots")
        why = "the notice prints this code with a wrong check digit, which matches nothing"
        make.book.case("wrong check digit", None, code, "no_known_recall", why)
    make.product("Food", "", "20260708", "Purelune", "Purelune Snack Puffs, 1.5 OZ", "All lots", number="N/A")
    make.book.rejects["us-fda-food"] = 1
