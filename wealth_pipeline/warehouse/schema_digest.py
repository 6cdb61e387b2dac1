"""The schema's version as it follows from the declarations and the rules: `make docs` writes it to schema_version.txt.

A table, a column, a key or a rule that changes gives another number, and a warehouse with another one is rebuilt from
the archive. Descriptions, units, comments, line breaks and the names of the .sql files are not in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from wealth_pipeline.tables.columns import Column, TableSpec
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.views import RECORDS, VIEWS, View

#: Raised by hand where Python alone changes what is loaded of a statement: how it is read, staged or merged.
RULES_IN_PYTHON = 1
#: The words and signs of SQL, in its one group; comments are outside it.
_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|('(?:[^']|'')*'|"[^"]*"|\w+|[^\w\s])""", re.DOTALL)
#: 48 bits: a BIGINT that no counted version (1 to 6) reaches.
_HEX_DIGITS = 12


def schema_digest() -> int:
    """The version of the tables and rules of this code."""
    rules = sorted(" ".join(tokens(path.read_text())) for path in Path(__file__).parent.rglob("*.sql"))
    text = "\n".join([f"rules in Python {RULES_IN_PYTHON}", *map(_line, sorted(_declared())), *rules])
    return int(hashlib.sha256(text.encode()).hexdigest()[:_HEX_DIGITS], 16)


def tokens(sql: str) -> Iterable[str]:
    """The words and signs of an SQL text, without its comments and white space."""
    return filter(None, _TOKEN.findall(sql))


def _declared() -> Iterator[tuple[str, tuple[Column, ...], tuple[str, ...]]]:
    """Name, columns and key of everything in the official database; `live.duckdb` is made again by every load."""
    relations: tuple[TableSpec | View, ...] = (*TABLES, *VIEWS, *RECORDS)
    for table in relations:
        yield table.name, table.columns, table.key


def _line(declared: tuple[str, tuple[Column, ...], tuple[str, ...]]) -> str:
    name, columns, key = declared
    written = (
        f"{c.name} {c.sql_type}{'' if c.nullable else ' NOT NULL'} from {c.attribute}{', a profit' if c.profit else ''}"
        for c in columns
    )
    return f"{name} ({'; '.join(written)}) key ({', '.join(key)})"


if __name__ == "__main__":
    print(schema_digest())  # noqa: T201 - this is what the module prints
