# ruff: noqa: DTZ001 - moments are UTC without a zone, as in the database
"""The archive keeps what IBKR sent, once, for its owner only, and says so when it cannot."""

from __future__ import annotations

import gzip
import io
import os
import re
import resource
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest

from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.warehouse.archive import Archive, ArchiveError, Entry
from wealth_pipeline_tests.flexml import file, flex, nav

DATA = file(flex())
WINDOW = (date(2025, 3, 7), date(2025, 3, 10))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def add(archive: Archive, data: bytes = DATA) -> Entry:
    return archive.add(
        io.BytesIO(data), source="flex", connection="main", window=WINDOW, now=datetime(2025, 4, 1, 10, tzinfo=UTC)
    )


def test_a_statement_comes_back_byte_by_byte_with_where_it_came_from(archive: Archive) -> None:
    """Everything else can be rebuilt from these two files."""
    entry = add(archive)
    with archive.open(entry.sha256) as stream:
        assert stream.read() == DATA
    assert archive.entry(entry.sha256) == entry
    assert archive.sha256s() == [entry.sha256]
    assert (entry.connection, entry.asked_from, entry.asked_to, entry.bytes) == ("main", *WINDOW, len(DATA))
    assert entry.fetched_at == datetime(2025, 4, 1, 10)


def test_only_the_owner_reads_it(archive: Archive) -> None:
    """Statements hold names and everything one owns."""
    add(archive)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in archive.folder.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_the_same_statement_is_kept_once_as_it_came_first(archive: Archive) -> None:
    """Importing a file that a request brought before does not change where it came from."""
    first = add(archive)
    assert archive.add(io.BytesIO(DATA), source="import") == first
    assert len([path for path in archive.folder.rglob("*") if path.is_file()]) == 2


@pytest.mark.parametrize("path", ["object", "description"])
def test_a_damaged_entry_is_mended_by_adding_the_statement_again(archive: Archive, path: str) -> None:
    """That is what the error asks people to do."""
    entry = add(archive)
    names = {"object": f"{entry.sha256}.xml.gz", "description": f"{entry.sha256}.json"}
    archive.path(entry.sha256).with_name(names[path]).write_bytes(b"[]")
    assert not archive.is_whole(entry.sha256)
    add(archive)
    assert archive.is_whole(entry.sha256)


OTHER = file(flex(EquitySummaryInBase=[nav(total="999")]))
#: What somebody puts in the place of the archived object: valid gzip around other bytes, and what is no such thing.
SWAPPED = {
    "another statement": gzip.compress(OTHER),
    "a flipped byte": gzip.compress(DATA.replace(b"AF", b"aF", 1)),
    "a byte more at the end": gzip.compress(DATA + b"\n"),
    "cut off before it was packed": gzip.compress(DATA[:-1]),
    "a second member": gzip.compress(DATA) + gzip.compress(OTHER),
    "garbage after it": gzip.compress(DATA) + b"garbage",
    "not packed": DATA,
    "nothing in it": gzip.compress(b""),
    "an empty file": b"",
}


@pytest.mark.parametrize("swapped", SWAPPED)
def test_another_content_than_the_name_says_is_refused_at_its_end(archive: Archive, swapped: str) -> None:
    """The name is the sha256 of the content: whoever reads to the end knows."""
    entry = add(archive)
    path = archive.path(entry.sha256)
    path.write_bytes(SWAPPED[swapped])
    with pytest.raises(ArchiveError, match=re.escape(str(path))), archive.open(entry.sha256) as stream:
        list(iter(partial(stream.read, 7), b""))
    with pytest.raises(ArchiveError, match=re.escape(str(path))), archive.open(entry.sha256) as stream:
        stream.read()
    assert not archive.is_whole(entry.sha256)


def test_packed_otherwise_or_in_two_parts_it_is_the_same_statement(archive: Archive) -> None:
    """What counts are the statement's bytes."""
    entry = add(archive)
    archive.path(entry.sha256).write_bytes(gzip.compress(DATA[:50]) + gzip.compress(DATA[50:], 1))
    with archive.open(entry.sha256) as stream:
        assert stream.read() == DATA


def test_a_description_of_another_statement_is_refused(archive: Archive) -> None:
    """Whose request brought it would be another one's."""
    first, second = add(archive), add(archive, OTHER)
    sidecars = [archive.path(one.sha256).with_name(f"{one.sha256}.json") for one in (first, second)]
    sidecars[0].write_bytes(sidecars[1].read_bytes())
    with pytest.raises(ArchiveError, match=re.escape(str(sidecars[0]))):
        archive.entry(first.sha256)


def test_a_pipe_in_the_objects_place_is_not_waited_for(archive: Archive) -> None:
    entry = add(archive)
    for path in (archive.path(entry.sha256), archive.path(entry.sha256).with_name(f"{entry.sha256}.json")):
        path.unlink()
        os.mkfifo(path)
        assert not archive.is_whole(entry.sha256)


def test_foreign_files_are_left_alone_and_named(archive: Archive) -> None:
    """Systems and synchronising programs leave their own files beside ours."""
    entry = add(archive)
    own, wrong = archive.path(entry.sha256).parent, "0" * 64
    foreign = [
        archive.folder / ".DS_Store",
        archive.folder / "zz",
        archive.folder / "statement.xml",
        own / f"._{entry.sha256}.json",
        own / f"{entry.sha256} (conflicted copy 2026-11-27).json",
        own / f"{entry.sha256}.json.bak",
        own / f"{entry.sha256.upper()}.json",
        own / f"{wrong}.json",
        own / "notes.json",
    ]
    assert not entry.sha256.startswith("00")
    for path in foreign:
        path.write_bytes(b"{}")
    (own / f"{own.name}{'1' * 62}.json").mkdir()
    assert archive.sha256s() == [entry.sha256]
    assert [one.sha256 for one in archive.entries()] == [entry.sha256]
    assert archive.foreign() == sorted([*foreign, own / f"{own.name}{'1' * 62}.json"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"account,date\n", "not XML"),
        (b"<FlexStatementResponse><ErrorCode>1019</ErrorCode></FlexStatementResponse>", "error reply"),
        (b"<html/>", "another kind"),
    ],
)
def test_what_is_no_statement_is_not_archived(archive: Archive, data: bytes, reason: str) -> None:
    """IBKR's errors come with HTTP status 200; other tools have archived them."""
    with pytest.raises(StatementError, match=reason):
        add(archive, data)
    assert not archive.folder.exists()


def test_a_broken_statement_is_archived(archive: Archive) -> None:
    """What IBKR sent is never lost, even if it cannot be loaded today."""
    assert add(archive, DATA[:-20]).sha256 in archive


def test_a_packed_file_that_is_cut_off_is_refused(archive: Archive) -> None:
    """The fault is the file's, not the archive's."""
    packed = gzip.compress(DATA * 1)
    with pytest.raises(StatementError, match="cannot be read to its end"):
        archive.add(gzip.GzipFile(fileobj=io.BytesIO(packed[:-12])), source="import")  # type: ignore[arg-type]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(archive: Archive) -> None:
    """The statement can be fetched again with its reference code."""
    with pytest.raises(ArchiveError, match=r"cannot be written: .*Free some space"):
        add(archive)
    assert [path for path in archive.folder.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in the folder's place stands for a read-only one: root may write there."""
    (tmp_path / "archive").write_text("")
    with pytest.raises(ArchiveError, match=r"cannot be written: .*fix the folder's permissions"):
        add(Archive(tmp_path / "archive"))
