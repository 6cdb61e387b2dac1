"""Loading statements that are there already: `import` and `replay`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wealth_pipeline.cli.shared import load_settings, published_of, warehouse_of
from wealth_pipeline.cli.stopping import on_stop
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import terminal

if TYPE_CHECKING:
    from wealth_pipeline.pull.inbox import Taken
    from wealth_pipeline.warehouse.warehouse import Warehouse


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(paths: tuple[Path, ...]) -> None:
    """Load statements from files or folders (.xml, .xml.gz).

    One line a file: loaded, known (it was loaded before) or rejected, with the reason; at the end how many of each, and
    from when to when the NAV goes. The good ones are loaded whatever the others are; exit status 1 if any was rejected.
    In a folder, hidden files and those that are still being written are left alone.
    """
    from wealth_pipeline.pull import inbox

    on_stop("Stopped. What was loaded is kept; the same command goes on with the rest.")
    settings = load_settings()
    found = inbox.files_in(paths)
    for path in found.arriving:
        click.echo(terminal(f"skipped  {path}: it is still being written"))
    if not found.ready:
        raise click.ClickException("There is no .xml or .xml.gz file there that can be loaded.")
    taken = _take(warehouse_of(settings), found.ready)
    if any(one.status == "loaded" for one in taken):
        from wealth_pipeline.defs.runs import report_what_is_loaded

        report_what_is_loaded(settings)
        _print_findings(settings, taken)
    click.echo(_summary(settings, taken))
    if any(one.status == "rejected" for one in taken):
        sys.exit(1)


def _take(warehouse: Warehouse, files: list[Path]) -> list[Taken]:
    """Load the files, with a bar, and print a line for each."""
    from rich.console import Console
    from rich.progress import Progress

    from wealth_pipeline.cli.progress import rebuild_if_outdated
    from wealth_pipeline.pull import inbox

    rebuild_if_outdated(warehouse)
    taken = []
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    with warehouse.writing(), bar:
        task = bar.add_task("Importing", total=len(files))
        for one in inbox.take(warehouse, files, "import"):
            taken.append(one)
            bar.advance(task)
            click.echo(terminal(f"{one.status:<8} {one.path}" + (f": {one.reason}" if one.reason else "")))
    return taken


def _summary(settings: Settings, taken: list[Taken]) -> str:
    """How many files were loaded, known and rejected, and from when to when the NAV goes."""
    from collections import Counter

    statuses = Counter(one.status for one in taken)
    counts = ", ".join(f"{statuses[status]} {status}" for status in ("loaded", "known", "rejected"))
    held = published_of(settings).overview()
    return f"{counts}. " + (f"NAV from {held.oldest} to {held.newest}." if held.days else "No NAV yet.")


def _print_findings(settings: Settings, taken: list[Taken]) -> None:
    """What is wrong with what was loaded: proofs that failed, rows that were set aside."""
    from wealth_pipeline.published import standing

    with published_of(settings) as published:
        for line in standing.failures(published, {pair for one in taken for pair in one.changed}):
            click.echo(line)
        if aside := standing.set_aside(published):
            click.echo(aside)


@click.command()
def replay() -> None:
    """Rebuild both databases from the archive alone.

    The old ones stay until the new one is complete, so it may be stopped at any time.
    """
    from collections import Counter

    from wealth_pipeline.cli.progress import rebuilding
    from wealth_pipeline.defs.runs import report_what_is_loaded

    on_stop("Stopped. Both databases are whole: the old ones, or the new ones if they were complete.")
    settings = load_settings()
    warehouse = warehouse_of(settings)
    with warehouse.writing():
        counts = Counter(one.status for one in rebuilding(warehouse, "Replaying"))
    result = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "the archive is empty"
    click.echo(f"Rebuilt from the archive: {result}.")
    report_what_is_loaded(settings)
