"""`./dev up` and `./dev down`: the local cloud for people, in the foreground or detached."""

from __future__ import annotations

import argparse
import os
import signal
import time
from typing import Any, Dict, List, Optional

from local import load
from local.build import sources_changed_since
from local.cloud import EMULATOR, FEEDS, GATEWAY, Cloud, announce, check_port
from local.console import Problem, say, step, warn
from local.tooling import HOME

DEFAULT_PORT = 3000
MAIL_FROM = "no-reply@babyshield.example"
FIRST_EMULATOR_PORT = 4566


def local_cloud() -> Cloud:
    """Returns the instance that `up` serves."""
    return Cloud("local", HOME, FIRST_EMULATOR_PORT)


def running(cloud: Cloud) -> Dict[str, Any]:
    """Returns stack.json of a cloud that lives; else a sentence."""
    known = cloud.told()
    if not known or cloud.emulator_pid() is None:
        raise Problem("The local cloud is not running: start it with ./dev up.")
    return known


def up(arguments: List[str]) -> int:
    """Brings everything up; returns when ready (`--detach`) or when stopped."""
    parser = argparse.ArgumentParser(prog="./dev up")
    parser.add_argument("--detach", action="store_true", help="return when everything is ready")
    parser.add_argument("--port", type=int, default=None, help=f"the port to serve on ({DEFAULT_PORT})")
    parser.add_argument("--fresh", action="store_true", help="forget the data")
    parser.add_argument("--live", action="store_true", help="fetch from the agencies' real end points")
    parser.add_argument("--watch", action="store_true", help="rebuild and update a changed function")
    told = parser.parse_args(arguments)
    if told.watch and told.detach:
        raise Problem("--watch needs the foreground: leave out --detach.")
    cloud = local_cloud()
    cloud.take_lock()
    if told.fresh:
        cloud.stop()
    elif cloud.emulator_pid() and cloud.processes.running(GATEWAY):
        return refresh(cloud, told)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupt)
    start(cloud, told)
    cloud.release_lock()
    if told.detach:
        say("It runs in the background; ./dev down stops it and keeps the data.")
        return 0
    say("Ctrl-C stops it and keeps the data.")
    return stay(cloud, told.watch)


def interrupt(*_: object) -> None:
    """Makes SIGTERM the same as Ctrl-C."""
    raise KeyboardInterrupt


def refresh(cloud: Cloud, told: argparse.Namespace) -> int:
    """A second `up`: says so, and brings changed functions up to date."""
    known = running(cloud)
    if told.port is not None and not known["api"].endswith(f":{told.port}"):
        raise Problem(f"BabyShield already runs at {known['api']} (pid {known['pid']}): ./dev down stops it, then choose another port.")
    if told.live != (cloud.notes().get("mode") == "live"):
        raise Problem(f"BabyShield already runs at {known['api']} with other feeds: ./dev down stops it.")
    say(f"BabyShield already runs at {known['api']} (pid {known['pid']}); ./dev down stops it.")
    update(cloud, known)
    announce(cloud.told())
    return 0


def update(cloud: Cloud, known: Dict[str, Any]) -> List[str]:
    """Builds, and deploys what changed into the running cloud."""
    changed = cloud.deploy(known["emulator"], cloud.build(), parameters(known.get("feeds"), known["api"]))
    cloud.write_stack_file(known["emulator"], known["api"], known.get("feeds"))
    return changed


def start(cloud: Cloud, told: argparse.Namespace) -> None:
    """Starts everything; what goes wrong halfway leaves nothing running."""
    begun = time.monotonic()
    mode = "live" if told.live else "demo"
    clean_up(cloud, told.fresh)
    if cloud.notes().get("mode", mode) != mode:
        raise Problem(f"The saved data come from the {cloud.notes()['mode']} feeds: add --fresh to begin anew with the {mode} ones.")
    port = DEFAULT_PORT if told.port is None else told.port
    check_port(port)
    programs = cloud.build()
    cloud.note(mode=mode)
    try:
        with step("Starting the emulator" + ("" if cloud.notes().get("loaded") else " with no data")):
            emulator = cloud.start_emulator()
            feeds = None if told.live else cloud.start_feeds()
        base = f"http://127.0.0.1:{port}"
        cloud.deploy(emulator, programs, parameters(feeds, base))
        cloud.start_gateway(port, emulator, cloud.api_id(emulator))
        known = cloud.write_stack_file(emulator, base, feeds)
        fill(cloud, known, mode)
    except BaseException:
        warn("    stopping what was started")
        cloud.stop()
        cloud.stack_file.unlink(missing_ok=True)
        raise
    announce(known)
    say(f"Ready in {time.monotonic() - begun:.1f} s.")


