"""Showing on the terminal how far a long command is: a bar or a line; now and then a line where stderr is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.warehouse.load import Loaded
from wealth_pipeline.warehouse.progress import rate, reported
from wealth_pipeline.warehouse.warehouse import OUTDATED, Warehouse


def rebuild_if_outdated(warehouse: Warehouse) -> None:
    """Rebuild databases that an older wealth_pipeline wrote, with a bar: the load would do it without one."""
    if not warehouse.outdated():
        return
    with warehouse.writing():
        if warehouse.outdated():  # the writer that was waited for may have done it
            click.echo(OUTDATED, err=True)
            for _ in rebuilding(warehouse, "Rebuilding"):
                pass


def rebuilding(warehouse: Warehouse, what: str) -> Iterator[Loaded]:
    """Rebuild the databases from the archive, and show how far that is. Must run inside `writing()`."""
    replaying = warehouse.replay(RequestLedger(warehouse.folder.state).all())
    yield from shown(replaying, len(warehouse.folder.archive.sha256s()), what)


def shown(loading: Iterable[Loaded], total: int, what: str) -> Iterator[Loaded]:
    """Pass on what is loaded, and show how far and how fast that goes, on stderr."""
    if not sys.stderr.isatty():
        yield from reported(loading, total, lambda line: click.echo(f"{what}: {line}", err=True))
        return
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        *Progress.get_default_columns(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    begun = time.monotonic()
    with bar:
        task = bar.add_task(what, total=total, rate="")
        for number, loaded in enumerate(loading, 1):
            bar.update(task, completed=number, rate=rate(number, time.monotonic() - begun))
            yield loaded


class Doing:
    """A line at the end of the terminal that says what is being done and for how many seconds, while it is shown."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._what, self._since = "", 0.0

    def show(self, what: str) -> None:
        """Say that this is being done from now on."""
        self._what, self._since = what, time.monotonic()
        if self._console.is_terminal and not self._live:
            # Whatever is printed meanwhile goes where it belongs: rich would send all of it to stderr.
            self._live = Live(
                get_renderable=self._text,
                console=self._console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self._live:
            self._live.stop()
            self._live = None

    def _text(self) -> Text:
        seconds = int(time.monotonic() - self._since)
        return Text(f"{self._what} {seconds} s" if seconds else f"{self._what} ...")


@contextmanager
def doing() -> Iterator[Doing]:
    """A line on stderr that says what is being done; where that is not a terminal, it shows nothing."""
    line = Doing(Console(stderr=True))
    try:
        yield line
    finally:
        line.clear()
