"""What the makers write into: records, catalogue items, test cases."""

from __future__ import annotations

import hashlib

from making.gtin import Numbers


class Book:
    """Everything that ends in a committed file."""

    def __init__(self) -> None:
        self.feeds: dict[str, list[dict]] = {
            "us-cpsc": [],
            "us-fda-food": [],
            "us-fda-drug": [],
            "us-fda-device": [],
            "fr-rappelconso-gtin-espaces": [],
            "fr-rappelconso-gtin-trie": [],
        }
        self.cases: list[dict] = []
        self.items: list[dict] = []
        self.rejects: dict[str, int] = {}
        self.agency = ""
        # Two made-up companies (see README.md): 850099 numbers UPC-A items, 376099 EAN-13 items.
        self.us = Numbers("850099", 12)
        self.fr = Numbers("376099", 13)
        # A company number ending in 00, so that its first items have a UPC-E form.
        self.short = Numbers("099900", 12)

    def item(self, gtin: str, name: str, brand: str, category: str, quantity: str = "", **more: str) -> str:
        """Adds a catalogue item and returns its GTIN."""
        row = {"gtin": gtin, "name": name, "brand": brand, "category": category, "quantity": quantity}
        row.update({"country": "US", "source": "BabyShield demo (made up)", "source_url": "", "licence": "CC0-1.0"})
        row.update(more)
        if all(known["gtin"].zfill(14) != gtin.zfill(14) for known in self.items):
            self.items.append(row)
        return gtin

    def case(
        self,
        family: str,
        recall_id: str | None,
        code: str,
        verdict: str | None,
        why: str,
        question: str | None = None,
        request: dict | None = None,
        **more: object,
    ) -> None:
        """Adds a case. `recall_id` is None where no recall may be among the matches."""
        name = f"{family} {sum(c['family'] == family for c in self.cases) + 1}"
        entry = {"name": name, "family": family, "agency": self.agency, "recall_id": recall_id}
        entry.update({"request": {"code": code, **(request or {})}, "verdict": verdict, "question": question})
        entry.update({"why": why, **more})
        self.cases.append(entry)

    def limited(self, family: str, recall_id: str, code: str, field: str, inside: str, outside: str, **more: object) -> None:
        """Adds the three cases of a notice that is limited by a field: inside, outside, not given.

        `parameter` names the request's field where it is not that of the question; `inside_accept` other right answers.
        """
        parameter = str(more.get("parameter", field))
        accept = {"accept": more["inside_accept"]} if "inside_accept" in more else {}
        question = "any" if accept else None
        self.case(family, recall_id, code, "recalled", f"{field} {inside} is listed", question, {parameter: inside}, **accept)
        why = f"{field} {outside} is not in the complete list"
        self.case(family, recall_id, code, "no_known_recall", why, None, {parameter: outside})
        why = f"the item matches and its {field} is not given"
        self.case(family, recall_id, code, "possibly_recalled", why, field)




def pick(options: list, *key: object) -> object:
    """Returns one of `options`, always the same one for the same key."""
    digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
    return options[int.from_bytes(digest[:4], "big") % len(options)]
