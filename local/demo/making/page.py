"""Keeps the counts in README.md: everything else on that page is written by hand."""

from __future__ import annotations

import re


def refreshed(text: str, manifest: dict) -> str:
    """Returns the page with the manifest's counts, case families and refused lines."""
    for name, counts in manifest["feeds"].items():
        text = re.sub(rf"\| `{name}\.json` \| \d+ \|", f"| `{name}.json` | {counts['records']} |", text)
    for agency, count in manifest["recalls"].items():
        text = re.sub(rf"\d+ of {agency}\b", f"{count} of {agency}", text)
    text = table(text, "| family | cases |", [f"| {family} | {count} |" for family, count in manifest["cases"].items()])
    refused = manifest["catalogue"]["refused"]
    lines = [f"| {r['line']} | {code(r['gtin'])} | {r['why']} |" for r in refused]
    return table(text, "| line | GTIN | why |", lines)


def table(text: str, head: str, lines: list[str]) -> str:
    """Returns the page with the rows of the table under `head` exchanged."""
    start = text.index(head)
    rule = text.index("\n", start) + 1
    end = text.index("\n\n", rule)
    return text[: text.index("\n", rule) + 1] + "\n".join(lines) + text[end:]


def code(gtin: str) -> str:
    """Returns a GTIN as the page shows it; an empty one stays empty."""
    return f"`{gtin}`" if gtin else ""
