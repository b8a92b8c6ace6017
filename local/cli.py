"""The commands of `./dev`, run inside `.local/venv`. Whatever goes wrong ends as one sentence and a place to look."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, Dict, List

from local.console import Problem, say, step, warn
from local.tooling import HOME, ROOT


def up(arguments: List[str]) -> int:
    """./dev up"""
    from local.up import up as run

    return run(arguments)


def down(arguments: List[str]) -> int:
    """./dev down"""
    from local.up import down as run

    return run(arguments)


def logs(arguments: List[str]) -> int:
    """./dev logs [FUNCTION] [-f]: a function's lines, or everybody's with the name in front."""
    from local.up import local_cloud

    parser = argparse.ArgumentParser(prog="./dev logs")
    parser.add_argument("function", nargs="?", help="a function, or emulator, gateway, feeds")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    told = parser.parse_args(arguments)
    cloud = local_cloud()
    files = {path.stem.removeprefix(f"{cloud.stack}-"): path for path in sorted(cloud.function_logs.glob("*.log"))}
    servers = {path.stem: path for path in sorted(cloud.logs.glob("*.log"))}
    chosen = {told.function: {**servers, **files}.get(told.function)} if told.function else files
    if not chosen or None in chosen.values():
        known = ", ".join([*files, *servers]) or "none yet"
        raise Problem(f"There is no log of {told.function or 'any function'}; logs are there of: {known}.")
    show(chosen, told.follow)
    return 0


def show(files: Dict[str, Path], follow: bool) -> None:
    """Prints log files, and goes on with what is added."""
    places = {name: 0 for name in files}
    while True:
        for name, path in files.items():
            with path.open("rb") as log:
                log.seek(places[name])
                added = log.read()
                # Half a line stays for the next round.
                whole = added if not follow else added[: added.rfind(b"\n") + 1]
                places[name] += len(whole)
            for line in whole.decode("utf-8", "replace").splitlines():
                say(line if len(files) == 1 else f"{name:>8} | {line}")
        if not follow:
            return
        time.sleep(0.3)


def invoke(arguments: List[str]) -> int:
    """./dev invoke FUNCTION FILE"""
    from local.load import invoke as run
    from local.up import local_cloud, running

    parser = argparse.ArgumentParser(prog="./dev invoke")
    parser.add_argument("function")
    parser.add_argument("event", type=Path, help="a JSON file, for instance events/sync/plan.json")
    told = parser.parse_args(arguments)
    known = running(local_cloud())
    if told.function not in known["functions"]:
        raise Problem(f"There is no function {told.function}; there are {', '.join(sorted(known['functions']))}.")
    try:
        event = told.event.read_bytes()
        json.loads(event)
    except OSError as error:
        raise Problem(f"{told.event} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Problem(f"{told.event} is not JSON: {error}.") from error
    failed, answer = run(known, told.function, event)
    say(answer)
    return 1 if failed else 0


def sync(arguments: List[str]) -> int:
    """./dev sync [AGENCY]"""
    from local import load
    from local.up import local_cloud, running

    parser = argparse.ArgumentParser(prog="./dev sync")
    parser.add_argument("agency", nargs="?", help="for instance us-cpsc")
    told = parser.parse_args(arguments)
    known = running(local_cloud())
    event = {"kind": "plan", "force": True, **({"agency": told.agency} if told.agency else {})}
    with step(f"Syncing {told.agency or 'every agency'}"):
        load.plan(known, event)
        load.wait_until_drained(known)
    for agency in load.agencies(known):
        if agency.get("status") not in load.DORMANT and told.agency in (None, agency.get("key")):
            say(f"    {load.progress([agency], {})}")
    return 0


def admin(arguments: List[str]) -> int:
    """./dev admin EMAIL"""
    from local.people import order
    from local.up import local_cloud, running

    parser = argparse.ArgumentParser(prog="./dev admin")
    parser.add_argument("email", help="of somebody who has registered")
    told = parser.parse_args(arguments)
    answer = order(running(local_cloud()), {"kind": "make_admin", "email": told.email})
    say(f"{told.email} {'is now' if answer['changed'] else 'was already'} an administrator; the next access token says so.")
    return 0


def import_(arguments: List[str]) -> int:
    """./dev import users FILE"""
    from local.people import import_users
    from local.up import local_cloud, running

    parser = argparse.ArgumentParser(prog="./dev import")
    parser.add_argument("what", choices=["users"])
    parser.add_argument("file", type=Path, help="CSV with a header, or a JSON object a line")
    told = parser.parse_args(arguments)
    with step(f"Importing {told.file}"):
        good = import_users(running(local_cloud()), told.file)
    return 0 if good else 1


def rotate_keys(arguments: List[str]) -> int:
    """./dev rotate-keys [--revoke KID [--end-sessions]]"""
    from local.people import order
    from local.up import local_cloud, running

    parser = argparse.ArgumentParser(prog="./dev rotate-keys")
    parser.add_argument("--revoke", metavar="KID", help="end this key at once; /.well-known/jwks.json names those there are")
    parser.add_argument("--end-sessions", action="store_true", help="with --revoke: everybody has to sign in again")
    told = parser.parse_args(arguments)
    if told.end_sessions and not told.revoke:
        raise Problem("--end-sessions goes with --revoke: a rotation by plan ends nobody's session.")
    known = running(local_cloud())
    if told.revoke:
        answer = order(known, {"kind": "revoke_key", "kid": told.revoke, "end_sessions": told.end_sessions})
        say(f"{answer['revoked']} is revoked, everywhere within a minute; {answer['signing']} signs.")
    else:
        answer = order(known, {"kind": "rotate_keys"})
        say(f"{answer['kid']} is published and signs from {answer['signs_from']}; the last key verifies until its tokens are gone.")
    return 0


def test(arguments: List[str]) -> int:
    """./dev test [NAME]"""
    from local.run_tests import test as run

    return run(arguments)


def check(arguments: List[str]) -> int:
    """./dev check"""
    from local.check import check as run

    return run(arguments)


def bench(arguments: List[str]) -> int:
    """./dev bench"""
    if not (ROOT / "local" / "bench.py").is_file():
        raise Problem("local/bench.py is missing: the checkout is not whole, so nothing can be measured.")
    return subprocess.run([sys.executable, "-m", "local.bench", *arguments], cwd=ROOT).returncode


def package(arguments: List[str]) -> int:
    """./dev package"""
    from local.package import package as run

    return run(arguments)


COMMANDS: Dict[str, Callable[[List[str]], int]] = {
    "up": up, "down": down, "logs": logs, "invoke": invoke, "sync": sync,
    "admin": admin, "import": import_, "rotate-keys": rotate_keys,
    "test": test, "check": check, "bench": bench, "package": package,
}


def main() -> int:
    """Runs one command; no failure shows a traceback."""
    name, arguments = sys.argv[1], sys.argv[2:]
    if name not in COMMANDS:
        warn(f"./dev: there is no command {name!r}; ./dev help lists them.")
        return 2
    try:
        return COMMANDS[name](arguments)
    except Problem as problem:
        warn(f"./dev {name}: {problem}")
    except KeyboardInterrupt:
        warn(f"./dev {name}: stopped.")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 (the last resort: the traceback goes into a file, a sentence to the person)
        HOME.mkdir(exist_ok=True)
        log = HOME / "dev-error.log"
        log.write_text(traceback.format_exc())
        warn(f"./dev {name}: failed unexpectedly ({type(error).__name__}: {error}); the details are in {log}.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
