"""openFDA enforcement reports: facts of real events, set in new sentences in the layout of the API."""

from __future__ import annotations

import re

from making.book import Book, pick
from making.cpsc import listed
from making.gtin import in_store, is_valid
from making.samples import Samples

FIRST_DAY = "20190101"
MOST_PRODUCTS = 12
FEED = {"Food": "us-fda-food", "Drugs": "us-fda-drug", "Devices": "us-fda-device"}
LETTER = {"Food": "F", "Drugs": "D", "Devices": "Z"}
# The API leaves these two out where there is nothing to say.
OPTIONAL = ("termination_date", "more_code_info")
STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY PR DC"
).split()
# What a reason says for a class of faults, and the class in our words: never more than the reason itself.
REASONS = [
    (r"listeria", "Listeria monocytogenes may be in the product."),
    (r"cronobacter", "Cronobacter sakazakii may be in the product."),
    (r"salmonella", "Salmonella may be in the product."),
    (r"e\. ?coli|ehec", "Escherichia coli may be in the product."),
    (r"botulinum|botulism", "Clostridium botulinum may grow in the product."),
    (r"cyclospora", "Cyclospora may be in the product."),
    (r"(?:elevated|high|of|with|for|undeclared) lead\b|\blead (?:level|content|chromate)|lead contaminat", "The level of lead may be too high."),
    (r"undeclared|not declare", "An allergen is not declared on the label: {allergen}."),
    (r"arsenic", "The level of inorganic arsenic may be too high."),
    (r"metal (?:frag|piece|shaving|part|object|wire)|(?:pieces|fragments|shavings) of metal", "Pieces of metal may be in the product."),
    (r"glass (?:frag|piece|part|shard)|(?:pieces|fragments|shards) of glass", "Pieces of glass may be in the product."),
    (r"plastic (?:frag|piece|part)|(?:pieces|fragments) of (?:\w+ )?plastic|foreign|beetle|insect|rubber", "Foreign matter may be in the product."),
    (r"nitrosamine|ndma|ndea|impurit|degradation", "An impurity is above its limit."),
    (r"superpotent", "The active substance is too strong."),
    (r"subpotent", "The active substance is too weak."),
    (r"(?<!non-)(?<!non )steril", "The product may not be sterile."),
    (r"burkholderia|microbial|bacill|fung", "Microbes may be in the product."),
    (r"\bmold|mould|yeast|spoil", "The product may spoil or grow mold."),
    (r"temperature", "The product was not kept at the right temperature."),
    (r"dissolution|stability", "The product fails a test of its specification."),
    (r"unapproved (?:new )?drug|without an approved|nda/anda|pre-?market notif", "The product was sold without the approval or notice that it needs."),
    (r"label|dosing cup|package insert", "The label or the package does not say what it must."),
    (r"\bseal|defective container|crimp|leak", "The container may not close tightly."),
    (r"contaminat", "The product may be contaminated."),
    (r"cgmp|insanitary|gmp", "The product was not made under good manufacturing practice."),
]  # fmt: skip
ALLERGENS = "milk egg wheat soy almond peanut walnut hazelnut cashew pecan sesame fish shellfish shrimp sulfite mustard coconut".split() + ["tree nut"]
CODE_WORDS = set(
    "lot lots code codes batch batches exp expiration expires expiry date dates best before use used sell enjoy all and with "
    "the from through between upc unit case item items number numbers product mfg manufactured bottle carton january february "
    "march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec "
    "serial ndc each for are not available none thru".split()
)
UPC = re.compile(r"(?i)(?:upcs?|gtin)[^\d]{0,24}(\d[\d \-]{9,16}\d)")


def real_records(samples: Samples, book: Book, wanted: int) -> None:
    """Adds `wanted` real events since 2019, those with infant or child products first."""
    events: dict[str, list[dict]] = {}
    for record in samples.fda():
        if record["report_date"] >= FIRST_DAY and keeps_to_codes(record["code_info"]):
            events.setdefault(record["event_id"], []).append(record)
    ranked = sorted(
        events.values(), key=lambda e: (not any(r["_child"] for r in e), not any(printed(r) for r in e), e[0]["event_id"])
    )
    for event in ranked[:wanted]:
        event.sort(key=lambda r: (not r["_child"], r["recall_number"]))
        for record in event[:MOST_PRODUCTS]:
            book.feeds[FEED[record["product_type"]]].append(from_record(record))
            add_item(book, record)


