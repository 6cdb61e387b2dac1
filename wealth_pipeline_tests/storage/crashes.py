"""A kill at any instant leaves the old or the new state, and the next run completes."""

from __future__ import annotations

import json
import mmap
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from wealth_pipeline.calendar import Clock
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.ledger import RequestLedger, Window
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull import answer, ask
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.archive import Archive, Entry
from wealth_pipeline.warehouse.ddl import figure_tables
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

#: What a night does, in this order; the number of the phase is what the killed process tells.
PHASES = ("download", "archive", "load", "publish")
_NEW_YORK = ZoneInfo("America/New_York")
_NOW = datetime(2025, 7, 1, 12, tzinfo=_NEW_YORK)


class _Sleepless(Clock):
    """The machine's clock, for a sandbox without limits."""

    def sleep(self, seconds: float) -> None:
        pass


class _Night:
    """One pull, telling its phase in memory that it shares with whoever kills it."""

    def __init__(self, root: Path, url: str, token: str, query_id: str, phase: mmap.mmap) -> None:
        self.folder, self.phase = DataFolder(root), phase
        ledger = RequestLedger(self.folder.state, _Sleepless())
        self.client = FlexClient("ibkr", token, query_id, ledger, base_url=url)

    def tell(self, name: str) -> None:
        self.phase[0] = PHASES.index(name) + 1

    def run(self, window: Window) -> None:
        night = self

        class Watched(Warehouse):
            def publish(self) -> None:
                night.tell("publish")
                super().publish()

        class WatchedArchive(Archive):
            def add(self, stream: BinaryIO, **where: Any) -> Entry:
                night.tell("archive")
                return super().add(stream, **where)

        self.tell("download")
        ask.request(self.client, window)
        ask.download(self.client, window, WatchedArchive(self.folder.archive.folder))
        self.tell("load")
        answer.load_answer(Watched(self.folder, "USD"), self.client.ledger, "ibkr", window)


def windows(count: int) -> list[Window]:
    """Overlapping windows, each ending on another weekday."""
    days = (date(2025, 1, 8) + timedelta(days=number) for number in range(count * 2))
    return [Window(day - timedelta(days=2), day) for day in days if day.isoweekday() < 6][:count]


def run(kills: int, tell: Callable[[str], None], seed: int = 1) -> None:
    """Kill a pull at so many random moments, look at each, then finish; compare with an undisturbed folder."""
    draw, wanted = Random(seed), windows(max(2, kills // 3))
    with TemporaryDirectory() as root, _sandbox() as box:
        calm, rough = Path(root) / "calm", Path(root) / "rough"
        lengths = _undisturbed(calm, box, wanted)
        _wait(_pulling(rough, box, wanted[0])[0])
        counts: Counter[str] = Counter()
        place = 1
        while sum(counts.values()) < kills:
            killed_in = _kill(rough, box, wanted[place % len(wanted)], draw, lengths)
            if killed_in in (None, "publish"):
                place += 1  # this window's statement is loaded
            if killed_in:
                counts[killed_in] += 1
                assert _status(rough) == 0, f"`wealth status` failed after a kill in {killed_in}"
        told = ", ".join(f"{counts[name]} in {name}" for name in PHASES)
        tell(f"{kills} kills: {told}; `wealth status` worked after each.")
        _finish(rough, box, wanted)
        assert _digests(rough) == _digests(calm)
        tell(f"The digests are those of an undisturbed run over {len(wanted)} windows.")


def _kill(root: Path, box: dict[str, str], window: Window, draw: Random, lengths: dict[str, float]) -> str | None:
    """Kill a pull at a random moment of a random phase; the phase it died in, None if it was done before."""
    child, phase = _pulling(root, box, window)
    target = draw.randrange(len(PHASES))
    while phase[0] < target + 1 and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.0005)
    time.sleep(draw.random() * lengths[PHASES[target]])
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return PHASES[phase[0] - 1] if phase[0] else None
    assert os.waitstatus_to_exitcode(status) == 0, "a run failed"
    return None


def _pulling(root: Path, box: dict[str, str], window: Window) -> tuple[int, mmap.mmap]:
    """A process that pulls a window, and the memory in which it tells its phase."""
    phase = mmap.mmap(-1, 1)
    child = _forked(lambda: _Night(root, box["url"], box["token"], box["query_id"], phase).run(window))
    return child, phase


def _forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own, with everything imported already; its exit status is 0 if it was done."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        finally:
            os._exit(code)
    return child


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _undisturbed(root: Path, box: dict[str, str], wanted: list[Window]) -> dict[str, float]:
    """Pull every window in peace; how long each phase took, in seconds."""
    spent = dict.fromkeys(PHASES, 0.0)
    for window in wanted:
        child, phase = _pulling(root, box, window)
        before, told = time.monotonic(), 0
        while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if phase[0] != told:
                if told:
                    spent[PHASES[told - 1]] += time.monotonic() - before
                before, told = time.monotonic(), phase[0]
            time.sleep(0.0005)
        spent["publish"] += time.monotonic() - before
        assert _wait(child) == 0
    return {name: spent[name] / len(wanted) for name in PHASES}


def _finish(root: Path, box: dict[str, str], wanted: list[Window]) -> None:
    for window in wanted:
        assert _wait(_pulling(root, box, window)[0]) == 0


def _status(root: Path) -> int:
    """The exit status of `wealth status`."""

    def work() -> None:
        from wealth_pipeline.cli.main import main

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.environ["WEALTH_DATA_DIR"] = str(root)
        main(["status"])

    return _wait(_forked(work))


def _digests(root: Path) -> dict[str, str]:
    """In a process of its own, so that this one stays without threads and can fork."""
    told = root / "digests.json"
    assert _wait(_forked(lambda: _write(told, Published(DataFolder(root).published).digests(figure_tables())))) == 0
    answer: dict[str, str] = json.loads(told.read_text())
    return answer


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    """A sandbox in another process; the same window always gives the same statement."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(30)


def _serve(pipe: Any) -> None:
    with Sandbox(now=lambda: _NOW, rate_limits=False, polls_before_ready=0) as box:
        pipe.send({"url": box.flex_url, "token": box.token, "query_id": box.query_id})
        pipe.recv()
