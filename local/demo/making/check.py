"""Checks the committed files: counts, check digits, field layouts, cases. Returns what is wrong, in sentences."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from making import cpsc, fda, rappelconso
from making.catalogue import BRANDS, HEADER
from making.gtin import gtin14, in_store, is_valid
from making.samples import Samples

LEAST = {"us-cpsc": 150, "us-fda": 120, "fr-rappelconso": 110}
MOST_BYTES = 3_000_000
VERDICTS = {"recalled", "possibly_recalled", "no_known_recall", "unknown_product", None}


def check(folder: Path, samples: Samples | None) -> list[str]:
    """Checks `folder`; with the samples also the layouts of real records and that made-up brands are not in them."""
    problems: list[str] = []
    manifest = read(folder / "manifest.json")
    feeds = {name: read(folder / f"{name}.json") for name in manifest["feeds"]}
    recalls = ids(feeds)
    for agency, least in LEAST.items():
        have = sum(r.startswith(f"{agency}:") for r in recalls)
        if have < least or have != manifest["recalls"][agency]:
            problems.append(f"{agency} has {have} recalls; the manifest says {manifest['recalls'][agency]}, at least {least} are wanted")
    for name, feed in feeds.items():
        rejects = manifest["feeds"][name]["rejects"]
        if len(feed) != manifest["feeds"][name]["records"]:
            problems.append(f"{name} has {len(feed)} records, not {manifest['feeds'][name]['records']}")
        broken = [year_of(name, r) for r in feed if is_broken(name, r)]
        if len(broken) != rejects:
            problems.append(f"{name} has {len(broken)} broken records, not {rejects}")
        for year in broken:
            if broken.count(year) * 110 > sum(year_of(name, r) == year for r in feed):
                problems.append(f"{name}: the broken records of {year} come too near to 1 % of that year")
        problems += layouts(name, feed)
    catalogue, refused = read_catalogue(folder / "catalogue.csv", problems)
    if refused != {(r["line"], r["gtin"]) for r in manifest["catalogue"]["refused"]}:
        problems.append("the refused lines of catalogue.csv are not those of the manifest")
    if len(catalogue) < 400 or len(catalogue) != manifest["catalogue"]["products"]:
        problems.append(f"catalogue.csv has {len(catalogue)} products")
    problems += cases(read(folder / "cases.json"), recalls, feeds, catalogue)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for name, counts in manifest["feeds"].items():
        if f"| `{name}.json` | {counts['records']} |" not in readme:
            problems.append(f"README.md does not say that {name}.json has {counts['records']} records")
    for family, count in manifest["cases"].items():
        if f"| {family} | {count} |" not in readme:
            problems.append(f"README.md does not say that there are {count} cases of {family}")
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    if size > MOST_BYTES:
        problems.append(f"the folder has {size} bytes, more than {MOST_BYTES}")
    if samples:
        problems += against_samples(feeds, samples)
    return problems


def read(path: Path) -> Any:
    """Returns a committed JSON file, or ends with a sentence that says which one cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path.name} cannot be read: {error}") from None


def ids(feeds: dict[str, list[dict]]) -> set[str]:
    """Returns the ids of all recalls of the feeds, rejects left out."""
    found = {f"us-cpsc:{r['RecallNumber'].replace('-', '')}" for r in feeds["us-cpsc"] if r.get("RecallNumber") and real_day(r.get("RecallDate", ""))}
    found |= {f"us-fda:{r['event_id']}" for name in fda.FEED.values() for r in feeds[name] if r.get("event_id")}
    for name in (rappelconso.ESPACES, rappelconso.TRIE):
        found |= {"fr-rappelconso:" + r["numero_fiche"].replace("/", "-") for r in feeds[name] if r.get("numero_fiche")}
    return found


def is_broken(name: str, record: dict) -> bool:
    """Says whether a record has no number or no day that can be read: it must end as a reject."""
    if name == "us-cpsc":
        return not record.get("RecallNumber") or not real_day(record.get("RecallDate", ""))
    return not record.get("event_id" if name.startswith("us-fda") else "numero_fiche")


def year_of(name: str, record: dict) -> str:
    """Returns the year of publication that a record states."""
    field = {"us-cpsc": "RecallDate"}.get(name, "report_date" if name.startswith("us-fda") else "date_publication")
    return str(record.get(field, ""))[:4]


