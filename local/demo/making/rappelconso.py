"""RappelConso: real notices with new sentences, and made-up ones of made-up brands, in both data sets' layouts.

A made-up notice is known by its number (`…-9nnn`, `sr/9nnnn/…`) and its links (example.com).
"""

from __future__ import annotations

import uuid

from making.book import Book, pick
from making.samples import Samples

ESPACES, TRIE = "fr-rappelconso-gtin-espaces", "fr-rappelconso-gtin-trie"
BABY, FOOD, BEAUTY = "bébés-enfants (hors alimentaire)", "alimentation", "hygiène-beauté"
# category, sub-category, name, reason, risk, packaging
KINDS = [
    (BABY, "jouets", "hochet en bois", "un petit élément se détache lors des essais", "étouffement", None),
    (BABY, "jouets", "peluche lapin", "une couture cède et libère le rembourrage", "étouffement", None),
    (BABY, "jouets", "jeu de construction aimanté", "un aimant puissant peut sortir de la pièce", "blessures", "boîte de 24 pièces"),
    (BABY, "jouets", "voiture télécommandée", "la batterie chauffe pendant la charge", "incendie|brûlures", None),
    (BABY, "articles pour enfants et puériculture", "lit parapluie", "le verrou d'un côté peut lâcher", "blessures", None),
    (BABY, "articles pour enfants et puériculture", "poussette compacte", "le châssis peut se replier seul", "blessures", None),
    (BABY, "articles pour enfants et puériculture", "chaise haute", "l'entrejambe laisse passer l'enfant", "blessures", None),
    (BABY, "articles pour enfants et puériculture", "sucette", "la téterine se déchire aux essais", "étouffement", "lot de 2"),
    (BABY, "articles pour enfants et puériculture", "attache-sucette", "la chaînette dépasse la longueur admise", "strangulation", None),
    (BABY, "articles pour enfants et puériculture", "siège auto", "la boucle du harnais peut s'ouvrir", "blessures", None),
    (BABY, "vêtements et accessoires pour enfants", "gigoteuse", "un bouton-pression se détache", "étouffement", None),
    (FOOD, "aliments pour bébés", "petit pot pomme poire", "des morceaux de verre ont été signalés", "blessures", "2 x 130 g"),
    (FOOD, "aliments pour bébés", "céréales infantiles", "la teneur en alcaloïdes dépasse la limite", "autres contaminants chimiques", "250 g"),
    (FOOD, "aliments pour bébés", "purée carotte", "le bocal ferme mal", "autre risque", "200 g"),
    (FOOD, "laits infantiles", "lait infantile 1er âge", "présence possible de cronobacter sakazakii", "cronobacter", "boîte 800 g"),
    (FOOD, "laits infantiles", "lait infantile 2e âge", "présence possible de salmonella", "salmonella spp (agent responsable de la salmonellose)", "boîte 900 g"),
    (FOOD, "lait et produits laitiers", "yaourt pour enfants", "présence de morceaux de plastique", "corps étrangers", "4 x 100 g"),
    (BEAUTY, "cosmétiques", "liniment pour bébé", "une contamination microbienne a été relevée", "autre risque", "flacon 500 ml"),
    (BEAUTY, "cosmétiques", "lingettes pour bébé", "un conservateur dépasse la dose admise", "risque chimique", "paquet de 64"),
    (BEAUTY, "cosmétiques", "crème pour le change", "la dose d'un ingrédient n'est pas respectée", "irritation cutanée", "tube 100 ml"),
]
BRANDS = ["pelucine", "nidorelle", "bambrelou", "mirlibaby", "ourselo", "zoubidor", "pimprelune", "lutinelle",
          "babivoile", "croquelou", "graindelou", "purelino", "calinoude", "tetirelle"]  # fmt: skip
SHOPS = ["france entière", "bretagne|normandie", "île-de-france", "occitanie|nouvelle-aquitaine", "grand est|hauts-de-france"]
DDM, DLC, NONE = "date de durabilité minimale", "date limite de consommation", "non concerné"
REAL_SENTENCES = {
    "motif_rappel": "anomalie signalée par le professionnel : {risk}",
    "informations_complementaires": None,
    "preconisations_sanitaires": None,
    "description_complementaire_risque": None,
    "informations_complementaires_publiques": None,
}


def real_rows(samples: Samples, book: Book) -> None:
    """Adds the captured notices: facts kept, sentences written anew, telephone numbers left out."""
    for dataset, feed in (("gtin-espaces", ESPACES), ("gtin-trie", TRIE)):
        for row in samples.rappelconso(dataset):
            kept = {**row, "numero_contact": None}
            for field, sentence in REAL_SENTENCES.items():
                risk = (row["risques_encourus"] or "autre risque").replace("|", ", ")
                kept[field] = sentence.format(risk=risk) if sentence else None
            if row["preconisations_sanitaires"]:
                kept["preconisations_sanitaires"] = "en cas de symptômes, consulter un médecin en lui signalant cette consommation."
            book.feeds[feed].append(kept)


