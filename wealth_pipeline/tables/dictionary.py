"""The data dictionary: docs/data-dictionary.md, made from the declarations. `make docs` writes it, a test compares."""

from __future__ import annotations

from wealth_pipeline.tables import TABLES, TableSpec

_HEAD = """# Data dictionary

The tables of figures in `wealth.duckdb`, made from their declarations in `wealth_pipeline/tables/models.py`.
Views on top of them (`nav_history`, `net_worth`, `nav_latest` and the like) are in
`wealth_pipeline/warehouse/sql/views.sql`.

NULL means "not in the statement"; 0 is zero. Amounts are exact decimals; their unit is the account's base currency
(`base`), the row's own (`currency`), or the column that is named. Times are UTC, days are report dates in New York.
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(table) for table in TABLES)])


def _section(table: TableSpec) -> str:
    key = f"Key: {', '.join(f'`{name}`' for name in table.key)}. " if table.key else ""
    lines = [
        f"## {table.name}",
        "",
        f"{table.description} {key}From `{table.element}`.",
        "",
        "| column | type | unit | from | what |",
        "|---|---|---|---|---|",
    ]
    for c in table.columns:
        source = f"`{c.attribute}`" if c.attribute else ""
        lines.append(f"| `{c.name}` | {c.sql_type} | {c.unit or ''} | {source} | {c.description} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201 - this is what the module prints
