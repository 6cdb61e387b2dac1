"""The `wealth` command, as a person types it."""

from __future__ import annotations

import gzip
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
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
import requests
from click.testing import CliRunner, Result

from wealth_pipeline.cli.main import main
from wealth_pipeline.pull.inbox import take_inbox
from wealth_pipeline.sandbox.flex.faults import NAMES
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement
from wealth_pipeline.settings import UI_PASSWORD
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

DAY = date(2026, 11, 19)
GENERATED = datetime(2026, 11, 20, 6, 0, tzinfo=ZoneInfo("America/New_York"))
FLEX = b'<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="1">'


def wealth(*words: str | Path) -> Result:
    """Run `wealth` with these words."""
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="session")
def statements() -> dict[str, bytes]:
    """Statements of the simulated household, by the name of their query."""
    household = Household()
    return {
        name: b"".join(Statement(household, query, DAY, DAY, "", GENERATED).render())
        for name, query in {"full": FULL, "guide": GUIDE}.items()
    }


@pytest.fixture
def write(clean_environment: Path) -> Callable[[str, bytes], Path]:
    """Write a file into the working directory."""

    def write_file(name: str, content: bytes) -> Path:
        path = clean_environment / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write_file


@pytest.fixture(scope="session")
def imported_once(tmp_path_factory: pytest.TempPathFactory, statements: dict[str, bytes]) -> Path:
    """A data folder into which the larger statement was imported."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "full.xml").write_bytes(statements["full"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [n for n in os.environ if n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))]:
            patch.delenv(name)
        done = wealth("import", "full.xml")
        assert done.exit_code == 0, done.output
    return folder / "data"


@pytest.fixture
def imported(imported_once: Path, clean_environment: Path) -> None:
    """A copy of it in the working directory, the test's own."""
    shutil.copytree(imported_once, clean_environment / "data", symlinks=True)


