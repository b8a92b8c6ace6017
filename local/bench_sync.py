"""How fast the deployed worker takes a large feed in: new records, and the same once more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

from local import load
from local.cloud import Cloud, answers, plain_environment
from local.console import Problem
from local.processes import free_port
from local.tooling import ROOT

AGENCY = "us-cpsc"
FIRST_PORT = 5866
STILL_SECONDS = 180


def throughput(cloud: Cloud, known: Dict[str, Any], programs: Dict[str, Path], values: Dict[str, str], records: int) -> List[Dict[str, Any]]:
    """Points the worker at a larger edition of the feed and times it from the plan to the empty queue."""
    with tempfile.TemporaryDirectory() as directory:
        written = enlarge(ROOT / "local" / "demo" / "us-cpsc.json", Path(directory) / "us-cpsc.json", records)
        port = free_port(FIRST_PORT)
        server = subprocess.Popen(
            [sys.executable, "-m", "local.feeds", "--port", str(port), "--directory", directory],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=plain_environment(),
        )
        try:
            origin = f"http://127.0.0.1:{port}"
            while not answers(f"{origin}/_control"):
                if server.poll() is not None:
                    raise Problem("The server of the enlarged feed ended at once.")
                time.sleep(0.05)
            cloud.deploy(known["emulator"], programs, {**values, "FeedOrigin": origin})
            runs = [timed(known, "every record new", False), timed(known, "the same feed again, read whole", True)]
        finally:
            server.terminate()
            server.wait()
    stored = next(agency for agency in load.agencies(known) if agency["key"] == AGENCY)
    if stored["status"] != load.LIVE or stored["records"] < 0.98 * written:
        raise Problem(f"Only {stored['records']} of {written} records came in ({stored['status']}, {stored.get('last_error')}): nothing to time.")
    return [{**run, "records": stored["records"]} for run in runs]


def timed(known: Dict[str, Any], run: str, full: bool) -> Dict[str, Any]:
    """Plans every window of the agency and waits until the worker has nothing left to do."""
    begun = time.monotonic()
    load.plan(known, {"kind": "plan", "force": True, "full": full, "agency": AGENCY})
    last: Dict[str, int] = {}
    moved = time.monotonic()
    while True:
        waiting = load.depths(known)
        if "sync" not in waiting:
            seconds = time.monotonic() - begun
            break
        if waiting != last:
            last, moved = waiting, time.monotonic()
        if time.monotonic() - moved > STILL_SECONDS:
            raise Problem(f"The worker stands still: {load.counts(waiting)}; its log is {known['logs']}/functions.")
        time.sleep(0.05)
    load.wait_until_drained(known)
    return {"run": run, "seconds": seconds}


def enlarge(source: Path, target: Path, records: int) -> int:
    """Writes at least `records` records: the feed again and again, each time with other numbers and other GTINs."""
    first = json.loads(source.read_text(encoding="utf-8"))
    written: List[Dict[str, Any]] = []
    turn = 0
    while len(written) < records:
        turn += 1
        written += [renumbered(record, turn) for record in first]
    target.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    return len(written)


def renumbered(record: Dict[str, Any], turn: int) -> Dict[str, Any]:
    """Returns a record with numbers of its own."""
    text = json.dumps(record, ensure_ascii=False)
    text = re.sub(r"(?<![0-9])[0-9]{12}(?![0-9])", lambda found: another(found.group(), turn), text)
    copy: Dict[str, Any] = json.loads(text)
    for field in ("RecallID", "RecallNumber"):
        if copy.get(field):
            copy[field] = type(copy[field])(f"{copy[field]}{turn:02d}")
    return copy


def another(upc: str, turn: int) -> str:
    """Returns another UPC-A with a right check digit, where the given one is right; else the text as it is."""
    if check_digit(upc[:11]) != upc[11]:
        return upc
    body = f"{(int(upc[:11]) + turn * 7_000_000_000) % 10**11:011d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Returns the check digit of a UPC-A's first eleven digits."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return str(-total % 10)
