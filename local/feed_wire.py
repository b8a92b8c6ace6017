"""The agencies' wire behaviour over the demo feeds: a query in, status and JSON out. No network, no faults.

Each function answers as the real end point does for what `sync` asks of it, traps included (docs of the shapes:
the adapters' own module comments). What the real end point ignores is ignored here too.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import parse_qs

Record = Dict[str, Any]
# Status and document; the server encodes it.
Answer = Tuple[int, Any]

CPSC_HOST = "www.saferproducts.gov"
FDA_HOST = "api.fda.gov"
ODS_HOST = "data.economie.gouv.fr"

CPSC_PATH = "/RestWebServices/Recall"
FDA_PATH = re.compile(r"/(food|drug|device)/enforcement\.json")
ODS_PATH = re.compile(r"/api/explore/v2\.1/catalog/datasets/([a-z0-9-]+)/(records|exports/json)")
ODS_DATASETS = {
    "rappelconso-v2-gtin-espaces": "fr-rappelconso-gtin-espaces.json",
    "rappelconso-v2-gtin-trie": "fr-rappelconso-gtin-trie.json",
}
FDA_LIMIT, FDA_SKIP = 1000, 25_000
ODS_LIMIT, ODS_DEPTH = 100, 10_000


class Feeds:
    """The committed demo feeds; a file is read again when it changed on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cache: Dict[Path, Tuple[float, List[Record]]] = {}

    def records(self, name: str, edition: str = "") -> List[Record]:
        """Returns a feed's records; `edition` "changed" puts its second edition's records in the place of the first's."""
        first = self.read(self.directory / name)
        if edition != "changed":
            return first
        # By the agency's own number: a record of the second edition replaces all of that number.
        second = self.read(self.directory / "changed" / name)
        replaced = {identity(record) for record in second}
        return [record for record in first if identity(record) not in replaced] + second

    def read(self, path: Path) -> List[Record]:
        """Reads one JSON array; an absent file is an empty feed."""
        if not path.is_file():
            return []
        modified = path.stat().st_mtime
        kept = self.cache.get(path)
        if kept is None or kept[0] != modified:
            kept = (modified, json.loads(path.read_text(encoding="utf-8")))
            self.cache[path] = kept
        return kept[1]

    def modified(self) -> float:
        """Returns when the newest feed was written, for Last-Modified."""
        return max((path.stat().st_mtime for path in self.directory.glob("**/*.json")), default=0.0)


def identity(record: Record) -> Tuple[str, str]:
    """Returns what makes a record the same in two editions: the recall's number and, where rows are items, the item."""
    number = record.get("RecallID") or record.get("event_id") or record.get("numero_fiche")
    item = record.get("recall_number") or record.get("gtin") or ""
    return str(number), str(item)


def answer(feeds: Feeds, host: str, path: str, query: str, shape: Callable[[List[Record]], List[Record]], edition: str = "") -> Answer:
    """Answers one request to `https://host/path?query`; `shape` lets a fault thin the records out."""
    asked = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if host == CPSC_HOST and path.rstrip("/") == CPSC_PATH:
        return cpsc(shape(feeds.records("us-cpsc.json", edition)), asked)
    fda = FDA_PATH.fullmatch(path)
    if host == FDA_HOST and fda:
        return openfda(shape(feeds.records(f"us-fda-{fda.group(1)}.json", edition)), asked)
    ods = ODS_PATH.fullmatch(path)
    if host == ODS_HOST and ods:
        if ods.group(1) not in ODS_DATASETS:
            return 404, {"error_code": "UnknownDatasetError", "message": f"there is no dataset {ods.group(1)}"}
        rows = shape(feeds.records(ODS_DATASETS[ods.group(1)], edition))
        return opendatasoft(rows, asked, whole=ods.group(2) != "records")
    return 404, {"message": f"the demo feeds have nothing at https://{host}{path}"}


# --- CPSC: an array, no paging, dates inclusive, every problem a 200


def cpsc(records: List[Record], asked: Dict[str, str]) -> Answer:
    """Answers the recall service of saferproducts.gov."""
    try:
        start, end = day(asked.get("RecallDateStart")), day(asked.get("RecallDateEnd"))
    except ValueError:
        return 200, {"Message": "The request is invalid."}
    # A record whose own date cannot be read is still delivered once, by the date of its last edit.
    return 200, [record for record in records if between(readable_day(record, "RecallDate", "LastPublishDate"), start, end)]


# --- openFDA: skip and limit, no match is a 404


def openfda(records: List[Record], asked: Dict[str, str]) -> Answer:
    """Answers an enforcement end point of api.fda.gov."""
    limit, skip = number(asked.get("limit"), 1), number(asked.get("skip"), 0)
    if limit is None or skip is None:
        return fda_error(400, "BAD_REQUEST", "limit and skip are numbers")
    if limit > FDA_LIMIT:
        return fda_error(400, "BAD_REQUEST", f"limit cannot be more than {FDA_LIMIT}")
    if skip > FDA_SKIP:
        return fda_error(400, "BAD_REQUEST", f"skip cannot be more than {FDA_SKIP}")
    try:
        matches = fda_search(records, asked.get("search", ""))
        ordered = fda_sort(matches, asked.get("sort", ""))
    except ValueError as error:
        return fda_error(400, "BAD_REQUEST", str(error))
    page = ordered[skip : skip + limit]
    if not page:
        return fda_error(404, "NOT_FOUND", "No matches found!")
    newest = max((str(record.get("report_date") or "") for record in records), default="")
    meta = {"last_updated": newest, "results": {"skip": skip, "limit": limit, "total": len(matches)}}
    return 200, {"meta": meta, "results": page}


