"""The published tables and views as files that every tool reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.drive import set_mode
from wealth_pipeline.files.duck import trouble
from wealth_pipeline.files.whole import put
from wealth_pipeline.published.reading import reading, sql
from wealth_pipeline.text import csv_cell

#: The texts that `csv_cell` returns as they are and that are most of them: for these, Python need not be asked.
PLAIN = "[A-Za-z0-9][ -~]*"
_FORMS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def export(published: Path, folder: Path, form: str, umask: int = 0o077) -> Iterator[tuple[str, int]]:
    """Write each table and view as `folder/<name>.<form>` (parquet or csv); yields its file's name and rows.

    Decimals keep their declared scale, in CSV as text; text is in CSV as `csv_cell` writes it, in Parquet as it is. A
    file is put in its place when it is whole. The published database is replaced, never changed, so all files show the
    same load. A folder that isn't there is made for its owner alone; a file can be read by those whom the folder's mode
    lets in and `umask`, the user's own, does not keep out. Raises WealthError if they can't be written.
    """
    with reading(published, any_version=True) as con:
        con.create_function("csv_cell", csv_cell, ["VARCHAR"], "VARCHAR")
        for (name,) in con.execute(sql("relations")).fetchall():
            target = folder / f"{name}.{form}"
            draft = folder / f".{target.name}.draft"
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                what = f"({_plain_text(con, name)})" if form == "csv" else name
                (rows,) = con.execute(f"COPY {what} TO $draft ({_FORMS[form]})", {"draft": str(draft)}).fetchone() or (
                    0,
                )
                set_mode(draft, 0o666 & folder.stat().st_mode & ~umask)
                put(draft, target)
            except (OSError, duckdb.Error) as error:
                raise WealthError(*trouble(target, error)) from None
            finally:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
            yield target.name, rows


def _plain_text(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """The query of a table's rows with every text, and lists as texts, as `csv_cell` writes them."""
    columns = con.execute(sql("columns"), {"table": table}).fetchall()
    return f"SELECT {', '.join(_cell(*column) for column in columns)} FROM {table}"


def _cell(name: str, kind: str) -> str:
    if kind != "VARCHAR" and (kind.startswith("DECIMAL") or not kind.endswith(("]", ")"))):
        return name
    text = f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN regexp_full_match({text}, '{PLAIN}') THEN {text} ELSE csv_cell({text}) END AS {name}"
