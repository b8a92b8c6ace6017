#!/usr/bin/env python3
"""Makes the demo feeds, the demo catalogue and the test cases of this folder, or checks the committed ones.

    generate.py --shared DIRECTORY            writes the files from the samples in DIRECTORY
    generate.py --check [--shared DIRECTORY]  validates the committed files; with the samples also that they are up to date

Standard library only; the same samples always give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.dont_write_bytecode = True

from making import catalogue, check, cpsc, cpsc_cases, editions, fda, fda_cases, page, rappelconso, rappelconso_cases, tour  # noqa: E402
from making.book import Book  # noqa: E402
from making.samples import Samples  # noqa: E402

ORDER = {
    "us-cpsc": ("RecallDate", "RecallID"),
    "us-fda-food": ("report_date", "event_id"),
    "us-fda-drug": ("report_date", "event_id"),
    "us-fda-device": ("report_date", "event_id"),
    rappelconso.ESPACES: ("date_publication", "id"),
    rappelconso.TRIE: ("date_publication", "id"),
}


def made(samples: Samples) -> Book:
    """Returns everything that the files are written from."""
    book = Book()
    cpsc_cases.add(book)
    fda_cases.add(book)
    rappelconso_cases.add(book)
    cpsc.real_records(samples, book, wanted=480)
    fda.real_records(samples, book, wanted=150)
    rappelconso.real_rows(samples, book)
    rappelconso.fill(book, wanted=240)
    tour.add(book)
    catalogue.add(samples, book, wanted=300)
    for name, fields in ORDER.items():
        book.feeds[name].sort(key=lambda record: tuple(record[field] for field in fields))
    return book


def files(book: Book) -> dict[str, str]:
    """Returns path -> text of every committed data file."""
    rows, refused = catalogue.lines(book)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([catalogue.HEADER, *rows])
    cpsc_edition, cpsc_note = editions.cpsc(book)
    fr_edition, fr_note = editions.rappelconso(book)
    families: dict[str, int] = {}
    for case in book.cases:
        families[case["family"]] = families.get(case["family"], 0) + 1
    recalls = check.ids(book.feeds)
    manifest = {
        "feeds": {n: {"records": len(f), "rejects": book.rejects.get(n, 0)} for n, f in book.feeds.items()},
        "recalls": {a: sum(r.startswith(f"{a}:") for r in recalls) for a in check.LEAST},
        "catalogue": {"products": len(book.items), "refused": refused},
        "changed": [cpsc_note, fr_note],
        "never_identifiers": ["n/a", "N/A", "sans marque", "tous les lots", "tous lots confondus", "all lots", "All codes",
                              "non concerné", "000000000", "000000000000", "0"],
        "cases": dict(sorted(families.items())),
    }  # fmt: skip
    texts = {f"{name}.json": one_per_line(feed) for name, feed in book.feeds.items()}
    texts["changed/us-cpsc.json"] = one_per_line(cpsc_edition)
    texts["changed/fr-rappelconso-gtin-espaces.json"] = one_per_line(fr_edition)
    texts["cases.json"] = one_per_line(book.cases)
    texts["catalogue.csv"] = table.getvalue()
    texts["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    texts["README.md"] = page.refreshed((FOLDER / "README.md").read_text(encoding="utf-8"), manifest)
    return texts


def one_per_line(records: list[dict]) -> str:
    """Returns a JSON array with one record on each line, so that a changed record is a changed line."""
    return "[\n" + ",\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n]\n"


def main() -> int:
    """Runs the command line; the exit code is 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="Makes or checks the demo data.")
    parser.add_argument("--shared", type=Path, help="the directory that holds recall-samples and product-samples")
    parser.add_argument("--check", action="store_true", help="write nothing, validate the committed files")
    options = parser.parse_args()
    if not options.check and options.shared is None:
        parser.error("--shared is needed to make the files")
    samples = Samples(options.shared) if options.shared else None
    texts = files(made(samples)) if samples else {}
    problems = []
    if options.check:
        for name, text in texts.items():
            path = FOLDER / name
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                problems.append(f"{name} is not what the generator makes: run it again")
    else:
        for name, text in texts.items():
            path = FOLDER / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    problems += check.check(FOLDER, samples)
    if samples is None:
        print("layouts were not compared with captured records: give --shared for that")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problems" if problems else "the demo data is in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
