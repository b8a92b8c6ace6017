"""`./dev test`: every test, on a local cloud of its own that is gone afterwards."""

from __future__ import annotations

import argparse
import os
import subprocess
from typing import List

from local.cloud import Cloud
from local.console import Problem, say, step, warn
from local.processes import free_port
from local.tooling import HOME, ROOT

# Other ports than `up`, so that both run side by side.
FIRST_EMULATOR_PORT = 4966
FIRST_GATEWAY_PORT = 3400


def test(arguments: List[str]) -> int:
    """Builds, starts, runs cargo test with the ignored tests included, tears down; returns cargo's exit code."""
    parser = argparse.ArgumentParser(prog="./dev test")
    parser.add_argument("name", nargs="?", help="run only tests whose name contains this")
    told = parser.parse_args(arguments)
    cloud = Cloud("test", HOME / "test", FIRST_EMULATOR_PORT)
    cloud.take_lock()
    cloud.clear_remains()
    cloud.stop()
    cloud.forget()
    cloud.trim_logs(whole=True)
    programs = cloud.build()
    try:
        with step("Starting the tests' own emulator and stack"):
            emulator = cloud.start_emulator()
            feeds = cloud.start_feeds()
        port = free_port(FIRST_GATEWAY_PORT)
        # The schedules stand still: a test invokes sync itself, with the same event.
        parameters = {
            "Environment": "test", "FeedOrigin": feeds, "ScheduleState": "DISABLED",
            "CorsOrigins": "https://app.example,http://localhost:3000",
            "PublicUrl": "https://api.babyshield.example", "MailFrom": "no-reply@babyshield.example", "AdminDomains": "staff.example",
            # All tests come from one address; those of the limits have a router of their own.
            "RateLimitDefault": "1000000", "RateLimitRegistrations": "1000000", "RateLimitLinks": "1000000",
        }
        cloud.deploy(emulator, programs, parameters)
        api = cloud.start_gateway(port, emulator, cloud.api_id(emulator))
        cloud.write_stack_file(emulator, api, feeds)
        return run_cargo(cloud, told.name)
    finally:
        tear_down(cloud)


def run_cargo(cloud: Cloud, name: "str | None") -> int:
    """Runs cargo test against the stack."""
    command = ["cargo", "test", "--workspace", *(["--locked"] if (ROOT / "Cargo.lock").is_file() else []), "--", "--include-ignored"]
    if name:
        command.append(name)
    say(f"==> {' '.join(command)}")
    environment = dict(os.environ, BABYSHIELD_STACK=str(cloud.stack_file.resolve()))
    code = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode
    if code:
        warn(f"Tests failed. The functions' logs of this run: {cloud.function_logs}")
    return code


def tear_down(cloud: Cloud) -> None:
    """Stops the instance and drops its data; the logs stay until the next run."""
    try:
        cloud.stop()
    except Problem as problem:
        warn(str(problem))
    cloud.forget()