def real_day(text: str) -> bool:
    """Says whether a text begins with a day of the calendar."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def layouts(name: str, feed: list[dict]) -> list[str]:
    """Says which records lack a field of their layout or have one that is not in it."""
    whole = set(cpsc.layout("", "2020-01-01")) if name == "us-cpsc" else set(fda.layout("Food", "", "", ""))
    optional = set(fda.OPTIONAL)
    if name.startswith("fr-"):
        whole, optional = set(feed[0]), set()
    return [f"{name}, record {i}: fields differ: {sorted(whole ^ set(r))}" for i, r in enumerate(feed) if whole - optional != set(r) - optional]


def read_catalogue(path: Path, problems: list[str]) -> tuple[dict[str, str], set[tuple[int, str]]]:
    """Returns GTIN-14 -> name of the good lines, and (line, GTIN) of the ones an importer must refuse."""
    good: dict[str, str] = {}
    refused = set()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader) != HEADER:
            problems.append("catalogue.csv has another header")
        for number, row in enumerate(reader, 2):
            if len(row) == len(HEADER) and is_valid(row[0]) and not in_store(row[0]) and row[1].strip():
                if gtin14(row[0]) in good:
                    problems.append(f"catalogue.csv, line {number}: {row[0]} stands twice")
                good[gtin14(row[0])] = row[1]
            else:
                refused.add((number, row[0]))
    return good, refused


def cases(found: list[dict], recalls: set[str], feeds: dict[str, list[dict]], catalogue: dict[str, str]) -> list[str]:
    """Says which cases do not fit the feeds and the catalogue."""
    problems = []
    digits = re.sub(r"(?<=\d)[ \-](?=\d)", "", json.dumps(feeds))
    if len({c["name"] for c in found}) != len(found):
        problems.append("two cases have the same name")
    for case in found:
        name, code, verdict = case["name"], case["request"]["code"], case["verdict"]
        for recall in [case["recall_id"], *case.get("recall_ids", [])]:
            if recall and recall not in recalls:
                problems.append(f"case {name}: {recall} is in no feed")
        if verdict not in VERDICTS:
            problems.append(f"case {name}: {verdict} is no verdict")
        plain = code.isdigit() and case["request"].get("format") != "upc_e"
        if plain and is_valid(code) != ("problem" not in case):
            problems.append(f"case {name}: check digit of {code}")
        if plain and verdict == "unknown_product" and (gtin14(code) in catalogue or code in digits):
            problems.append(f"case {name}: {code} is known")
        if plain and verdict in ("no_known_recall", "recalled", "possibly_recalled") and gtin14(code) not in catalogue:
            problems.append(f"case {name}: {code} is not in the catalogue")
        if plain and verdict == "recalled" and "model" not in case["request"] and code.lstrip("0") not in digits:
            problems.append(f"case {name}: {code} is in no feed")
    return problems


def against_samples(feeds: dict[str, list[dict]], samples: Samples) -> list[str]:
    """Compares layouts and types with captured records, and looks for made-up brands among real text."""
    problems = []
    wire = {
        "us-cpsc": samples.cpsc_wire(),
        "us-fda-food": [r for r in samples.fda() if r["product_type"] == "Food"],
        "us-fda-drug": [r for r in samples.fda() if r["product_type"] == "Drugs"],
        rappelconso.ESPACES: samples.rappelconso("gtin-espaces"),
        rappelconso.TRIE: samples.rappelconso("gtin-trie"),
    }
    for name, captured in wire.items():
        known = {k for r in captured for k in r if not k.startswith("_")}
        always = {k for k in known if all(k in r for r in captured)}
        for i, record in enumerate(feeds[name]):
            if not always <= set(record) <= known:
                problems.append(f"{name}, record {i}: fields are not those of the captured records")
            for key, value in record.items():
                types = {type(r[key]) for r in captured if key in r} | {type(None), str}
                if type(value) not in types:
                    problems.append(f"{name}, record {i}: {key} is a {type(value).__name__}")
    text = json.dumps([wire, samples.cpsc_reshaped("children"), samples.cpsc_reshaped("other-consumer")]).lower()
    text += " ".join(r["product_name"].lower() for r in samples.baby_food())
    for name, feed in feeds.items():
        for brand in made_up_brands(name, feed):
            if re.search(rf"\b{re.escape(brand.lower())}\b", text):
                problems.append(f"{name}: the made-up brand {brand} is in the samples, so it may be real")
    return problems


def made_up_brands(name: str, feed: list[dict]) -> set[str]:
    """Returns the brands of a feed's made-up records."""
    if name == "us-cpsc":
        return {r["Importers"][0]["Name"].split(" (")[0] for r in feed if "example.com" in r["URL"]}
    if name.startswith("us-fda"):
        return {r["recalling_firm"].split(" (")[0] for r in feed if "(made up)" in r["recalling_firm"]}
    made_up = {r["marque_produit"] for r in feed if "example.com" in r["lien_vers_la_fiche_rappel"]}
    return made_up - {"sans marque"} - set(BRANDS)
