"""What an operator orders of accounts: the first administrator, and people out of a file of the old backend."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Problem, say
from local.deploy import Aws
from local.load import invoke, the_bucket

FOLDER = "imports/users/"
ENDINGS = (".csv", ".ndjson", ".jsonl")
# How many of the lines that are wrong are shown; the report names ten thousand.
SHOWN = 20


def order(known: Dict[str, Any], event: Dict[str, Any]) -> Dict[str, Any]:
    """Gives an order to the function `accounts` and returns its answer."""
    failed, answer = invoke(known, "accounts", json.dumps(event).encode())
    if not failed:
        return dict(json.loads(answer))
    try:
        said = json.loads(answer)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        said = answer
    raise Problem(f"{said} (./dev logs accounts)")


def key_of(path: Path) -> str:
    """Returns where a file is put; the same file has the same place, so that an import goes on with it."""
    if path.suffix not in ENDINGS:
        raise Problem(f"{path} is none of {', '.join(ENDINGS)}: the runbook says how its rows are written.")
    return FOLDER + re.sub(r"[^A-Za-z0-9._-]", "-", path.name)


def import_users(known: Dict[str, Any], path: Path) -> bool:
    """Puts a file into the bucket and imports it to its end; returns whether every row was good."""
    key = key_of(path)
    if not path.is_file():
        raise Problem(f"{path} is no file.")
    try:
        Aws(known["emulator"]).client("s3").upload_file(str(path), the_bucket(known), key)
    except (ClientError, BotoCoreError, OSError) as error:
        raise Problem(f"{path} could not be put into the bucket: {error}") from error
    before = -1
    while True:
        report = order(known, {"kind": "import_users", "key": key})
        say(f"    line {report['lines']}: {counts(report)}")
        if report["finished"]:
            break
        if report["lines"] <= before:
            raise Problem("the import stands still (./dev logs accounts)")
        before = report["lines"]
    for row in report["refusals"][:SHOWN]:
        say(f"    line {row['line']}: {row['reason']}")
    if report["refused"] > SHOWN:
        say(f"    and {report['refused'] - SHOWN} more")
    say(f"    the whole report: {report['report']} in the bucket {the_bucket(known)}")
    return bool(report["refused"] == 0)


def counts(report: Dict[str, Any]) -> str:
    """Returns what became of the rows so far."""
    return f"{report['imported']} imported, {report['skipped']} had an account, {report['refused']} refused"
