"""The SQL that is made from the declarations, as text: `made_sql/` beside this module has it for the reviewer.

`make docs`, or `python -m wealth_pipeline_tests.warehouse.made_sql`, writes it again.
"""

from __future__ import annotations

from pathlib import Path

from wealth_pipeline.warehouse import events, stage, versions
from wealth_pipeline.warehouse.ddl import EVENTS, FAMILIES

FOLDER = Path(__file__).parent / "made_sql"


def texts() -> dict[str, str]:
    """Each text by the name of its file."""
    made = {"stage_tables": [stage.stage_tables()], "stage_notes": [stage.unknown_values(), stage.profits()]}
    made |= {f"versions_{family}": versions.statements(family) for family in FAMILIES}
    made |= {f"events_{table.name}": events.statements(table) for table in EVENTS}
    return {f"{name}.sql": "\n\n".join(map(_statement, of)) + "\n" for name, of in made.items()}


def _statement(text: str) -> str:
    return f"{text.removesuffix(';')};"


def write() -> None:
    """Write them all, and remove what is not made any more."""
    made = texts()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.sql"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    write()
