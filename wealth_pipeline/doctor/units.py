"""Services that the version before described: they start Dagster's own webserver, without the guard."""

from __future__ import annotations

import os
import plistlib
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from xml.parsers.expat import ExpatError

from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.warehouse.folder import DataFolder

#: What a unit may start that a command of ours replaces: pattern, that command, and what is wrong with the old one.
_REPLACED = (
    (r"dagster-webserver|dagster_webserver|dagit", "serve", "serves the UI without its guard"),
    (r"(dagster|dg) dev", "dev", "serves the UI without its guard"),
    (r"dagster-daemon|dagster\._daemon", "daemon", "reads the UI's password with the rest of .env"),
)


class _Unit(NamedTuple):
    """A service: its file, all that it says, the line with its command, and the command."""

    file: Path
    text: str
    line: str
    command: str


def folders(home: Path) -> list[Path]:
    """Where systemd and launchd look for the units that a person or an administrator installs."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    systemd = [Path("/etc/systemd"), Path("/usr/local/lib/systemd"), config / "systemd", home / ".local/share/systemd"]
    return [
        *(folder / kind for folder in systemd for kind in ("user", "system")),
        *(home / "Library/LaunchAgents", Path("/Library/LaunchAgents"), Path("/Library/LaunchDaemons")),
    ]


def old_units(project: Path, data: DataFolder, home: Path | None = None) -> Iterator[Finding]:
    """A finding for each installed unit of this project that starts one of Dagster's own programs.

    project: the folder with `.env`. A unit is of this project if it names that folder, the data folder or the virtual
    environment. home: the user's.
    """
    home = home or Path.home()
    paths = [str(project), str(data.root), *[sys.prefix] * (sys.prefix != sys.base_prefix)]
    ours = re.compile("|".join(rf"{re.escape(path)}(?![\w.-])" for path in paths))
    for unit in _units(folders(home)):
        for pattern, replacement, wrong in _REPLACED:
            found = re.search(rf"(^|[/\s])({pattern})(\s|$)", unit.command)
            if found and ours.search(unit.text.replace("%h", str(home))):
                yield _finding(unit, found[2], replacement, wrong)


def _finding(unit: _Unit, program: str, replacement: str, wrong: str) -> Finding:
    """What to write instead of the unit's line; the UI keeps its port."""
    words = [str(Path(sys.executable).parent / "wealth"), replacement]
    port = re.search(r"\s(?:-p|--port)[ =](\d+)", unit.command)
    if port and replacement != "daemon" and port[1] != "3000":
        words += ["--port", port[1]]
    if unit.file.suffix == ".plist":
        instead = f"Replace its ProgramArguments `{unit.line}` by `{' '.join(words)}`, a <string> each"
    else:
        instead = f"Replace its line `{unit.line}` by `ExecStart={' '.join(words)}`"
    return Finding.problem(
        "services",
        f"{unit.file} starts `{program}`, which {wrong}. {instead}, and start the service again (docs/always-on.md,"
        " Upgrading from the version before).",
    )


def _units(among: Iterable[Path]) -> Iterator[_Unit]:
    """Every service in these folders, once, whatever links to it; one that cannot be read is left out."""
    files = {Path(os.path.realpath(file)) for folder in among for file in folder.glob("**/*")}
    for file in sorted(files):
        with suppress(OSError, plistlib.InvalidFileException, ExpatError):
            if file.suffix == ".plist":
                job = plistlib.loads(file.read_bytes())
                command = " ".join(map(str, job.get("ProgramArguments", [])))
                yield _Unit(file, str(job), command, command)
            elif file.suffix in (".service", ".conf"):
                text = file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
                for line, command in re.findall(r"^\s*(ExecStart\s*=[ \t@:+!-]*(.*\S))", text, re.MULTILINE):
                    yield _Unit(file, text, line, command)
