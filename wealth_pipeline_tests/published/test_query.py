"""`wealth sql` reads: of hostile statements none writes, reads another file or changes a setting; the others answer."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.gateway import live, store
from wealth_pipeline.published.query import BLOCK_ROWS, INTERRUPTED, QueryError, asked, opened
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex, nav

SECRET = "s3cr3t-f1gure"
COOKBOOK = Path(__file__).parents[2] / "docs" / "sql.md"
SNAPSHOT = (
    '{"captured_at":"2026-07-22T14:00:00","accounts":[{"description":{"accountId":"U1","currency":"USD"},'
    '"ledger":{"BASE":{"netliquidationvalue":7}},"positions":[]}]}'
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with both published databases, and files beside them that hold a secret."""
    home = tmp_path_factory.mktemp("home")
    for name in ("secret.csv", "secret.json"):
        (home / name).write_text(f'"{SECRET}"\n')
    folder = DataFolder(home / "data")
    warehouse = Warehouse(folder)
    with warehouse.writing():
        entry = folder.archive.add(io.BytesIO(file(flex(EquitySummaryInBase=[nav()]))), source="import")
        list(warehouse.load([entry.sha256]))
    store.archive(folder.root, SNAPSHOT)
    store.load(folder.root)
    return folder.root


@pytest.fixture(scope="module")
def con(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What `wealth sql` asks."""
    with opened(data) as connection:
        yield connection


@pytest.fixture(scope="module")
def twin(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the data folder: within a process DuckDB shares a file, and with it the locked configuration."""
    return Path(shutil.copytree(data, tmp_path_factory.mktemp("twin") / "data", symlinks=True))


def answered(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The whole answer to a query."""
    with asked(con, query) as answer:
        return answer.names, [row for block in answer.blocks for row in block]


#: What writes, or changes the session; {d} is the data folder, {h} the folder above it.
WRITES = [
    "DELETE FROM nav_versions",
    "INSERT INTO statements SELECT * FROM statements",
    "UPDATE nav_versions SET total = 1",
    "TRUNCATE nav_versions",
    "MERGE INTO statements USING (SELECT 1) s(a) ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
    "DROP TABLE nav_versions",
    "ALTER TABLE nav_versions ADD COLUMN x INTEGER",
    "COMMENT ON TABLE nav_versions IS 'x'",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE OR REPLACE TEMP VIEW nav_history AS SELECT 1",
    "CREATE TEMP TABLE x AS PIVOT nav_history ON account_id USING sum(total)",
    "CREATE TABLE live.x (a INTEGER)",
    "CREATE MACRO memory.x() AS 1",
    "CREATE TEMP MACRO in_base(a, b) AS 1",
    "CREATE SEQUENCE x",
    "CREATE TYPE x AS ENUM ('a')",
    "CREATE SECRET x (TYPE http)",
    "CREATE INDEX x ON nav_versions (total)",
    "CREATE SCHEMA x",
    "COPY (SELECT 1) TO '{h}/out.csv'",
    "COPY (SELECT 1) TO '{d}/wealth.duckdb' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{d}/wealth.duckdb.wal' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{d}/wealth.duckdb.wal.recovery' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{d}/live.duckdb.wal.checkpoint' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{d}/wealth.duckdb.tmp/x.csv'",
    "COPY (PIVOT nav_history ON account_id USING sum(total)) TO '{d}/wealth.duckdb.wal.recovery'",
    "COPY nav_versions FROM '{h}/secret.csv'",
    "EXPORT DATABASE '{h}/export'",
    "IMPORT DATABASE '{h}/export'",
    "ATTACH '{h}/other.duckdb' AS other",
    "ATTACH ':memory:' AS other",
    "ATTACH '{d}/warehouse.duckdb' AS other (READ_ONLY)",
    "ATTACH OR REPLACE ':memory:' AS live",
    "DETACH live",
    "USE live",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs FROM community",
    "UPDATE EXTENSIONS",
    "SET memory_limit = '1GB'",
    "SET GLOBAL enable_external_access = true",
    "SET enable_external_access = true",
    "SET disabled_filesystems = ''",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '{h}'",
    "SET TimeZone = 'Asia/Tokyo'",
    "SET search_path = 'live'",
    "SET profiling_output = '{h}/profile.json'",
    "SET VARIABLE x = 1",
    "RESET enable_external_access",
    "PRAGMA enable_profiling",
    "PRAGMA profiling_output = '{h}/profile.json'",
    "PRAGMA enable_external_access = true",
    "PRAGMA disable_optimizer",
    "PRAGMA table_info('nav_history')",
    "PRAGMA force_checkpoint",
    "CALL enable_logging()",
    "CALL truncate_duckdb_logs()",
    "CALL pragma_version()",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
]
#: A statement alone, run by EXPLAIN, within a query, after another one, behind a comment.
WAYS = [
    "{0}",
    "EXPLAIN ANALYZE {0}",
    "explain /* ( */ (analyze, format json) {0}",
    "WITH x AS ({0}) SELECT * FROM x",
    "SELECT 1; {0}",
    "-- SELECT\n/* EXPLAIN */ {0};",
]
READERS = [
    "read_csv('{0}')",
    "read_text('{0}')",
    "read_blob(['{0}'])",
    "read_json('{0}')",
    "read_parquet('{0}')",
    "read_duckdb('{0}', table_name = 'statements')",
    "sniff_csv('{0}')",
    "glob('{0}*')",
    "parquet_metadata('{0}')",
    "'{0}'",
    "query('FROM read_text(''{0}'')')",
    "query_table(['{0}'])",
]
FILES = [
    "{h}/secret.csv",
    "{h}/secret.json",
    "{d}/warehouse.duckdb",
    "{d}/state.sqlite",
    "{d}/wealth.duckdb.wal",
    "/etc/passwd",
    "/dev/stdin",
    "/proc/self/environ",
    "http://127.0.0.1:{p}/x.csv",
    "s3://127.0.0.1:{p}/x.csv",
]
OTHERS = [
    "SELECT * FROM enable_logging()",
    "SELECT * FROM disable_logging()",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "SELECT * FROM sql_auto_complete('SEL')",
    "SELECT * FROM import_database('{h}')",
    "SELECT getenv('HOME')",
    "SELECT setval('x', 1)",
    "SELECT nextval('x')",
    "FROM hostile_frame",
    "FROM SECRET",
    "SELECT * FROM query('DELETE FROM statements')",
    "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{d}/live.duckdb.wal.recovery'') FROM x')",
    "EXPLAIN (profile_output '{h}/x.json') SELECT 1",
]


#: What changes nothing but the session that ends with the answer; the sieve alone refuses it.
OF_THE_SESSION = ("CREATE TEMP", "CREATE OR REPLACE TEMP", "USE", "DETACH", "SET VARIABLE", "BEGIN", "PREPARE")


def state_of(con: duckdb.DuckDBPyConnection, data: Path) -> dict[str, object]:
    """Every file beside and below the data folder with its bytes, mode and time; settings, databases and tables."""
    files = {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.is_file() and digest(path))
        for path in [data, *data.parent.rglob("*")]
    }
    questions = {
        "settings": "SELECT name, value FROM duckdb_settings() ORDER BY ALL",
        "databases": "SELECT database_name, path, readonly FROM duckdb_databases() ORDER BY ALL",
        "tables": "SELECT database_name, table_name FROM duckdb_tables() ORDER BY ALL",
        "views": "SELECT database_name, view_name FROM duckdb_views() ORDER BY ALL",
        "variables": "SELECT name FROM duckdb_variables()",
        "prepared": "SELECT name FROM duckdb_prepared_statements()",
    }
    return {"files": files} | {name: con.execute(query).fetchall() for name, query in questions.items()}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_hostile_statement_writes_reads_a_file_or_changes_a_setting(
    con: duckdb.DuckDBPyConnection, data: Path
) -> None:
    hostile_frame = pa.table({"x": [SECRET]})
    assert hostile_frame.num_rows  # DuckDB's Python client would find it by its name
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        places = {"{d}": str(data), "{h}": str(data.parent), "{p}": str(listener.getsockname()[1])}
        statements = [
            *(way.format(write) for write in WRITES for way in WAYS),
            *(f"SELECT * FROM {reader.format(name)}" for reader in READERS for name in FILES),
            *OTHERS,
        ]
        assert len(set(statements)) > 200
        before = state_of(con, data)
        for statement in statements:
            query = re.sub(r"\{[dhp]\}", lambda found: places[found[0]], statement)
            try:
                shown = answered(con, query)[1]
            except QueryError as error:
                harmless = SECRET not in str(error)
            else:
                harmless = shown == [] and "_secret" in statement  # of DuckDB's secrets there are none
            assert harmless, query
        assert state_of(con, data) == before
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_without_the_sieve_the_database_still_protects_itself(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """The sieve is a courtesy: what it lets through by mistake must find a closed door."""
    cursor, before = con.cursor(), state_of(con, data)
    for write in WRITES:
        if not write.startswith(
            ("CREATE TEMP", "CREATE OR REPLACE TEMP", "USE", "DETACH", "SET VARIABLE", "BEGIN", "PREPARE")
        ):
            for way in WAYS[:4]:
                query = way.format(write).replace("{d}", str(data)).replace("{h}", str(data.parent))
                try:
                    cursor.execute(query).fetchall()
                except duckdb.Error:
                    continue
    cursor.close()
    after = state_of(con, data)
    after["databases"] = [row for row in after["databases"] if row[0] != "other"]  # type: ignore[attr-defined]
    assert {**after, "databases": before["databases"]} == before


READING = [
    "FROM nav_history",
    "TABLE nav_history",
    "VALUES (1, 'a'), (2, 'b')",
    "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
    "SELECT * FROM live.live_nav",
    "SELECT * FROM nav_asof('2026-11-18 12:00')",
    "SELECT * FROM returns_asof('2026-11-18 12:00')",
    "SELECT 1;",
    "SELECT 1 -- and no more",
    "DESCRIBE nav_history",
    "DESC nav_history",
    "DESCRIBE SELECT 1 AS a",
    "SUMMARIZE nav_history",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "SHOW nav_history",
    "EXPLAIN SELECT * FROM nav_history",
    "EXPLAIN (FORMAT json) SELECT 1",
    "EXPLAIN PIVOT nav_history ON account_id USING sum(total)",
    "PIVOT nav_history ON account_id USING sum(total)",
    "/* Ä */ PIVOT nav_history ON account_id USING sum(total) GROUP BY report_date",
    "FROM (PIVOT nav_history ON account_id USING sum(total))",
    "WITH p AS (PIVOT nav_history ON account_id USING sum(total)) SELECT * FROM p",
    "UNPIVOT (SELECT total, cash FROM nav_history) ON total, cash INTO NAME n VALUE v",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('nav_history')",
    "SELECT * FROM pragma_table_info('nav_history')",
    "SELECT current_setting('TimeZone')",
    "SELECT 'copy; delete from statements' AS text",
    "SELECT 1.10::DECIMAL(9, 2) AS d, [DATE '2026-11-19'] AS days, {'a': NULL} AS s, now() IS NOT NULL AS n",
]


def test_what_only_reads_answers_as_on_a_connection_without_protection(
    con: duckdb.DuckDBPyConnection, twin: Path
) -> None:
    cookbook = re.findall(r"```sql\n(.*?)```", COOKBOOK.read_text(), re.DOTALL)
    assert len(cookbook) > 25
    with duckdb.connect(str(twin / "wealth.duckdb"), read_only=True) as plain:
        plain.execute("SET TimeZone = 'UTC'")
        live.attach(plain, twin)
        for query in READING + cookbook:
            result = plain.execute(query)
            names = [column[0] for column in result.description]
            assert answered(con, query) == (names, result.fetchall()), query
    assert answered(con, "EXPLAIN ANALYZE SELECT * FROM nav_history")[0] == ["explain_key", "explain_value"]
    assert answered(con, " -- nothing") == ([], [])


@pytest.mark.parametrize(
    ("query", "instead"),
    [
        ("PRAGMA table_info('nav_history')", "SELECT * FROM pragma_table_info('nav_history')"),
        ("pragma show_tables;", "SHOW TABLES"),
        ("CALL pragma_database_size()", "SELECT * FROM pragma_database_size()"),
    ],
)
def test_a_pragma_or_call_is_refused_with_what_replaces_it(
    query: str, instead: str, con: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(QueryError, match=re.escape(f"Ask instead: {instead}")):
        answered(con, query)
    assert answered(con, instead)[1]


def test_live_figures_alone_are_read_and_not_written(data: Path, tmp_path: Path) -> None:
    (tmp_path / live.FILE).write_bytes((data / live.FILE).read_bytes())
    before = digest(tmp_path / live.FILE)
    with opened(tmp_path) as con:
        assert answered(con, "SELECT account_id FROM live.live_nav_latest")[1] == [("U1",)]
        for query in ("CREATE TABLE live.x (a INTEGER)", "WITH x AS (DELETE FROM live.live_nav RETURNING *) FROM x"):
            with pytest.raises(QueryError):
                answered(con, query)
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("CREATE TABLE x (a INTEGER)")
    assert [path.name for path in tmp_path.iterdir()] == [live.FILE]
    assert digest(tmp_path / live.FILE) == before


def test_rows_come_in_blocks_without_waiting_for_the_end(con: duckdb.DuckDBPyConnection) -> None:
    """As many rows would fill any memory."""
    with asked(con, "SELECT i FROM range(1000000000000) t(i)") as answer:
        assert [len(next(answer.blocks)) for _ in range(3)] == [BLOCK_ROWS] * 3
    assert answered(con, "SELECT 1")[1] == [(1,)]


def test_an_error_among_the_rows_is_a_sentence(con: duckdb.DuckDBPyConnection) -> None:
    with (
        asked(con, "SELECT CASE WHEN i > 5000 THEN error('\x1b[31mred') ELSE i END FROM range(9000) t(i)") as answer,
        pytest.raises(duckdb.Error),
    ):
        list(answer.blocks)


FORMS = {"--csv": "i\n0\n1\n", "--json": '[\n {"i": 0},\n {"i": 1},\n', "": "│   0 │\n│   1 │\n"}


@pytest.mark.parametrize("form", FORMS)
def test_the_first_rows_are_printed_at_once_and_ctrl_c_ends_the_rest(form: str, data: Path) -> None:
    process = asking("SELECT i FROM range(1000000000000) t(i)", form, data)
    assert process.stdout is not None
    begin = b"".join(process.stdout.readline() for _ in range(5)).decode()
    assert FORMS[form] in begin
    # It goes on printing, also after what a pipe holds was read.
    process.stdout.read(1 << 20)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (INTERRUPTED, b"")


def test_ctrl_c_ends_what_duckdb_would_not_interrupt(data: Path) -> None:
    process = asking("SELECT i, sleep_ms(60000) FROM range(10) t(i)", "", data)
    started(process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (INTERRUPTED, b"")


def test_a_closed_pipe_ends_it_without_a_word(data: Path) -> None:
    process = asking("SELECT i FROM range(1000000000000) t(i)", "--csv", data)
    assert process.stdout is not None
    assert process.stdout.readline() == b"i\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) != 0


def asking(query: str, form: str, data: Path) -> subprocess.Popen[bytes]:
    """`wealth sql`, as a process of its own."""
    command = [sys.executable, "-m", "wealth_pipeline.cli", "sql", query, *([form] if form else [])]
    environment = os.environ | {"WEALTH_DATA_DIR": str(data)}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        # A script that runs the tests in the background has them ignore Ctrl-C, and so do all that they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def started(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has opened the database."""
    deadline = time.monotonic() + 30
    held = Path(f"/proc/{process.pid}/fd")
    while time.monotonic() < deadline:
        if not held.exists() or any(fd.resolve().name == "wealth.duckdb" for fd in held.iterdir()):
            return
        time.sleep(0.02)


@pytest.mark.parametrize("form", [["--csv"], ["--json"], []])
def test_texts_take_no_effect_in_any_form(form: list[str], twin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEALTH_DATA_DIR", str(twin))
    done = CliRunner().invoke(main, ["sql", "SELECT '=1+1' AS \"=head\", chr(27) || '[31m' || chr(8238) AS b", *form])
    assert done.exit_code == 0, done.output
    if form == ["--csv"]:
        assert done.output.splitlines()[0].startswith("'=head,")
        assert done.output.splitlines()[1].startswith("'=1+1,")
        return
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    if form == ["--json"]:
        assert json.loads(done.output) == [{"=head": "=1+1", "b": "\x1b[31m\u202e"}]
