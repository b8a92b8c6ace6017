"""RappelConso: one family of cases after the other, all of made-up brands."""

from __future__ import annotations

from making.book import Book
from making.gtin import wrong
from making.rappelconso import DDM, DLC, NONE, Maker


def add(book: Book) -> None:
    """Adds every family of RappelConso cases."""
    book.agency = "fr-rappelconso"
    make = Maker(book)
    everything(make)
    lots(make)
    dates(make)
    several(make)
    versions(make)
    mirrors(make)
    oddities(make)


def everything(make: Maker) -> None:
    for date, brand, kind, words, where in (
        ("2024-02-06", "pelucine", 1, "tous les lots", "both"),
        ("2025-06-18", "nidorelle", 4, "tous lots confondus", "espaces"),
        ("2026-03-10", "ourselo", 2, "tous les lots", "trie"),
        ("2026-10-06", "zoubidor", 5, "tous les lots", "both"),
    ):
        code, other = make.item(brand, "article rappelé"), make.item(brand, "article voisin")
        recall = make.fiche(date, brand, kind, [(code, words, NONE, "", "")], where)
        make.book.case("all lots", recall, code, "recalled", f"lots of the notice: {words}")
        make.book.case("all lots", recall, code, "recalled", "no lot is outside a notice on all lots", None, {"lot": "x1"})
        make.book.case("same company, another item", None, other, "no_known_recall", "same company prefix, another item")


def lots(make: Maker) -> None:
    for date, brand, kind, listed, inside, outside, where in (
        ("2023-04-12", "mirlibaby", 7, ["a2301", "a2302"], "a2302", "a2399", "both"),
        ("2024-10-23", "babivoile", 17, ["b417"], "B417", "b999", "espaces"),
        ("2025-11-19", "tetirelle", 8, ["26/05", "26/06", "26/07"], "26/06", "27/01", "trie"),
        ("2026-05-05", "lutinelle", 18, ["lw 4410", "lw 4411"], "LW4411", "lw 4500", "both"),
    ):
        code = make.item(brand, f"article lot {inside}")
        recall = make.fiche(date, brand, kind, [(code, lot, NONE, "", "") for lot in listed], where)
        make.book.limited("lot list", recall, code, "lot", inside, outside)
    code = make.item("croquelou", "petits gâteaux")
    text = "lots commençant par l2 et autres lots illisibles"
    recall = make.fiche("2025-03-25", "croquelou", 11, [(code, text, NONE, "", "")])
    why = "the limits are read in part, so a lot proves nothing"
    make.book.case("limits read in part", recall, code, "possibly_recalled", why, "any", {"lot": "m7"})


def dates(make: Maker) -> None:
    for date, brand, kind, first, last, inside, outside, where in (
        ("2024-05-14", "purelino", 13, "2024-06-01", "2024-06-30", "2024-06-15", "2024-08-01", "both"),
        ("2025-09-02", "graindelou", 16, "2025-09-10", "2025-09-24", "2025-09-24", "2025-09-25", "espaces"),
        ("2026-07-21", "croquelou", 16, "2026-08-01", "2026-08-20", "2026-08-05", "2026-08-25", "trie"),
        ("2023-01-17", "purelino", 11, "2023-12-31", "", "2023-12-31", "2024-01-31", "both"),
    ):
        code = make.item(brand, f"produit daté {first}")
        recall = make.fiche(date, brand, kind, [(code, "", DLC, first, last)], where)
        make.book.limited("date range", recall, code, "date", inside, outside)
    for date, brand, lot, day in (("2024-12-03", "graindelou", "g1207", "2026-01-31"), ("2026-03-24", "purelino", "p0316", "2027-03-31")):
        code = make.item(brand, f"bocal {lot}")
        recall = make.fiche(date, brand, 12, [(code, lot, DDM, day, "")])
        both = {"lot": lot, "date": day}
        make.book.case("lot and date", recall, code, "recalled", "lot and date are those of the notice", None, both)
        accept = ["no_known_recall", "possibly_recalled"]
        other = {"lot": "z9999", "date": day}
        make.book.case("lot and date", recall, code, "no_known_recall", "the lot is not the one of the notice, its date is", "any", other, accept=accept)


def several(make: Maker) -> None:
    for date, brand, where in (("2024-07-09", "bambrelou", "both"), ("2025-12-09", "pimprelune", "espaces")):
        codes = [make.item(brand, f"assortiment taille {i}") for i in (1, 2, 3)]
        entries = [(code, f"t{i}01", NONE, "", "") for i, code in enumerate(codes, 1)]
        recall = make.fiche(date, brand, 10, entries, where)
        make.book.case("several products", recall, codes[1], "recalled", "the lot is of this product", None, {"lot": "t201"})
        why = "the lot is listed for another product of the notice"
        make.book.case("several products", recall, codes[1], "no_known_recall", why, None, {"lot": "t101"})
        make.book.case("several products", recall, codes[2], "possibly_recalled", "the lot is not given", "lot")
    code = make.item("ourselo", "porte-bébé")
    early = make.fiche("2024-01-30", "ourselo", 9, [(code, "p1", NONE, "", "")])
    late = make.fiche("2025-02-11", "ourselo", 9, [(code, "p2", NONE, "", "")], "espaces")
    why = "two notices list this GTIN, and this lot is of the {} one"
    make.book.case("several recalls for one item", early, code, "recalled", why.format("earlier"), None, {"lot": "p1"}, recall_ids=[early])
    make.book.case("several recalls for one item", late, code, "recalled", why.format("later"), None, {"lot": "p2"}, recall_ids=[late])