def fda_error(status: int, code: str, message: str) -> Answer:
    """Returns openFDA's error body."""
    return status, {"error": {"code": code, "message": message}}


def fda_search(records: List[Record], search: str) -> List[Record]:
    """Filters by `report_date:[YYYYMMDD TO YYYYMMDD]`, the one search the demo feeds know."""
    if not search:
        return records
    wanted = re.fullmatch(r"report_date:\[([\d-]{8,10})\s+TO\s+([\d-]{8,10})\]", search.strip())
    if not wanted:
        raise ValueError(f"the demo feeds cannot search for {search!r}")
    start, end = day(wanted.group(1)), day(wanted.group(2))
    return [record for record in records if between(readable_day(record, "report_date", "recall_initiation_date"), start, end)]


def fda_sort(records: List[Record], sort: str) -> List[Record]:
    """Orders by `field:asc` or `field:desc`; without it in the order of the feed."""
    if not sort:
        return records
    wanted = re.fullmatch(r"([a-z_]+)(?:\.exact)?:(asc|desc)", sort.strip())
    if not wanted:
        raise ValueError(f"the demo feeds cannot sort by {sort!r}")
    return sorted(records, key=lambda record: str(record.get(wanted.group(1)) or ""), reverse=wanted.group(2) == "desc")


# --- Opendatasoft Explore 2.1: limit and offset, a typed date column


def opendatasoft(rows: List[Record], asked: Dict[str, str], whole: bool) -> Answer:
    """Answers `records` (paged) or `exports/json` (whole) of a dataset."""
    try:
        matches = ods_order(ods_where(rows, asked.get("where", "")), asked.get("order_by", ""))
    except ValueError as error:
        return 400, {"error_code": "ODSQLError", "message": str(error)}
    limit, offset = number(asked.get("limit"), 10), number(asked.get("offset"), 0)
    if limit is None or offset is None or (limit > ODS_LIMIT and not whole):
        return 400, {"error_code": "InvalidRESTParameterError", "message": f"limit is between 0 and {ODS_LIMIT}, offset is a number"}
    if whole:
        return 200, matches
    if offset + limit > ODS_DEPTH:
        return 400, {"error_code": "InvalidRESTParameterError", "message": f"offset + limit cannot be more than {ODS_DEPTH}"}
    return 200, {"total_count": len(matches), "results": matches[offset : offset + limit]}


COMPARE: Dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "=": lambda left, right: left == right,
}


def ods_where(rows: List[Record], where: str) -> List[Record]:
    """Filters by comparisons of `date_publication` with `date'...'`, joined by `and`."""
    kept = rows
    for clause in filter(None, re.split(r"\s+and\s+", where.strip(), flags=re.IGNORECASE)):
        wanted = re.fullmatch(r"date_publication\s*(>=|<=|>|<|=)\s*date\s*'([^']+)'", clause.strip(), flags=re.IGNORECASE)
        if not wanted:
            raise ValueError(f"the demo feeds cannot filter by {clause!r}")
        compare, bound = COMPARE[wanted.group(1)], instant(wanted.group(2))
        if bound is None:
            raise ValueError(f"{wanted.group(2)!r} is not a date")
        kept = [row for row in kept if compares(compare, instant(row.get("date_publication")), bound)]
    return kept


def compares(compare: Callable[[Any, Any], bool], value: Optional[datetime], bound: datetime) -> bool:
    """Compares as a database does: nothing compares with an absent value."""
    return value is not None and compare(value, bound)


def ods_order(rows: List[Record], order: str) -> List[Record]:
    """Orders by `field [asc|desc], ...`."""
    for part in reversed([part.strip() for part in order.split(",") if part.strip()]):
        wanted = re.fullmatch(r"([a-z_]+)(?:\s+(asc|desc))?", part, flags=re.IGNORECASE)
        if not wanted:
            raise ValueError(f"the demo feeds cannot order by {part!r}")
        name, down = wanted.group(1), (wanted.group(2) or "").lower() == "desc"
        rows = sorted(rows, key=lambda row: str(row.get(name) or ""), reverse=down)
    return rows


# --- values


def number(text: Optional[str], default: int) -> Optional[int]:
    """Reads a parameter that is a number not below zero; None when it is none."""
    if text is None:
        return default
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def day(text: Optional[str]) -> Optional[date]:
    """Reads YYYY-MM-DD or YYYYMMDD at the start of a text; None for an absent one."""
    if not text:
        return None
    wanted = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text)
    if not wanted:
        raise ValueError(f"{text!r} is not a date")
    return date(int(wanted.group(1)), int(wanted.group(2)), int(wanted.group(3)))


def readable_day(record: Record, *names: str) -> Optional[date]:
    """Returns the first of a record's dates that can be read."""
    for name in names:
        try:
            found = day(str(record.get(name) or ""))
        except ValueError:
            continue
        if found:
            return found
    return None


def between(value: Optional[date], start: Optional[date], end: Optional[date]) -> bool:
    """Says whether a day lies in a window that includes both ends; an undated record lies in every open window only."""
    if value is None:
        return start is None and end is None
    return (start is None or value >= start) and (end is None or value <= end)


def instant(text: Any) -> Optional[datetime]:
    """Reads an ISO date or date-time as UTC; None when it is none."""
    try:
        # Python 3.10 knows no Z.
        read = datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)
