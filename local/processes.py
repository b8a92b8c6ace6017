"""Background processes of the local cloud: started with a log, remembered by pid, recognised before they are signalled."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Dict, List, Optional

from local.console import Problem

# A pid is reused by the system; a process is ours when its command line still names the module we started.
MODULE_PREFIX = "local."


def command_of(pid: int) -> str:
    """Returns the command line of a live process, or an empty string (a zombie has none)."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return told.stdout.strip() if told.returncode == 0 else ""


def alive(pid: Optional[int], module: str) -> bool:
    """Says whether `pid` still is the process that runs `module`."""
    return bool(pid) and f"-m {module}" in command_of(int(pid))


def port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Says whether nothing listens on a loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(start: int) -> int:
    """Returns the first free loopback port from `start` on."""
    for port in range(start, start + 200):
        if port_free(port):
            return port
    raise Problem(f"No free port between {start} and {start + 199}: close some programs and try again.")


def holder_of(port: int) -> str:
    """Names the program that listens on a port where the system tells, for the sentence about a busy port."""
    for command in (["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fcp"], ["ss", "-Hltnp", f"sport = :{port}"]):
        try:
            told = subprocess.run(command, capture_output=True, text=True, timeout=5).stdout
        except (OSError, subprocess.TimeoutExpired):
            continue
        if command[0] == "lsof" and told:
            fields = {line[0]: line[1:] for line in told.splitlines() if line}
            return f" ({fields.get('c', 'a program')}, pid {fields.get('p', '?')})"
        if command[0] == "ss" and "pid=" in told:
            return f" (pid {told.split('pid=', 1)[1].split(',', 1)[0]})"
    return ""


class Processes:
    """The processes of one instance, remembered in a file so that `down` finds what `up` started."""

    def __init__(self, directory: Path, logs: Path) -> None:
        self.file = directory / "processes.json"
        self.logs = logs

    def pids(self) -> Dict[str, int]:
        """Returns what was started, by module name, whether or not it still lives."""
        try:
            return {str(name): int(pid) for name, pid in json.loads(self.file.read_text()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def running(self, module: str) -> Optional[int]:
        """Returns the pid of a module that lives, else None."""
        pid = self.pids().get(module)
        return pid if alive(pid, module) else None

    def remember(self, pids: Dict[str, int]) -> None:
        """Writes the file whole, so that a crash leaves the old one or the new one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(pids) + "\n")
        fresh.replace(self.file)

    def start(self, module: str, python: str, arguments: List[str], environment: Dict[str, str]) -> int:
        """Starts `python -m module` in a session of its own with its output in `logs/<module>.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.log(module)
        with log.open("ab") as out:
            process = subprocess.Popen(
                [python, "-m", module, *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env=environment, start_new_session=True,
            )
        # A moment after exec the command line is still empty: without this a busy machine takes the process for gone.
        while process.poll() is None and not command_of(process.pid):
            time.sleep(0.001)
        self.remember({**self.pids(), module: process.pid})
        return process.pid

    def log(self, module: str) -> Path:
        """Returns where a module writes its output."""
        return self.logs / f"{module.split('.')[-1]}.log"

    def stop(self, module: str, patience: float) -> str:
        """Asks a module to end (SIGTERM), insists (SIGKILL) after `patience` seconds.

        Returns "stopped", "killed" or "absent".
        """
        pid = self.running(module)
        outcome = "absent"
        if pid is not None:
            outcome = "stopped" if end(pid, module, patience) else "killed"
        pids = self.pids()
        leader = pids.pop(module, None)
        if leader is not None:
            end_orphans(leader)
        self.remember(pids)
        return outcome


def end(pid: int, module: str, patience: float) -> bool:
    """Ends one process of ours; False when it had to be killed."""
    os.kill(pid, signal.SIGTERM)
    if gone(pid, module, patience):
        return True
    os.kill(pid, signal.SIGKILL)
    gone(pid, module, 5)
    return False


def gone(pid: int, module: str, patience: float) -> bool:
    """Waits until a process has ended; reaps it when it is our child."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
        if not alive(pid, module):
            return True
        time.sleep(0.02)
    return False


def end_orphans(leader: int) -> None:
    """Ends the function processes that a killed emulator left behind: members of its session that run a `bootstrap`."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,command="], capture_output=True, text=True).stdout
    for line in told.splitlines():
        parts = line.split(None, 2)
        if len(parts) == 3 and parts[1] == str(leader) and parts[2].split()[0].endswith("/bootstrap"):
            try:
                os.kill(int(parts[0]), signal.SIGKILL)
            except ProcessLookupError:
                continue
