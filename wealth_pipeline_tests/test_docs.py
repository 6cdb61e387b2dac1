"""What the docs say is so: every command, query, setting, unit, quoted sentence and link in them."""

from __future__ import annotations

import ast
import configparser
import io
import os
import plistlib
import re
import shlex
import subprocess
import sys
import tomllib
import warnings
from collections import Counter
from contextlib import closing
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import duckdb
import pytest
import yaml
from click.testing import CliRunner
from rich.cells import cell_len

from wealth_pipeline.cli import printing
from wealth_pipeline.cli.main import main
from wealth_pipeline.gateway import snapshot, store
from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.published.query import asked, opened
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline.sandbox.household.household import Household, LateFee
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline.settings import Settings, setting_names
from wealth_pipeline.tables.sections import SECTIONS
from wealth_pipeline.text import plain, terminal
from wealth_pipeline.warehouse.accounts_file import read_accounts
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.lives import Folder, days, statement

ROOT = Path(__file__).parent.parent
PAGES = {
    str(page.relative_to(ROOT)): page.read_text()
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "data" / "README.md"])
}
#: Every fenced block, as (page, language, text).
BLOCKS = [
    (page, language, re.sub(r"^ +", "", body, flags=re.MULTILINE) if indent else body)
    for page, text in PAGES.items()
    for indent, language, body in re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
]
#: Programs of the system, whose commands cannot run here; their names are checked, and the units they start.
SYSTEM = set(
    "bin/run.sh cd chmod cp curl env eval git grep java journalctl keytool launchctl loginctl mail rm ssh systemctl tar"
    " uv".split()
)

NEW_YORK = ZoneInfo("America/New_York")
FIRST, LAST = date(2026, 10, 26), date(2026, 11, 12)


def blocks(*languages: str) -> list[Any]:
    """The blocks in these languages, as test parameters named after their page."""
    found = [(page, body) for page, language, body in BLOCKS if language in languages]
    return [pytest.param(body, id=f"{page}-{number}") for number, (page, body) in enumerate(found)]


def commands() -> list[Any]:
    """Every line of the bash blocks, and every `wealth ...` and `make ...` in running text."""
    lines = []
    for page, language, body in BLOCKS:
        if language == "bash":
            joined = body.replace("\\\n", " ")
            lines += [(page, line) for line in joined.splitlines() if line.split("#")[0].strip()]
    for page, text in PAGES.items():
        text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        lines += [(page, line) for line in re.findall(r"`((?:wealth|make) [^`]+)`", text)]
    return [pytest.param(line, id=f"{page}: {line}"[:80]) for page, line in dict.fromkeys(lines)]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder like a user's: a month of statements, one of them restated later, and a live snapshot."""
    folder = DataFolder(tmp_path_factory.mktemp("docs") / "data")
    warehouse = Warehouse(folder, "USD")
    restated = Household(late_fees=[LateFee("U1000001", date(2026, 11, 6))])
    statements = [
        Statement(Household(), FULL, FIRST, LAST, "", datetime(2026, 11, 18, 6, tzinfo=NEW_YORK)),
        Statement(restated, FULL, date(2026, 11, 5), LAST, "", datetime(2026, 11, 20, 6, tzinfo=NEW_YORK)),
    ]
    with warehouse.writing():
        # The first one is of an account whose query has the NAV alone: little of it is proved.
        alone = flexml.file(flexml.flex("U1", LAST, EquitySummaryInBase=[flexml.nav(LAST)]))
        for text in (alone, *(b"".join(one.render()) for one in statements)):
            entry = folder.archive.add(io.BytesIO(text), source="import")
            assert [loaded.status for loaded in warehouse.load([entry.sha256])] == ["loaded"]
    state = GatewayState(folder.state)
    with (
        warnings.catch_warnings(),
        SandboxGateway() as box,
        GatewayClient(GatewayAddress(box.gateway_url), state) as client,
    ):
        warnings.simplefilter("ignore")  # the sandbox's certificate is self-signed
        store.archive(folder.root, snapshot.take(client, state.clock.now()))
    store.load(folder.root)
    return folder.root


