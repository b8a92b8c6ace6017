"""One local cloud: its directory, ports and processes, and the way from nothing to a deployed stack.

`up` and `test` each have one of their own, so that tests run beside a system in use.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Optional

from local import build, deploy, template
from local.console import Problem, say, step
from local.processes import Processes, end_orphans, free_port, holder_of, port_free
from local.tooling import HOME, ROOT, tail

EMULATOR, GATEWAY, FEEDS = "local.emulator", "local.gateway", "local.feeds"
# Saving the state of a few thousand recalls takes well under a second; a request in flight may add 30.
STOP_SECONDS = 40
START_SECONDS = 30
LARGE_LOG_BYTES = 20_000_000
API_PREFIX = "/_aws/execute-api"


class Cloud:
    """One instance below `.local`."""

    def __init__(self, name: str, directory: Path, first_port: int) -> None:
        self.name = name
        self.directory = directory
        self.first_port = first_port
        self.state = directory / "state"
        self.logs = directory / "logs"
        self.function_logs = self.logs / "functions"
        self.stack_file = directory / "stack.json"
        self.processes = Processes(directory / "run", self.logs)
        self.stack = f"babyshield-{name}"
        self.lock: Optional[Any] = None

    # --- what is remembered

    def notes(self) -> Dict[str, Any]:
        """Returns what the last run wrote down (ports, mode, whether data are loaded)."""
        try:
            found = json.loads((self.state / "notes.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, **changes: Any) -> None:
        """Writes something down beside the data, whole or not at all."""
        self.state.mkdir(parents=True, exist_ok=True)
        fresh = self.state / "notes.new"
        fresh.write_text(json.dumps({**self.notes(), **changes}, indent=1) + "\n")
        fresh.replace(self.state / "notes.json")

    def told(self) -> Dict[str, Any]:
        """Returns stack.json, empty when there is none."""
        try:
            return dict(json.loads(self.stack_file.read_text()))
        except (OSError, ValueError, TypeError):
            return {}

    def take_lock(self) -> None:
        """Lets one `./dev` at a time change this instance; the lock ends with the process."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.lock = (self.directory / "lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.lock.seek(0)
            other = self.lock.read().strip()
            raise Problem(f"Another ./dev command is at work here{f' (pid {other})' if other else ''}: wait for it or stop it.") from error
        self.lock.seek(0)
        self.lock.truncate()
        self.lock.write(f"{os.getpid()}\n")
        self.lock.flush()

    def release_lock(self) -> None:
        """Lets other commands in."""
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    # --- processes

    def emulator_pid(self) -> Optional[int]:
        """Returns the emulator's pid when it lives."""
        return self.processes.running(EMULATOR)

    def was_killed(self) -> bool:
        """Says whether the emulator ended without saving: it was not stopped by us and lives no more."""
        return bool(self.notes().get("open")) and self.emulator_pid() is None

    def forget(self) -> None:
        """Removes all data of this instance."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.stack_file.unlink(missing_ok=True)

    def trim_logs(self, whole: bool) -> None:
        """Removes logs that have grown large, or all of them."""
        for log in self.logs.glob("**/*.log"):
            if whole or log.stat().st_size > LARGE_LOG_BYTES:
                log.unlink()

    def start_emulator(self) -> str:
        """Starts the emulator with its saved state and returns its endpoint."""
        port = self.notes().get("emulator_port")
        if port is not None and not port_free(port):
            raise Problem(
                f"Port {port}, which the saved data were made with, is taken{holder_of(port)}: stop that program, or begin anew with --fresh."
            )
        port = port or free_port(self.first_port)
        (self.state / "tmp").mkdir(parents=True, exist_ok=True)
        self.note(emulator_port=port, open=True)
        self.processes.start(EMULATOR, sys.executable, [], self.emulator_environment(port))
        endpoint = f"http://127.0.0.1:{port}"
        self.await_answer(EMULATOR, f"{endpoint}/_ministack/health")
        return endpoint

    def emulator_environment(self, port: int) -> Dict[str, str]:
        """Returns the emulator's whole environment; the functions inherit it, so nothing of the user's AWS set-up is in it."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        }
        if self.notes().get("mode") == "live":
            proxies = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
            kept.update({name: os.environ[name] for name in proxies if name in os.environ})
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.state / "tmp"),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": template.REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state / "s3"),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "BABYSHIELD_FUNCTION_LOGS": str(self.function_logs),
        }

    def start_feeds(self) -> str:
        """Starts the demo feed server and returns its origin."""
        port = free_port(self.first_port + 300)
        self.processes.start(FEEDS, sys.executable, ["--port", str(port)], plain_environment())
        origin = f"http://127.0.0.1:{port}"
        self.await_answer(FEEDS, f"{origin}/_control")
        return origin

    def start_gateway(self, port: int, emulator: str, api: str) -> str:
        """Starts the reverse proxy and returns the base URL."""
        arguments = ["--port", str(port), "--emulator-port", emulator.rsplit(":", 1)[1], "--prefix", f"{API_PREFIX}/{api}/$default"]
        self.processes.start(GATEWAY, sys.executable, arguments, plain_environment())
        base = f"http://127.0.0.1:{port}"
        self.await_answer(GATEWAY, f"{base}/health")
        return base

    def await_answer(self, module: str, url: str) -> None:
        """Waits until a server answers anything at all; its early end is a sentence with the end of its log."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if answers(url):
                return
            if self.processes.running(module) is None:
                break
            time.sleep(0.05)
        log = self.processes.log(module)
        raise Problem(f"{module} did not start; the end of {log} says:\n{tail(log)}")

    def stop(self) -> None:
        """Stops everything in the order that loses nothing: no new requests, then the emulator with its data."""
        self.processes.stop(GATEWAY, 5)
        outcome = self.processes.stop(EMULATOR, STOP_SECONDS)
        if outcome == "stopped" and self.state.is_dir():
            self.note(open=False)
        self.processes.stop(FEEDS, 5)
        if outcome == "killed":
            raise Problem(f"The emulator did not stop within {STOP_SECONDS} s and was killed: the next ./dev up loads the data again.")

    def clear_remains(self) -> None:
        """Ends what a killed or half-started run left: servers and function processes without their emulator."""
        leader = self.processes.pids().get(EMULATOR)
        if leader is not None and self.emulator_pid() is None:
            end_orphans(leader)
        for module in (GATEWAY, FEEDS):
            self.processes.stop(module, 5)

    # --- the stack

    def build(self) -> Dict[str, Path]:
        """Builds the functions; returns logical id -> program."""
        names = template.binaries(template.read(ROOT / "template.yaml"))
        with step("Building the functions"):
            programs = build.pick(build.cargo_build(), names.values())
        return {logical: programs[name] for logical, name in names.items()}

    def deploy(self, emulator: str, programs: Dict[str, Path], parameters: Dict[str, str]) -> List[str]:
        """Uploads the code that changed, deploys, checks; returns the functions whose code changed."""
        aws = deploy.Aws(emulator)
        hashes_file = HOME / "cache" / "digests.json"
        hashes = read_json(hashes_file)
        before = self.notes().get("code", {})
        keys = {logical: f"{program.name}-{build.digest(program, hashes)[:24]}.zip" for logical, program in programs.items()}
        hashes_file.parent.mkdir(parents=True, exist_ok=True)
        hashes_file.write_text(json.dumps(hashes))
        changed = [programs[logical].name for logical, key in keys.items() if before.get(logical) != key]
        with step(f"Deploying {self.stack}" + (f": {', '.join(changed)}" if changed else ": no function changed")):
            absent = {key: programs[logical] for logical, key in keys.items() if not deploy.has_object(aws, key)}
            # Compressing lets other threads run: it takes most of this step.
            with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
                for key, packed in zip(absent, pool.map(build.zipped, absent.values())):
                    deploy.upload(aws, key, packed)
            plain = template.transform(ROOT / "template.yaml", keys, HOME / "cache")
            values = {"Architecture": template.architecture(), "DeletionProtection": "false", **parameters}
            deploy.deploy(aws, self.stack, plain, values)
            there = deploy.physical(aws, self.stack)
            deploy.verify(aws, plain, there)
            deploy.set_time_to_live(aws, plain, there)
            deploy.verify_sender(aws, values.get("MailFrom", ""))
            self.drop_old_code(aws, set(keys.values()))
        self.note(code=keys)
        return changed

    def drop_old_code(self, aws: deploy.Aws, wanted: "set[str]") -> None:
        """Removes zips of earlier builds, which the emulator would keep in memory and in its saved state."""
        s3 = aws.client("s3")
        for entry in s3.list_objects_v2(Bucket=template.CODE_BUCKET).get("Contents", []):
            if entry["Key"].endswith(".zip") and entry["Key"] not in wanted:
                s3.delete_object(Bucket=template.CODE_BUCKET, Key=entry["Key"])

    def write_stack_file(self, emulator: str, api: str, feeds: Optional[str]) -> Dict[str, Any]:
        """Writes stack.json, which tests and people read."""
        there = deploy.physical(deploy.Aws(emulator), self.stack)
        functions = template.binaries(template.read(ROOT / "template.yaml"))
        known = {
            "api": api,
            "ws": None,
            "emulator": emulator,
            "region": template.REGION,
            "stack": self.stack,
            "tables": short_names(there.get("AWS::DynamoDB::Table", {}), "Table"),
            "queues": {queue_name(name): url for name, url in there.get("AWS::SQS::Queue", {}).items()},
            "buckets": short_names(there.get("AWS::S3::Bucket", {}), "Bucket"),
            "secrets": short_names(there.get("AWS::SecretsManager::Secret", {}), "Secret"),
            "functions": {name: there["AWS::Lambda::Function"][logical] for logical, name in functions.items()},
            "feeds": feeds,
            "logs": str(self.logs),
            "pid": self.emulator_pid(),
        }
        fresh = self.stack_file.with_suffix(".new")
        fresh.write_text(json.dumps(known, indent=2) + "\n")
        fresh.replace(self.stack_file)
        return known

    def api_id(self, emulator: str) -> str:
        """Returns the id of the stack's HTTP API."""
        return next(iter(deploy.physical(deploy.Aws(emulator), self.stack)["AWS::ApiGatewayV2::Api"].values()))


