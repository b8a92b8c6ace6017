"""`./dev bench`: measures what the README's table says, in one run on one machine, and writes docs/bench.md.

Every number is measured here: sizes of the release programs, start-up against a hello-world Lambda in turns, latency
through the gateway in turns with that function's own route, DynamoDB calls and units per request, and how fast the
worker takes a large feed in. The machine stands beside them; on another one, and beside other work, they differ.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List

from local import build, load, template
from local.bench_latency import Route, latencies
from local.bench_starts import bundle, starts
from local.bench_sync import throughput
from local.bench_yardstick import HELLO, Yardstick
from local.cloud import Cloud
from local.console import Problem, say, step, warn
from local.processes import free_port
from local.run_tests import tear_down
from local.tooling import HOME, ROOT

FIRST_EMULATOR_PORT, FIRST_GATEWAY_PORT = 5266, 3600
PAGE = ROOT / "docs" / "bench.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
GOAL_START, GOAL_UNITS, GOAL_VERIFICATION_US = 5.0, 4.0, 100.0

ROUTES = [
    Route("scan", "POST", "/api/v1/scan/barcode", {"code": "850099000012"}),
    Route("recalls", "GET", "/api/v1/recalls"),
    Route("recalls", "GET", "/api/v1/recalls/us-cpsc:24901"),
    Route("recalls", "GET", "/api/v1/recalls/us-cpsc:24901/versions/1"),
    Route("recalls", "GET", "/api/v1/agencies"),
    Route("recalls", "GET", "/api/v1/agencies/us-cpsc"),
    Route("search", "GET", "/api/v1/search/products?q=crib"),
    Route("ops", "GET", "/health"),
    Route("ops", "GET", "/ready"),
    Route("ops", "GET", "/api/v1/health"),
]


def main() -> int:
    """Measures everything; `--profile dev` is for trying the command out and says so in the table."""
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--profile", choices=["release", "dev"], default="release")
    parser.add_argument("--starts", type=int, default=41, help="starts of each function")
    parser.add_argument("--requests", type=int, default=300, help="requests to each route")
    parser.add_argument("--records", type=int, default=4000, help="records of the feed that sync takes in")
    told = parser.parse_args()
    if min(told.starts, told.requests, told.records) < 1:
        raise Problem("--starts, --requests and --records are numbers above zero.")
    with step(f"Building the functions ({told.profile})"):
        programs = build.cargo_build(told.profile)
    names = template.binaries(template.read(ROOT / "template.yaml"))
    build.pick(programs, [*names.values(), HELLO])
    found: Dict[str, Any] = {"machine": machine(told.profile)}
    with step(f"Starting each function {told.starts} times, in turns with hello world"):
        found["starts"] = starts({name: programs[name] for name in (HELLO, *names.values())}, told.starts)
    found["sizes"] = {name: programs[name].stat().st_size for name in (HELLO, *names.values())}
    cloud = Cloud("bench", HOME / "bench", FIRST_EMULATOR_PORT)
    cloud.take_lock()
    cloud.clear_remains()
    cloud.stop()
    cloud.forget()
    cloud.trim_logs(whole=True)
    try:
        measure_stack(cloud, {logical: programs[name] for logical, name in names.items()}, programs[HELLO], told, found)
    finally:
        tear_down(cloud)
    text = render(found, told)
    say(text)
    if told.profile == "release":
        write(text)
    else:
        say("Nothing is written: these are not the programs that are deployed.")
    return 0


def measure_stack(cloud: Cloud, programs: Dict[str, Path], hello: Path, told: argparse.Namespace, found: Dict[str, Any]) -> None:
    """Deploys our stack and the yardstick's beside it, and measures both."""
    with step("Starting the emulator"):
        emulator = cloud.start_emulator()
        feeds = cloud.start_feeds()
    values = {"Environment": "test", "FeedOrigin": feeds, "ScheduleState": "DISABLED", "CorsOrigins": "", "PublicUrl": "https://api.babyshield.example", "MailFrom": "no-reply@babyshield.example", "RateLimitDefault": "1000000", "RateLimitRegistrations": "1000000"}
    cloud.deploy(emulator, programs, values)
    api = cloud.start_gateway(free_port(FIRST_GATEWAY_PORT), emulator, cloud.api_id(emulator))
    known = cloud.write_stack_file(emulator, api, feeds)
    with step("Loading the demo feeds through the pipeline"):
        load.load_demo(known)
    with Yardstick(emulator, hello) as yardstick:
        with step(f"Asking each route {told.requests} times, in turns"):
            found["alone"] = latencies(api, yardstick.api, ROUTES, told.requests, 1)
        with step(f"The same, {CLIENTS} at a time"):
            found["together"] = latencies(api, yardstick.api, ROUTES, told.requests, CLIENTS)
    with step("Counting DynamoDB calls and units (cargo test, against this stack)"):
        found["capacity"] = capacity(cloud)
    with step("Signing in, beside bcrypt (cargo bench, against this stack)"):
        found["accounts"] = accounts(cloud)
    with step(f"Taking a feed of {told.records} records in"):
        found["sync"] = throughput(cloud, known, programs, values, told.records)


