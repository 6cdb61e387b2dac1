"""The `wealth` command on a terminal, in a pipe, in any locale, with what people type."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import click
import dagster as dg
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline.cli.main import main
from wealth_pipeline.connections import default_connection
from wealth_pipeline.defs.steps import DOING, follow
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.lives import Folder, days, statement

PROGRAM = str(Path(sys.executable).with_name("wealth"))
LONG = "SELECT report_date, account_id, total, base_currency, statement_sha256, proof FROM nav_history ORDER BY ALL"
DIGITS = Decimal("12345678901234567890123456.123456789012")


def wealth(*words: str, given: str | bytes | None = None) -> Result:
    """Run `wealth` with these words, and a text on its standard input."""
    return CliRunner().invoke(main, words, input=given)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three days of an account."""
    folder = tmp_path_factory.mktemp("terminal") / "data"
    Folder(folder).load(statement({"U1000001": days(date(2026, 1, 5), date(2026, 1, 7))}))
    return folder


@pytest.fixture
def here(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That data folder is the configured one."""
    monkeypatch.setenv("WEALTH_DATA_DIR", str(data))


def on_a_terminal(*words: str, columns: int, **variables: str) -> str:
    """What the command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ | {"TERM": "xterm"} | variables
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode()


def _read(terminal: int) -> bytes:
    with contextlib.suppress(OSError):  # what Linux says where the last program has closed it
        return os.read(terminal, 1 << 16)
    return b""


def plain_text(shown: str) -> str:
    """What a person sees, without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")


@pytest.mark.parametrize("words", [("sql", LONG), ("status",)])
def test_on_a_terminal_of_80_columns_no_figure_is_cut(words: tuple[str, ...], data: Path) -> None:
    shown = plain_text(on_a_terminal(*words, columns=80, WEALTH_DATA_DIR=str(data)))
    assert max(cell_len(line) for line in shown.splitlines() if line[:1] in "┏┃│└") <= 80
    assert "…" not in shown
    assert {"2026-01-07", "U1000001"} <= set(re.split(r"[^\w-]+", shown))


@pytest.mark.usefixtures("here")
def test_status_shows_thousands_and_the_decimals_of_the_currency_and_sql_every_digit() -> None:
    total = json.loads(wealth("sql", "SELECT total FROM nav_latest", "--json").output)[0]["total"]
    assert f" {Decimal(total):,.2f} │" in wealth("status").output


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["", "--csv", "--json"])
def test_no_form_rounds_a_figure_of_more_digits_than_pythons_decimals_have(form: str) -> None:
    done = wealth("sql", f"SELECT {DIGITS}::DECIMAL(38, 12) AS x, [{DIGITS}::DECIMAL(38, 12)] AS xs", *form.split())
    assert done.output.count(str(DIGITS)) == 2


@pytest.mark.usefixtures("here")
def test_a_query_stands_on_the_command_line_in_a_file_or_comes_through_a_pipe(clean_environment: Path) -> None:
    query = "SELECT 'Zürich' AS a -- ;\n"
    (clean_environment / "q.sql").write_bytes(b"\xef\xbb\xbf" + query.encode())  # as some editors save it
    answers = [
        wealth("sql", query, "--csv"),
        wealth("sql", "-f", "q.sql", "--csv"),
        wealth("sql", "--file", "-", "--csv", given=query),
        wealth("sql", "-", "--csv", given=query),
        wealth("sql", "--csv", given=query),
    ]
    assert {(done.exit_code, done.output) for done in answers} == {(0, "a\nZürich\n")}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "words, given, sentence",
    [
        (["sql", "SELECT 1", "--csv", "--json"], "", "Choose one of --csv and --json."),
        (["sql", "SELECT 1", "-f", "-"], "", "Write the query behind the command or name its file with -f, not both."),
        (["sql"], "", "There is no query. Write it behind the command, in a file (-f), or pipe it in."),
        (["sql", "-f", "gone.sql"], "", "'gone.sql' does not exist"),
        (["sql", "-f", "."], "", "is a directory"),
        (["sql"], b"SELECT '\xff'", "The query is not UTF-8 text. Write or save it as UTF-8."),
        (["sql", "SELECT '\udcff'"], "", "The query is not UTF-8 text."),
        (["sql"], b"SELECT '\x00", "rror"),
        (["sql"], "SELECT 1; SELECT 2", "These are 2 statements. Ask one at a time."),
        (["dev", "--port", "65536"], "", "'65536' is not a port. Choose a number from 1 to 65535."),
        (["serve", "--port", "0"], "", "'0' is not a port."),
        (["serve", "--port", "-1"], "", "'-1' is not a port."),
        (["dev", "--port", "http"], "", "'http' is not a port."),
        (["sandbox", "--port", "70000"], "", "'70000' is not a port. Choose a number from 0 to 65535."),
        (["sandbox", "--gateway-port", "99999999999999999999"], "", "is not a port."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(words: list[str], given: str | bytes, sentence: str) -> None:
    done = wealth(*words, given=given)
    assert done.exit_code in (1, 2)
    assert isinstance(done.exception, SystemExit)
    assert sentence in " ".join(done.output.split())


#: Locales and encodings in which people run programs. Without its two variables Python takes the C locale for UTF-8.
ENCODINGS = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "xx_XX.unknown"},
    {"LC_ALL": "de_DE.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "utf-16"},
]


@pytest.mark.parametrize("variables", ENCODINGS, ids=lambda variables: " ".join(variables.values()))
def test_every_locale_and_encoding_works(variables: dict[str, str], data: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [PROGRAM, "sql", "SELECT 'Z\u00fcrich \u4e09' AS a, total FROM nav_latest"],
        env=environ | {"WEALTH_DATA_DIR": str(data)} | variables,
        capture_output=True,
    )
    encoding = variables.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode(encoding)
    assert "rich" in shown
    assert " 1000 " in shown


@pytest.mark.parametrize("words", [["doctor"], ["status"], ["frob\u00fc"]])
def test_what_is_said_outside_ascii_is_said_in_ascii_too(words: list[str], data: Path) -> None:
    environ = os.environ | {"WEALTH_DATA_DIR": str(data), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([PROGRAM, *words], env=environ, capture_output=True)
    assert b"Traceback" not in done.stderr
    assert done.stdout.isascii()
    assert done.stdout + done.stderr


@pytest.mark.parametrize("words", [[], *([name] for name in sorted(main.commands))])
@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_help_is_cut_and_none_is_wider_than_80_columns(
    words: list[str], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = wealth(*words, "--help")
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= 80
    assert not re.search(r"\.\.\.$", done.output.partition("\n\n")[2], re.MULTILINE)
    said = "".join(done.output.split())
    command: click.Command = main.commands[words[0]] if words else main
    assert "".join((command.help or "").replace("\b", "").split()) in said
    for one in command.params:
        assert "".join((getattr(one, "help", None) or "").split()) in said
    for name, listed in main.commands.items() if not words else ():
        assert "".join(f"{name} {(listed.help or '').partition(chr(10) * 2)[0]}".split()) in said


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert wealth("--version").output == f"wealth_pipeline {version('wealth-pipeline')}\n"


PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shells_complete_with_the_line_that_the_docs_have(shell: str) -> None:
    line = re.search(rf"^(.*_WEALTH_COMPLETE={shell}_source.*?) +# {shell}", PAGE, re.MULTILINE)
    assert line
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
    # fish has the word that is being written apart.
    asked = (
        {"COMP_WORDS": "wealth", "COMP_CWORD": "st"}
        if shell == "fish"
        else {"COMP_WORDS": "wealth st", "COMP_CWORD": "1"}
    )
    asked["_WEALTH_COMPLETE"] = f"{shell}_complete"
    done = subprocess.run([PROGRAM], env=os.environ | asked, capture_output=True, text=True, check=True)
    assert "status" in done.stdout
    if shell == "bash":
        script = f"{line[1]}\ncomplete -p wealth"
        done = subprocess.run(
            ["bash", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith("wealth\n")


def test_each_step_of_a_run_is_said_as_it_begins() -> None:
    said: list[str] = []
    connection = default_connection()

    def step(name: str) -> dg.OpDefinition:
        @dg.op(name=connection.op(name))
        def nothing() -> None:
            assert said[-1] == DOING[name]

        return nothing

    ops = [step(name) for name in DOING]

    @dg.job
    def all_steps() -> None:
        for op in ops:
            op()

    with dg.DagsterInstance.ephemeral() as instance:
        follow(instance, "12345678-1234-4234-8234-123456789012", connection, said.append)
        done = all_steps.execute_in_process(instance=instance, run_id="12345678-1234-4234-8234-123456789012")
    assert done.success
    assert sorted(said) == sorted(["starting", *DOING.values()])


@pytest.mark.slow
def test_a_pull_says_on_a_terminal_what_it_is_doing_and_elsewhere_a_line_a_run(clean_environment: Path) -> None:
    newest = last_weekdays(66, datetime.now(UTC))
    words = ("pull", "--from", str(newest[0]), "--to", str(newest[-1]))
    with Sandbox() as box:
        variables = {
            "IBKR_FLEX_URL": box.flex_url,
            "IBKR_FLEX_TOKEN": box.token,
            "IBKR_FLEX_QUERY_ID": box.query_id,
            "WEALTH_HISTORY_START": "2025-01-02",
        }
        shown = plain_text(on_a_terminal(*words, columns=100, **variables))
        first, second = (
            f"quarter {n} of 2, {a} to {b}: " for n, a, b in ((1, newest[0], newest[64]), (2, *newest[-1:] * 2))
        )
        for quarter in (first, second):
            for doing in ("starting", "asking IBKR", "waiting for IBKR", "loading"):
                assert quarter + doing in shown
        assert re.search(r"waiting for IBKR [1-9]\d* s", shown)
        shutil.rmtree(clean_environment / "data")
        done = subprocess.run([PROGRAM, *words], env=os.environ | variables, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["pulled", "pulled"]
    assert done.stderr == ""
