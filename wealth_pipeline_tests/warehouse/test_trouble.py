"""What goes wrong with the data folder costs a sentence and no figure: full disk, no permission, damaged files."""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wealth_pipeline.errors import WealthError
from wealth_pipeline.published.published import Published
from wealth_pipeline.warehouse.archive import ArchiveError
from wealth_pipeline.warehouse.ddl import figure_tables
from wealth_pipeline.warehouse.folder import DataFolder, WarehouseError
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex, nav

FIRST = file(flex(EquitySummaryInBase=[nav(total="100")]))
SECOND = file(flex(generated="20250402;060000", EquitySummaryInBase=[nav(total="103")]))
_NOBODY = 65534


def load(folder: DataFolder, *files: bytes) -> list[str]:
    """Archive and load, as an import does."""
    warehouse = Warehouse(folder)
    with warehouse.writing():
        sha256s = [folder.archive.add(io.BytesIO(data), source="import").sha256 for data in files]
        return [loaded.status for loaded in warehouse.load(sha256s)]


def replay(folder: DataFolder) -> None:
    """Rebuild both databases."""
    with Warehouse(folder).writing():
        list(Warehouse(folder).replay())


def figures(folder: DataFolder) -> dict[str, str]:
    """The digest of every table."""
    return Published(folder.published).digests(figure_tables())


def sentence(error: pytest.ExceptionInfo[WealthError]) -> str:
    """The error as people see it: one line that says what to do."""
    message = str(error.value)
    assert "\n" not in message
    assert error.value.advice.endswith(".")
    return message


@pytest.fixture(scope="module")
def after() -> Iterator[list[dict[str, str]]]:
    """The figures after the first statement, and after both, when nothing goes wrong."""
    with tempfile.TemporaryDirectory() as root:
        folder = DataFolder(Path(root))
        load(folder, FIRST)
        first = figures(folder)
        load(folder, SECOND)
        yield [first, figures(folder)]


class Disk:
    """A folder on a disk that can be filled: a small one of memory where this may be mounted, as in most containers.

    Elsewhere no file may grow beyond what is left.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(root)]
        self.mounted = (
            bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        )

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.root)], check=True)

    @contextmanager
    def leaving(self, kilobytes: int) -> Iterator[None]:
        """Leave no more room than this."""
        if not self.mounted:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            return
        filler, free = self.root / "filler", os.statvfs(self.root)
        with filler.open("wb") as handle:
            os.posix_fallocate(handle.fileno(), 0, max(1, free.f_bavail * free.f_frsize - kilobytes * 1024))
        try:
            yield
        finally:
            filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    yield made
    made.close()


def test_a_full_disk_loses_nothing_at_whichever_write_it_strikes(disk: Disk, after: list[dict[str, str]]) -> None:
    """In the archive, in the warehouse, in publishing: readers go on, and with room again the next run completes."""
    outcomes = []
    for kilobytes in (0, 256, 6000):
        folder = DataFolder(disk.root / f"{kilobytes}")
        load(folder, FIRST)
        with disk.leaving(kilobytes):
            try:
                load(folder, SECOND)
            except WealthError as error:
                outcomes.append(f"{type(error).__name__} {error}")
            else:
                outcomes.append("loaded")
            assert figures(folder) == after[outcomes[-1] == "loaded"]
        load(folder, SECOND)
        assert figures(folder) == after[1]
        shutil.rmtree(folder.root)
    assert [word.split()[0] for word in outcomes[:2]] == ["ArchiveError", "WarehouseError"]
    assert all("Free some space" in word or word == "loaded" for word in outcomes)


def test_a_full_disk_ends_a_replay_and_replaces_nothing(disk: Disk, after: list[dict[str, str]]) -> None:
    """The half-made database is removed, so that there is room for the rest."""
    folder = DataFolder(disk.root / "data")
    load(folder, FIRST, SECOND)
    with disk.leaving(100):
        with pytest.raises(WarehouseError, match="Free some space") as error:
            replay(folder)
        sentence(error)
        assert not (folder.root / "replay.duckdb").exists()
    assert figures(folder) == after[1]


@contextmanager
def forbidden(root: Path) -> Iterator[None]:
    """No file can be made in the folders under `root`; root, who may everywhere, becomes nobody for the while."""
    for path in (root, *root.rglob("*")):
        if os.geteuid() == 0:
            os.lchown(path, _NOBODY, _NOBODY)
        if path.is_dir():
            path.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        for path in (root, *(path for path in root.rglob("*") if path.is_dir())):
            path.chmod(0o755)


def test_a_read_only_folder_is_one_sentence_and_loses_nothing(after: list[dict[str, str]]) -> None:
    """A disk that was mounted read-only after an error, a folder of another user."""
    with tempfile.TemporaryDirectory() as root:  # not in pytest's folder, where nobody may look
        folder = DataFolder(Path(root))
        load(folder, FIRST)
        archived = folder.archive.add(io.BytesIO(SECOND), source="import")
        with forbidden(folder.root):
            with pytest.raises(ArchiveError, match=r"Permission denied.*fix the folder's permissions") as in_archive:
                load(folder, SECOND + b" ")
            sentence(in_archive)
            with pytest.raises(WarehouseError, match=r"Permission denied.*Fix the permissions") as in_warehouse:
                list(Warehouse(folder).load([archived.sha256]))
            sentence(in_warehouse)
            assert figures(folder) == after[0]
        load(folder)
        assert figures(folder) == after[1]


def test_a_truncated_statement_in_the_archive_stops_no_other_and_comes_back(
    tmp_path: Path, after: list[dict[str, str]]
) -> None:
    """The next load names it until it is restored or imported again."""
    folder = DataFolder(tmp_path)
    packed = folder.archive.path(folder.archive.add(io.BytesIO(FIRST), source="import").sha256)
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-20])
    with pytest.raises(ArchiveError, match=r"Restore .* or import the statement again") as error:
        load(folder, SECOND)
    assert packed.name[:12] in sentence(error)
    with pytest.raises(ArchiveError, match="Restore"):
        replay(folder)
    load(folder, FIRST)
    assert figures(folder) == after[1]


@pytest.mark.parametrize("place", [0.0, 0.6])
def test_a_damaged_warehouse_is_rebuilt_and_readers_keep_theirs(
    place: float, tmp_path: Path, after: list[dict[str, str]]
) -> None:
    """Wherever the damage is, it never reaches what people query."""
    folder = DataFolder(tmp_path)
    load(folder, FIRST)
    size = folder.warehouse.stat().st_size
    with folder.warehouse.open("rb+") as handle:
        handle.seek(int(size * place))
        handle.write(b"\xa5" * (size // 4))
    with pytest.raises(WarehouseError, match=r"damaged.*wealth replay") as error:
        load(folder, SECOND)
    sentence(error)
    assert figures(folder) == after[0]
    replay(folder)
    assert figures(folder) == after[1]
