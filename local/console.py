"""How `./dev` talks: steps as they happen, and a problem as one sentence instead of a traceback."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import Iterator


class Problem(Exception):
    """Something the person at the keyboard can act on; the text says what is wrong and what to do."""


def say(text: str) -> None:
    """Prints one line at once, also into a pipe."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Prints one line to standard error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Announces a step and says how long it took; a failed step is named too."""
    say(f"==> {name}")
    start = time.monotonic()
    try:
        yield
    except BaseException:
        warn(f"    {name}: not finished after {time.monotonic() - start:.1f} s")
        raise
    say(f"    done in {time.monotonic() - start:.1f} s")