#: Queries of the cookbook that rightly find nothing in a household where all is well.
NOTHING = {
    "SELECT account_id, day::DATE", "SELECT requested_at, connection", "SELECT account_id, report_date, element",
    "SELECT account_id, reason, count(*)",
}  # fmt: skip


@pytest.mark.parametrize("query", blocks("sql"))
def test_every_query_runs_and_shows_no_amount_without_its_currency(query: str, data: Path) -> None:
    with closing(duckdb.connect(str(data / "wealth.duckdb"), read_only=True)) as con:
        result = con.execute(query)
        columns = {name: str(kind) for name, kind, *_ in result.description or []}
        rows = result.fetchall()
    assert rows or any(query.startswith(beginning) for beginning in NOTHING), "finds nothing"
    amounts = [n for n, kind in columns.items() if kind.startswith("DECIMAL") and n not in ("quantity", "percent")]
    if amounts:
        assert any("currency" in name for name in columns), amounts


@pytest.mark.parametrize("query", [one for one in blocks("sql") if "sql.md" in one.id])
def test_every_query_of_the_cookbook_orders_its_rows_to_the_last(query: str, data: Path) -> None:
    """Rows with equal keys come in any order, another one each time."""
    body, _, keys = query.rstrip().rstrip(";").rpartition("ORDER BY ")
    if keys == "ALL":
        return
    keys = re.sub(r" (DESC|ASC)\b| LIMIT \d+$", "", keys)
    body = f"FROM ({body})" if re.search(r"GROUP BY [^)]*$", body) else body
    with closing(duckdb.connect(str(data / "wealth.duckdb"), read_only=True)) as con:
        assert con.execute(f"{body} QUALIFY count(*) OVER (PARTITION BY {keys}) > 1").fetchall() == []


