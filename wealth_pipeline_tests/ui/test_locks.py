"""One program a data folder and role, with real processes: who is refused, by whose name, when a lock is free again."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from wealth_pipeline.errors import WealthError
from wealth_pipeline.ui.locks import AlreadyRunning, Role, only_one
from wealth_pipeline.ui.process import Process

#: A program of these roles, and a process that inherits its locks: it prints the number of that process.
PROGRAM = """
import subprocess, sys
from pathlib import Path
from wealth_pipeline.ui.locks import only_one
folder, command, address, *roles = sys.argv[1:]
with only_one(Path(folder), roles, command, address) as locks:
    print(subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, pass_fds=locks).pid, flush=True)
    sys.stdin.read()
"""
WEB: tuple[Role, ...] = ("web",)
DAEMON: tuple[Role, ...] = ("daemon",)
BOTH = (*WEB, *DAEMON)


@contextmanager
def program(
    folder: Path, command: str, address: str, roles: Sequence[str]
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running program, and the number of its child."""
    words = [sys.executable, "-c", PROGRAM, str(folder), command, address, *roles]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            yield process, child
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            process.kill()


def is_held(folder: Path, role: str) -> bool:
    """Whether somebody holds the lock at this moment."""
    with (folder / f"{role}.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize(
    ("first", "refused"), [(BOTH, (BOTH, WEB, DAEMON)), (WEB, (BOTH, WEB)), (DAEMON, (BOTH, DAEMON))]
)
def test_a_second_program_of_a_role_is_refused_with_the_name_of_the_first(
    first: Sequence[str], refused: Sequence[Sequence[Role]], tmp_path: Path
) -> None:
    address = "http://127.0.0.1:3007" if "web" in first else ""
    with program(tmp_path / "data", "wealth first", address, first) as (process, _):
        for roles in (BOTH, WEB, DAEMON):
            said = ""
            try:
                with only_one(tmp_path / "data", roles, "wealth second"):
                    pass
            except AlreadyRunning as error:
                said = str(error)
            assert bool(said) is (roles in refused)
            for part in ("`wealth first`", f"process {process.pid}", address, f"`kill {process.pid}`"):
                assert part in said or not said


def test_a_program_that_ended_leaves_the_lock_free_and_another_folder_is_another_matter(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with only_one(folder, BOTH, "wealth dev"), only_one(tmp_path / "other", BOTH, "wealth dev"):
        assert stat.S_IMODE((folder / "web.lock").stat().st_mode) == 0o600
    with only_one(folder, BOTH, "wealth dev"):
        pass


def test_after_a_kill_the_lock_is_free_as_soon_as_the_last_process_has_ended(tmp_path: Path) -> None:
    folder, taken = tmp_path / "data", threading.Event()

    def take() -> None:
        with only_one(folder, WEB, "wealth serve"):
            taken.set()

    with program(folder, "wealth dev", "", BOTH) as (process, child):
        process.kill()
        process.wait()
        assert is_held(folder, "web")
        waiting = threading.Thread(target=take)
        waiting.start()
        assert not taken.is_set()
        os.kill(child, signal.SIGKILL)
        waiting.join()
        assert taken.is_set()


def test_a_folder_under_another_name_is_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with (
        only_one(tmp_path / "data", WEB, "wealth serve"),
        pytest.raises(AlreadyRunning),
        only_one(tmp_path / "link", WEB, "wealth serve"),
    ):
        pass


def test_a_drive_without_file_locks_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(WealthError, match="has no file locks"), only_one(tmp_path, WEB, "wealth serve"):
        pass


def test_a_process_has_ended_once_it_is_killed_whether_or_not_its_parent_has_looked() -> None:
    tell = "from wealth_pipeline.ui.process import Process; print(Process.current().text, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", tell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = Process.parsed(process.stdout.readline())
        assert said is not None
        assert (said.pid, said.ended, said.elsewhere) == (process.pid, False, False)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the table
        assert said.ended
        process.wait()
        assert said.ended
