"""From exec to the first `GET …/invocation/next`: a Lambda Runtime API that takes one request and looks at the clock."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import tempfile
import time
from pathlib import Path
from typing import Dict, List

from local.console import Problem

PATIENCE_SECONDS = 20
# Where systems keep all root certificates in one file, Lambda's own image first. A directory of single files, which
# some prefer, takes longer to read than everything else at start.
BUNDLES = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem")
NEXT = b"GET /2018-06-01/runtime/invocation/next "


def starts(programs: Dict[str, Path], count: int) -> Dict[str, Dict[str, float]]:
    """Starts every program `count` times, in turns, and returns name -> fastest, median and p90 in milliseconds.

    The fastest is what the program itself needs; where other work takes turns with it, the median holds that too.
    One start of each beforehand is not counted: it reads the file into memory.
    """
    taken: Dict[str, List[float]] = {name: [] for name in programs}
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        environment = lambda_environment(server.getsockname()[1])
        names = list(programs)
        for turn in range(count + 1):
            # Another one begins each turn: who comes after the largest program waits for its end too.
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                milliseconds = start_once(server, programs[name], environment)
                if turn:
                    taken[name].append(milliseconds)
    return {name: {"min": min(values), "p50": statistics.median(values), "p90": percentile(values, 0.9)} for name, values in taken.items()}


def percentile(values: List[float], part: float) -> float:
    """Returns the smallest value that at least `part` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(part * 1000) * len(ordered) // 1000) - 1))]


def start_once(server: socket.socket, program: Path, environment: Dict[str, str]) -> float:
    """Starts a program, waits for its first question, ends it; returns milliseconds.

    All in one thread: nothing else of this process runs in between.
    """
    null = os.open(os.devnull, os.O_RDWR)
    files = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    begun = time.perf_counter_ns()
    pid = os.posix_spawn(str(program), ["bootstrap"], environment, file_actions=files)
    try:
        ended = first_question(server, program)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(null)
    return (ended - begun) / 1e6


def first_question(server: socket.socket, program: Path) -> int:
    """Returns when the request line of the first question had come, in nanoseconds."""
    try:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(PATIENCE_SECONDS)
            head = b""
            while b"\r\n" not in head:
                block = connection.recv(4096)
                if not block:
                    break
                head += block
            ended = time.perf_counter_ns()
    except socket.timeout as error:
        raise Problem(f"{program.name} asked for no event within {PATIENCE_SECONDS} s: its settings may have changed (local/bench_starts.py).") from error
    if not head.startswith(NEXT):
        raise Problem(f"{program.name} began with {head.split(chr(13).encode())[0]!r} instead of asking for an event.")
    return ended


def bundle() -> Dict[str, str]:
    """Returns the setting that names this system's bundle; none where it has none."""
    return next(({"SSL_CERT_FILE": path} for path in BUNDLES if os.path.isfile(path)), {})


def lambda_environment(port: int) -> Dict[str, str]:
    """Returns what Lambda and our template set; nothing is asked of AWS before the first event."""
    return {
        **bundle(),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true", "TMPDIR": tempfile.gettempdir(),
        "ENVIRONMENT": "test", "LOG_LEVEL": "info", "CORS_ORIGINS": "https://app.example",
        "RECALLS_TABLE": "recalls", "PRODUCTS_TABLE": "products", "LEDGER_TABLE": "ledger", "BUCKET": "data",
        "SYNC_QUEUE_URL": "http://127.0.0.1:9/0/sync", "INDEX_QUEUE_URL": "http://127.0.0.1:9/0/index",
        "CURSOR_SECRET_ARN": "signing", "FEED_ORIGIN": "http://127.0.0.1:9",
        "ACCOUNTS_TABLE": "accounts", "TOKEN_SECRET_ARN": "tokens", "DELIVER_QUEUE_URL": "http://127.0.0.1:9/0/deliver",
        "PUBLIC_URL": "https://api.babyshield.example", "MAIL_FROM": "no-reply@babyshield.example",
    }
