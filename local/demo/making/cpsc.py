"""CPSC: facts of real notices, set in new sentences in the layout of the REST service."""

from __future__ import annotations

import re

from making.book import Book, pick
from making.gtin import in_store, is_valid
from making.samples import Samples

FIRST_YEAR = "2019"
# Whole years, so that the one broken record in each stays under 1 % of a year's window too.
FULL_YEARS = ("2022", "2025")
BABY = re.compile(
    r"(?i)\b(bab(y|ies)|infants?|toddlers?|cribs?|bassinets?|strollers?|high ?chairs?|car seats?|loungers?|nurser"
    r"|newborns?|pacifiers?|teeth|rattles?|bath seats?|play yards?|toys?|child|children|kids|sleepers?|walkers?)"
)
LEAD = r"\blead (?:poison|content|paint|ban|level|and|exposure)|of lead\b|lead that"
# Class, what a title or hazard text says for it, the effect in our words: never more than the class itself.
HAZARDS = [
    ("Suffocation", r"suffocat", "can keep a baby from breathing"),
    ("Choking", r"chok|small parts", "can make a small child choke"),
    ("Strangulation", r"strangul", "can catch a child round the neck"),
    ("Entrapment", r"entrap", "can trap a child"),
    ("Fall", r"\bfalls?\b(?! 20)", "can let a child fall"),
    ("Tip-Over", r"tip[- ]?over", "can tip over onto a child"),
    ("Drowning", r"drown", "puts a child at risk of drowning"),
    ("Magnet Ingestion", r"magnet", "has magnets that do harm when swallowed"),
    ("Battery Ingestion", r"batter(?:y|ies) ingest|button cell|coin batter", "lets a child swallow a battery"),
    ("Lead Poisoning", LEAD, "has too much lead in it"),
    ("Child Poisoning", r"(?<!lead )poison|child[- ]resistant", "can poison a child who opens it"),
    ("Fire", r"\bfire\b", "can catch fire"),
    ("Explosion", r"explo", "can explode"),
    ("Electric Shock", r"electric(?:al)? shock", "can give an electric shock"),
    ("Burn", r"\bburns?\b|flammab", "can expose a child to burns"),
    ("Laceration", r"lacerat|puncture", "can cut or prick"),
    ("Chemical", r"phthalate|chemical|asbestos|hazardous substance", "can expose a child to a harmful substance"),
    ("Injury", r"injur|crash|impact", "can injure its user"),
]
REMEDIES = {
    "Refund": "ask {firm} for a refund",
    "Replace": "ask {firm} for a replacement",
    "Repair": "ask {firm} for a free repair",
    "New Instructions": "ask {firm} for the new instructions",
    "Dispose": "dispose of it",
    "Inspect": "have it inspected",
    "Label": "ask {firm} for a new label",
}
STORES = (
    "Amazon Walmart Target Costco Kohl's Marshalls HomeGoods Nordstrom Babylist Temu Shein Etsy eBay Macy's IKEA REI "
    "Zulily Wayfair Michaels JCPenney Burlington Ross Carter's Sierra Kmart"
).split() + ["T.J. Maxx", "Sam's Club", "Home Depot", "Best Buy", "buybuy Baby", "TikTok Shop", "Hobby Lobby",
             "Dollar General", "Dollar Tree", "Five Below", "Pottery Barn Kids", "Bed Bath & Beyond", "Old Navy"]  # fmt: skip
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"


