"""`./dev package`: the release zips, built the two ways that the template promises."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path
from typing import Dict, List

from local.console import Problem, say, step
from local.tooling import ROOT, ensure_venv, require_rust

TARGET = "aarch64-unknown-linux-gnu"


def package(arguments: List[str]) -> int:
    """Runs `cargo lambda build --release --arm64` and `sam build` and lists what they made."""
    argparse.ArgumentParser(prog="./dev package").parse_args(arguments)
    require_rust()
    require_target()
    python = ensure_venv("package-venv", ROOT / "local" / "requirements-package.txt", "cargo-lambda, zig, cmake and the SAM CLI")
    environment = dict(os.environ, PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}", SAM_CLI_TELEMETRY="0")
    environment.pop("PYTHONPATH", None)
    # cargo-lambda writes below the target directory, and sam looks there below the checkout.
    environment["CARGO_TARGET_DIR"] = str(ROOT / "target")
    run("cargo lambda build --release --arm64", ["cargo", "lambda", "build", "--release", "--arm64", *locked()], environment)
    run("sam build", [str(python.parent / "sam"), "build"], environment)
    for bootstrap in sorted((ROOT / ".aws-sam" / "build").glob("*/bootstrap")):
        say(f"    {bootstrap.parent.name:<18} {bootstrap.stat().st_size / 1e6:6.1f} MB  {kind(bootstrap)}")
    return 0


def locked() -> List[str]:
    """Returns --locked, once there is a lock file."""
    return ["--locked"] if (ROOT / "Cargo.lock").is_file() else []


def require_target() -> None:
    """Complains when Rust's standard library for Lambda's processor is not installed."""
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    if not (Path(root) / "lib" / "rustlib" / TARGET / "lib").is_dir():
        raise Problem(
            f"Rust's standard library for {TARGET} (Lambda on arm64) is not installed: run `rustup target add {TARGET}` and try again."
        )


def run(name: str, command: List[str], environment: Dict[str, str]) -> None:
    """Runs one build with its output shown."""
    with step(name):
        if subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode != 0:
            raise Problem(f"{name} failed; its words are above.")


def kind(program: Path) -> str:
    """Names the processor that an ELF program is for."""
    head = program.read_bytes()[:20]
    machine = int.from_bytes(head[18:20], "little") if head[:4] == b"\x7fELF" else 0
    return {0xB7: "arm64", 0x3E: "x86_64"}.get(machine, "not an ELF program")
