"""Answers that must not tell by their time what was found: they leave at set times after the request came.

What looks behind a wall says so with `keep_pace`, and the middleware waits when the request's transaction has ended,
so that nobody waits with it. Outside of a request nothing waits.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class _Pace:
    step: float = 0.0
    least: float = 0.0


_pace: ContextVar[_Pace | None] = ContextVar("pace", default=None)


def keep_pace(step: float, *, least: float = 0.0) -> None:
    """Let the answer leave a multiple of `step` seconds after the request came, and no sooner than `least`."""
    pace = _pace.get()
    if pace is not None:
        pace.step, pace.least = max(pace.step, step), max(pace.least, least)


@contextmanager
def paced() -> Iterator[None]:
    """Leave the block when the pace that was asked for within it says so."""
    started, pace = time.monotonic(), _Pace()
    token = _pace.set(pace)
    try:
        yield
    finally:
        _pace.reset(token)
        if pace.step:
            passed = max(pace.least, time.monotonic() - started)
            left = started + pace.step * -(-passed // pace.step) - time.monotonic()
            # The moment may go by between looking and waiting.
            time.sleep(max(0.0, left))