def versions(make: Maker) -> None:
    for date, brand, kind, where in (("2025-04-08", "nidorelle", 14, "espaces"), ("2026-06-16", "mirlibaby", 15, "both")):
        code = make.item(brand, "boîte versionnée")
        number = f"{date[:7]}-{9900 + kind}"
        ident = {"numero_fiche": number, "id": 909900 + kind}
        make.fiche(date, brand, kind, [(code, "v100", NONE, "", ""), (code, "v101", NONE, "", "")], where, **ident)
        entries = [(code, "v101", NONE, "", ""), (code, "v102", NONE, "", "")]
        # The other data set still has the first version: the higher one replaces it wherever it comes from.
        recall = make.fiche(date, brand, kind, entries, "espaces", numero_version=2, **ident)
        for lot, verdict, why in (
            ("v102", "recalled", "version 2 added this lot"),
            ("v101", "recalled", "both versions list this lot"),
            ("v100", "no_known_recall", "version 2 took this lot out and replaces version 1"),
        ):
            make.book.case("higher version replaces", recall, code, verdict, why, None, {"lot": lot})


def mirrors(make: Maker) -> None:
    for number, (date, brand, kind) in enumerate((("2023-10-03", "zoubidor", 0), ("2024-09-17", "bambrelou", 3), ("2026-04-28", "pelucine", 1))):
        code = make.item(brand, f"jouet signalé {number + 1}")
        recall = make.fiche(
            date, brand, kind, [(code, "tous les lots", NONE, "", "")], ("espaces", "both", "espaces")[number],
            numero_fiche=f"sr/{90001 + number}/{date[2:4]}", numero_version=0, nature_juridique_rappel=None,
            conduites_a_tenir_par_le_consommateur=None, modalites_de_compensation=None, numero_contact=None,
        )  # fmt: skip
        make.book.case("twin in another country", recall, code, "recalled", "a mirror of a Safety Gate alert", related="eu-safety-gate")


def oddities(make: Maker) -> None:
    code = make.item("calinoude", "anneau de dentition")
    recall = make.fiche(
        "2024-08-27", "sans marque", 0, [(code, "tous les lots", NONE, "", "")], "both",
        modeles_ou_references="n/a", conditionnements="non concerné",
    )  # fmt: skip
    make.book.case("placeholders", recall, code, "recalled", "sans marque, n/a and tous les lots are placeholders")
    other = make.item("calinoude", "anneau de bain")
    make.fiche("2024-08-28", "sans marque", 0, [("", "tous les lots", NONE, "", "")], "trie", modeles_ou_references="")
    why = "a notice without brand, model, GTIN (0 in the number field) and lot matches nothing"
    make.book.case("placeholders", None, other, "no_known_recall", why)
    for date, where in (("2023-08-22", "espaces"), ("2025-10-14", "trie")):
        code = make.item("babivoile", f"hochet {date}")
        make.fiche(date, "babivoile", 0, [(wrong(code), "tous les lots", NONE, "", "")], where)
        why = "the notice has this code with a wrong check digit, which matches nothing"
        make.book.case("wrong check digit", None, code, "no_known_recall", why)
    code = make.book.us.next()
    make.book.item(code, "tetirelle sucette importée", "tetirelle", "bébé", country="FR")
    recall = make.fiche("2025-01-21", "tetirelle", 7, [("0" + code, "tous les lots", NONE, "", "")], "trie")
    for form in (code, "0" + code):
        make.book.case("forms of one item", recall, form, "recalled", "a UPC-A whose leading zero the number field has lost")
    code = make.item("lutinelle", "tapis d'éveil")
    recall = make.fiche(
        "2024-03-26T09:30:00+02:00", "lutinelle", 4, [(code, "10.10.2022 - 25.9.2023", "", "", "")], "espaces",
        date_debut_commercialisation="2022-10-10T00:00:00+00:00",
    )  # fmt: skip
    make.book.case("odd dates", recall, code, "possibly_recalled", "a window of dates stands where the lot should", "any")
    make.fiche("2025-11-12", "pimprelune", 6, [("", "tous les lots", NONE, "", "")], "espaces", numero_fiche="", id=909999)
    make.book.rejects["fr-rappelconso-gtin-espaces"] = 1
