"""The demo feeds over loopback HTTP: `/{host}/{path}?{query}` answers as `https://{host}/{path}?{query}` would.

Also the place where feeds go wrong on purpose. `PUT /_control` with {"host", "mode", "times"} makes the next `times`
answers of a host (null: all) faulty, `DELETE /_control` heals everything, `GET /_control` shows faults and how many
requests each host had. Standard library only: `python -m local.feeds --port 3901`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import socket
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import unquote, urlsplit

from local.feed_wire import Feeds, Record, answer

MODES = (
    "ok", "empty", "empty_body", "status_500", "truncated", "huge", "invalid_utf8", "html_200", "slow", "shrunk", "changed",
)
HUGE_BYTES = 300 * 1024 * 1024
# A slow server gives one byte now and then, for longer than any client waits.
SLOW_PAUSE_SECONDS, SLOW_BYTES = 1.0, 600
MAX_CONTROL_BODY = 16 * 1024


class Control:
    """Which host misbehaves how, and how often each was asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: Dict[str, Tuple[str, Optional[int]]] = {}
        self.requests: Dict[str, int] = {}

    def set(self, host: str, mode: str, times: Optional[int]) -> None:
        """Makes a host misbehave; mode "ok" heals it."""
        with self.lock:
            if mode == "ok":
                self.faults.pop(host, None)
            else:
                self.faults[host] = (mode, times)

    def heal(self) -> None:
        """Heals every host and counts from zero."""
        with self.lock:
            self.faults.clear()
            self.requests.clear()

    def next_mode(self, host: str) -> str:
        """Counts one request and returns how to answer it."""
        with self.lock:
            self.requests[host] = self.requests.get(host, 0) + 1
            mode, times = self.faults.get(host, ("ok", None))
            if times is not None:
                if times <= 1:
                    self.faults.pop(host, None)
                else:
                    self.faults[host] = (mode, times - 1)
            return mode

    def show(self) -> Dict[str, Any]:
        """Returns faults and counts."""
        with self.lock:
            faults = {host: {"mode": mode, "times": times} for host, (mode, times) in self.faults.items()}
            return {"faults": faults, "requests": dict(self.requests)}


SHAPES: Dict[str, Callable[[List[Record]], List[Record]]] = {
    "empty": lambda records: [],
    # Nearly half of the records are gone: far more than the 5 % that a feed may shrink by.
    "shrunk": lambda records: [record for place, record in enumerate(records) if place % 9 < 5],
}


