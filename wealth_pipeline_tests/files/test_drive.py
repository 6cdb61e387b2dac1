"""Drives without symbolic links, permissions or file locks: processes, on a library that answers as such drives do."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wealth_pipeline.files import drive
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex, nav

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs a C compiler, and a loader with LD_PRELOAD"
)
NO_LOCKS = re.compile(r"The drive of \S+ has no file locks, so two programs could write .* Nothing was written\. Name")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drive, as a shared library."""
    built = tmp_path_factory.mktemp("drive") / "drive.so"
    source = Path(__file__).with_name("drive.c")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", str(built), str(source), "-ldl"], check=True)
    return built


class Drive:
    """A drive that is mounted at a folder. lacks: links, modes, locks. answer: the error of what is not there."""

    def __init__(self, library: Path, folder: Path, lacks: str, answer: int) -> None:
        self.folder = folder
        self._environ = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "DRIVE": str(folder),
            "DRIVE_LACKS": lacks,
            "DRIVE_ERRNO": str(answer),
            "WEALTH_DATA_DIR": str(folder / "data"),
        }

    def python(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a process on it; one that waits for a lock without end fails."""
        return subprocess.run(
            [sys.executable, *arguments],
            env=self._environ | environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def wealth(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `wealth` on it."""
        return self.python("-m", "wealth_pipeline.cli", *words, **environ)


#: What the drive lacks, and its answer.
WEAKER = {
    "exFAT": ("links modes", errno.EPERM),
    "a share": ("links modes", errno.EOPNOTSUPP),
    "a drive that ignores modes": ("modes", 0),
    "a drive without links": ("links", errno.ENOSYS),
}
#: What every load does with files: the folder closed, the lock, a small file written whole, a database published twice.
FILES = """
import sys
from pathlib import Path
from wealth_pipeline.files import drive, publishing, whole
from wealth_pipeline.files.private import make_private, owner_only
owner_only()
data = Path(sys.argv[1])
make_private(data)
with drive.lock(data / "writer.lock", 1):
    whole.write(data / "small", b"content")
    for content in ("first", "second"):
        (data / "draft").write_text(content)
        publishing.publish(data / "draft", data / "wealth.duckdb")
make_private(data)
print(drive.has_locks(data), drive.keeps_modes(data), drive.has_links(data))
"""


@pytest.mark.parametrize("name", WEAKER)
def test_without_links_or_modes_files_are_written_as_ever(name: str, library: Path, tmp_path: Path) -> None:
    lacks, answer = WEAKER[name]
    drive = Drive(library, tmp_path, lacks, answer)
    done = drive.python("-c", FILES, str(tmp_path / "data"))
    assert (done.stdout.split(), done.stderr) == (["True", str("modes" not in lacks), str("links" not in lacks)], "")
    assert (tmp_path / "data" / "wealth.duckdb").read_text() == "second"
    link = tmp_path / "data" / "wealth.duckdb.wal"
    assert link.is_symlink() is ("links" not in lacks)


@pytest.fixture
def statement(clean_environment: Path) -> str:
    (clean_environment / "one.xml").write_bytes(file(flex(EquitySummaryInBase=[nav()])))
    return "one.xml"


def test_a_statement_is_loaded_on_such_a_drive_and_the_doctor_says_what_is_weaker(
    library: Path, tmp_path: Path, statement: str
) -> None:
    drive = Drive(library, tmp_path / "drive", "links modes", errno.EPERM)
    drive.folder.mkdir()
    done = drive.wealth("import", statement)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    said = [line for line in drive.wealth("doctor").stdout.splitlines() if "drive: " in line or "privacy: " in line]
    assert [line.startswith("! drive: ") for line in said] == [True, True]
    assert "keeps no permissions" in said[0]
    assert "has no symbolic links" in said[1]


ASKS = {"IBKR_FLEX_QUERY_ID": "123456", "IBKR_FLEX_TOKEN": "1" * 24, "IBKR_FLEX_URL": "http://127.0.0.1:9"}
WRITERS: dict[str, tuple[list[str], int]] = {
    "import": (["import", "one.xml"], errno.ENOLCK),
    "pull": (["pull", "--from", "2026-11-02", "--to", "2026-11-03"], errno.ENOSYS),
    "demo": (["demo"], errno.ENOLCK),
    "dev": (["dev"], errno.EOPNOTSUPP),
    "daemon": (["daemon"], 0),
}


@pytest.mark.usefixtures("statement")
@pytest.mark.parametrize("name", WRITERS)
def test_without_locks_one_sentence_says_so_before_anything_is_written(
    name: str, library: Path, tmp_path: Path
) -> None:
    words, answer = WRITERS[name]
    drive = Drive(library, tmp_path / "drive", "locks", answer)
    drive.folder.mkdir()
    done = drive.wealth(*words, **({} if name == "demo" else ASKS))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert NO_LOCKS.search(done.stderr), done.stderr
    assert list(drive.folder.iterdir()) == []


def test_without_locks_the_doctor_says_so_and_looks_no_further(library: Path, tmp_path: Path) -> None:
    drive = Drive(library, tmp_path / "drive", "locks", errno.ENOLCK)
    drive.folder.mkdir()
    done = drive.wealth("doctor", **ASKS)
    (line,) = [line for line in done.stdout.splitlines() if "drive: " in line]
    assert line.startswith("✗ drive: ")
    assert NO_LOCKS.search(line)
    assert done.returncode == 1


def test_a_folder_that_was_moved_to_a_drive_without_locks_is_one_sentence_at_once(
    library: Path, tmp_path: Path, statement: str
) -> None:
    """And not half a minute's wait for another process that does not exist."""
    warehouse = Warehouse(DataFolder(tmp_path / "drive" / "data"))
    with warehouse.writing(), Path(statement).open("rb") as stream:
        list(warehouse.load([warehouse.folder.archive.add(stream, source="import").sha256]))

    def there() -> dict[Path, int]:
        found = warehouse.folder.root.rglob("*")
        return {path: path.stat(follow_symlinks=False).st_mtime_ns for path in found if not path.is_dir()}

    before = there()
    drive = Drive(library, tmp_path / "drive", "locks", errno.ENOLCK)
    for words in (["import", statement], ["sql", "SELECT 1 AS one"]):
        done = drive.wealth(*words)
        assert done.returncode == 1
        assert NO_LOCKS.search(done.stderr), done.stderr
    assert there() == before


def test_this_machines_own_drive_has_all_three_and_nothing_stays_of_the_trial(tmp_path: Path) -> None:
    assert (drive.has_locks(tmp_path), drive.keeps_modes(tmp_path), drive.has_links(tmp_path)) == (True, True, True)
    assert list(tmp_path.iterdir()) == []
