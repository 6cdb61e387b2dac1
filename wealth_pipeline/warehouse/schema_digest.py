"""The schema's version as it follows from the declarations and the rules: `make docs` writes it to schema_version.txt.

A table, a column, a key or a rule that changes gives another number, and a warehouse with another one is rebuilt from
the archive. Descriptions, units, comments, line breaks and the names of the .sql files are not in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path

from wealth_pipeline.tables.catalog import OFFICIAL
from wealth_pipeline.tables.relations import Relation
from wealth_pipeline.warehouse.ddl import create_statements
from wealth_pipeline.warehouse.proofs.proofs import PROOFS

#: Raised by hand where Python alone changes what is loaded of a statement: how it is read, staged or merged.
RULES_IN_PYTHON = 2
#: What declarations say for people alone; of a model, its columns count.
_FOR_PEOPLE = {
    "description", "unit", "newer", "title", "costs", "needed", "vital", "like", "model", "compares", "needs", "table",
}  # fmt: skip
#: The words and signs of SQL, in its one group; comments are outside it.
_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|('(?:[^']|'')*'|"[^"]*"|\w+|[^\w\s])""", re.DOTALL)
#: 48 bits: a BIGINT that no counted version (1 to 6) reaches.
_HEX_DIGITS = 12


def schema_digest(relations: Iterable[Relation] = OFFICIAL) -> int:
    """The version of the tables and rules of this code. `live.duckdb` is made again by every load, and needs none."""
    texts = [*create_statements(), *(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("*.sql"))]
    rules = sorted(" ".join(tokens(text)) for text in texts)
    declared = sorted(f"{_facts(relation)} {_facts(relation.columns)}" for relation in relations)
    text = "\n".join([f"rules in Python {RULES_IN_PYTHON}", *declared, _facts(PROOFS), *rules])
    return int(hashlib.sha256(text.encode()).hexdigest()[:_HEX_DIGITS], 16)


def tokens(sql: str) -> Iterable[str]:
    """The words and signs of an SQL text, without its comments and white space."""
    return filter(None, _TOKEN.findall(sql))


def _facts(declared: object) -> str:
    """A declaration as text, without what it says for people."""
    if isinstance(declared, tuple):
        return f"({', '.join(map(_facts, declared))})"
    if not is_dataclass(declared):
        return str(declared)
    stated = (f"{f.name}={_facts(getattr(declared, f.name))}" for f in fields(declared) if f.name not in _FOR_PEOPLE)
    return f"{type(declared).__name__}({', '.join(stated)})"


if __name__ == "__main__":
    print(schema_digest())  # noqa: T201 - this is what the module prints
