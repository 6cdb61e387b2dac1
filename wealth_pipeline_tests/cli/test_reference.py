"""Settings and commands are declared once: whoever adds one writes one declaration, and all else follows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click
import pytest

from wealth_pipeline.cli import reference
from wealth_pipeline.cli.main import main, register
from wealth_pipeline.doctor import configuration
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.kinds import setting, whole
from wealth_pipeline.settings import Settings

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class More(Settings):
    """The settings, and one more, in one line."""

    tries: int = setting("WEALTH_TRIES", 3, whole(1, 9), "how often it is tried")


@pytest.mark.parametrize("name", ["docs/settings.md", ".env.example", "docs/commands.md"])
def test_the_pages_say_what_is_declared(name: str) -> None:
    assert (ROOT / name).read_text() == reference.pages(ROOT)[ROOT / name], "run `make docs`"


def test_a_setting_declared_in_one_line_is_read_and_refused(tmp_path: Path) -> None:
    assert More.load({}, tmp_path).tries == 3
    assert More.load({"WEALTH_TRIES": " 5 "}, tmp_path).tries == 5
    with pytest.raises(SettingsError, match="WEALTH_TRIES is '10', which is not a whole number from 1 to 9"):
        More.load({"WEALTH_TRIES": "10"}, tmp_path)


def test_a_setting_declared_in_one_line_is_in_the_pages() -> None:
    declared = More.declared()
    assert [one.name for one in declared][:-1] == [one.name for one in Settings.declared()]
    assert "| `WEALTH_TRIES` | 3 (1 to 9) | how often it is tried |\n" in reference.settings_table(declared)
    assert "# How often it is tried. From 1 to 9.\n#WEALTH_TRIES=3\n" in reference.dotenv_example(declared)


def test_a_setting_declared_in_one_line_is_known_to_the_doctor(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("WEALTH_TRISE=4\n")
    file.chmod(0o600)
    known = {one.name for one in More.declared()}
    (finding,) = configuration.dotenv(file, known)
    assert finding.sentence == "WEALTH_TRISE is not a setting. Did you mean WEALTH_TRIES?"
    file.write_text("WEALTH_TRIES=4\n")
    assert [found.grade for found in configuration.dotenv(file, known)] == ["fine"]


def test_a_command_written_as_one_function_is_registered_and_in_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "more_commands"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "greet.py").write_text(
        "import click\n\n@click.command()\n@click.argument('name')\n"
        "@click.option('--twice', is_flag=True, help='Two times.')\n"
        "def greet(name: str, twice: bool) -> None:\n    '''Greet NAME.'''\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    group = click.Group()
    register(group, import_module("more_commands"))
    assert reference.commands_page(group).endswith("## wealth greet NAME\n\nGreet NAME.\n\n* `--twice`: Two times.\n")


def test_every_command_is_described() -> None:
    assert not [name for name, command in main.commands.items() if not command.help]


def test_the_help_page_waits_for_nothing_heavy() -> None:
    """A tenth of a second is what Python and click take; a second each is what these would."""
    heavy = "dagster duckdb pandas pandera pyarrow lxml rich requests starlette uvicorn cryptography sqlalchemy apprise"
    code = "import sys, wealth_pipeline.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {*heavy.split(), "exchange_calendars", "dotenv"}
    ours = {name for name in loaded if name.startswith("wealth_pipeline.")}
    rooms = ("cli", "connections", "errors", "files", "kinds", "settings", "text")
    assert not [name for name in ours if name.split(".")[1] not in rooms]