class FeedHandler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    feeds: Feeds
    control: Control

    def log_message(self, format: str, *arguments: Any) -> None:
        """One short line per request, for `./dev logs feeds`."""
        print(f"{self.log_date_time_string()} {format % arguments}", flush=True)

    def do_GET(self) -> None:
        """Serves a feed, or shows the control."""
        url = urlsplit(self.path)
        if url.path == "/_control":
            self.send_json(200, self.control.show())
            return
        host, _, rest = url.path.lstrip("/").partition("/")
        mode = self.control.next_mode(host)
        status, document = answer(
            self.feeds, host, "/" + unquote(rest), url.query, SHAPES.get(mode, lambda records: records), "changed" if mode == "changed" else ""
        )
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        fault = getattr(self, f"send_{mode}", None)
        if fault is not None:
            fault(body)
        else:
            self.send_feed(status, body)

    def do_HEAD(self) -> None:
        """Answers as GET without the body."""
        self.do_GET()

    def do_PUT(self) -> None:
        """Makes a host misbehave."""
        length = int(self.headers.get("Content-Length") or 0)
        try:
            if self.path != "/_control" or length > MAX_CONTROL_BODY:
                raise ValueError("PUT goes to /_control, with a short JSON body")
            told = json.loads(self.rfile.read(length))
            host, mode, times = told["host"], told["mode"], told.get("times")
            if mode not in MODES or not isinstance(host, str) or not (times is None or (isinstance(times, int) and times > 0)):
                raise ValueError(f"mode is one of {', '.join(MODES)}; times is a number above zero or null")
        except (ValueError, KeyError, TypeError) as error:
            self.close_connection = True
            self.send_json(400, {"message": f"not understood: {error}"})
            return
        self.control.set(host, mode, times)
        self.send_json(200, self.control.show())

    def do_DELETE(self) -> None:
        """Heals every host."""
        if self.path != "/_control":
            self.send_json(404, {"message": "only /_control can be deleted"})
            return
        self.control.heal()
        self.send_json(200, self.control.show())

    def send_json(self, status: int, document: Any) -> None:
        """Sends a document of our own."""
        self.send_body(status, json.dumps(document).encode(), [])

    def send_feed(self, status: int, body: bytes) -> None:
        """Sends a feed with its validators, or 304 when the client has it."""
        if status != 200:
            self.send_body(status, body, [])
            return
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        validators = [("ETag", tag), ("Last-Modified", formatdate(self.feeds.modified(), usegmt=True))]
        known = [part.strip().removeprefix("W/") for part in self.headers.get("If-None-Match", "").split(",")]
        if tag in known or "*" in known:
            self.send_response(304)
            for name, value in validators:
                self.send_header(name, value)
            self.end_headers()
            return
        self.send_body(200, body, validators)

    def send_body(self, status: int, body: bytes, fields: List[Tuple[str, str]], kind: str = "application/json; charset=utf-8") -> None:
        """Sends a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # Faults: each is named send_<mode>, takes the body as it should have been, and ends the connection where it lies.

    def send_empty_body(self, body: bytes) -> None:
        """200 and not one byte."""
        self.send_body(200, b"", [])

    def send_status_500(self, body: bytes) -> None:
        """A failing server."""
        self.send_body(500, b"internal server error", [], "text/plain")

    def send_html_200(self, body: bytes) -> None:
        """An error page that claims success."""
        page = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"
        self.send_body(200, page, [], "text/html; charset=utf-8")

    def send_invalid_utf8(self, body: bytes) -> None:
        """The feed with bytes that are no UTF-8 inside its first text."""
        quote = body.find(b'":"') + 3
        self.send_body(200, body[:quote] + b"\xff\xfe\xc3" + body[quote:], [])

    def send_truncated(self, body: bytes) -> None:
        """Half of what Content-Length promised."""
        self.start(len(body))
        self.wfile.write(body[: len(body) // 2])

    def send_huge(self, body: bytes) -> None:
        """300 MB of valid JSON white space, in chunks, so that no length warns of it."""
        self.start(None)
        block = b" " * (1024 * 1024)
        try:
            for _ in range(HUGE_BYTES // len(block)):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        except OSError:
            pass  # The client had enough, as it should.

    def send_slow(self, body: bytes) -> None:
        """One byte a second."""
        self.start(len(body))
        try:
            for place in range(min(SLOW_BYTES, len(body))):
                self.wfile.write(body[place : place + 1])
                self.wfile.flush()
                time.sleep(SLOW_PAUSE_SECONDS)
        except OSError:
            pass  # The client gave up, as it should.

    def start(self, length: Optional[int]) -> None:
        """Begins a 200 that will not end well."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header(*(("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))))
        self.send_header("Connection", "close")
        self.end_headers()


class FeedServer(ThreadingHTTPServer):
    """A thread per connection; a client that hangs up is no event."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps broken connections out of the log and reports the rest."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)


def serve(port: int, directory: Path) -> FeedServer:
    """Makes a server on a loopback port (0: any free one)."""
    handler = type("Handler", (FeedHandler,), {"feeds": Feeds(directory), "control": Control(), "disable_nagle_algorithm": True})
    return FeedServer(("127.0.0.1", port), handler)


def main() -> int:
    """Reads the command line and serves until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.feeds")
    parser.add_argument("--port", type=int, default=3901)
    parser.add_argument("--directory", type=Path, default=Path(__file__).resolve().parent / "demo")
    told = parser.parse_args()
    try:
        server = serve(told.port, told.directory)
    except OSError as error:
        print(f"the demo feeds cannot listen on port {told.port}: {error.strerror}", file=sys.stderr, flush=True)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"demo feeds of {told.directory} on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
