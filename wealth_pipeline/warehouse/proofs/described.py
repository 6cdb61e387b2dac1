"""The table of proofs in docs/proof.md, made from their declarations. `make docs` writes it, a test compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wealth_pipeline.warehouse.proofs import proofs

_HEAD = "| check | what is compared | needs in the query | in `nav_history.proof` |\n|---|---|---|---|\n"
_TABLE = re.compile(r"^\| check \|.*?(?=\n\n)", re.MULTILINE | re.DOTALL)
#: What each kind of proof decides, as the page says it.
_DECIDES: dict[proofs.Decides, str] = {"required": "required", "failure": "fails the day", "nothing": ""}


def table() -> str:
    """The table, without a newline at its end."""
    rows = (f"| `{p.name}` | {p.compares} | {p.needs} | {_DECIDES[p.decides]} |" for p in proofs.PROOFS)
    return _HEAD + "\n".join(rows)


def renewed(page: str) -> str:
    """The page with the table as it should be."""
    return _TABLE.sub(lambda _: table(), page, count=1)


if __name__ == "__main__":
    written = Path(sys.argv[1])
    written.write_text(renewed(written.read_text(encoding="utf-8")), encoding="utf-8")
