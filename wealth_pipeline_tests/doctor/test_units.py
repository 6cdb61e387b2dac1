"""Units that the version before described: `wealth doctor` names them, with the line to write instead."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest

from wealth_pipeline.doctor.units import old_units
from wealth_pipeline.warehouse.folder import DataFolder

SYSTEMD, LAUNCHD = ".config/systemd/user", "Library/LaunchAgents"
WEALTH = Path(sys.executable).parent / "wealth"
SERVICE = """[Unit]
Description=wealth_pipeline: Dagster UI
After=network-online.target

[Service]
WorkingDirectory=%h/wealth_pipeline
Environment=DAGSTER_HOME=%h/wealth_pipeline/data/dagster
ExecStart={command}
Restart=always

[Install]
WantedBy=default.target
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, with the project in it and nothing installed."""
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for folder in (SYSTEMD, LAUNCHD, "wealth_pipeline"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def found(home: Path) -> list[str]:
    project = home / "wealth_pipeline"
    return [finding.sentence for finding in old_units(project, DataFolder(project / "data"), home)]


def service(home: Path, command: str, name: str = "wealth-web.service") -> Path:
    file = home / SYSTEMD / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(SERVICE.format(command=command))
    return file


def agent(home: Path, *command: str) -> Path:
    file = home / LAUNCHD / "wealth.web.plist"
    project = str(home / "wealth_pipeline")
    file.write_bytes(
        plistlib.dumps({"WorkingDirectory": project, "ProgramArguments": list(command)}, fmt=plistlib.FMT_BINARY)
    )
    return file


@pytest.mark.parametrize(
    "command, program, instead",
    [
        ("%h/wealth_pipeline/.venv/bin/dagster-daemon run -w workspace.yaml", "dagster-daemon", "daemon"),
        ("%h/w/.venv/bin/dagster-webserver -h 127.0.0.1 -p 3000 -w workspace.yaml", "dagster-webserver", "serve"),
        ("%h/w/.venv/bin/dagster-webserver -p 3001 -w workspace.yaml", "dagster-webserver", "serve --port 3001"),
        ("-/usr/bin/python3 -m dagster dev -w workspace.yaml", "dagster dev", "dev"),
        ("/bin/sh -c 'exec dg dev --port 4000'", "dg dev", "dev --port 4000"),
        ("/usr/bin/nice \\\n  %h/w/.venv/bin/dagster-webserver", "dagster-webserver", "serve"),
    ],
)
def test_a_unit_of_systemd_is_named_with_the_line_that_replaces_its_own(
    home: Path, command: str, program: str, instead: str
) -> None:
    file = service(home, command)
    (sentence,) = found(home)
    assert sentence.startswith(f"{file} starts `{program}`, which ")
    line = " ".join(f"ExecStart={command}".replace("\\\n", " ").split())
    assert f". Replace its line `{line}` by `ExecStart={WEALTH} {instead}`, and start the service again (" in sentence


def test_a_unit_of_launchd_is_named_with_its_new_arguments(home: Path) -> None:
    file = agent(home, "/Users/you/.venv/bin/dagster-webserver", "-p", "3001")
    (sentence,) = found(home)
    assert sentence.startswith(f"{file} starts `dagster-webserver`, which serves the UI without its guard. Replace")
    assert " its ProgramArguments `/Users/you/.venv/bin/dagster-webserver -p 3001` by" in sentence
    assert f" by `{WEALTH} serve --port 3001`, a <string> each, and start the service again (docs/" in sentence


def test_an_override_and_a_link_to_the_unit_are_named_once(home: Path) -> None:
    file = service(home, "%h/w/bin/dagster-webserver", "wealth-web.service.d/override.conf")
    wants = home / SYSTEMD / "default.target.wants"
    wants.mkdir()
    (wants / "wealth-web.conf").symlink_to(file)
    assert len(found(home)) == 1


def test_the_new_units_and_those_of_other_projects_are_left_alone(home: Path) -> None:
    service(home, "%h/wealth_pipeline/.venv/bin/wealth serve")
    service(home, "%h/wealth_pipeline/.venv/bin/wealth daemon", "wealth-daemon.service")
    other = home / SYSTEMD / "other.service"
    other.write_text(
        SERVICE.format(command="/opt/bin/dagster-webserver").replace("wealth_pipeline", "wealth_pipeline2")
    )
    (home / LAUNCHD / "damaged.plist").write_bytes(b"<plist>dagster-webserver")
    (home / SYSTEMD / "damaged.service").write_bytes(b"ExecStart=dagster-webserver \xff wealth_pipeline")
    assert found(home) == []
