"""Nobody else on this machine reads the data folder, whatever the umask is and whichever command makes it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wealth_pipeline.cli.main import main
from wealth_pipeline.doctor import machine
from wealth_pipeline.files.private import make_private, open_to_others
from wealth_pipeline.gateway import store
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline_tests.flexml import file, flex, nav

SNAPSHOT = (
    '{"captured_at":"2026-07-22T14:00:00","accounts":[{"description":{"accountId":"U1","currency":"USD"},'
    '"ledger":{"BASE":{"netliquidationvalue":7}},"positions":[]}]}'
)


def wealth(*words: str) -> Result:
    """Run `wealth` with these words."""
    return CliRunner().invoke(main, list(words))


def modes(root: Path) -> dict[str, str]:
    """The mode of everything in a folder, and of the folder itself; of links none."""
    return {
        str(path.relative_to(root.parent)): oct(stat.S_IMODE(path.lstat().st_mode))
        for path in [root, *root.rglob("*")]
        if not path.is_symlink()
    }


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What the user's shell says."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def statement(clean_environment: Path) -> str:
    """A downloaded statement, beside the data folder that isn't there."""
    (clean_environment / "one.xml").write_bytes(file(flex(EquitySummaryInBase=[nav()])))
    return "one.xml"


FIRST_COMMANDS = [
    ["import", "one.xml"],
    ["import", "nowhere.xml"],
    ["replay"],
    ["doctor"],
    ["status"],
    ["sql", "SELECT 1"],
    ["digest"],
    ["export", "data/out"],
    ["pull", "--from", "2026-11-02", "--to", "2026-11-03"],
]


@pytest.mark.parametrize("words", FIRST_COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("umask", "statement")
def test_what_the_first_command_makes_is_for_its_owner(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "123456")
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "123456789012345678901234")
    monkeypatch.setenv("IBKR_FLEX_URL", "http://127.0.0.1:9")  # nobody answers
    done = wealth(*words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert list(open_to_others(Path("data"))) == []
    if words == ["import", "one.xml"]:
        found = modes(Path("data"))
        assert found["data/wealth.duckdb"] == "0o400"
        assert set(found.values()) == {"0o700", "0o600", "0o400"}
        assert any(name.endswith(".db") for name in found)  # Dagster's own storage


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "wealth_pipeline.cli", "demo"],
        ["-m", "dagster", "job", "execute", "-m", "wealth_pipeline.definitions", "-j", "replay"],
    ],
    ids=["wealth demo", "a run of dagster by hand"],
)
def test_what_dagsters_runs_make_is_for_its_owner(command: list[str], clean_environment: Path) -> None:
    home = clean_environment / "data" / "dagster"
    if "dagster" in command:  # which wants to find it
        home.mkdir(parents=True)
    subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"DAGSTER_HOME": str(home)},
        umask=0,
        check=True,
        capture_output=True,
    )
    assert list(open_to_others(clean_environment / "data")) == []
    assert any((clean_environment / "data").rglob("runs.db"))


@pytest.mark.usefixtures("umask")
def test_the_gateways_figures_are_for_their_owner(tmp_path: Path) -> None:
    root = tmp_path / "data"
    with GatewayState(root / "state.sqlite").turn(1):
        make_private(root)
    store.archive(root, SNAPSHOT)
    store.load(root)
    assert stat.S_IMODE((root / "live.duckdb").stat().st_mode) == 0o400


def _opened_wide(data: Path) -> None:
    for path in [data, *data.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o444 if path.suffix == ".duckdb" else 0o644)


def _opened_within(data: Path) -> None:
    """As older versions left it: the folder was closed, and Dagster's files were not."""
    for path in (data / "dagster").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("older", [_opened_wide, _opened_within])
def test_an_older_data_folder_is_closed_by_the_first_command_that_writes(
    older: Callable[[Path], None], statement: str, clean_environment: Path
) -> None:
    """A link is not followed: what it leads to is not of the data folder."""
    assert wealth("import", statement).exit_code == 0
    data, elsewhere = clean_environment / "data", clean_environment / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("")
    (data / "link").symlink_to(elsewhere)
    (data / "dagster" / "file").symlink_to(elsewhere / "file")
    older(data)
    for path in (elsewhere, elsewhere / "file"):
        path.chmod(0o755)
    assert wealth("sql", "SELECT 1").exit_code == 0
    assert list(open_to_others(data))  # reading changes nothing
    assert wealth("import", statement).exit_code == 0
    assert list(open_to_others(data)) == []
    assert modes(elsewhere) == {"elsewhere": "0o755", "elsewhere/file": "0o755"}
    assert modes(data)["data/wealth.duckdb"] == "0o400"


def test_of_a_folder_that_is_not_there_the_doctor_says_its_modes_and_makes_nothing(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBKR_GATEWAY_URL", "https://127.0.0.1:9")
    monkeypatch.setenv("WEALTH_DATA_DIR", str(clean_environment / "deep" / "data"))
    told = wealth("doctor").output
    assert f"{clean_environment}/deep/data will be made with mode 700, files in it with 600" in told
    assert list(clean_environment.iterdir()) == []


def test_a_file_that_lets_others_in_is_advice(tmp_path: Path) -> None:
    make_private(tmp_path)
    assert machine.privacy(tmp_path).grade == "fine"
    (tmp_path / "one\nline").touch()
    (tmp_path / "one\nline").chmod(0o640)
    found = machine.privacy(tmp_path)
    assert (found.grade, r"keeps others out of" in found.sentence and r"one\nline." in found.sentence) == (
        "advice",
        True,
    )


@pytest.mark.parametrize(
    ("folder", "umask_", "mode"),
    [
        (None, 0o022, 0o600),
        (0o700, 0o000, 0o600),
        (0o2750, 0o022, 0o640),
        (0o2770, 0o007, 0o660),
        (0o755, 0o022, 0o644),
        (0o755, 0o077, 0o600),
    ],
)
def test_an_export_is_as_open_as_its_folder_and_the_umask_say(
    folder: int | None, umask_: int, mode: int, statement: str
) -> None:
    """Another user's tool reads it from a folder of its group."""
    assert wealth("import", statement).exit_code == 0
    out = Path("out")
    if folder is not None:
        out.mkdir()
        out.chmod(folder)
    before = os.umask(umask_)
    try:
        assert wealth("export", "out").exit_code == 0
        assert os.umask(umask_) == umask_  # as it was
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {mode}
    assert stat.S_IMODE(out.stat().st_mode) == (0o700 if folder is None else folder)
