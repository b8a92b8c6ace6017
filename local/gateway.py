"""A plain base URL before the emulator's HTTP API: a reverse proxy on loopback that adds and removes nothing.

The emulator serves an API below `/_aws/execute-api/<id>/<stage>`; this puts that prefix in front of each request and
passes the rest through as bytes, with keep-alive on both sides. What lies below `/_local/` is the local inbox
(`local/inbox.py`). Standard library only: `python -m local.gateway`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import sys
import time
from typing import Dict, List, Optional, Tuple

from local import inbox

# API Gateway takes 10 MB of body and answers 413 above; a head is never that large.
MAX_BODY = 10 * 1024 * 1024
MAX_HEAD = 64 * 1024
# API Gateway gives an integration 30 seconds; the emulator's own answer to that comes first.
ANSWER_SECONDS = 35
# The emulator closes idle connections after 75 s; ours are thrown away well before.
IDLE_SECONDS = 30
SAFE_TO_REPEAT = {b"GET", b"HEAD", b"OPTIONS"}
# Fields that belong to one connection and not to the message (RFC 9110, 7.6.1).
HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"te", b"upgrade", b"expect"}

Fields = List[Tuple[bytes, bytes]]


class Refused(Exception):
    """A request that is answered here; carries status, title and a sentence."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail


class Late(Refused):
    """No answer within the time that API Gateway gives."""


class EmulatorGone(Exception):
    """The emulator cannot be reached or hung up before it answered."""


class Head:
    """The start line and the fields of a message, names in lower case only for looking up."""

    def __init__(self, raw: bytes) -> None:
        lines = raw[:-4].split(b"\r\n")
        self.start = lines[0]
        self.fields: Fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise Refused(400, "Bad request", "a header line is malformed")
            self.fields.append((name, value.strip()))

    def get(self, name: bytes) -> Optional[bytes]:
        """Returns the first value of a field."""
        return next((value for key, value in self.fields if key.lower() == name), None)

    def length(self) -> Optional[int]:
        """Returns Content-Length; two different ones, or one that is no number, are refused."""
        values = {value for key, value in self.fields if key.lower() == b"content-length"}
        if not values:
            return None
        text = values.pop()
        if values or not text.isdigit():
            raise Refused(400, "Bad request", "Content-Length is malformed")
        return int(text)

    def chunked(self) -> bool:
        """Says whether the body comes in chunks."""
        return b"chunked" in (self.get(b"transfer-encoding") or b"").lower()


