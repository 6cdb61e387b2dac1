"""A damaged storage of Dagster's: every command that needs it says so in a sentence, and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.runs import instance
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests import flexml

COMMANDS = {
    "import": ["import", "one.xml"],
    "replay": ["replay"],
    "pull": ["pull", "--from", "2026-11-18", "--to", "2026-11-19"],
    "demo": ["demo"],
    "dev": ["dev"],
    "serve": ["serve"],
    "daemon": ["daemon"],
    "doctor": ["doctor"],
}


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "garbage": (_garbage, "history/runs.db"),
    "the events are garbage": (_garbage, "history/runs/index.db"),
    "the schedules are cut off": (_cut, "schedules/schedules.db"),
    "a folder in the file's place": (_folder, "history/runs.db"),
    "a file in a folder's place": (_file, "schedules"),
    "a file in place of all": (_file, ""),
}


@pytest.fixture
def home(clean_environment: Path, new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a login, a statement, and what Dagster stores; the sandbox has the same."""
    for data in ("data", "data/sandbox"):
        shutil.copytree(new_folder, clean_environment / data, dirs_exist_ok=True)
    (clean_environment / "one.xml").write_bytes(flexml.file(flexml.flex(EquitySummaryInBase=[flexml.nav()])))
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "424242424242424242424242")
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "1")
    monkeypatch.setattr(FlexClient, "send_request", lambda *_: pytest.fail("IBKR was asked"))
    return clean_environment


def _said(home: Path, command: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, COMMANDS[command])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_that_the_storage_is_damaged(command: str, home: Path) -> None:
    data = "data/sandbox" if command == "demo" else "data"
    _garbage(home / data / "dagster" / "history" / "runs.db")
    code, said = _said(home, command)
    assert code == 1
    assert f"Dagster's storage in {home / data / 'dagster'} cannot be used: file is not a database." in said
    assert "move that folder away: no figure is in it" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_said_before_anything_is_served(damage: str, home: Path) -> None:
    act, path = DAMAGES[damage]
    act(home / "data" / "dagster" / path)
    code, said = _said(home, "daemon")
    assert code == 1
    assert "Dagster's storage in " in said
    assert "cannot be used: " in said


def test_with_the_folder_moved_away_the_figures_are_there_and_a_replay_tells_dagster_of_them(home: Path) -> None:
    _garbage(home / "data" / "dagster" / "history" / "runs.db")
    assert _said(home, "import")[0] == 1
    (home / "data" / "dagster").rename(home / "away")
    code, said = _said(home, "replay")
    assert (code, said.splitlines()[-1]) == (0, "Rebuilt from the archive: 1 loaded.")
    with instance(DataFolder(home / "data")) as dagster_instance:
        known = dagster_instance.get_materialized_partitions(dg.AssetKey("nav_history"))
    assert known == {flexml.MONDAY.isoformat()}
