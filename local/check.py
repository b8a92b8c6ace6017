"""`./dev check`: everything that is not a test; all steps run, and the end says which failed and how to mend them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from local.console import Problem, say, warn
from local.tooling import ROOT, ensure_machete, require_rust


class Check(NamedTuple):
    """One step: its command and how to mend what it finds."""

    name: str
    command: Callable[[], List[str]]
    remedy: str
    environment: Optional[Dict[str, str]] = None


def beside_python(program: str) -> str:
    """Returns a tool of the private virtual environment."""
    return str(Path(sys.executable).parent / program)


def locked() -> List[str]:
    """Returns --locked, once there is a lock file."""
    return ["--locked"] if (ROOT / "Cargo.lock").is_file() else []


CHECKS = [
    Check("format", lambda: ["cargo", "fmt", "--all", "--check"], "cargo fmt --all"),
    Check(
        "clippy",
        lambda: ["cargo", "clippy", "--workspace", "--all-targets", *locked(), "--", "-D", "warnings"],
        "mend what clippy names, or say why not with #[expect(..., reason = \"...\")]",
    ),
    Check(
        "documentation",
        lambda: ["cargo", "doc", "--workspace", "--no-deps", *locked()],
        "mend the links and comments that rustdoc names",
        {"RUSTDOCFLAGS": "-D warnings"},
    ),
    Check("unused dependencies", lambda: [str(ensure_machete()), str(ROOT)], "remove the dependency from that Cargo.toml"),
    Check("spelling", lambda: [beside_python("typos"), "--config", str(ROOT / "typos.toml")], "mend the word, or add it to typos.toml"),
    Check("template", lambda: [beside_python("cfn-lint")], "mend template.yaml where cfn-lint points"),
    Check(
        "local tools",
        lambda: [sys.executable, "-m", "unittest", "discover", "--quiet", "--buffer", "--start-directory", "local/tests", "--top-level-directory", "."],
        "mend the module below local/ that the failing test names",
    ),
    Check(
        "openapi.json",
        lambda: ["cargo", "test", *locked(), "--package", "babyshield-tests", "--test", "openapi"],
        "UPDATE=1 cargo test --package babyshield-tests --test openapi writes it anew",
    ),
]


def check(arguments: List[str]) -> int:
    """Runs every step and returns 1 when one failed."""
    argparse.ArgumentParser(prog="./dev check").parse_args(arguments)
    require_rust()
    failed: List[Check] = []
    for step in CHECKS:
        say(f"==> {step.name}")
        start = time.monotonic()
        if not passes(step):
            failed.append(step)
            warn(f"    {step.name}: FAILED after {time.monotonic() - start:.1f} s")
        else:
            say(f"    ok in {time.monotonic() - start:.1f} s")
    if not failed:
        say(f"All {len(CHECKS)} checks passed.")
        return 0
    warn(f"\n{len(failed)} of {len(CHECKS)} checks failed:")
    for step in failed:
        warn(f"  {step.name}: {step.remedy}")
    return 1


def passes(step: Check) -> bool:
    """Runs one step; a tool that cannot be had is a failure with its sentence."""
    try:
        environment = dict(os.environ, **(step.environment or {}))
        return subprocess.run(step.command(), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode == 0
    except Problem as problem:
        warn(f"    {problem}")
    except OSError as error:
        warn(f"    {error.filename or step.name}: {error.strerror}")
    return False
