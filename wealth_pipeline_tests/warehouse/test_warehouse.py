"""The databases: readers and the pipeline never block one another, and each trouble is one sentence."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import duck
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import NothingPublished
from wealth_pipeline.warehouse import version
from wealth_pipeline.warehouse.folder import DataFolder, WarehouseError
from wealth_pipeline.warehouse.load import Loaded
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex, nav
from wealth_pipeline_tests.lives import Folder, days, statement


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def load(folder: DataFolder, total: str, generated: str = "20250401;060000") -> Loaded:
    warehouse = Warehouse(folder)
    with warehouse.writing():
        data = file(flex(generated=generated, EquitySummaryInBase=[nav(total=total)]))
        entry = folder.archive.add(io.BytesIO(data), source="import")
        loaded, *_ = warehouse.load([entry.sha256])
    return loaded


def total(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("SELECT total::INTEGER::VARCHAR FROM nav_history").fetchone()
    assert row is not None
    return str(row[0])


def read(folder: DataFolder) -> str:
    with duckdb.connect(str(folder.published), read_only=True) as con:
        return total(con)


def test_the_published_file_is_read_only_and_alone(folder: DataFolder) -> None:
    """A log or a draft beside it would be a second truth."""
    load(folder, "100")
    assert stat.S_IMODE(folder.published.stat().st_mode) == 0o400
    assert sorted(path.name for path in folder.root.iterdir()) == [
        "archive",
        "warehouse.duckdb",
        "wealth.duckdb",
        "wealth.duckdb.wal",
        "writer.lock",
    ]
    assert not folder.published.with_name("wealth.duckdb.wal").exists()


def test_a_reader_keeps_its_snapshot_and_the_next_one_sees_the_new_file(folder: DataFolder) -> None:
    """The file is replaced, not changed."""
    load(folder, "100")
    with duckdb.connect(str(folder.published), read_only=True) as held:
        assert total(held) == "100"
        load(folder, "103", "20250402;060000")
        assert total(held) == "100"
    assert read(folder) == "103"


WRITE = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("SET checkpoint_threshold = '1TB'")
try:
    con.execute("UPDATE nav_versions SET total = 1")
finally:
    os._exit(1)
"""


def write_and_die(folder: DataFolder) -> None:
    """A reader opens the published file for writing, changes a figure and is killed, leaving its log."""
    folder.published.chmod(0o644)  # as if it were root's
    subprocess.run([sys.executable, "-c", WRITE, str(folder.published)], check=False)


def test_nobody_can_write_into_the_published_file(folder: DataFolder) -> None:
    """Root can open it for writing in spite of its mode; without a log DuckDB commits nothing."""
    load(folder, "100")
    write_and_die(folder)
    assert read(folder) == "100"
    assert load(folder, "103", "20250402;060000").status == "loaded"
    assert read(folder) == "103"


def test_a_log_that_a_reader_left_never_reaches_the_next_file(folder: DataFolder) -> None:
    """Somebody removed the link that keeps logs away."""
    load(folder, "100")
    log = folder.published.with_name("wealth.duckdb.wal")
    log.unlink()
    write_and_die(folder)
    assert log.exists()
    Warehouse(folder).publish()
    assert not log.exists()
    assert read(folder) == "100"


def test_a_draft_of_a_killed_writer_is_written_over(folder: DataFolder) -> None:
    """A kill in the middle of the copy must not fill the disk night by night."""
    folder.root.mkdir()
    draft = folder.published.with_name(".wealth.duckdb.draft")
    draft.write_bytes(b"half")
    draft.chmod(0o444)
    load(folder, "100")
    assert not draft.exists()
    assert read(folder) == "100"


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process has a database open."""
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield holder
        holder.communicate()


def test_a_foreign_holder_of_the_warehouse_is_named_and_the_next_run_catches_up(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody looks into the private database; the statement is safe, and the next run loads it too."""
    monkeypatch.setattr(duck, "HOLDER_SECONDS", 0.0)
    load(folder, "100")
    with held(folder.warehouse) as holder:
        with pytest.raises(WarehouseError, match=rf"held open by process {holder.pid}\. Close it there.*safe"):
            load(folder, "103", "20250402;060000")
        assert read(folder) == "100"
    loaded = load(folder, "99", "20250329;060000")
    assert (loaded.status, read(folder)) == ("loaded", "103")


def test_two_writers_wait_for_each_other(folder: DataFolder) -> None:
    """Not for ever: the second gives up with a sentence."""
    with (
        Warehouse(folder).writing(),
        pytest.raises(WarehouseError, match="Another wealth_pipeline process"),
        Warehouse(folder).writing(seconds=0),
    ):
        pass


def test_a_damaged_warehouse_says_that_it_can_be_rebuilt(folder: DataFolder) -> None:
    """Nothing is lost: the archive has it all."""
    load(folder, "100")
    folder.warehouse.write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match="everything is rebuilt"):
        load(folder, "103")
    assert read(folder) == "100"


