"""The tools `./dev` uses: a private virtual environment from locks with hashes, and cargo-machete.

Imported by `dev` before any tool exists, so it uses the standard library only and runs on Python 3.9.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local.console import Problem, step

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local"

# MiniStack 1.5.33 needs 3.10; `dev` itself starts with 3.9 in order to say so.
PYTHON_FOR_TOOLS = (3, 10)
MACHETE = "0.9.2"


def python_for_tools() -> str:
    """Returns an interpreter new enough for the emulator, looking beside the one that runs `dev`."""
    if sys.version_info >= PYTHON_FOR_TOOLS:
        return sys.executable
    for minor in range(16, PYTHON_FOR_TOOLS[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    raise Problem(
        f"The local cloud needs Python 3.10 or newer (this is {sys.version.split()[0]}) and no python3.10 ... python3.16 "
        "is on the PATH. Install one and run ./dev again."
    )


def venv_python(venv: Path) -> Path:
    """Returns the interpreter inside a virtual environment."""
    return venv / "bin" / "python"


def ensure_venv(name: str, lock: Path, title: str) -> Path:
    """Makes (or remakes, when its lock changed) `.local/<name>` and returns its interpreter."""
    venv = HOME / name
    stamp = venv / "lock.sha256"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text().strip() == digest and works(venv_python(venv)):
        return venv_python(venv)
    python = python_for_tools()
    HOME.mkdir(exist_ok=True)
    with step(f"Installing {title} into .local/{name} (once)"):
        log = HOME / f"{name}-install.log"
        with log.open("w") as out:
            if run_logged([python, "-m", "venv", "--clear", str(venv)], out) != 0:
                raise Problem(
                    f"Python could not make a virtual environment (see {log}); on Debian and Ubuntu the package python3-venv is missing."
                )
            pip = [str(venv_python(venv)), "-m", "pip", "install", "--require-hashes", "--no-deps", "--disable-pip-version-check"]
            if run_logged([*pip, "--requirement", str(lock)], out) != 0:
                raise Problem(
                    f"{title} could not be installed; is there a network connection? The end of {log} says:\n{tail(log)}"
                )
        stamp.write_text(digest + "\n")
    return venv_python(venv)


def works(python: Path) -> bool:
    """Says whether an interpreter still starts: a moved checkout or an upgraded Python breaks it."""
    if not python.exists():
        return False
    return subprocess.run([str(python), "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def run_logged(command: "list[str]", out) -> int:
    """Runs a command with its output in a log file and returns its exit code."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT).returncode


def tail(path: Path, lines: int = 8) -> str:
    """Returns the last lines of a log, indented."""
    if not path.is_file():
        return "    (no log)"
    return "\n".join("    " + line for line in path.read_text(errors="replace").splitlines()[-lines:])


def require_rust() -> None:
    """Complains in one sentence when Rust or a C compiler is missing or Rust is too old for Cargo.toml."""
    if not shutil.which("cargo") or not shutil.which("rustc"):
        raise Problem("Rust is missing: no cargo on the PATH. Install a stable toolchain (rustup does) and run ./dev again.")
    if not any(shutil.which(name) for name in (os.environ.get("CC") or "cc", "cc", "gcc", "clang")):
        raise Problem("A C compiler is missing (cc, gcc or clang): the TLS library is partly C. Install one and run ./dev again.")
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True, cwd=ROOT)
    if version.returncode != 0:
        raise Problem(f"rustc does not run: {version.stderr.strip() or 'no message'}")
    wanted = re.search(r'^rust-version\s*=\s*"([\d.]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", version.stdout)
    if wanted and found:
        need = tuple(int(part) for part in wanted.group(1).split("."))
        have = tuple(int(part) for part in found.groups())
        if have[: len(need)] < need:
            raise Problem(
                f"Rust {wanted.group(1)} or newer is needed and this is {found.group(0)}: update the toolchain (rustup update stable)."
            )


def ensure_machete() -> Path:
    """Installs cargo-machete, pinned, into `.local/cargo` and returns the program."""
    program = HOME / "cargo" / "bin" / "cargo-machete"
    if program.is_file():
        told = subprocess.run([str(program), "--version"], capture_output=True, text=True)
        if MACHETE in told.stdout:
            return program
    with step(f"Installing cargo-machete {MACHETE} into .local/cargo (once)"):
        log = HOME / "cargo-machete-install.log"
        environment = {key: value for key, value in os.environ.items() if key != "RUSTFLAGS"}
        environment["CARGO_TARGET_DIR"] = str(HOME / "cargo-target")
        command = ["cargo", "install", "--locked", "--force", "--version", MACHETE, "--root", str(HOME / "cargo"), "cargo-machete"]
        with log.open("w") as out:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=HOME)
        if done.returncode != 0:
            raise Problem(f"cargo-machete could not be installed; the end of {log} says:\n{tail(log)}")
        shutil.rmtree(HOME / "cargo-target", ignore_errors=True)
    return program