CLIENTS = 4


def capacity(cloud: Cloud) -> List[Dict[str, Any]]:
    """Runs the test that measures calls and units, and returns its rows."""
    with tempfile.TemporaryDirectory() as directory:
        environment = dict(os.environ, BABYSHIELD_STACK=str(cloud.stack_file.resolve()), BABYSHIELD_CAPACITY=directory)
        command = ["cargo", "test", "--quiet", "--package", "babyshield-tests", "--test", "capacity", "--", "--include-ignored", "price"]
        ran = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        files = [Path(directory) / name for name in ("reads.json", "accounts.json")]
        if ran.returncode or not all(file.is_file() for file in files):
            warn(ran.stdout[-2000:] + ran.stderr[-2000:])
            raise Problem("The test that counts calls and units failed; its words are above.")
        return [row for file in files for row in json.loads(file.read_text())]


def accounts(cloud: Cloud) -> Dict[str, Any]:
    """Runs the program that signs in, in the release profile, and returns what it measured."""
    environment = dict(os.environ, BABYSHIELD_STACK=str(cloud.stack_file.resolve()))
    command = ["cargo", "bench", "--quiet", "--package", "babyshield-tests", "--bench", "accounts"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{\"accounts\"")]
    if ran.returncode or not lines:
        raise Problem("The program that signs in failed; its words are above.")
    return dict(json.loads(lines[-1])["accounts"])


def machine(profile: str) -> Dict[str, str]:
    """Returns what the numbers depend on."""
    told = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", told.read_text(), re.M) if told.is_file() else None
    load_average = os.getloadavg()
    return {
        "when": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{os.cpu_count()} cores, {model.group(1) if model else platform.processor() or platform.machine()}",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "load before": f"{load_average[0]:.1f} (one minute)",
        "compiler": first_line(["rustc", "--version"]),
        "root certificates at start": "one bundle, as on Lambda" if bundle() else "as this system keeps them",
        "profile": profile,
        "emulator": f"ministack {metadata.version('ministack')}, Python {platform.python_version()}",
    }


def first_line(command: List[str]) -> str:
    """Returns the first line that a program prints."""
    return (subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.splitlines() or ["unknown"])[0]


def table(head: List[str], rows: List[List[str]]) -> str:
    """Returns a Markdown table; the first column is text, the others are numbers."""
    align = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align, *rows])


