"""Cases on real notices: what the README's tour shows. Each holds by facts of the samples alone."""

from __future__ import annotations

from making.book import Book

RAPPELCONSO = {"source": "RappelConso", "licence": "Licence Ouverte 2.0", "country": "FR"}
REAL = "real notice"


def add(book: Book) -> None:
    """Adds the cases on real notices."""
    book.agency = "us-cpsc"
    book.case(REAL, "us-cpsc:26157", "860006498115", "recalled", "the notice names this UPC and no lots")
    book.case(REAL, "us-cpsc:20096", "091021188099", "recalled", "the notice names this UPC and no lots")
    book.limited(REAL, "us-cpsc:19158", "840093103130", "lot", "16013", "99999")
    book.agency = "us-fda"
    book.limited(REAL, "us-fda:83188", "078742022468", "lot", "C26EVFV", "X99ZZZZ")
    book.agency = "fr-rappelconso"
    link = "https://rappel.conso.gouv.fr/fiche-rappel/{}/interne"
    book.item("5390946117845", "jeu d'adresse en bois cornhole set", "", "jouets", source_url=link.format(23665), **RAPPELCONSO)
    book.case(REAL, "fr-rappelconso:2026-10-0003", "5390946117845", "recalled", "tous les lots")
    book.item("3770018292519", "sorgho biologique décortiqué", "axel et paul", "alimentation", "500g", source_url=link.format(22705), **RAPPELCONSO)
    book.limited(REAL, "fr-rappelconso:2026-06-0249", "3770018292519", "lot", "312", "999")
    book.item("4250525376548", "balustrade de balcon 156 cm", "monzana", "maison", source_url=link.format(23615), **RAPPELCONSO)
    why = "the lot field points to a list elsewhere, so the limits cannot be read"
    book.case(REAL, "fr-rappelconso:2026-09-0234", "4250525376548", "possibly_recalled", why, "any", {"lot": "1234"})
