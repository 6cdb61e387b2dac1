"""A database that another process holds is waited for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wealth_pipeline.files.duck import Held, connect
from wealth_pipeline_tests.clocks import MovableClock

HOLDER = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that has the database open until it is spoken to."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "it.duckdb")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_holder_who_soon_lets_go_costs_the_night_nothing(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """A look into the database by mistake is over in seconds."""

    class Ends(MovableClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            holder.communicate()

    clock = Ends()
    before = clock.at
    connect(tmp_path / "it.duckdb", clock=clock).close()
    assert clock.at > before


def test_a_holder_who_does_not_is_named(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    clock = MovableClock()
    before = clock.at
    with pytest.raises(Held, match=f"held open by process {holder.pid}"):
        connect(tmp_path / "it.duckdb", clock=clock)
    assert clock.at > before
    holder.communicate()