def written_by(folder: DataFolder, schema_version: int, program: str | None) -> None:
    """Let both databases look as if another wealth_pipeline had made them; None: one that counted its versions."""
    with duckdb.connect(str(folder.warehouse)) as con:
        if program is None:
            con.execute("ALTER TABLE warehouse_info DROP COLUMN written_by")
            con.execute("ALTER TABLE warehouse_info ALTER COLUMN schema_version TYPE INTEGER USING 6")
        else:
            con.execute("UPDATE warehouse_info SET schema_version = ?, written_by = ?", [schema_version, program])
    Warehouse(folder).publish()


@pytest.mark.parametrize("program", [None, "0.1.0", "0.2.0.dev1", version.program()])
def test_a_warehouse_of_other_tables_is_rebuilt_when_the_next_statement_comes(
    folder: DataFolder, caplog: pytest.LogCaptureFixture, program: str | None
) -> None:
    """An update of the software asks nothing of its user."""
    load(folder, "100")
    assert not Warehouse(folder).outdated()
    written_by(folder, 1234567, program)
    assert Warehouse(folder).outdated()
    with pytest.raises(NothingPublished, match="older"):
        Published(folder.published).newest_nav()
    load(folder, "103", "20250402;060000")
    assert "rebuilt from the archive" in caplog.text
    assert [row[2] for row in Published(folder.published).newest_nav()] == [103]
    assert read(folder) == "103"


@pytest.mark.parametrize("program", ["1000.0", "1000.0rc1"])
def test_a_newer_warehouse_of_other_tables_is_left_alone(folder: DataFolder, program: str) -> None:
    """An older program must not write into a newer database."""
    load(folder, "100")
    written_by(folder, 1234567, program)
    assert not Warehouse(folder).outdated()
    with pytest.raises(WarehouseError, match=rf"newer wealth_pipeline \({program}, this is .*Update"):
        load(folder, "103")
    with pytest.raises(WealthError, match=rf"newer wealth_pipeline \({program}, this is .*Update"):
        Published(folder.published).newest_nav()
    with duckdb.connect(str(folder.warehouse), read_only=True) as con:
        assert con.execute("SELECT written_by FROM warehouse_info").fetchall() == [(program,)]


def test_a_newer_warehouse_of_the_same_tables_is_used(folder: DataFolder) -> None:
    """An update without other tables can be taken back."""
    load(folder, "100")
    written_by(folder, version.SCHEMA_VERSION, "1000.0")
    assert load(folder, "103", "20250402;060000").status == "loaded"
    assert read(folder) == "103"


REBUILD = """
import os, sys
from pathlib import Path
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
warehouse = Warehouse(DataFolder(Path(sys.argv[1])))
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with warehouse.writing():
            for _ in warehouse.replay():
                os.write(1, b"%d\\n" % os.getpid())  # at once, whole or not at all
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b"ended\\n")
"""


def test_a_rebuild_that_is_killed_leaves_what_there_was_and_the_next_one_completes(
    folder: DataFolder, tmp_path: Path
) -> None:
    """At any moment of it: the old file is read as before, until the new one takes its place whole."""
    house, draw, statements = Folder(folder.root), Random(3), 6
    for number in range(statements):
        house.load(statement({f"U{number}": days(date(2026, 1, 5), date(2026, 1, 9))}))
    written_by(folder, 1234567, "0.1.0")
    figures = house.rows("FROM nav_history ORDER BY ALL")
    script = tmp_path / "rebuild.py"  # a file: under `python -c`, DuckDB draws bars on stdout
    script.write_text(REBUILD)
    command = [sys.executable, str(script), str(folder.root)]
    killed = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forking:
        assert forking.stdin is not None
        assert forking.stdout is not None
        for _ in range(6):
            print(file=forking.stdin, flush=True)
            loaded = [forking.stdout.readline() for _ in range(draw.randint(1, statements))]
            time.sleep(draw.random() * 0.05)
            with suppress(ProcessLookupError):
                os.kill(int(loaded[0]), signal.SIGKILL)
            while forking.stdout.readline() != "ended\n":
                pass
            assert house.rows("FROM nav_history ORDER BY ALL") == figures
            killed += Warehouse(folder).outdated()
        forking.stdin.close()
    assert killed > 2
    house.load(statement({"U9": days(date(2026, 1, 5), date(2026, 1, 9))}))
    assert house.rows("FROM nav_history WHERE account_id <> 'U9' ORDER BY ALL") == figures
    assert not Warehouse(folder).outdated()
    assert not list(folder.root.glob("replay*"))


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in its place stands for a read-only one: root may write there."""
    (tmp_path / "data").write_text("")
    with pytest.raises(WarehouseError, match="cannot be written"), Warehouse(DataFolder(tmp_path / "data")).writing():
        pass


def test_what_was_loaded_is_published_even_if_the_caller_stops(folder: DataFolder) -> None:
    """Ctrl-C in the middle of an import."""
    warehouse = Warehouse(folder)
    with warehouse.writing():
        sha256s = [
            folder.archive.add(io.BytesIO(file(flex(account, EquitySummaryInBase=[nav()]))), source="import").sha256
            for account in ("U1", "U2")
        ]
        loading = warehouse.load(sha256s)
        next(loading)
        loading.close()  # type: ignore[attr-defined]
    assert read(folder) == "100"
