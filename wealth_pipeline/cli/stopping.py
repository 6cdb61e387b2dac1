"""Ctrl-C, a terminal that is closed and `kill` end a command with a sentence, whatever it was doing.

Dagster takes these signals over while it runs something, and an interrupted library may fail with an error of its own:
so what counts is that a signal came, not which exception became of it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Within so many seconds of the first, further signals are the same wish: what is under way is being ended.
_IMPATIENCE = 5.0


class Stopping:
    """How the running command ends. said: what people read when it is stopped."""

    def __init__(self) -> None:
        self.said = "Stopped."
        self._number: int | None = None
        self._raised = float("-inf")
        # Python writes each signal into it, whoever handles the signal.
        self._pipe = os.pipe()
        for end in self._pipe:
            os.set_blocking(end, False)

    @property
    def asked(self) -> int | None:
        """The signal that asked the command to stop, None if none did."""
        if self._number is None:
            with suppress(OSError):  # nothing is in it, or it is closed
                self._number = next((number for number in os.read(self._pipe[0], 4096) if number in _SIGNALS), None)
        return self._number

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Turn the signals into KeyboardInterrupt, but for one that is ignored, as under nohup."""
        wakeup = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            # A command that was stopped is about to be gone, whoever else is impatient.
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if self.asked else handler)
            signal.set_wakeup_fd(wakeup)
            for end in self._pipe:
                os.close(end)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler != self._interrupt:
            handler(number, frame)  # Dagster's own, which it does not set for SIGHUP
        elif time.monotonic() - self._raised > _IMPATIENCE:
            self._raised = time.monotonic()
            raise KeyboardInterrupt


@contextmanager
def stoppable(context: click.Context) -> Iterator[None]:
    """Whatever becomes of a command that a signal asked to stop, it ends with one sentence and the signal's status.

    Unless it ends itself, as `wealth sql` does without a word.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping = context.meta[__name__] = Stopping()
    try:
        with stopping.watching():
            yield
    except BaseException as error:
        if stopping.asked is None or isinstance(error, SystemExit):
            raise
        with suppress(OSError):  # the terminal may be gone
            click.echo(stopping.said, err=True)
        raise SystemExit(128 + stopping.asked) from None


def on_stop(said: str) -> None:
    """Say this, in place of “Stopped.”, if the running command is stopped."""
    if stopping := click.get_current_context().meta.get(__name__):
        stopping.said = said


def end_if_asked() -> None:
    """End the running command if a signal asked for it and something else handled that."""
    stopping = click.get_current_context().meta.get(__name__)
    if stopping and stopping.asked:
        raise KeyboardInterrupt
