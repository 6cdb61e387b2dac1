"""The DDL as it is made from the declarations, for a reviewer to read: `make docs` writes it, a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wealth_pipeline.gateway import store
from wealth_pipeline.warehouse import ddl

_HEAD = """-- What is made from the declarations in wealth_pipeline/tables/, in the order in which it is executed.
-- Of what stands in a .sql file only the first line is shown.
"""


def text() -> str:
    """The statements that make an empty warehouse, and those that make an empty live.duckdb."""
    return "\n".join(
        [
            _HEAD,
            "-- warehouse.duckdb, which is published as wealth.duckdb\n",
            *_shown(ddl.create_statements()),
            "-- live.duckdb\n",
            *_shown(store.create_statements()),
        ]
    )


def _shown(statements: Iterable[str]) -> Iterator[str]:
    for statement in statements:
        first, _, rest = statement.partition("\n")
        if first.startswith("--"):
            yield f"{first}\n"
        else:
            yield f"{first} ...\n" if rest.startswith("--") else f"{statement};\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - this is what the module prints