def clean_up(cloud: Cloud, wanted_fresh: bool) -> None:
    """Deals with what an earlier run left: nothing, a stale pid, a killed emulator."""
    fresh = wanted_fresh
    if cloud.was_killed() and not fresh:
        say(
            "The emulator was killed the last time, and it saves its data only when it is stopped: "
            "what it held is lost, so the feeds are loaded again."
        )
        fresh = True
    elif cloud.processes.pids():
        say("An earlier run left pids of processes that are gone or half gone: cleaning up after it.")
    cloud.clear_remains()
    if cloud.emulator_pid():
        cloud.stop()
    if fresh:
        cloud.forget()
    cloud.trim_logs(whole=wanted_fresh)
    cloud.stack_file.unlink(missing_ok=True)


def parameters(feeds: Optional[str], base: str) -> Dict[str, str]:
    """Returns the template's parameters for people: the demo feeds, or the agencies when there are none."""
    port = base.rsplit(":", 1)[1]
    return {
        "Environment": "local", "FeedOrigin": feeds or "", "CorsOrigins": f"http://localhost:{port},http://127.0.0.1:{port}",
        "PublicUrl": f"http://localhost:{port}", "MailFrom": MAIL_FROM, "AdminDomains": "staff.example",
        # Somebody who tries things out is one address and in a hurry. Production's limits are those of template.yaml:
        # RATE_LIMIT_DEFAULT=100 RATE_LIMIT_REGISTRATIONS=60 RATE_LIMIT_LINKS=30 ./dev up
        "RateLimitDefault": os.environ.get("RATE_LIMIT_DEFAULT", "6000"),
        "RateLimitRegistrations": os.environ.get("RATE_LIMIT_REGISTRATIONS", "6000"),
        "RateLimitLinks": os.environ.get("RATE_LIMIT_LINKS", "6000"),
    }


def fill(cloud: Cloud, known: Dict[str, Any], mode: str) -> None:
    """Loads the demo data unless this edition of them is there; live feeds fill up in the background."""
    notes = cloud.notes()
    if mode == "live":
        if not notes.get("loaded"):
            load.plan(known, load.SCHEDULED_PLAN)
            cloud.note(loaded="live")
        say("The agencies' feeds are fetched in the background: ./dev logs sync -f shows it, /api/v1/agencies says how far.")
        return
    digest = load.demo_digest()
    if notes.get("loaded") == digest:
        return
    with step("Loading the demo feeds through the pipeline"):
        load.load_demo(known)
    cloud.note(loaded=digest)


def stay(cloud: Cloud, watch: bool) -> int:
    """Stays until Ctrl-C, `./dev down` or the end of a process; with `watch` updates changed functions."""
    built = time.time()
    try:
        while True:
            time.sleep(1)
            gone = [module for module in (EMULATOR, GATEWAY, *([FEEDS] if cloud.told().get("feeds") else [])) if cloud.processes.running(module) is None]
            if gone and not cloud.processes.pids():
                say("Stopped by ./dev down; the data are kept.")
                return 0
            if gone:
                warn(f"{gone[0]} ended by itself or was killed; {cloud.processes.log(gone[0])} may say why. ./dev up starts everything again.")
                stop_quietly(cloud)
                return 1
            if watch and sources_changed_since(built):
                built = time.time()
                rebuild(cloud)
    except KeyboardInterrupt:
        say("\nStopping; the data are kept.")
        # A second Ctrl-C must not cut the saving short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop_quietly(cloud)
        return 0


def stop_quietly(cloud: Cloud) -> None:
    """Stops everything and removes stack.json."""
    cloud.stop()
    cloud.stack_file.unlink(missing_ok=True)


def rebuild(cloud: Cloud) -> None:
    """One round of `--watch`; a failed build leaves the old functions in place."""
    try:
        cloud.take_lock()
        changed = update(cloud, running(cloud))
        say(f"Updated: {', '.join(changed) or 'nothing changed'}.")
    except Problem as problem:
        warn(f"Not updated: {problem}")
    finally:
        cloud.release_lock()


def down(arguments: List[str]) -> int:
    """Stops the local cloud and keeps its data."""
    argparse.ArgumentParser(prog="./dev down").parse_args(arguments)
    cloud = local_cloud()
    cloud.take_lock()
    if cloud.emulator_pid() is None and not any(cloud.processes.running(module) for module in (GATEWAY, FEEDS)):
        cloud.clear_remains()
        cloud.processes.remember({})
        cloud.stack_file.unlink(missing_ok=True)
        say("The local cloud is not running.")
        return 0
    with step("Stopping; the data are kept"):
        stop_quietly(cloud)
    return 0
