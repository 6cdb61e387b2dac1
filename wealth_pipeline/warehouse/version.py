"""The schema's version: which tables and rules a database was written with, and by which wealth_pipeline.

Every reader imports this, so the version is read from a small file: to compute it takes the declarations, and those
take Pandera. `make docs` writes the file (`schema_digest.py`), a test compares it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files

import duckdb

#: The version that this program writes. A number, as the counted versions before were (1 to 6): their programs
#: compare it with their own, and say of such a file that a newer one wrote it.
SCHEMA_VERSION = int((files(__package__) / "schema_version.txt").read_text(encoding="utf-8"))


def program() -> str:
    """The version of wealth_pipeline that is running."""
    return metadata.version("wealth-pipeline")


@dataclass(frozen=True)
class Origin:
    """What a database says of itself.

    schema_version: of its tables and rules. written_by: the wealth_pipeline that made it; None: one before these.
    """

    schema_version: int
    written_by: str | None = None

    @property
    def ours(self) -> bool:
        """Whether this program reads and writes these tables."""
        return self.schema_version == SCHEMA_VERSION

    @property
    def newer(self) -> bool:
        """Whether a newer program wrote other tables; those of an older one, or of the same, are rebuilt."""
        if self.ours or self.written_by is None:
            return False
        from packaging.version import Version  # here: hardly ever needed, and every command reads a version

        return Version(self.written_by) > Version(program())


def origin(con: duckdb.DuckDBPyConnection) -> Origin:
    """What the database says of itself. Raises duckdb.Error if it is none of ours."""
    found = con.execute("FROM warehouse_info")
    row = dict(zip([column[0] for column in found.description], found.fetchone() or (), strict=False))
    return Origin(row.get("schema_version", 0), row.get("written_by"))