async def read_head(reader: asyncio.StreamReader) -> Optional[Head]:
    """Reads a head; None when the peer closed between messages."""
    try:
        return Head(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Refused(400, "Bad request", "the request ended within its head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise Refused(431, "Request header fields too large", "the head of a request may have 64 KiB") from error


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    """Reads a chunked body whole, up to the limit."""
    parts: List[bytes] = []
    total = 0
    while True:
        line = (await reader.readuntil(b"\r\n")).split(b";", 1)[0].strip()
        try:
            size = int(line, 16)
        except ValueError as error:
            raise Refused(400, "Bad request", "a chunk size is malformed") from error
        total += size
        if size < 0 or total > MAX_BODY:
            raise Refused(413, "Content too large", "a body may have 10 MB")
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                continue
            return b"".join(parts)
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)


class Upstream:
    """Connections to the emulator, kept for the next request."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.idle: List[Tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def exchange(self, request: bytes, method: bytes) -> Tuple[Head, bytes]:
        """Sends a request and returns the answer; a kept connection that turns out closed is replaced once."""
        while self.idle:
            kept, reader, writer = self.idle.pop()
            if time.monotonic() - kept > IDLE_SECONDS or reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            try:
                return await self.ask(reader, writer, request, method)
            except EmulatorGone:
                if method not in SAFE_TO_REPEAT:
                    raise
                break
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port, limit=MAX_HEAD)
        except OSError as error:
            raise EmulatorGone from error
        no_delay(writer)
        return await self.ask(reader, writer, request, method)

    def close(self) -> None:
        """Closes what was kept."""
        while self.idle:
            self.idle.pop()[2].close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, method: bytes) -> Tuple[Head, bytes]:
        """Sends on one connection and reads the whole answer, then keeps the connection."""
        keep = False
        try:
            writer.write(request)
            async with Deadline(ANSWER_SECONDS):
                head = await read_head(reader)
                if head is None:
                    raise EmulatorGone
                body = await read_answer(reader, head, method)
            keep = (head.get(b"connection") or b"").lower() != b"close"
            return head, body
        except Late:
            raise
        except (OSError, asyncio.IncompleteReadError, Refused) as error:
            raise EmulatorGone from error
        finally:
            if keep:
                self.idle.append((time.monotonic(), reader, writer))
            else:
                writer.close()


class Deadline:
    """Cancels what runs inside it after some seconds (asyncio.timeout exists from Python 3.11 on)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.late = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.handle = asyncio.get_running_loop().call_later(self.seconds, self.expire, task)

    def expire(self, task: "asyncio.Task[object]") -> None:
        """Ends the wait."""
        self.late = True
        task.cancel()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self.handle.cancel()
        if self.late and kind is asyncio.CancelledError:
            raise Late(504, "Gateway timeout", "the function did not answer in time")


async def read_answer(reader: asyncio.StreamReader, head: Head, method: bytes) -> bytes:
    """Reads the body of an answer as HTTP frames it."""
    status = int(head.start.split(b" ", 2)[1])
    if method == b"HEAD" or status in (204, 304) or status < 200:
        return b""
    if head.chunked():
        return await read_chunked(reader)
    length = head.length()
    return await reader.read() if length is None else await reader.readexactly(length)


class Gateway:
    """The proxy for one API."""

    def __init__(self, upstream: Upstream, prefix: bytes) -> None:
        self.upstream = upstream
        self.prefix = prefix

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one client connection until it closes."""
        no_delay(writer)
        try:
            while await self.serve_one(reader, writer):
                continue
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves one request; False when the connection ends with it."""
        try:
            head = await read_head(reader)
            if head is None:
                return False
            method, target, version = split_start(head.start)
            body = await read_request_body(reader, writer, head)
        except Refused as refused:
            await write_problem(writer, refused, close=True)
            return False
        close = (head.get(b"connection") or b"").lower() == b"close" or version == b"HTTP/1.0"
        if target.startswith(inbox.PREFIX):
            return await self.serve_inbox(writer, head, method, target, close)
        fields = [field for field in head.fields if field[0].lower() not in HOP_BY_HOP]
        if head.chunked():
            fields = [field for field in fields if field[0].lower() != b"content-length"]
            fields.append((b"content-length", str(len(body)).encode()))
        try:
            answer, content = await self.upstream.exchange(write_head(b"%s %s HTTP/1.1" % (method, self.prefix + target), fields) + body, method)
        except EmulatorGone:
            gone = Refused(502, "Bad gateway", "the local cloud does not answer; ./dev up starts it again, ./dev logs shows why")
            await write_problem(writer, gone, close)
            return not close
        except Refused as refused:
            await write_problem(writer, refused, close)
            return not close
        kept = [field for field in answer.fields if field[0].lower() not in HOP_BY_HOP]
        if method != b"HEAD" and answer.length() is None and not answer.start.split(b" ")[1] in (b"204", b"304"):
            kept.append((b"content-length", str(len(content)).encode()))
        if close:
            kept.append((b"connection", b"close"))
        writer.write(write_head(answer.start, kept) + content)
        await writer.drain()
        return not close

    async def serve_inbox(self, writer: asyncio.StreamWriter, head: Head, method: bytes, target: bytes, close: bool) -> bool:
        """Serves a page of the local inbox out of what the emulator keeps."""
        try:
            _, kept = await self.upstream.exchange(write_head(b"GET " + inbox.KEPT + b" HTTP/1.1", [(b"host", b"localhost")]), b"GET")
        except (EmulatorGone, Refused):
            kept = b""
        reply = inbox.answer(method, target, head.get(b"host"), kept)
        fields = [
            (b"content-type", reply.content_type.encode()), (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", inbox.POLICY.encode()),
        ]
        if close:
            fields.append((b"connection", b"close"))
        writer.write(write_head(b"HTTP/1.1 %d Inbox" % reply.status, fields) + (b"" if method == b"HEAD" else reply.body))
        await writer.drain()
        return not close


def split_start(start: bytes) -> Tuple[bytes, bytes, bytes]:
    """Splits a request line; an absolute URL loses its origin."""
    parts = start.split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
        raise Refused(400, "Bad request", "the request line is malformed")
    method, target, version = parts
    if target.startswith((b"http://", b"https://")):
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    if target == b"*":
        target = b"/"
    if not target.startswith(b"/"):
        raise Refused(400, "Bad request", "the request target is malformed")
    return method, target.split(b"#", 1)[0], version


async def read_request_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head) -> bytes:
    """Reads a request's body, up to API Gateway's 10 MB, after `100 Continue` where it was asked for."""
    length = head.length()
    if length is not None and length > MAX_BODY:
        raise Refused(413, "Content too large", "a body may have 10 MB")
    if (length or head.chunked()) and (head.get(b"expect") or b"").lower() == b"100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if head.chunked():
        return await read_chunked(reader)
    return await reader.readexactly(length) if length else b""


def write_head(start: bytes, fields: Fields) -> bytes:
    """Puts a head together."""
    return b"\r\n".join([start, *(name + b": " + value for name, value in fields), b"", b""])


async def write_problem(writer: asyncio.StreamWriter, refused: Refused, close: bool) -> None:
    """Answers with a problem (RFC 9457) that carries the older names too."""
    slug = refused.title.lower().replace(" ", "-")
    problem: Dict[str, object] = {
        "type": f"/problems/{slug}", "title": refused.title, "status": refused.status, "detail": refused.detail,
        "error_code": slug.upper().replace("-", "_"), "success": False, "data": None, "message": refused.detail,
    }
    body = json.dumps(problem).encode()
    fields = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    if close:
        fields.append((b"connection", b"close"))
    writer.write(write_head(f"HTTP/1.1 {refused.status} {refused.title}".encode(), fields) + body)
    await writer.drain()


def no_delay(writer: asyncio.StreamWriter) -> None:
    """Sends at once instead of waiting for more to send."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def run(port: int, upstream: Upstream, prefix: str) -> None:
    """Listens on both loopback addresses until SIGTERM."""
    gateway = Gateway(upstream, prefix.rstrip("/").encode())
    servers = [await asyncio.start_server(gateway.serve, "127.0.0.1", port, limit=MAX_HEAD)]
    try:
        servers.append(await asyncio.start_server(gateway.serve, "::1", port, limit=MAX_HEAD))
    except OSError:
        pass  # No IPv6 here: `localhost` is 127.0.0.1 then.
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    print(f"listening on port {port}", flush=True)
    await stop.wait()
    for server in servers:
        server.close()
    upstream.close()


def main() -> int:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(prog="python -m local.gateway")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--emulator-port", type=int, required=True)
    parser.add_argument("--prefix", required=True, help="for instance /_aws/execute-api/abcd1234/$default")
    told = parser.parse_args()
    try:
        asyncio.run(run(told.port, Upstream("127.0.0.1", told.emulator_port), told.prefix))
    except OSError as error:
        print(f"the gateway cannot listen on port {told.port}: {error.strerror}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