def real_records(samples: Samples, book: Book, wanted: int) -> None:
    """Adds about `wanted` real recalls since 2019, baby and child products first, and the one of 2026 in the wire format."""
    notices = [n for n in samples.cpsc_reshaped("children") if n["date"] >= FIRST_YEAR and n["products"]]
    notices = [n for n in notices if not n["title"].count("Recalls") > 1]
    chosen = {n["id"]: n for n in notices if n["date"][:4] in FULL_YEARS or upcs(n["description"])}
    others = [n for n in samples.cpsc_reshaped("other-consumer") if n["date"] >= FIRST_YEAR and n["products"]]
    chosen.update({n["id"]: n for n in [n for n in others if n["date"][:4] in FULL_YEARS][::8] + others[::120]})
    baby = [n for n in notices if n["id"] not in chosen and BABY.search(" ".join(n["products"]))]
    missing = min(len(baby), max(0, wanted - len(chosen)))
    chosen.update({n["id"]: n for n in (baby[i * len(baby) // missing] for i in range(missing))})
    for position, notice in enumerate(sorted(chosen.values(), key=lambda n: (n["date"], n["id"]))):
        book.feeds["us-cpsc"].append(from_notice(notice, 900001 + position))
        for code in [c for c in upcs(notice["description"]) if not in_store(c)][:1]:
            licence = {"source": "US CPSC", "source_url": notice["url"], "licence": "US public domain"}
            book.item(code, notice["products"][0][:120], "", "child products", **licence)
    for captured in samples.cpsc_wire():
        book.feeds["us-cpsc"].append(from_wire(captured))


def layout(number: str, date: str, **given: object) -> dict:
    """Returns a record with every field of the service, empty where nothing is given, in the service's order."""
    record = {
        "RecallID": 0, "RecallNumber": number, "RecallDate": f"{date}T00:00:00", "Description": "", "URL": "",
        "Title": "", "ConsumerContact": "", "LastPublishDate": f"{date}T00:00:00", "Products": [],
        "Inconjunctions": [], "Images": [], "Injuries": [], "Manufacturers": [], "Retailers": [], "Importers": [],
        "Distributors": [], "SoldAtLabel": None, "ManufacturerCountries": [], "ProductUPCs": [], "Hazards": [],
        "Remedies": [], "RemedyOptions": [],
    }  # fmt: skip
    unknown = set(given) - set(record)
    if unknown:
        raise KeyError(f"the service has no field {sorted(unknown)}")
    record.update(given)
    return record


def product(name: str, units: str = "", model: str = "") -> dict:
    """Returns one entry of `Products`."""
    return {"Name": name, "Description": "", "Model": model, "Type": "", "CategoryID": "", "NumberOfUnits": units}


def from_notice(notice: dict, recall_id: int) -> dict:
    """Sets a reshaped notice's facts in new sentences."""
    text, title = notice["description"], notice["title"]
    hazards = hazard_names(title, notice["hazard"])
    firm, role = firm_of(title)
    codes, models, lots = upcs(text), models_of(text), lots_of(text)
    in_field = codes and pick([True, False, False], "upc-field", notice["id"])
    names = notice["products"]
    options = [o for o in notice["remedy_options"] if o in REMEDIES]
    sentences = [f"The recall covers {listed(names[:4])}."]
    if models:
        sentences.append(f"Model number{'s' * (len(models) > 1)} {listed(models)} can be found on the product or its label.")
    if codes and not in_field:
        sentences.append(f"The packaging bears UPC {listed(codes)}.")
    if lots:
        sentences.append(f"Lot numbers {listed(lots)} are included.")
    elif re.search(r"(?i)\b(lots?|batch|serial|date codes?|manufactur(ed|ing) (date|between|from|in))\b", text):
        sentences.append("Only some markings are covered; the notice behind the link says which.")
    return layout(
        notice["id"], notice["date"], RecallID=recall_id, Title=title_of(firm, names[0], hazards, notice["id"]),
        Description=" ".join(sentences), URL=notice["url"],
        ConsumerContact=f"{firm} answers questions; the notice gives the ways to reach it." if firm else "",
        Products=[product(n, notice["units"] if i == 0 else "") for i, n in enumerate(names)],
        Images=[{"URL": u, "Caption": f"Recalled {names[0]}"} for u in notice["images"][:1] if " " not in u],
        Injuries=[{"Name": injuries(notice["injury_text"])}] if notice["injury_text"] else [],
        **{role: [{"Name": firm, "CompanyID": ""}]} if firm else {},
        Retailers=[{"Name": sold(r), "CompanyID": ""} for r in notice["retailers"][:1]],
        ManufacturerCountries=[{"Country": c} for c in notice["countries"]],
        ProductUPCs=[{"UPC": c} for c in codes] if in_field else [],
        Hazards=[{"Name": hazard_text(hazards, notice["id"]), "HazardType": "", "HazardTypeID": ""}],
        Remedies=[{"Name": remedy_text(options, firm, notice["id"])}],
        RemedyOptions=[{"Option": o} for o in options],
    )  # fmt: skip


def from_wire(captured: dict) -> dict:
    """Keeps the facts of a captured record and writes its sentences anew."""
    firm = captured["Importers"][0]["Name"].split(" Purchasing")[0]
    models = models_of(captured["Description"])
    hazards = hazard_names(captured["Title"])
    options = [o["Option"] for o in captured["RemedyOptions"]]
    name = captured["Products"][0]["Name"]
    return {
        **captured,
        "Title": title_of(firm, name, hazards, captured["RecallNumber"]),
        "Description": f"The recall covers {name}. Model numbers {listed(models)} stand on a label inside the drawer.",
        "ConsumerContact": f"{firm} answers questions; the notice gives the ways to reach it.",
        "Images": [{"URL": i["URL"], "Caption": f"Recalled {name}"} for i in captured["Images"]],
        "Injuries": [{"Name": "One report is on record. No injuries have been reported."}],
        "Retailers": [{"Name": sold(r["Name"]), "CompanyID": ""} for r in captured["Retailers"]],
        "Hazards": [{"Name": hazard_text(hazards, name), "HazardType": "", "HazardTypeID": ""}],
        "Remedies": [{"Name": remedy_text(options, firm, name)}],
    }


def hazard_names(title: str, text: str = "") -> list[str]:
    """Returns the hazard classes of the title, else of the hazard text, at most two."""
    # What stands before "due to" names the product: burn pads are no burn hazard.
    cause = re.split(r"(?i)\bdue to\b|\bto prevent\b", title, maxsplit=1)
    for words in (cause[1] if len(cause) > 1 else "", text):
        found = [name for name, pattern, _ in HAZARDS[:-1] if re.search(pattern, words, re.I)]
        if "Lead Poisoning" in found and not re.search(r"(?i)child[- ]resistant", words):
            found = [name for name in found if name != "Child Poisoning"]
        if found:
            return found[:2]
    return ["Injury"]


def hazard_text(hazards: list[str], key: str) -> str:
    """Returns a sentence for the hazard classes."""
    effects = " and ".join(effect for name, _, effect in HAZARDS if name in hazards)
    forms = ["The product {0}: {1} hazard.", "It was found that the product {0} ({1} hazard).", "{2} hazard: the product {0}."]
    kinds = " and ".join(h.lower() for h in hazards)
    return str(pick(forms, "hazard", key)).format(effects, kinds, kinds[:1].upper() + kinds[1:])


def title_of(firm: str, name: str, hazards: list[str], key: str) -> str:
    """Returns a title in the agency's manner."""
    kinds = " and ".join(hazards)
    firm = "" if name.startswith(firm) else firm
    name = name if len(name) <= 90 else name[:90].rsplit(" ", 1)[0].rstrip(" &,;")
    forms = ["{1} Recalled: {2} Hazard", "{1} under Recall for {2} Hazard"]
    if firm:
        forms += ["{0} Takes Back {1}: {2} Hazard", "{1} by {0} Recalled: {2} Hazard"]
    return str(pick(forms, "title", key)).format(firm, name, kinds)


def remedy_text(options: list[str], firm: str, key: str) -> str:
    """Returns what to do, from the remedy kinds."""
    steps = [REMEDIES[o].format(firm=firm or "the seller") for o in options] or ["follow the notice behind the link"]
    forms = ["Put the product out of children's reach and {0}.", "Do not use the product any more: {0}.", "Stop using it at once and {0}."]
    return str(pick(forms, "remedy", key)).format(" or ".join(steps))


def injuries(text: str) -> str:
    """Returns how many reports there are, as far as the notice puts it in figures."""
    if re.match(r"(?i)\s*(none|no (incidents|injuries|reports))", text):
        return "None reported."
    found = re.search(r"(?i)received (?:a total of )?(?:about )?(\w+|\d[\d,]*) (?:\w+ )?(?:reports?|incidents?|complaints?)", text)
    unhurt = " No injuries have been reported." if re.search(r"(?i)no injur", text) else ""
    return f"Reports on record: {found.group(1).lower()}.{unhurt}" if found else f"Reports are on record.{unhurt}"


def sold(text: str) -> str:
    """Returns where, when and for how much, in the form the agency uses for `Retailers`."""
    places = [s for s in STORES if re.search(rf"(?i)(?<!\w){re.escape(s)}(?!\w)", text)][:5] or re.findall(r"[\w-]+\.com", text)[:2]
    months = re.findall(MONTH, text)
    prices = re.findall(r"\$\d+(?:,\d{3})*(?:\.\d\d)?", text)
    when = f" from {months[0]} through {months[-1]}" if len(months) > 1 else ""
    price = f" for between {prices[0]} and {prices[-1]}" if len(prices) > 1 else f" for about {prices[0]}" if prices else ""
    return f"{listed(places) if places else 'Stores named in the notice'}{when}{price}."


def firm_of(title: str) -> tuple[str, str]:
    """Returns the firm a title names and the field it belongs in; which field is known only for importers and distributors."""
    for pattern, role in (
        (r"Imported by (?:and )?([^;(,]+)", "Importers"),
        (r"Distributed by ([^;(,]+)", "Distributors"),
        (r"^(.{3,60}?) (?:Recalls?|Reannounces|Expands)\b", "Manufacturers"),
        (r"(?:Sold|Manufactured) (?:Exclusively )?(?:(?:on|at|Online at) [\w. ]+ )?by ([^;(,]+)", "Distributors"),
    ):
        found = re.search(pattern, title)
        if found:
            return re.split(r" and Sold| Sold | Exclusively", found.group(1))[0].strip(), role
    return "", "Manufacturers"


def upcs(text: str) -> list[str]:
    """Returns the UPCs printed in a text whose check digit is right, each once."""
    found = [re.sub(r"\D", "", c) for c in re.findall(r"(?<![\d-])\d[\d-]{10,15}\d(?![\d-])", text)]
    return list(dict.fromkeys(c for c in found if len(c) in (12, 13) and is_valid(c)))[:12]


def models_of(text: str) -> list[str]:
    """Returns the model numbers after the words "model number", at most ten, none when they form a range."""
    found: list[str] = []
    for part in re.findall(r"(?i)\bmodels?(?: numbers?| nos?\.)?:?\s([^.;()]{3,160})", text):
        if re.search(r"(?i)through|begin|between|start", part):
            return []
        found += re.findall(r"\b(?=[A-Z0-9/-]*\d)[A-Z0-9][A-Z0-9/-]{3,19}\b", part)
    bad = re.compile(r"(19|20)\d\d(-\d+)?|\d{11,}|\d+/\d+.*|\d+-\d{1,2}")
    models = [m for m in dict.fromkeys(found) if not bad.fullmatch(m)]
    return models if len(models) <= 10 else []


def lots_of(text: str) -> list[str]:
    """Returns a plain list of lot numbers, or nothing when the text holds more than such a list."""
    found = re.search(r"\blot (?:numbers?|codes?) ((?:[A-Z0-9]{4,12}(?:, (?:or |and )?| or | and )?)+)(?=\s(?:is|are)\b)", text)
    return re.findall(r"[A-Z0-9]{4,12}", found.group(1)) if found else []


def listed(values: list[str]) -> str:
    """Returns the values as English writes a list."""
    return values[0] if len(values) == 1 else ", ".join(values[:-1]) + " and " + values[-1]