def add_item(book: Book, record: dict) -> None:
    """Adds the catalogue item of a record that prints a whole GTIN."""
    codes = [c for c in printed(record) if not in_store(c)]
    if codes:
        name = described(record["product_description"])[:110]
        size = re.search(r"(?i)\d[\d.]* ?(?:fl\.? ?oz|oz|ml|g|lb)\b", record["product_description"])
        licence = {"source": "openFDA", "source_url": "https://open.fda.gov/", "licence": "CC0-1.0"}
        book.item(codes[0], name, "", record["product_type"].lower(), size.group(0) if size else "", **licence)


def layout(kind: str, event: str, number: str, date: str, **given: object) -> dict:
    """Returns a record with every field of the API, in the API's order; the optional ones only where given."""
    record = {
        "country": "United States", "city": "", "address_1": "", "reason_for_recall": "", "address_2": "",
        "product_quantity": "", "code_info": "", "center_classification_date": date, "distribution_pattern": "",
        "state": "", "product_description": "", "report_date": date, "classification": "Class II", "openfda": {},
        "recalling_firm": "", "recall_number": number, "initial_firm_notification": "Letter", "product_type": kind,
        "event_id": event, "termination_date": None, "more_code_info": None, "recall_initiation_date": date,
        "postal_code": "", "voluntary_mandated": "Voluntary: Firm initiated", "status": "Ongoing",
    }  # fmt: skip
    unknown = set(given) - set(record)
    if unknown:
        raise KeyError(f"the API has no field {sorted(unknown)}")
    record.update(given)
    return {k: v for k, v in record.items() if v is not None or k not in OPTIONAL}


def from_record(record: dict) -> dict:
    """Keeps a record's facts and writes its sentences anew; the street address is left out."""
    kept = {k: v for k, v in record.items() if not k.startswith("_")}
    codes = re.findall(UPC, record["product_description"])
    ndc = re.findall(r"NDC:? ?(\d{4,5}-\d{3,4}-\d{1,2})", record["product_description"])
    description = described(record["product_description"])
    description += "".join(f", NDC {n}" for n in ndc[:6]) + "".join(f", UPC {c}" for c in codes[:12])
    kept.update(
        address_1="", address_2="", product_description=description, reason_for_recall=reason(record),
        distribution_pattern=distribution(record["distribution_pattern"]),
    )  # fmt: skip
    if kept.get("more_code_info") and not keeps_to_codes(kept["more_code_info"]):
        kept["more_code_info"] = ""
    return kept


def described(text: str) -> str:
    """Returns the product's name and size: what stands before the first label sentence."""
    text = re.split(r"[,;] [\w.&' ]{2,40},? (?:Inc|LLC|Llc|Corp|Ltd)\b", text)[0]
    cut = r"(?i)[\s,;.(-]+(?:ingredients?|contains|directions|keep |warning|manufactured|mfd|mfg|distributed|dist\b|packaged in|packed in|label|ndc|upc|refrigerat|product of|made in|for more|this product|net weight is)"
    head = re.split(cut, text)[0]
    head = re.sub(r"\s+", " ", head)
    if len(head) > 140:
        head = head[:140].rsplit(" ", 1)[0]
    return head.strip(" ,;:-")


def reason(record: dict) -> str:
    """Returns a sentence for the reason's class."""
    text = record["reason_for_recall"].lower()
    for pattern, sentence in REASONS:
        if re.search(pattern, text):
            named = re.split(r"undeclared|not declare", text, maxsplit=1)[-1]
            found = [a for a in ALLERGENS if re.search(rf"\b{a}s?\b", named)]
            if "{allergen}" in sentence and not found:
                return "The label does not declare an ingredient that it must."
            return sentence.format(allergen=listed(found) if found else "")
    return str(pick(["The product does not meet what is required of it.", "The firm found a fault in the product."], text))


def distribution(text: str) -> str:
    """Returns where the product went: nationwide, or the states."""
    if re.search(r"(?i)nation ?-?wide|throughout the (?:us|united)", text):
        return "Nationwide"
    states = [s for s in STATES if re.search(rf"\b{s}\b", text)]
    return ", ".join(states) if states else "Limited distribution"


def keeps_to_codes(text: str) -> bool:
    """Says whether a code field holds codes and dates, and no sentences, and is not too long to show."""
    words = [w.lower() for w in re.findall(r"\b[A-Za-z]*[a-z]{2,}\b", text)]
    return len(text) <= 420 and len([w for w in words if w not in CODE_WORDS]) <= 3


def printed(record: dict) -> list[str]:
    """Returns the GTINs printed in a record's description or codes whose check digit is right."""
    text = f"{record['product_description']} {record['code_info']}"
    found = [re.sub(r"\D", "", c) for c in re.findall(UPC, text)]
    return list(dict.fromkeys(c for c in found if is_valid(c)))