@pytest.mark.parametrize("query", [one for one in blocks("sql") if "sql.md" in one.id])
def test_no_query_of_the_cookbook_loses_a_digit_in_a_terminal_of_80_columns(
    query: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor a character: each figure and each day stands there in one piece."""
    with opened(data) as con, asked(con, query) as answer:
        rows = [row for block in answer.blocks for row in block]
        printing.print_tables(answer.names, [rows], width=80)
    shown = capsys.readouterr().out
    assert max(map(cell_len, shown.splitlines())) <= 80
    pieces = set(re.split(r"[^\w.:+-]+", shown))
    letters = Counter(shown)
    for row in rows:
        for value in row:
            if isinstance(value, str | list):
                assert not Counter(terminal(plain(value)).replace(" ", "")) - letters, value
            else:
                assert not set(plain(value).split()) - pieces, value


def test_the_cookbook_has_what_people_ask_for() -> None:
    assert len([1 for page, language, _ in BLOCKS if (page, language) == ("docs/sql.md", "sql")]) >= 20


def _click(words: list[str]) -> None:
    """Whether these words are a command of `wealth` with options that it has; runs nothing."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"wealth has no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("-"):
            assert word.split("=")[0] in {*options, "--help"}, f"wealth {command.name} has no option {word}"


@pytest.mark.parametrize("line", commands())
def test_every_command_is_one_and_every_query_in_one_runs(
    line: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((n for n, word in enumerate(words) if word in (">", "||", "|")), len(words))]
    while "=" in words[0]:
        assert words.pop(0).split("=")[0] in setting_names()
    program = words[0].removeprefix(".venv/bin/")
    if program == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert all(word in targets for word in words[1:] if "=" not in word), line
    elif program == "wealth":
        _click([word for word in words[1:] if word != "..."])
        if words[1] == "sql" and words[2:] not in ([], ["..."], ["-f", "FILE"]):
            monkeypatch.setenv("WEALTH_DATA_DIR", str(data))
            done = CliRunner().invoke(main, words[1:])
            assert done.exit_code == 0, done.output
            assert done.output.count("\n") > 1
    else:
        assert program in SYSTEM, f"{program}: run it in a test, or name it as a program of the system"
        for word in words:
            if word.startswith((".env", "docs/")):
                assert word == ".env" or (ROOT / word).exists(), word


@pytest.mark.parametrize("unit", blocks("ini"))
def test_every_systemd_unit_is_well_formed_and_starts_what_there_is(unit: str) -> None:
    read = configparser.ConfigParser(strict=True, interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(unit)
    assert {"Unit", "Service", "Install"} == set(read.sections())
    service = read["Service"]
    program, *arguments = service["ExecStart"].split()
    if service["WorkingDirectory"] == "%h/wealth_pipeline":
        _starts([program.replace("%h/wealth_pipeline/", ""), *arguments])
        assert "Environment" not in service


@pytest.mark.parametrize("plist", blocks("xml"))
def test_every_launchd_unit_is_well_formed_and_starts_what_there_is(plist: str) -> None:
    read = plistlib.loads(plist.encode())
    program, *arguments = read["ProgramArguments"]
    if read["WorkingDirectory"] == "/Users/you/wealth_pipeline":
        _starts([program.replace("/Users/you/wealth_pipeline/", ""), *arguments])
        assert "EnvironmentVariables" not in read


@cache
def _help(*words: str | Path) -> str:
    return subprocess.run([*words, "--help"], capture_output=True, text=True, check=True).stdout


def _starts(words: list[str]) -> None:
    """Whether the program is installed, has these options, and the files that it is given are there."""
    program = Path(sys.executable).parent / Path(words[0]).name
    assert words[0] == f".venv/bin/{program.name}"
    command = [w for w in words[1:] if not w.startswith("-") and w.isalpha() and w != "workspace"]
    told = _help(program, *command)
    for word, value in zip(words[1:], [*words[2:], ""], strict=True):
        if word.startswith("-"):
            assert re.search(rf"(^|\s){word}[,\s]", told), word
        if word == "-w":
            assert (ROOT / value).exists()
        if word == "-h":
            assert value == "127.0.0.1"


@pytest.mark.parametrize("text", blocks("toml"))
def test_every_connections_toml_and_accounts_toml_is_accepted(text: str, tmp_path: Path) -> None:
    assert tomllib.loads(text)
    if "[[account]]" in text:
        (tmp_path / "accounts.toml").write_text(text)
        assert read_accounts(tmp_path)
    else:
        (tmp_path / "connections.toml").write_text(text)
        assert Settings.load({}, tmp_path).connections


@pytest.mark.parametrize("text", blocks("dotenv"))
def test_every_dotenv_is_accepted(text: str, tmp_path: Path) -> None:
    told = dict(line.split("=", 1) for line in text.splitlines())
    assert all(name in setting_names() or name.endswith("_FLEX_TOKEN") for name in told)
    Settings.load(told, tmp_path)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_yaml_is_well_formed(text: str) -> None:
    assert yaml.safe_load(text)


def test_no_block_escapes_these_tests() -> None:
    """A block without a language is for trees and drawings."""
    tested = {"bash", "sql", "ini", "xml", "toml", "dotenv", "yaml"}
    followed = {"python"}  # by test_contributing.py
    assert {language for _, language, _ in BLOCKS} <= {"", "nginx"} | tested | followed
    assert not [body for _, language, body in BLOCKS if not language and re.search(r"^(wealth|make|select|\w+=)", body)]


def test_the_settings_in_the_docs_are_those_that_are_read() -> None:
    pages = [text for page, text in PAGES.items() if page != "CONTRIBUTING.md"]  # which adds one, as an example
    named = {name for text in pages for name in re.findall(r"\b(?:IBKR|WEALTH)_[A-Z_]*[A-Z]\b", text)}
    assert named == setting_names()
    table = set(re.findall(r"^\| `(\w+)` \|", PAGES["docs/settings.md"], re.MULTILINE))
    assert table == setting_names()


def test_the_query_in_the_set_up_has_every_section_that_is_loaded() -> None:
    table = set(re.findall(r"^\| ([A-Z][^|]+?) \| [^|]*\| [^|]+ \|$", PAGES["docs/setup.md"], re.MULTILINE))
    assert {section.title for section in SECTIONS if section.title} <= table


def _sentences() -> list[str]:
    """Every text in the package's code; what is put in at run time is a gap."""
    texts = []
    for file in (ROOT / "wealth_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                texts.append("".join(p.value if isinstance(p, ast.Constant) else "\0" for p in node.values))  # type: ignore[misc]
    return texts + [file.read_text() for file in (ROOT / "wealth_pipeline").rglob("*.sql")]


def test_every_sentence_that_is_quoted_is_one_that_the_code_says() -> None:
    code = _sentences()
    quoted = [(page, quote) for page, text in PAGES.items() for quote in re.findall(r"“([^”]+)”", text)]
    assert len(quoted) > 25
    assert not [(page, quote) for page, quote in quoted if not any(" ".join(quote.split()) in text for text in code)]


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_page_is_reached_from_the_first_one() -> None:
    seen, todo = set(), ["README.md"]
    while todo:
        page = todo.pop()
        seen.add(page)
        for link in re.findall(r"\]\(([^)\s#]+\.md)", PAGES[page]):
            target = os.path.relpath((ROOT / page).parent / link, ROOT)
            if target in PAGES and target not in seen:
                todo.append(target)
    assert seen == set(PAGES)


def test_a_backup_restored_as_the_docs_say_has_the_same_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEALTH_REPORTING_CURRENCY", "USD")  # in .env, which is put back first
    text = PAGES["docs/always-on.md"]
    (backup,) = re.findall(r"^tar -czf .*$", text, re.MULTILINE)
    restore = re.search(r"^tar -xzf .*?(?=^```)", text, re.MULTILINE | re.DOTALL)
    assert restore
    old, new = tmp_path / "old", tmp_path / "new"
    new.mkdir()
    folder = Folder(old / "data")
    folder.load(statement({"U1000002": days(date(2026, 1, 5), date(2026, 1, 7))}))
    folder.say('[[account]]\nid = "U1000002"\nname = "Ours"\nended = 2026-01-08\n')
    (old / "data" / "benchmarks").mkdir()
    (old / "data" / "benchmarks" / "SP500.USD.csv").write_text("date,level\n2026-01-05,5123.45\n")
    program = Path(sys.executable).parent / "wealth"
    subprocess.run([program, "replay"], cwd=old, capture_output=True, check=True)
    before = subprocess.run([program, "digest"], cwd=old, capture_output=True, text=True, check=True).stdout
    subprocess.run(["bash", "-ec", backup], cwd=old, check=True)
    (old / "backup.tar.gz").rename(new / "backup.tar.gz")
    script = restore[0].replace(".venv/bin/wealth", str(program))
    after = subprocess.run(["bash", "-ec", script], cwd=new, capture_output=True, text=True, check=True).stdout
    assert after.endswith(before)
    query = "SELECT accounts.name, level FROM accounts, benchmarks WHERE account_id = 'U1000002'"
    restored = subprocess.run([program, "sql", query, "--csv"], cwd=new, capture_output=True, text=True, check=True)
    assert restored.stdout == "name,level\nOurs,5123.45\n"
    assert len(before.splitlines()) > 20


def test_the_return_in_the_cookbook_never_chains_across_a_missing_day(tmp_path: Path) -> None:
    """Ten per cent a day from Thursday to Thursday, without the Tuesday: two chains, the first over a weekend."""
    query = re.search(r"\*\*Time-weighted return\*\*.*?```sql\n(.*?)```", PAGES["docs/sql.md"], re.DOTALL)
    assert query
    folder = Folder(tmp_path)
    week = [date(2026, 3, day) for day in (5, 6, 9, 11, 12)]
    folder.load(
        flexml.file(
            *(
                flexml.flex(day=day, ChangeInNAV={"startingValue": "1", "endingValue": "1.1", "twr": "10"})
                for day in week
            )
        )
    )
    rows = folder.rows(query[1])
    assert rows == [("U1", week[0], week[2], 33.1), ("U1", week[3], week[4], 21.0)]
