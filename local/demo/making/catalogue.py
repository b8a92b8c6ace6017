"""The demo catalogue: products without a recall, the recalled items, and lines that an importer must refuse."""

from __future__ import annotations

import json
import re

from making.book import Book
from making.gtin import gtin14, in_store, is_valid, wrong
from making.samples import Samples

HEADER = ["gtin", "name", "brand", "category", "quantity", "country", "source", "source_url", "licence"]
# Brands that Open Food Facts products carry in their name.
BRANDS = [
    "Gerber", "Beech-Nut", "Plum Organics", "Earth's Best", "Happy Baby", "Happy Tot", "Ella's Kitchen", "Hipp", "Holle",
    "Nestlé", "Blédina", "Cow & Gate", "Aptamil", "Heinz", "Sprout", "Similac", "Enfamil", "Parent's Choice", "Babybio",
    "Organix", "Bledina", "Milupa", "Alete", "Bebivita", "Nature's Goodness", "Guigoz", "Gallia", "Hero Baby", "Peter Rabbit Organics",
]  # fmt: skip
MADE_UP = ["swaddle", "bath towel", "play mat", "teething ring", "drawer latch", "night light", "changing pad", "bib set",
           "sippy cup", "stacking cups"]  # fmt: skip


def add(samples: Samples, book: Book, wanted: int) -> None:
    """Adds `wanted` Open Food Facts products and the made-up ones, none of them recalled, with their cases."""
    known = {gtin14(row["gtin"]) for row in book.items}
    digits = re.sub(r"[ \-]", "", json.dumps(book.feeds))
    rows = [r for r in samples.baby_food() if usable(r, digits, known)]
    rows.sort(key=lambda r: (brand_of(r["product_name"]) == "", r["barcode_id"]))
    branded = [r for r in rows if brand_of(r["product_name"])]
    others = [r for r in rows if not brand_of(r["product_name"])]
    chosen = spread(branded, wanted * 2 // 3) + spread(others, wanted - wanted * 2 // 3)
    for row in chosen:
        code, name = row["barcode_id"], tidy(row["product_name"])
        book.item(
            code, name, brand_of(name), "baby food", size_of(name), country="", source="Open Food Facts",
            source_url=f"https://world.openfoodfacts.org/product/{code}", licence="ODbL-1.0",
        )  # fmt: skip
    book.agency = ""
    for row in others[:4]:
        if row in chosen:
            why = "an Open Food Facts product that no notice lists"
            book.case("no recall", None, row["barcode_id"], "no_known_recall", why)
    for number, name in enumerate(MADE_UP * 4):
        brand = ("Thistlekin", "Moonacorn", "Dapplewick", "Hushaberry")[number % 4]
        code = book.item(book.us.next(), f"{brand} {name} {number + 1}", brand, "nursery")
        if number < 3:
            book.case("no recall", None, code, "no_known_recall", "a made-up product that no notice lists")
    for _ in range(4):
        why = "a right check digit, and in no list: not in the catalogue, in no notice"
        book.case("in no list", None, book.us.next(), "unknown_product", why)


def usable(row: dict, digits: str, known: set[str]) -> bool:
    """Says whether a product has a whole GTIN, a plain name and is in no notice."""
    code, name = row["barcode_id"], tidy(row["product_name"])
    plain = 6 <= len(name) <= 90 and "�" not in name and "&quot" not in name
    fresh = gtin14(code) not in known and code.lstrip("0") not in digits
    return is_valid(code) and len(code) in (12, 13) and not in_store(code) and code.strip("0")[:3] != "978" and plain and fresh


def tidy(name: str) -> str:
    """Returns a name on one line."""
    return re.sub(r"\s+", " ", name).strip()


def brand_of(name: str) -> str:
    """Returns the brand that a name carries, or nothing."""
    return next((b for b in BRANDS if re.search(rf"(?i)(?<!\w){re.escape(b)}(?!\w)", name)), "")


def size_of(name: str) -> str:
    """Returns the quantity that a name carries, or nothing."""
    found = re.search(r"(?i)\d+(?:[.,]\d+)? ?(?:g|kg|ml|cl|l|oz|fl oz)\b", name)
    return found.group(0) if found else ""


def spread(rows: list[dict], wanted: int) -> list[dict]:
    """Returns `wanted` rows from all over the list; the first four are always among them."""
    step = max(1, len(rows) // wanted)
    return (rows[:4] + [r for r in rows[::step] if r not in rows[:4]])[:wanted]


def lines(book: Book) -> tuple[list[list[str]], list[dict]]:
    """Returns the file's rows with the refused ones among them, and what is refused: line number, GTIN, reason."""
    rows = sorted(([item[h] for h in HEADER] for item in book.items), key=lambda r: (gtin14(r[0]), r[1]))
    good = [item["gtin"] for item in book.items if item["source"] == "Open Food Facts"]
    rest = ["nursery", "", "US", "BabyShield demo (made up)", "", "CC0-1.0"]
    bad = [
        ([wrong(good[3]), "Misread jar", "", *rest], "wrong check digit"),
        ([wrong(good[40]), "Misread pouch", "", *rest], "wrong check digit"),
        (["850099999990", "Misread crib", "Wrenlet", *rest], "wrong check digit"),
        (["7.99E+11", "Spreadsheet jar", "", *rest], "number in scientific notation"),
        (["3.76E+12", "Spreadsheet pouch", "", *rest], "number in scientific notation"),
        ([book.us.next(), "", "Wrenlet", *rest], "empty name"),
        ([book.us.next(), "   ", "Wrenlet", *rest], "empty name"),
        (["2012345678900", "Cheese from the counter", "", *rest], "in-store prefix 2"),
        (["0212345678906", "Ham from the counter", "", *rest], "in-store prefix 02"),
        ([book.us.next(), "Short line", "Wrenlet"], "wrong column count"),
        ([book.us.next(), "Long line", "Wrenlet", *rest, "one more"], "wrong column count"),
        (["85009O000012", "Letter in the code", "", *rest], "not a number"),
        (["", "No code at all", "", *rest], "empty GTIN"),
        (["65151101", "Zeros lost", "", *rest], "wrong check digit"),
    ]
    step = len(rows) // (len(bad) + 1)
    refused = []
    for number, (row, why) in enumerate(bad, 1):
        position = number * step + number - 1
        rows.insert(position, row)
        refused.append({"line": position + 2, "gtin": row[0], "why": why})
    return rows, refused