def short_names(physical: Dict[str, str], suffix: str) -> Dict[str, str]:
    """Turns RecallsTable into recalls."""
    return {logical.removesuffix(suffix).lower(): name for logical, name in physical.items()}


def queue_name(logical: str) -> str:
    """Turns SyncQueue into sync and SyncDlq into sync-dlq."""
    return logical.removesuffix("Queue").lower() if logical.endswith("Queue") else f"{logical.removesuffix('Dlq').lower()}-dlq"


def plain_environment() -> Dict[str, str]:
    """Returns the environment of our own helpers."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def read_json(path: Path) -> Dict[str, Any]:
    """Reads a JSON object; an absent or broken file is an empty one."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def answers(url: str) -> bool:
    """Says whether a server answers, with whatever status."""
    try:
        # No proxy: loopback only.
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def check_port(port: int) -> None:
    """Complains when something else holds the port that people will call."""
    if not 1 <= port <= 65535:
        raise Problem(f"{port} is no port: choose one between 1 and 65535.")
    if not port_free(port):
        raise Problem(f"Port {port} is taken{holder_of(port)}: stop that program or choose another with ./dev up --port N.")


def announce(known: Dict[str, Any]) -> None:
    """Prints the base URL and a few commands to try."""
    api = known["api"]
    say(
        f"\nBabyShield is ready at {api} (and http://localhost:{api.rsplit(':', 1)[1]})\n\n"
        f"  curl {api}/health\n"
        f"  curl '{api}/api/v1/recalls?per_page=3'\n"
        f"  curl {api}/api/v1/agencies\n"
        f"  open {api}/docs\n"
        f"  open http://localhost:{api.rsplit(':', 1)[1]}/_local/inbox   (messages that were sent)\n"
    )
