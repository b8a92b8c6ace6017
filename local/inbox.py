"""The local inbox: what the emulator's mail service "sent", as pages below /_local/inbox of the local gateway.

Messages hold links that sign people in, so this is for the loopback alone; nothing of it is in a template or a function.
"""

from __future__ import annotations

import datetime
import html
import json
import re
import urllib.parse
from typing import Any, Dict, List, NamedTuple, Optional

# Where the emulator keeps what was handed to its mail service.
KEPT = b"/_ministack/ses/messages"
PREFIX = b"/_local/"
# A page elsewhere that resolves its own name to 127.0.0.1 must not read the mail.
HOSTS = {"localhost", "127.0.0.1", "[::1]"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
STYLE = (
    "body{margin:0;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8884}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;border:1px solid #8884}"
    "iframe{width:100%;height:36rem;border:1px solid #8884;background:#fff}dt{font-weight:bold}"
)


class Reply(NamedTuple):
    """An answer of the inbox."""

    status: int
    content_type: str
    body: bytes


def answer(method: bytes, target: bytes, host: Optional[bytes], kept: bytes) -> Reply:
    """Answers a request below /_local/, given what the emulator says that it keeps."""
    path, _, query = target.decode("latin-1").partition("?")
    if method not in (b"GET", b"HEAD"):
        return problem(405, "the inbox is only looked at")
    if not loopback(host):
        return problem(403, "the inbox is for this machine alone: call it as localhost")
    try:
        messages = newest_first(json.loads(kept))
    except (ValueError, AttributeError, KeyError, TypeError):
        return problem(502, "the emulator does not tell what it sent; ./dev logs may say why")
    wanted = urllib.parse.parse_qs(query).get("to", [""])[0].lower()
    if wanted:
        messages = [message for message in messages if wanted in (to.lower() for to in message["to"])]
    if path.rstrip("/") == "/_local/inbox":
        return page("Inbox", list_of(messages))
    if path == "/_local/inbox.json":
        return Reply(200, "application/json", json.dumps({"messages": messages}, ensure_ascii=False).encode())
    if path.startswith("/_local/inbox/"):
        wanted = urllib.parse.unquote(path.removeprefix("/_local/inbox/"))
        for message in messages:
            if message["id"] == wanted:
                return page(message["subject"], one(message))
    return problem(404, "there is no such page; /_local/inbox lists all messages")


def loopback(host: Optional[bytes]) -> bool:
    """Says whether a Host field names this machine."""
    return re.sub(r":\d+$", "", (host or b"").decode("latin-1")).lower() in HOSTS


def newest_first(kept: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Returns the messages of every account of the emulator in our own words."""
    found = [
        {
            "id": str(message["MessageId"]),
            "at": datetime.datetime.fromtimestamp(float(message["Timestamp"]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "from": str(message["Source"]),
            "to": [str(to) for to in message["To"]],
            "subject": str(message["Subject"]),
            "text": str(message["BodyText"] or ""),
            "html": str(message["BodyHtml"] or ""),
            "links": re.findall(r"https?://\S+", str(message["BodyText"] or "")),
        }
        for messages in kept["messages"].values()
        for message in messages
    ]
    # Equal instants stay in the order of sending, so that the last one is first.
    return sorted(reversed(found), key=lambda message: message["at"], reverse=True)


def list_of(messages: List[Dict[str, Any]]) -> str:
    """Returns the list as HTML."""
    if not messages:
        return "<p>No message was sent yet. Register, or ask for a new password.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(message['at'])}</td><td>{html.escape(', '.join(message['to']))}</td>"
        f"<td><a href=\"/_local/inbox/{html.escape(urllib.parse.quote(message['id'], safe=''))}\">{html.escape(message['subject'])}</a></td></tr>"
        for message in messages
    )
    return (
        "<table><thead><tr><th scope=\"col\">At</th><th scope=\"col\">To</th><th scope=\"col\">Subject</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><p><a href=\"/_local/inbox.json\">The same as JSON</a></p>"
    )


def one(message: Dict[str, Any]) -> str:
    """Returns one message as HTML; its own HTML stands in a frame that may do nothing but open links."""
    text = re.sub(r"https?://[^\s&<>\"]+", lambda link: f"<a href=\"{link[0]}\" rel=\"noreferrer\">{link[0]}</a>", html.escape(message["text"], quote=False))
    inside = html.escape('<base target="_blank">' + message["html"])
    return (
        "<p><a href=\"/_local/inbox\">All messages</a></p>"
        f"<dl><dt>At</dt><dd>{html.escape(message['at'])}</dd><dt>From</dt><dd>{html.escape(message['from'])}</dd>"
        f"<dt>To</dt><dd>{html.escape(', '.join(message['to']))}</dd></dl>"
        f"<h2>Text</h2><pre>{text}</pre>"
        f"<h2>HTML</h2><iframe title=\"The message as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{inside}\"></iframe>"
    )


def page(title: str, body: str) -> Reply:
    """Returns a page."""
    title = html.escape(title)
    return Reply(200, "text/html; charset=utf-8", (
        f"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    ).encode())


def problem(status: int, detail: str) -> Reply:
    """Says what is wrong."""
    return Reply(status, "application/problem+json", json.dumps({"status": status, "detail": detail}).encode())
