"""Reading the published database: `sql`, `export` and `digest`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wealth_pipeline.cli.shared import load_settings, published_of, published_path


@click.command()
@click.argument("query", required=False)
@click.option(
    "-f", "--file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), help="Read the query from a file."
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects; decimals as text, also in nested values.")
def sql(query: str | None, file: str | None, as_csv: bool, as_json: bool) -> None:
    """Query the published database, read-only.

    The query stands behind the command, in a file (-f), or comes through a pipe. Live balances are in the schema
    `live`. Every digit is shown: what a terminal is too narrow for folds, or each row stands in a block of its own.

    \b
    wealth sql "select report_date, total from nav_history order by 1"
    """  # noqa: D301 - click leaves the lines behind a \b as they are
    from wealth_pipeline.cli import printing
    from wealth_pipeline.published.query import INTERRUPTED, asked, opened

    if as_csv and as_json:
        raise click.UsageError("Choose one of --csv and --json.")
    try:
        with opened(load_settings().data_dir) as con, asked(con, _query(query, file)) as answer:
            if as_csv:
                printing.print_csv(answer.names, answer.blocks)
            elif as_json:
                printing.print_json(answer.names, answer.blocks)
            else:
                printing.print_tables(answer.names, answer.blocks, plan=answer.plan)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _query(query: str | None, file: str | None) -> str:
    """The query from where it stands: the command line, a file, or standard input."""
    if query is not None and file is not None:
        raise click.UsageError("Write the query behind the command or name its file with -f, not both.")
    if file not in (None, "-"):
        content = Path(file).read_bytes()
    elif query in (None, "-"):
        nobody_writes = sys.stdin is None or (query is file is None and sys.stdin.isatty())
        content = b"" if nobody_writes else sys.stdin.buffer.read()
        if query is file is None and not content.strip():
            raise click.UsageError("There is no query. Write it behind the command, in a file (-f), or pipe it in.")
    else:
        content = query.encode("utf-8", "surrogateescape")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException("The query is not UTF-8 text. Write or save it as UTF-8.") from None


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values instead of Parquet.")
@click.pass_obj
def export(umask: int, folder: Path, form: str | None) -> None:
    """Write every published table and view into FOLDER, one Parquet file each, for any other tool.

    Decimals stay exact. All files show the same moment, whatever is loaded meanwhile. A folder that is made is yours
    alone; in one that was there, who may list it may read the files, as far as your umask allows.
    """
    from wealth_pipeline.published.export import export

    for name, rows in export(published_path(load_settings()), folder, form or "parquet", umask):
        click.echo(f"{rows:>9} rows  {name}")


@click.command()
def digest() -> None:
    """Print one hash for each table of figures: equal content gives equal hashes, on any machine."""
    from wealth_pipeline.warehouse.ddl import figure_tables

    for table, value in published_of(load_settings()).digests(figure_tables()).items():
        click.echo(f"{value}  {table}")
