"""A second edition of one window of a feed: one record changed, one only rewritten, the rest the same byte for byte."""

from __future__ import annotations

from making.book import Book


def cpsc(book: Book) -> tuple[list[dict], dict]:
    """Returns the first quarter of 2026 of us-cpsc in its second edition, and what is different."""
    feed = book.feeds["us-cpsc"]
    window = [r for r in feed if "2026-01" <= r["RecallDate"][:7] <= "2026-03"]
    changed = next(r for r in window if "Mossypup" in r["Title"])
    cosmetic = next(r for r in window if "example.com" not in r["URL"])
    units = [{**p, "NumberOfUnits": "About 9,950"} for p in changed["Products"]]
    second = {
        **changed, "LastPublishDate": "2026-09-24T00:00:00", "Products": units,
        "Remedies": [{"Name": "Stop using it at once and ask Mossypup for a free repair or a replacement."}],
        "RemedyOptions": [{"Option": "Repair"}, {"Option": "Replace"}],
    }  # fmt: skip
    same = dict(reversed(list(cosmetic.items())))
    same.update(Title=cosmetic["Title"] + "  ", Description=cosmetic["Description"].replace(". ", ".  ") + " ")
    note = {
        "feed": "us-cpsc", "window": {"field": "RecallDate", "from": "2026-01-01", "to": "2026-03-31"},
        "changed": f"us-cpsc:{changed['RecallNumber']}", "cosmetic": f"us-cpsc:{cosmetic['RecallNumber']}",
    }  # fmt: skip
    return replaced(window, {id(changed): second, id(cosmetic): same}), note


def rappelconso(book: Book) -> tuple[list[dict], dict]:
    """Returns the first quarter of 2026 of *gtin-espaces* in its second edition, and what is different."""
    feed = book.feeds["fr-rappelconso-gtin-espaces"]
    window = [r for r in feed if "2026-01" <= r["date_publication"][:7] <= "2026-03"]
    changed = next(r for r in window if r["marque_produit"] == "purelino" and r["date_publication"][:10] == "2026-03-24")
    cosmetic = next(r for r in window if r is not changed)
    second = {
        **changed, "numero_version": 2, "modalites_de_compensation": "remboursement|echange",
        "conduites_a_tenir_par_le_consommateur": "ne plus consommer|détruire le produit",
    }  # fmt: skip
    same = dict(reversed(list(cosmetic.items())))
    same.update(motif_rappel=cosmetic["motif_rappel"].replace(" ", "  ") + " ", libelle=cosmetic["libelle"] + " ")
    note = {
        "feed": "fr-rappelconso-gtin-espaces",
        "window": {"field": "date_publication", "from": "2026-01-01", "to": "2026-03-31"},
        "changed": f"fr-rappelconso:{changed['numero_fiche']}", "cosmetic": f"fr-rappelconso:{cosmetic['numero_fiche']}",
    }  # fmt: skip
    return replaced(window, {id(changed): second, id(cosmetic): same}), note


def replaced(window: list[dict], other: dict[int, dict]) -> list[dict]:
    """Returns the window with some records exchanged, in the same order."""
    return [other.get(id(record), record) for record in window]
