"""The data dictionary: docs/data-dictionary.md, made from the declarations. `make docs` writes it, a test compares."""

from __future__ import annotations

from collections.abc import Iterable

from wealth_pipeline.tables.catalog import GROUPS, Declared
from wealth_pipeline.tables.columns import Column
from wealth_pipeline.tables.relations import LiveTable, TableSpec

_HEAD = """# Data dictionary

Every table and view that you can query, made from the declarations in `wealth_pipeline/tables/`. How to ask
them: [sql.md](sql.md).

NULL means "not in the statement"; 0 is zero. Amounts are exact decimals; their unit is the account's base currency
(`base`), the row's own (`currency`), or the column that is named. Times are UTC, days are report dates in New York.
"""

_COLUMNS: dict[str, tuple[Column, ...]] = {table.name: table.columns for _, tables in GROUPS for table in tables}


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_contents(), *(_section(table) for _, tables in GROUPS for table in tables)])


def _contents() -> Iterable[str]:
    for title, tables in GROUPS:
        yield f"**{title}:** {', '.join(f'[{table.name}](#{_anchor(table.name)})' for table in tables)}.\n"


def _anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return "".join(c for c in heading.lower() if c.isalnum() or c in "_ ").replace(" ", "-")


def _section(table: Declared) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    lines = [f"## {table.name}", "", f"{table.description}{key}"]
    if isinstance(table, TableSpec | LiveTable):
        lines[-1] += f" From `{table.element}`."
        lines += ["", "| column | type | unit | from | what |", "|---|---|---|---|---|"]
        for c in table.columns:
            source = f"`{c.attribute}`" if c.attribute else ""
            lines.append(f"| `{c.name}` | {c.sql_type} | {c.unit or ''} | {source} | {c.description} |")
        return "\n".join([*lines, ""])
    inherited = _COLUMNS.get(table.like or "", ())
    own = [c for c in table.columns if c.name not in {i.name for i in inherited}]
    if table.like:
        gone = [f"`{i.name}`" for i in inherited if i.name not in {c.name for c in table.columns}]
        less = f" but {', '.join(gone)}" if gone else ""
        lines += ["", f"The columns of [{table.like}](#{_anchor(table.like)}){less}{', and:' if own else '.'}"]
    if own:
        lines += ["", "| column | type | unit | what |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {c.sql_type} | {c.unit or ''} | {c.description} |" for c in own]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201 - this is what the module prints
