"""Warm latency of routes through the gateway, in turns with the yardstick's route, over kept connections."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from typing import Any, Dict, List, NamedTuple, Optional
from urllib.parse import urlsplit

from local.bench_starts import percentile
from local.bench_yardstick import HELLO
from local.console import Problem

WARM_UP = 20


class Route(NamedTuple):
    """A route that is measured."""

    function: str
    method: str
    path: str
    body: Optional[Dict[str, Any]] = None

    @property
    def name(self) -> str:
        """Returns how the table calls it."""
        return f"{self.method} {self.path}"


class Client:
    """One connection to each of the two gateways."""

    def __init__(self, api: str, yardstick: str) -> None:
        self.ours = connect(api)
        self.yardstick = connect(yardstick)

    def ask(self, route: Optional[Route]) -> float:
        """Sends one request, reads the answer whole and returns milliseconds."""
        connection = self.ours if route else self.yardstick
        method, path = (route.method, route.path) if route else ("GET", "/")
        body = json.dumps(route.body).encode() if route and route.body else None
        headers = {"Content-Type": "application/json"} if body else {}
        begun = time.perf_counter_ns()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        ended = time.perf_counter_ns()
        if answer.status != 200:
            raise Problem(f"{method} {path} answered {answer.status} while it was measured: {content[:300].decode('utf-8', 'replace')}")
        return (ended - begun) / 1e6


def connect(base: str) -> http.client.HTTPConnection:
    """Opens a connection that is kept."""
    parts = urlsplit(base)
    return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)


def latencies(api: str, yardstick: str, routes: List[Route], count: int, clients: int) -> Dict[str, Dict[str, float]]:
    """Asks every route `count` times from `clients` threads together; returns name -> p50 and p99 in milliseconds."""
    taken: Dict[str, List[float]] = {HELLO: [], **{route.name: [] for route in routes}}
    failures: List[BaseException] = []
    lock = threading.Lock()

    def work(turns: int) -> None:
        try:
            client = Client(api, yardstick)
            for turn in range(turns + WARM_UP):
                for route in (None, *routes):
                    milliseconds = client.ask(route)
                    if turn >= WARM_UP:
                        with lock:
                            taken[route.name if route else HELLO].append(milliseconds)
        except (Problem, OSError, http.client.HTTPException) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(-(-count // clients),)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Problem(f"Measuring was broken off: {failures[0]}")
    return {name: {"p50": statistics.median(values), "p99": percentile(values, 0.99)} for name, values in taken.items()}
