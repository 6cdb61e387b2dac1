"""Which files are left alone because they are still being written."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wealth_pipeline.pull.arriving import now_in
from wealth_pipeline.pull.inbox import take_inbox, waiting
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex, nav

WHOLE = file(flex(EquitySummaryInBase=[nav()]))
CUT = WHOLE[:-20]
OLD, YOUNG, AHEAD = 61, 5, -3600
#: The name, the content, its age in seconds; and whether it is ready.
FILES: dict[str, tuple[str, bytes, int, bool]] = {
    "a whole statement": ("a.xml", WHOLE, 0, True),
    "with an empty line at its end": ("a.xml", WHOLE + b"\r\n\n", 0, True),
    "a page that is whole": ("a.xml", b"<html><body>Sorry</body></html>", 0, True),
    "compressed": ("a.xml.gz", gzip.compress(WHOLE), 0, True),
    "cut": ("a.xml", CUT, YOUNG, False),
    "cut a minute ago": ("a.xml", CUT, OLD, True),
    "cut, of another clock": ("a.xml", CUT, AHEAD, True),
    "cut within its first tag": ("a.xml", WHOLE[:20], YOUNG, False),
    "compressed and cut": ("a.xml.gz", gzip.compress(WHOLE)[:-9], YOUNG, False),
    "compressed and cut a minute ago": ("a.xml.gz", gzip.compress(WHOLE)[:-9], OLD, True),
    "a picture": ("a.png", b"\x89PNG\r\n\x1a\n", YOUNG, False),
    "an old picture": ("a.png", b"\x89PNG\r\n\x1a\n", OLD, True),
    "empty": ("a.xml", b"", YOUNG, False),
    "empty for a minute": ("a.xml", b"", OLD, True),
    **{
        f"of {name}": (name, WHOLE, OLD, False)
        for name in ("a.xml.part", "a.XML.CRDOWNLOAD", "a.xml.download", "a.tmp", "a.xml.gz.partial", ".a.xml")
    },
}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = DataFolder(tmp_path / "data").inbox
    folder.mkdir(parents=True)
    return folder


def put(path: Path, content: bytes, age: float) -> None:
    path.write_bytes(content)
    os.utime(path, (0, time.time() - age))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_ready_or_left_alone(name: str, inbox: Path) -> None:
    path, content, age, ready = FILES[name]
    put(inbox / path, content, age)
    found = waiting(inbox)
    assert [file.name for file in found.ready] == [path] * ready
    assert [file.name for file in found.arriving] == [path] * (not ready and not path.startswith("."))
    assert [file.name for file in inbox.iterdir()] == [path]


def test_an_empty_file_beside_a_download_keeps_its_name_free_however_old_it_is(inbox: Path) -> None:
    put(inbox / "a.xml", b"", OLD)
    put(inbox / "x4Gh.xml.part", CUT, 0)
    assert waiting(inbox).ready == []
    (inbox / "x4Gh.xml.part").rename(inbox / "a.xml")
    put(inbox / "a.xml", WHOLE, 0)
    assert [file.name for file in waiting(inbox).ready] == ["a.xml"]


def test_the_age_goes_by_the_clock_of_the_drive(inbox: Path) -> None:
    assert abs(now_in(inbox) - time.time()) < 5
    assert abs(now_in(inbox / "nowhere") - time.time()) < 5


def test_a_file_that_is_written_to_while_it_is_loaded_stays_for_the_next_look(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox / "a.xml", WHOLE, OLD)
    warehouse = Warehouse(DataFolder(inbox.parent))
    later = WHOLE.replace(b'queryName="', b'queryName="later ')
    load: Callable[..., object] = warehouse.load

    def interrupted(*arguments: object) -> object:
        for loaded in load(*arguments):  # type: ignore[attr-defined]
            put(inbox / "a.xml", later, 0)
            yield loaded

    monkeypatch.setattr(warehouse, "load", interrupted)
    with warehouse.writing():
        assert [taken.status for taken in take_inbox(warehouse, lambda _: None)] == ["loaded"]
    assert (inbox / "a.xml").read_bytes() == later
    monkeypatch.undo()
    with warehouse.writing():
        assert [taken.status for taken in take_inbox(warehouse, lambda _: None)] == ["loaded"]
    assert [file.name for file in (inbox / "done").iterdir()] == ["a.xml"]