def test_importing_a_folder_loads_every_statement_in_it(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    write("in/full.xml", statements["full"])
    write("in/deep/guide.xml", statements["guide"])
    done = wealth("import", "in")
    assert done.exit_code == 0, done.output
    *lines, summary = done.output.splitlines()
    assert [line.split()[0] for line in lines] == ["loaded", "loaded"]
    assert summary == f"2 loaded, 0 known, 0 rejected. NAV from {DAY - timedelta(days=1)} to {DAY}."
    *lines, summary = wealth("import", "in").output.splitlines()
    assert [line.split()[0] for line in lines] == ["known", "known"]
    assert summary.startswith("0 loaded, 2 known, 0 rejected. NAV from ")


def test_importing_a_folder_leaves_alone_what_the_inbox_leaves_alone(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    full = statements["full"]
    write("in/whole.xml", full)
    write("in/cut.xml", full[: len(full) // 2])
    write("in/cut.xml.gz", gzip.compress(full)[:-100])
    write("in/loading.xml.part", full)
    write("in/taken.xml", b"")
    write("in/Safari.xml.download/Safari.xml", full)
    write("in/.hidden/away.xml", full)
    write("in/._whole.xml", b"AppleDouble")
    write("in/notes.txt", b"")
    done = wealth("import", "in")
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0].split() for line in done.output.splitlines()[:-1]] == [
        ["skipped", "in/cut.xml"],
        ["skipped", "in/cut.xml.gz"],
        ["skipped", "in/loading.xml.part"],
        ["skipped", "in/taken.xml"],
        ["loaded", "in/whole.xml"],
    ]
    Path("in/cut.xml.gz").unlink()
    # Named itself it is loaded all the same; and a minute old, it is what it is.
    assert wealth("import", "in/cut.xml").exit_code == 1
    os.utime("in/cut.xml", (0, time.time() - 61))
    again = wealth("import", "in")
    assert "rejected in/cut.xml: " in again.output
    assert again.output.splitlines()[-1].startswith("0 loaded, 1 known, 1 rejected. NAV from ")


BAD_FILES = [
    ("cut.xml", FLEX + b'<FlexStatement accountId="U1" fromDate="20261119"', "broken or cut off"),
    ("tcf.xml", FLEX.replace(b'"AF"', b'"TCF"') + b"</FlexStatements></FlexQueryResponse>", "type 'TCF'"),
    (
        "error.xml",
        b"<FlexStatementResponse><Status>Fail</Status><ErrorCode>1012</ErrorCode></FlexStatementResponse>",
        "error reply",
    ),
    ("empty.xml", b"", "empty"),
    (
        "laughs.xml",
        b'<!DOCTYPE FlexQueryResponse [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><FlexQueryResponse type="&b;"/>',
        "document type",
    ),
    ("page.xml", b"<html><body>Sorry</body></html>", "another kind"),
    (
        "nodate.xml",
        FLEX + b'<FlexStatement accountId="U1" fromDate="20261119" toDate="20261119" whenGenerated="20261120;060000">'
        b'<EquitySummaryInBase><EquitySummaryByReportDateInBase total="1"/></EquitySummaryInBase></FlexStatement>'
        b"</FlexStatements></FlexQueryResponse>",
        "row 1 has no reportDate",
    ),
    (
        "year9999.xml",
        FLEX + b'<FlexStatement accountId="U1" fromDate="20261119" toDate="20261119" whenGenerated="99991231;230000">'
        b"</FlexStatement></FlexStatements></FlexQueryResponse>",
        "beyond the calendar",
    ),
    ("picture.xml", b"\x89PNG\r\n\x1a\n\x00\x00", "not XML"),
]


def test_bad_files_are_rejected_in_one_line_each_and_the_good_one_still_loads(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    bad = {write(name, content): reason for name, content, reason in BAD_FILES}
    done = wealth("import", *bad, write("good.xml", statements["full"]))
    assert done.exit_code == 1
    *rejected, loaded, _ = done.output.splitlines()
    assert loaded.startswith("loaded")
    for line, (path, reason) in zip(rejected, bad.items(), strict=True):
        assert line.startswith(f"rejected {path}: ")
        assert reason in line


def test_white_space_before_the_xml_declaration_does_no_harm(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    declared = b' \r\n<?xml version="1.0" encoding="UTF-8"?>' + statements["full"]
    assert wealth("import", write("blank.xml", declared)).exit_code == 0


@pytest.mark.usefixtures("imported")
def test_a_rejected_statement_is_listed_with_its_reason_and_changes_no_figure(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    before = wealth("sql", "SELECT * FROM nav_history ORDER BY ALL", "--csv").output
    cut = write("cut.xml", statements["guide"][: len(statements["guide"]) // 2])
    assert wealth("import", cut).exit_code == 1
    assert wealth("sql", "SELECT * FROM nav_history ORDER BY ALL", "--csv").output == before
    listed = json.loads(wealth("sql", "SELECT status, reason FROM statements ORDER BY 1", "--json").output)
    assert [row["status"] for row in listed] == ["loaded", "rejected"]
    assert "cut off" in listed[1]["reason"]


def test_a_file_that_is_not_there_is_rejected_not_a_traceback(clean_environment: Path) -> None:
    done = wealth("import", "nowhere.xml")
    assert done.exit_code == 1
    assert "No such file" in done.output


@pytest.mark.usefixtures("imported")
def test_decimals_are_printed_exactly_in_every_form() -> None:
    query = f"SELECT total FROM nav_history WHERE account_id = 'U1000001' AND report_date = '{DAY}'"
    total = format(Household().day("U1000001", DAY).total.normalize(), "f")
    assert total in wealth("sql", query).output
    assert wealth("sql", query, "--csv").output == f"total\n{total}\n"
    assert json.loads(wealth("sql", query, "--json").output) == [{"total": total}]


@pytest.mark.usefixtures("imported")
def test_lists_and_structs_keep_their_shape_and_their_decimals() -> None:
    query = "SELECT {'a': [1.10::DECIMAL(9,2), NULL], 'day': DATE '2026-11-19'} AS nested"
    assert json.loads(wealth("sql", query, "--json").output) == [{"nested": {"a": ["1.1", None], "day": "2026-11-19"}}]
    assert '{"a": ["1.1", null], "day": "2026-11-19"}' in wealth("sql", query).output


def test_a_dotenv_file_in_another_encoding_is_a_sentence(clean_environment: Path) -> None:
    (clean_environment / ".env").write_bytes(b"IBKR_FLEX_QUERY_ID=1 # caf\xe9\n")
    done = wealth("status")
    assert done.exit_code == 1
    assert "is not UTF-8 text. Save it again as UTF-8" in done.output
    assert isinstance(done.exception, SystemExit)


@pytest.mark.usefixtures("imported")
def test_a_mistake_in_sql_is_a_sentence_and_writing_is_refused() -> None:
    wrong = wealth("sql", "SELECT nothing FROM nowhere")
    assert wrong.exit_code == 1
    assert "nowhere" in wrong.output
    assert "Traceback" not in wrong.output
    assert "read-only" in wealth("sql", "DELETE FROM statements").output


def test_both_databases_are_rebuilt_from_the_archive_to_the_same_content(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    """Nothing is lost: the archive alone is enough."""
    cut = write("cut.xml", statements["guide"][: len(statements["guide"]) // 2])
    wealth("import", write("full.xml", statements["full"]), write("guide.xml", statements["guide"]), cut)
    before = wealth("digest").output
    listed = wealth("sql", "SELECT sha256, status FROM statements ORDER BY 1", "--csv").output
    for name in ("warehouse.duckdb", "wealth.duckdb"):
        (Path("data") / name).unlink()
    done = wealth("replay")
    assert done.exit_code == 0, done.output
    assert "2 loaded, 1 rejected" in done.output
    assert wealth("digest").output == before
    assert wealth("sql", "SELECT sha256, status FROM statements ORDER BY 1", "--csv").output == listed


@pytest.mark.usefixtures("imported")
def test_a_replay_that_meets_a_damaged_statement_replaces_nothing() -> None:
    before = wealth("digest").output
    (packed,) = Path("data/archive").rglob("*.xml.gz")
    packed.write_bytes(packed.read_bytes()[:-200])
    done = wealth("replay")
    assert done.exit_code == 1
    assert "Restore" in done.output
    assert wealth("digest").output == before


def contents_of(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def flipped(packed: Path) -> None:
    """Change a figure in an archived statement, with a valid gzip around it."""
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes()).replace(b'total="', b'total="9', 1)))


@pytest.mark.usefixtures("imported")
def test_a_byte_flipped_in_the_archive_is_refused_by_a_replay_that_names_the_file() -> None:
    (packed,) = Path("data/archive").rglob("*.xml.gz")
    flipped(packed)
    before = contents_of(Path("data"))
    done = wealth("replay")
    assert done.exit_code == 1
    assert str(packed) in done.output
    assert contents_of(Path("data")).items() >= before.items()


@pytest.mark.usefixtures("imported")
def test_a_byte_flipped_in_the_archive_is_refused_by_the_load_that_meets_it(
    write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    """It was archived, and the process killed before it was loaded."""
    archive = DataFolder(Path("data")).archive
    packed = archive.path(archive.add(io.BytesIO(statements["guide"]), source="import").sha256)
    flipped(packed)
    before = wealth("digest").output
    done = wealth("import", write("full.xml", statements["full"]))
    assert done.exit_code == 1
    assert str(packed) in done.output
    assert wealth("digest").output == before
    assert wealth("sql", "SELECT count(*) AS n, any_value(status) AS s FROM statements", "--csv").output.endswith(
        "1,loaded\n"
    )


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_regular_file_is_rejected_and_not_waited_for(
    kind: str, write: Callable[[str, bytes], Path], statements: dict[str, bytes]
) -> None:
    path = Path("odd.xml")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    else:
        path.symlink_to("/dev/zero")
    done = wealth("import", path, write("good.xml", statements["full"]))
    assert done.output.splitlines()[0] == "rejected odd.xml: The file cannot be read: it is not a regular file"
    assert done.output.splitlines()[1].startswith("loaded")


def test_a_pipe_in_the_inbox_is_put_away_with_its_reason(clean_environment: Path) -> None:
    warehouse = Warehouse(DataFolder(clean_environment / "data"))
    inbox = warehouse.folder.inbox
    inbox.mkdir(parents=True)
    os.mkfifo(inbox / "statement.xml")
    (inbox / "folder.xml").mkdir()
    with warehouse.writing():
        (taken,) = take_inbox(warehouse, lambda _: None)
    assert taken.status == "rejected"
    assert "not a regular file" in (inbox / "rejected" / "statement.xml.reason.txt").read_text()


@pytest.mark.parametrize(
    ("name", "setting"),
    [(".env", ""), ("connections.toml", ""), ("pinned.pem", "IBKR_GATEWAY_CERTIFICATE")],
)
def test_a_pipe_in_place_of_a_file_of_settings_is_a_sentence(
    name: str, setting: str, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(name)
    if setting:
        monkeypatch.setenv(setting, name)
        monkeypatch.setenv("IBKR_GATEWAY_URL", "https://127.0.0.1:9")
    done = wealth("doctor")
    assert done.exit_code == 1
    assert setting or f"{name} cannot be read: it is not a regular file" in done.output
    assert not setting or "is neither a readable certificate file nor" in done.output


@pytest.mark.usefixtures("imported")
def test_brackets_and_empty_queries_are_no_trouble() -> None:
    assert "[/foo] x" in wealth("sql", "SELECT '[/foo] x' AS \"[/y]\"").output
    assert wealth("sql", "").exit_code == 0


@pytest.mark.usefixtures("imported")
def test_a_replay_without_its_archive_replaces_nothing() -> None:
    """An archive on a disk that is not mounted must not cost the history."""
    before = wealth("digest").output
    Path("data/archive").rename("elsewhere")
    done = wealth("replay")
    assert done.exit_code == 1
    assert "Nothing was replaced" in done.output
    assert wealth("digest").output == before


def test_before_the_first_statement_the_commands_say_how_to_begin() -> None:
    for words in (["sql", "SELECT 1"], ["status"]):
        done = wealth(*words)
        assert done.exit_code == 1
        assert "wealth demo" in done.output


@pytest.mark.usefixtures("imported")
def test_status_shows_the_newest_nav_of_each_account_and_what_is_missing(write: Callable[[str, bytes], Path]) -> None:
    write(".env", b"IBKR_FLEX_TOKEN=42\nIBKR_FLEX_QUERY_ID=42\nIBKR_FLEX_TOKEN_MADE=2020-01-15\n")
    done = wealth("status")
    assert done.exit_code == 0
    assert "made on 2020-01-15, expired on" in done.output
    assert "U1000001" in done.output
    assert "EUR" in done.output
    assert "passed" in done.output


@pytest.mark.usefixtures("imported")
def test_status_shows_the_return_of_the_month_and_the_year_and_why_one_is_withheld() -> None:
    folder = DataFolder(Path("data"))
    of = f"'2025-12-31', '{DAY}', 300, 0, 0"
    with duckdb.connect(str(folder.warehouse)) as con:
        con.execute("DELETE FROM returns_periods")
        con.execute(
            "INSERT INTO returns_periods (scope, period, twr_percent, status, reason, from_date, to_date, days,"
            f" withheld_days, ibkr_days) VALUES ('U1000001', 'MTD', 1.234, 'shown', NULL, {of}),"
            f" ('U1000001', 'YTD', NULL, 'withheld', 'withheld: 2026-03-04 (a rate is missing)', {of}),"
            f" ('household', 'MTD', -0.5, 'shown', NULL, {of}),"
            f" ('household', 'YTD', 12, 'partial', 'the history begins on 2026-02-01', {of}),"
            f" ('household', '5Y', 99, 'shown', NULL, {of})"
        )
    Warehouse(folder).publish()
    shown = wealth("status").output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if " %" in line]
    assert rows == [
        ["U1000001", str(DAY), "+1.23 %", "withheld"],
        ["all accounts", str(DAY), "-0.50 %", "+12.00 % (partial)"],
    ]
    assert "U1000001: no return of YTD: withheld: 2026-03-04 (a rate is missing)." in shown
    assert "2026-02-01" not in shown


def test_rows_that_were_set_aside_are_named_by_import_status_and_doctor(clean_environment: Path) -> None:
    """And no longer when a later statement of that day has the section without them."""
    odd = (Path(__file__).parents[1] / "cases" / "06-transfer-without-currency.xml").read_bytes()
    later = odd.replace(b"20260311;061500", b"20260312;061500").replace(b"<Transfer ", b'<Transfer currency="USD" ')
    said = "1 Transfer: set aside"
    for name, content, named in (("odd.xml", odd, True), ("later.xml", later, False)):
        (clean_environment / name).write_bytes(content)
        imported = wealth("import", name)
        assert imported.exit_code == 0
        assert (said in imported.output) is named
        assert (said in wealth("status").output) is named
        assert (f"! rows: {said}" in wealth("doctor").output) is named
    assert (
        "of U5550001: it has no currency"
        in wealth("sql", "SELECT 'of ' || account_id || ': ' || reason AS told FROM rows_set_aside").output
    )


def test_pulling_without_a_token_says_where_to_get_one(clean_environment: Path) -> None:
    (clean_environment / ".env").write_text("IBKR_FLEX_QUERY_ID=123456\n")
    done = wealth("pull")
    assert done.exit_code == 1
    assert "IBKR_FLEX_TOKEN is not set" in done.output
    assert "Client Portal" in done.output


def test_pulling_into_a_folder_that_cannot_be_written_is_a_sentence(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the folder's place stands for missing permissions, which the tests' user may not lack."""
    (clean_environment / "data").write_text("")
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "123456")
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "123456789012345678901234")
    done = wealth("pull", "--from", "2026-11-02", "--to", "2026-11-03")
    assert done.exit_code == 1
    assert "cannot be written" in done.output
    assert "WEALTH_DATA_DIR" in done.output


def test_pulling_days_that_are_not_complete_is_refused(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "123456")
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "123456789012345678901234")
    done = wealth("pull", "--from", "2026-11-02", "--to", "2199-01-01")
    assert done.exit_code == 1
    assert "the last complete weekday" in done.output


def test_the_sandbox_prints_one_line_of_json_and_serves_until_it_is_stopped(clean_environment: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "wealth_pipeline.cli", "sandbox", "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert set(told["query_ids"]) == {"guide", "full"}
        assert told["query_id"] == told["query_ids"]["full"]
        reply = requests.get(
            f"{told['flex_url']}/SendRequest",
            params={"t": told["token"], "q": told["query_id"], "v": "3"},
            headers={"User-Agent": "Python/3.11"},
            timeout=10,
        )
        assert "<Status>Success</Status>" in reply.text
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_the_sandboxs_help_lists_every_fault() -> None:
    shown = wealth("sandbox", "--help").output
    listed = shown.partition("Faults")[2]
    assert [name for name in NAMES if not re.search(rf"^  {re.escape(name)} +\S", listed, re.MULTILINE)] == []


@pytest.mark.slow
def test_the_demo_runs_twice_and_reads_no_users_settings(clean_environment: Path) -> None:
    """The second time it must add nothing; and somebody's .env must not reach it."""
    (clean_environment / ".env").write_text("IBKR_FLEX_TOKEN=424242\nIBKR_FLEX_QUERY_ID=1\nWEALTH_DATA_DIR=/nowhere\n")
    outputs = [
        subprocess.run(
            [sys.executable, "-m", "wealth_pipeline.cli", "demo"], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    tables = [[line for line in output.splitlines() if line.startswith("│")] for output in outputs]
    assert len(tables[0]) >= 40
    assert tables[0] == tables[1]
    assert "wealth.duckdb" in outputs[0]
    archived = list((clean_environment / "data" / "sandbox" / "archive").rglob("*.xml.gz"))
    assert len(archived) == 1


def test_a_user_with_the_gateway_alone_is_served(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live balances without any official history: SQL and status work, and say what is lacking."""
    import dagster as dg

    from wealth_pipeline.defs.code_location import definitions
    from wealth_pipeline.defs.runs import instance
    from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
    from wealth_pipeline.settings import Settings
    from wealth_pipeline.warehouse.folder import DataFolder

    with SandboxGateway() as gateway:
        monkeypatch.setenv("IBKR_GATEWAY_URL", gateway.gateway_url)
        assert "no official history" in wealth("status").output
        settings = Settings.load()
        with instance(DataFolder(settings.data_dir)) as dagster_instance:
            job = definitions(settings).resolve_job_def("live_balances")
            result = job.execute_in_process(
                instance=dagster_instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            )
    assert isinstance(result, dg.ExecuteInProcessResult)
    assert result.success
    told = wealth("status").output
    assert "U1000001" in told
    assert "no official history" in told
    rows = json.loads(wealth("sql", "SELECT count(*) AS n FROM live.live_positions", "--json").output)
    assert rows[0]["n"] > 20
    assert wealth("replay").exit_code == 0


@pytest.mark.parametrize(
    "words", [["pull"], ["import", "gone.xml"], ["status"], ["sql", "SELECT 1"], ["digest"], ["replay"], ["doctor"]]
)
def test_no_command_but_the_webservers_keeps_the_password_of_the_ui(
    words: list[str], clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / ".env").write_text(f"{UI_PASSWORD}=of-the-file\nWEALTH_OVERLAP_DAYS=3\n")
    monkeypatch.setenv(UI_PASSWORD, "of-the-shell")
    monkeypatch.setenv("WEALTH_OVERLAP_DAYS", "7")
    CliRunner().invoke(main, words)
    assert UI_PASSWORD not in os.environ
    assert os.environ["WEALTH_OVERLAP_DAYS"] == "3"  # the file was read