class Maker:
    """Numbers made-up notices and writes them to one data set or to both."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.count = 0

    def item(self, brand: str, name: str, quantity: str | None = None) -> str:
        """Adds a catalogue item and returns its GTIN."""
        return self.book.item(self.book.fr.next(), f"{brand} {name}", brand, "bébé", quantity or "", country="FR")

    def fiche(
        self, date: str, brand: str, kind: int, entries: list[tuple[str, ...]], where: str = "both", **given: object
    ) -> str:
        """Adds a notice and returns the recall's id.

        An entry is (gtin, lot, kind of date, from, to), empty where it has nothing; `where` is `espaces`, `trie` or `both`.
        """
        self.count += 1
        category, sub, name, reason, risk, packaging = KINDS[kind % len(KINDS)]
        number = str(given.pop("numero_fiche", f"{date[:4]}-{date[5:7]}-{9000 + self.count}"))
        ident = int(str(given.pop("id", 900000 + self.count)))
        tail = "rapex" if number.startswith("sr/") else "interne"
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://www.example.com/{number}"))
        row = {
            "numero_fiche": number, "numero_version": 1, "nature_juridique_rappel": "volontaire (sans arrêté préfectoral)",
            "categorie_produit": category, "sous_categorie_produit": sub, "marque_produit": brand,
            "modeles_ou_references": f"{name} {brand}", "identification_produits": None, "conditionnements": packaging,
            "date_debut_commercialisation": f"{int(date[:4]) - 1}{date[4:10]}", "date_date_fin_commercialisation": date[:10],
            "temperature_conservation": "produit à conserver à température ambiante" if category == FOOD else None,
            "marque_salubrite": None, "informations_complementaires": None,
            "zone_geographique_de_vente": pick(SHOPS, "zone", number), "distributeurs": "magasins démo¤boutique en ligne démo",
            "motif_rappel": reason, "risques_encourus": risk, "preconisations_sanitaires": None,
            "description_complementaire_risque": None,
            "conduites_a_tenir_par_le_consommateur": "ne plus consommer|rapporter le produit au point de vente" if category == FOOD
            else "ne plus utiliser le produit|rapporter le produit au point de vente",
            "numero_contact": f"019900{self.count:04d}", "modalites_de_compensation": "remboursement",
            "date_de_fin_de_la_procedure_de_rappel": None, "informations_complementaires_publiques": None,
            "liens_vers_les_images": f"https://www.example.com/image/{guid}.jpg", "lien_vers_la_liste_des_produits": None,
            "lien_vers_la_liste_des_distributeurs": None,
            "lien_vers_affichette_pdf": f"https://www.example.com/affichettepdf/{ident}/{tail}",
            "lien_vers_la_fiche_rappel": f"https://www.example.com/fiche-rappel/{ident}/{tail}", "rappel_guid": guid,
            "date_publication": date if "T" in date else f"{date}T{8 + self.count % 9:02d}:{self.count % 60:02d}:00+00:00",
            "libelle": name, "id": ident,
        }  # fmt: skip
        unknown = set(given) - set(row)
        if unknown:
            raise KeyError(f"the data set has no field {sorted(unknown)}")
        row.update(given)
        if where in ("espaces", "both"):
            self.book.feeds[ESPACES].append({**row, "identification_produits": stream(entries)})
        if where in ("trie", "both"):
            for gtin in list(dict.fromkeys(e[0] for e in entries)) or [""]:
                numeric = int(gtin) if gtin.isdigit() else 0
                self.book.feeds[TRIE].append({"gtin": numeric, **row, "identification_produits": joined(entries)})
        return "fr-rappelconso:" + number.replace("/", "-")


def stream(entries: list[tuple[str, ...]]) -> list[str] | None:
    """Returns entries as *gtin-espaces* has them: one array, where a `|` inside an item begins the next product."""
    items: list[str] = []
    for entry in entries:
        filled = [part for part in entry if part]
        if items and filled:
            items[-1] += "|" + filled[0]
            filled = filled[1:]
        items += filled
    return items or None


def joined(entries: list[tuple[str, ...]]) -> str:
    """Returns entries as *gtin-trie* has them: five parts a product with `$` between, `|` between products."""
    return "|".join("$".join([entry[0] or "000000000", *entry[1:]]) for entry in entries)


def fill(book: Book, wanted: int) -> None:
    """Adds made-up notices of every kind: `wanted` from 2021 to October 2026 over one data set or both, and many in 2025.

    The year 2025 is full so that its one broken row stays under 1 % of a year's window too.
    """
    make = Maker(book)
    make.count = 200
    for number in range(wanted):
        step = number * 66 // wanted + 4
        date = f"{2021 + step // 12}-{step % 12 + 1:02d}-{number * 11 % 27 + 1:02d}"
        one(make, number, date, ("both", "espaces", "trie")[number % 3])
    for number in range(wanted, wanted + 100):
        one(make, number, f"2025-{number * 7 % 12 + 1:02d}-{number * 11 % 27 + 1:02d}", "espaces")


def one(make: Maker, number: int, date: str, where: str) -> None:
    """Adds one made-up notice: its kind, brand, number of items and lots follow from its number."""
    kind, brand = number % len(KINDS), BRANDS[number * 5 % len(BRANDS)]
    category, name, packaging = KINDS[kind][0], KINDS[kind][2], KINDS[kind][5]
    entries = []
    for part in range(1 + (number % 5 == 0) + (number % 11 == 0)):
        gtin = make.item(brand, f"{name} no {number + 1}" + f" format {part + 1}" * (part > 0), packaging)
        lot = f"l{23000 + number * 7 + part}" if number % 4 else "tous les lots"
        food = (gtin, lot, DDM, f"{int(date[:4]) + 1}-03-31", "")
        entries.append(food if category == FOOD else (gtin, lot, NONE, "", ""))
    make.fiche(date, brand, kind, entries, where)