def render(found: Dict[str, Any], told: argparse.Namespace) -> str:
    """Returns the page."""
    facts = "\n".join(f"- {name}: {value}" for name, value in found["machine"].items())
    yardstick = found["starts"][HELLO]["p50"]
    fastest = found["starts"][HELLO]["min"]
    programs = table(
        ["function", "size, MiB", "exec to first `/next`, ms (median)", "p90, ms", "fastest, ms", "median, times hello world", "fastest, times hello world"],
        [
            [
                name, f"{found['sizes'][name] / 2**20:.1f}", *(f"{start[which]:.2f}" for which in ("p50", "p90", "min")),
                f"{start['p50'] / yardstick:.1f}", f"{start['min'] / fastest:.1f}",
            ]
            for name, start in found["starts"].items()
        ],
    )
    over = [name for name, start in found["starts"].items() if start["p50"] > GOAL_START * yardstick]
    alone, together = found["alone"], found["together"]
    routes = table(
        ["route", "p50, ms", "p99, ms", f"p50 with {CLIENTS} at a time", f"p99 with {CLIENTS} at a time", "p50 times hello world"],
        [
            [f"`{name}`", *(f"{value:.1f}" for value in (one["p50"], one["p99"], together[name]["p50"], together[name]["p99"])), f"{one['p50'] / alone[HELLO]['p50']:.1f}"]
            for name, one in alone.items()
        ],
    )
    cost = table(
        ["route", "DynamoDB calls", "read units", "write units", "other AWS calls"],
        [[f"`{row['route']}`", *(f"{row[name]:g}" for name in ("calls", "read_units", "write_units", "other_calls"))] for row in found["capacity"]],
    )
    scan = next(row for row in found["capacity"] if row["function"] == "scan")
    measured = found["accounts"]
    auth_memory = template.read(ROOT / "template.yaml")["Resources"]["AuthFunction"]["Properties"]["MemorySize"]
    per_second = [
        ["bcrypt, one core", measured["bcrypt"]["one_core"], 1],
        [f"bcrypt, {measured['cores']} cores", measured["bcrypt"]["all_cores"], measured["cores"]],
        ["Argon2id, one core", measured["argon2"]["one_core"], 1],
        [f"Argon2id, {measured['cores']} cores", measured["argon2"]["all_cores"], measured["cores"]],
        ["sign-in, one at a time", measured["sign_ins"]["one_at_a_time"], 1],
        [f"sign-in, {measured['sign_ins']['at_once']} at once", measured["sign_ins"]["together"], measured["cores"]],
    ]
    bcrypt_core = measured["bcrypt"]["one_core"]
    signing_in = table(
        ["what", "a second", "a second and core", "times bcrypt on one core"],
        [[name, f"{rate:.1f}", f"{rate / cores:.1f}", f"{rate / cores / bcrypt_core:.1f}"] for name, rate, cores in per_second],
    )
    taken = table(
        ["run", "records", "seconds", "records/s"],
        [[run["run"], str(run["records"]), f"{run['seconds']:.1f}", f"{run['records'] / run['seconds']:.0f}"] for run in found["sync"]],
    )
    return f"""# Measured

Written by `./dev bench`; run it again for your machine. Latencies include the local gateway and the emulator, so they
compare our functions with one another and with hello world, and say nothing about AWS itself.

{facts}

## Programs and their start
Median of {told.starts} starts each, in turns. Goal: at most {GOAL_START:g} times hello world; {'over it: ' + ', '.join(over) if over else 'every function keeps it'}.

{programs}

## Warm requests through the gateway
{told.requests} requests to each route, in turns, over kept connections.

{routes}

## DynamoDB per request
Write units as reported; read units computed from the items that came back. Goal for one anonymous, unambiguous GTIN: at
most {GOAL_UNITS:g} read units in one round trip, and beside it the one write that counts the request; measured: {scan['read_units']:g} read
units, {scan['write_units']:g} written, in {scan['calls']} calls. A client in a hurry pays less than half a write a request (docs/decisions/0006).

{cost}

## Signing in
In one process of the release profile, on this stack's tables. A sign-in is an Argon2id verification (19 MiB, two passes)
and the store's calls; beside it bcrypt of cost {measured['bcrypt']['cost']}, which the backend before used, hash alone.

{signing_in}

Checking an access token with the key set at hand: {measured['verification']['p50_us']:.0f} µs (median), {measured['verification']['p99_us']:.0f} µs (p99); goal: under {GOAL_VERIFICATION_US:g} µs.
Memory: {measured['memory']['before_mib']:.0f} MiB before, at most {measured['memory']['peak_mib']:.0f} MiB with {measured['sign_ins']['at_once']} sign-ins at once; the function has {auth_memory} MB.

## Taking a feed in
The CPSC demo feed, repeated with new numbers and GTINs, through the deployed worker: queue, fetch, keep, parse, compare,
store, file, announce. From the plan until the queue is empty.

{taken}
"""


def write(text: str) -> None:
    """Writes the page, and the README's part where the README has a place for it."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    say(f"Written: {PAGE.relative_to(ROOT)}")
    if README.is_file() and BEGIN in README.read_text():
        before, rest = README.read_text().split(BEGIN, 1)
        after = rest.split(END, 1)[1] if END in rest else rest
        # A section of the README: its own headings stand one level above the page's.
        body = text.split("\n", 1)[1].strip().replace("\n## ", "\n### ")
        README.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}")
        say(f"Written: {README.name}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        warn(f"./dev bench: {problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        warn("./dev bench: stopped.")
        sys.exit(130)
