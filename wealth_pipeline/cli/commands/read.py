"""Reading the published database: `sql`, `export` and `digest`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wealth_pipeline.cli.shared import load_settings, published_of, published_path


@click.command()
@click.argument("query")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values.")
@click.option("--json", "form", flag_value="json", help="A list of objects; decimals as text, also in nested values.")
def sql(query: str, form: str | None) -> None:
    """Query the published database, read-only.

    Example: wealth sql "select report_date, total from nav_history order by 1". Live balances are in the schema `live`.
    """
    from wealth_pipeline.cli import printing
    from wealth_pipeline.published.query import INTERRUPTED, asked, opened

    try:
        with opened(load_settings().data_dir) as con, asked(con, query) as answer:
            if form == "csv":
                printing.print_csv(answer.names, answer.blocks)
            elif form == "json":
                printing.print_json(answer.names, answer.blocks)
            else:
                printing.print_tables(answer.names, answer.blocks, plan=answer.plan)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


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
