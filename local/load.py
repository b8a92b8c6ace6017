"""Loads the demo data through the real pipeline: a catalogue import and a plan, as a person and the schedule would."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Tuple

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Problem, say
from local.deploy import Aws
from local.tooling import ROOT

DEMO = ROOT / "local" / "demo"
CATALOGUE_KEY = "catalogue/demo.csv"
# The Input of the schedule in template.yaml, word for word.
SCHEDULED_PLAN = {"kind": "plan"}
# The demo data take seconds; two minutes in which nothing at all moves mean that something hangs.
STILL_SECONDS = 120
# What an agency's status says when its feed is loaded; see agencies in api.md.
LIVE, DORMANT = "live", ("planned", "not verified", "not_verified", "disabled")


def demo_digest() -> str:
    """Returns what tells one edition of the demo data from another."""
    found = hashlib.sha256()
    for path in sorted(DEMO.glob("*.json")) + sorted(DEMO.glob("*.csv")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def load_demo(known: Dict[str, Any]) -> None:
    """Imports the catalogue, plans a sync and waits until every agency that is switched on is live."""
    catalogue = DEMO / "catalogue.csv"
    if not catalogue.is_file():
        raise Problem(f"The demo catalogue {catalogue.relative_to(ROOT)} is missing: the checkout is not whole.")
    aws = Aws(known["emulator"])
    aws.client("s3").put_object(Bucket=the_bucket(known), Key=CATALOGUE_KEY, Body=catalogue.read_bytes(), ContentType="text/csv")
    message = {
        "v": 1, "kind": "import_catalogue", "id": str(uuid.uuid4()), "request_id": str(uuid.uuid4()),
        "at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "key": CATALOGUE_KEY,
    }
    aws.client("sqs").send_message(QueueUrl=known["queues"]["sync"], MessageBody=json.dumps(message))
    plan(known, SCHEDULED_PLAN)
    wait_until_live(known)


def the_bucket(known: Dict[str, Any]) -> str:
    """Returns the stack's one bucket."""
    return str(next(iter(known["buckets"].values())))


def plan(known: Dict[str, Any], event: Dict[str, Any]) -> None:
    """Invokes `sync` with an event and complains when it fails."""
    failed, answer = invoke(known, "sync", json.dumps(event).encode())
    if failed:
        raise Problem(f"sync refused {json.dumps(event)}: {answer} (./dev logs sync)")


def invoke(known: Dict[str, Any], function: str, event: bytes) -> Tuple[bool, str]:
    """Runs a function once; returns whether it failed and what it answered."""
    try:
        told = Aws(known["emulator"]).client("lambda").invoke(FunctionName=known["functions"][function], Payload=event)
        return bool(told.get("FunctionError")), told["Payload"].read().decode("utf-8", "replace")
    except ClientError as error:
        return True, str(error)
    except BotoCoreError as error:
        raise Problem(f"The local cloud does not answer ({error}): ./dev up starts it again.") from error


def depths(known: Dict[str, Any]) -> Dict[str, int]:
    """Returns queue -> messages waiting or in hand, of the queues that hold any."""
    sqs = Aws(known["emulator"]).client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    found = {}
    for queue, url in known["queues"].items():
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        total = sum(int(told.get(name, 0)) for name in names)
        if total:
            found[queue] = total
    return found


def agencies(known: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Returns the agencies as the API shows them."""
    answer = get_json(f"{known['api']}/api/v1/agencies?envelope=none")
    items = answer.get("items", []) if isinstance(answer, dict) else answer
    return [item for item in items if isinstance(item, dict)]


def get_json(url: str) -> Any:
    """Gets a document of the API; anything but a 200 with JSON is a sentence."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise Problem(f"GET {url} answered {error.code}: {error.read(300).decode('utf-8', 'replace')} (./dev logs)") from error
    except (OSError, ValueError) as error:
        raise Problem(f"GET {url} failed: {error} (./dev logs)") from error


def wait_until_live(known: Dict[str, Any]) -> None:
    """Shows progress until the consumed queues are empty and every agency that is switched on is live."""
    last: Any = None
    moved = time.monotonic()
    while True:
        waiting = depths(known)
        consumed = {queue: count for queue, count in waiting.items() if queue in ("sync", "index")}
        dead = {queue: count for queue, count in waiting.items() if queue.endswith("-dlq")}
        if dead:
            raise Problem(f"Jobs failed for good ({counts(dead)}); ./dev logs sync and ./dev logs index say why.")
        listed = agencies(known)
        working = [agency for agency in listed if agency.get("status") not in DORMANT]
        late = [agency for agency in working if agency.get("status") != LIVE]
        now = (waiting, [(agency.get("key"), agency.get("status"), record_count(agency)) for agency in working])
        if now != last:
            last, moved = now, time.monotonic()
            say("    " + progress(working, consumed))
        if working and not consumed and not late:
            return
        # With nothing left to do, what is held back stays held back.
        stuck = not consumed and late and all(agency.get("status") == "quarantined" for agency in late)
        if stuck or time.monotonic() - moved > STILL_SECONDS:
            missing = "; ".join(state_of(agency) for agency in late) or ("a job failed and is due again later" if working else "no agency is switched on")
            raise Problem(f"The feeds are not loaded: {missing}. Waiting: {counts(consumed) or 'nothing'}. ./dev logs sync says more.")
        time.sleep(0.25)


def state_of(agency: Dict[str, Any]) -> str:
    """Returns one agency that is not live, with the reason where it gives one."""
    error = agency.get("last_error") or {}
    reason = error.get("reason") if isinstance(error, dict) else None
    return f"{agency.get('key')} is {agency.get('status')}" + (f" ({reason})" if reason else "")


def record_count(agency: Dict[str, Any]) -> int:
    """Returns how many recalls of an agency are stored."""
    found = agency.get("records", 0)
    return int(found) if isinstance(found, (int, float)) else 0


def progress(working: List[Dict[str, Any]], consumed: Dict[str, int]) -> str:
    """Returns one line of progress."""
    shown = [f"{agency.get('key')} {agency.get('status')} {record_count(agency)}" for agency in working]
    return " · ".join(shown + ([f"waiting: {counts(consumed)}"] if consumed else []))


def counts(queues: Dict[str, int]) -> str:
    """Returns `sync 3, index 5`."""
    return ", ".join(f"{queue} {count}" for queue, count in sorted(queues.items()))


def wait_until_drained(known: Dict[str, Any]) -> None:
    """Waits until `sync` and `index` have nothing left to do, for `./dev sync`."""
    last: Dict[str, int] = {}
    moved = time.monotonic()
    while True:
        waiting = {queue: count for queue, count in depths(known).items() if queue in ("sync", "index")}
        if not waiting:
            return
        if waiting != last:
            last, moved = waiting, time.monotonic()
            say(f"    waiting: {counts(waiting)}")
        if time.monotonic() - moved > STILL_SECONDS:
            raise Problem(f"Nothing moved for {STILL_SECONDS} s, still waiting: {counts(waiting)}; ./dev logs sync says more.")
        time.sleep(0.25)

