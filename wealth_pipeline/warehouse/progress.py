"""How far a long load is, where no bar can be drawn: in a log, in a run, without a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from wealth_pipeline.warehouse.load import Loaded

_EVERY_SECONDS = 10.0


def reported(loading: Iterable[Loaded], total: int, report: Callable[[str], None]) -> Iterator[Loaded]:
    """Pass on what is loaded, and report how far and how fast that goes: every ten seconds, and at the end."""
    begun = last = time.monotonic()
    done = 0
    for loaded in loading:
        done += 1
        yield loaded
        if time.monotonic() - last >= _EVERY_SECONDS:
            last = time.monotonic()
            report(f"{done} of {total} statements, {rate(done, last - begun)}.")
    report(f"{done} of {total} statements, {rate(done, time.monotonic() - begun)}. Done.")


def rate(done: int, seconds: float) -> str:
    """How fast it went: `35.2 a second`."""
    return f"{done / max(seconds, 0.001):.1f} a second"
