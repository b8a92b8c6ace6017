"""Builds the functions, with the dev profile unless told, and packs each as the zip that Lambda takes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Dict, Iterable, List

from local.console import Problem
from local.tooling import ROOT, require_rust


def cargo_build(profile: str = "dev") -> Dict[str, Path]:
    """Builds every binary of the workspace and returns name -> program; cargo shows its own progress."""
    require_rust()
    command = ["cargo", "build", "--workspace", "--bins", "--profile", profile, "--message-format=json-render-diagnostics"]
    if (ROOT / "Cargo.lock").is_file():
        command.append("--locked")
    programs: Dict[str, Path] = {}
    try:
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as cargo:
            assert cargo.stdout is not None
            for line in cargo.stdout:
                note = read_message(line)
                if note.get("reason") == "compiler-artifact" and note.get("executable"):
                    programs[note["target"]["name"]] = Path(note["executable"])
    except OSError as error:
        raise Problem(f"cargo does not run: {error.strerror}") from error
    if cargo.returncode != 0:
        raise Problem("The build failed; the compiler's words are above.")
    return programs


def read_message(line: str) -> dict:
    """Reads one line of cargo's JSON; anything else on that stream is skipped."""
    try:
        note = json.loads(line)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def pick(programs: Dict[str, Path], wanted: Iterable[str]) -> Dict[str, Path]:
    """Returns the programs the template asks for; a missing one is a sentence."""
    missing: List[str] = sorted(name for name in set(wanted) if name not in programs)
    if missing:
        raise Problem(
            f"template.yaml names the binaries {', '.join(missing)}, but the workspace builds "
            f"{', '.join(sorted(programs)) or 'none'}: add the package below functions/ or take the function out of the template."
        )
    return {name: programs[name] for name in wanted}


def digest(program: Path, cache: Dict[str, list]) -> str:
    """Returns the SHA-256 of a program; `cache` remembers it by size and time so that an unchanged one is not read."""
    status = program.stat()
    known = [status.st_size, status.st_mtime_ns]
    kept = cache.get(str(program))
    if kept and kept[:2] == known:
        return str(kept[2])
    found = hashlib.sha256()
    with program.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            found.update(block)
    cache[str(program)] = [*known, found.hexdigest()]
    return found.hexdigest()


def zipped(program: Path) -> bytes:
    """Returns a zip with the program as `bootstrap`, lightly compressed and the same for the same program."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    # Level 1: a quarter of a second for a dev binary, and half the size in the emulator's saved state.
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(entry, program.read_bytes(), compresslevel=1)
    return packed.getvalue()


def sources_changed_since(moment: float) -> bool:
    """Says whether a source of the functions or the template is newer than `moment` (seconds since 1970)."""
    for name in ("Cargo.toml", "Cargo.lock", "template.yaml"):
        path = ROOT / name
        if path.is_file() and path.stat().st_mtime > moment:
            return True
    for top in ("lib", "functions"):
        for directory, _, files in os.walk(ROOT / top):
            if any(newer(Path(directory) / name, moment) for name in files):
                return True
    return False


def newer(path: Path, moment: float) -> bool:
    """Says whether a file changed after `moment`; one that vanished meanwhile did not."""
    try:
        return path.stat().st_mtime > moment
    except OSError:
        return False
