"""Commands that are stopped, as real processes: one sentence, the signal's status, and what came is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wealth_pipeline.cli.commands.pull import STOPPED
from wealth_pipeline.defs.runs import instance
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.sandbox.flex.faults import GET
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

#: For a machine that is slow and busy.
PATIENCE = 600
#: Imported by every Python process: it writes down what the locks of files do.
WITNESS = """
import logging, os
log = logging.getLogger("filelock")
log.setLevel("DEBUG")
log.propagate = False
log.addHandler(logging.FileHandler(os.environ["WITNESS"]))
"""


#: What a test started, to be ended with it.
STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


def wealth(*words: str, **variables: str) -> subprocess.Popen[str]:
    """The command in a process of its own, in the working directory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wealth_pipeline.cli", *words],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed,
    )
    STARTED.append(process)
    return process


def _heed() -> None:
    """A script that runs the tests in the background has them ignore Ctrl-C, and so do all that they start."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def until(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Return as soon as it is so; fails where the process ends before."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def stop(process: subprocess.Popen[str], number: signal.Signals, times: int = 3) -> tuple[str, str]:
    """Ask it to stop, as an impatient person does; what it printed."""
    for _ in range(times):
        process.send_signal(number)
    out, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, (process.returncode, error)
    return out, error


def is_waiting(folder: DataFolder) -> bool:
    """Whether a request is under way, so that a pull waits for its statement."""
    return folder.state.exists() and any(request.outcome == "pending" for request in RequestLedger(folder.state).all())


@pytest.fixture
def unready(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose statements are never ready, and an environment that knows it."""
    with Sandbox() as box:
        box.service.faults.script("1019", 1000, GET)
        monkeypatch.setenv("IBKR_FLEX_URL", box.flex_url)
        monkeypatch.setenv("IBKR_FLEX_TOKEN", box.token)
        monkeypatch.setenv("IBKR_FLEX_QUERY_ID", box.query_id)
        monkeypatch.setenv("WEALTH_CATCH_UP_DAYS", "1")
        yield box


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_pull_that_is_stopped_says_so_and_the_next_one_goes_on(unready: Sandbox, number: signal.Signals) -> None:
    folder = DataFolder(Path("data").absolute())
    process = wealth("pull")
    until(lambda: is_waiting(folder), process)
    assert stop(process, number) == ("", f"{STOPPED}\n")
    with instance(folder) as dagster_instance:
        assert [run.is_finished for run in dagster_instance.get_runs()] == [True]
    unready.service.faults.clear()
    again = wealth("pull")
    out, error = again.communicate(timeout=PATIENCE)
    assert (again.returncode, error) == (0, "")
    assert out.startswith("pulled")
    assert [request.path for request in unready.service.requests].count("SendRequest") == 1


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("import", "in"), signal.SIGINT),
        pytest.param(("replay",), signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(("pull",), signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_command_that_is_stopped_while_it_waits_for_another_writer_says_so(
    words: tuple[str, ...], number: signal.Signals, unready: Sandbox, tmp_path: Path
) -> None:
    folder = DataFolder(Path("data").absolute())
    (tmp_path / "sitecustomize.py").write_text(WITNESS)
    (tmp_path / "log").touch()
    Path("in").mkdir()
    Path("in/other.xml").write_text("<other/>")
    os.utime("in/other.xml", (0, 0))  # nobody is still writing it
    unready.service.faults.clear()
    with Warehouse(folder).writing():
        process = wealth(*words, PYTHONPATH=str(tmp_path), WITNESS=str(tmp_path / "log"))
        until(lambda: "waiting" in (tmp_path / "log").read_text(), process)
        out, error = stop(process, number)
    assert out == ""
    assert error.startswith("Stopped. ")
    assert len(error.splitlines()) == 1


@pytest.mark.slow
def test_a_demo_works_after_one_that_was_stopped_and_beside_another(clean_environment: Path) -> None:
    folder = DataFolder(Path("data/sandbox").absolute())
    process = wealth("demo")
    until(lambda: is_waiting(folder), process)
    out, error = stop(process, signal.SIGINT)
    assert error == f"{STOPPED}\n"
    assert "failed" not in out
    both = [wealth("demo"), wealth("demo")]
    printed = [demo.communicate(timeout=PATIENCE) for demo in both]
    assert [demo.returncode for demo in both] == [0, 0], printed
    assert [error for _, error in printed] == ["", ""]
    tables = [[line for line in out.splitlines() if line.startswith("│")] for out, _ in printed]
    assert len(tables[0]) >= 40
    assert tables[0] == tables[1]
    assert len(RequestLedger(folder.state).all()) == 1
