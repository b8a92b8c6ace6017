"""Reads the captured notices and products the facts come from. It changes nothing in them."""

from __future__ import annotations

import csv
import json
from pathlib import Path


class Samples:
    """The sample directory given by `--shared`."""

    def __init__(self, root: Path) -> None:
        self.recalls = root / "recall-samples"
        self.products = root / "product-samples"
        for folder in (self.recalls, self.products):
            if not folder.is_dir():
                raise SystemExit(f"{folder} is not there: give the directory of the samples with --shared")

    def cpsc_wire(self) -> list[dict]:
        """Returns the CPSC records in the wire format of 2026."""
        return _json(self.recalls / "us-cpsc" / "saferproducts-api-2026.json")

    def cpsc_reshaped(self, which: str) -> list[dict]:
        """Returns the reshaped CPSC notices (`children` or `other-consumer`), oldest first."""
        (path,) = (self.recalls / "us-cpsc").glob(f"cpsc-{which}-reshaped-*.ndjson")
        return sorted(_lines(path), key=lambda r: (r["date"], r["id"]))

    def fda(self) -> list[dict]:
        """Returns every openFDA record, each once, with the infant and child ones first."""
        folder, seen, records = self.recalls / "us-fda", set(), []
        for path in sorted(folder.glob("openfda-*.ndjson")) + sorted(folder.glob("openfda-*.json")):
            for record in _lines(path) if path.suffix == ".ndjson" else _json(path):
                key = (record["event_id"], record["recall_number"])
                if key not in seen:
                    seen.add(key)
                    records.append({**record, "_child": path.suffix == ".ndjson"})
        return records

    def rappelconso(self, dataset: str) -> list[dict]:
        """Returns the rows of one data set: `gtin-espaces` or `gtin-trie`."""
        folder = self.recalls / "fr-rappelconso"
        rows = [row for path in sorted(folder.glob(f"*{dataset}*.json")) for row in _json(path)["results"]]
        if dataset == "gtin-espaces":
            rows += [row for path in sorted(folder.glob("benchmark*.json")) for row in _json(path)["results"]]
        return rows

    def baby_food(self) -> list[dict]:
        """Returns Open Food Facts products: barcode_id, product_name and more."""
        path = self.products / "off-baby-food-and-formula.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def _json(path: Path) -> list:
    data = json.loads(path.read_text(encoding="utf-8"))
    return data


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
