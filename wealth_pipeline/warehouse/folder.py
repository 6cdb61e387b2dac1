"""The data folder: what lies where in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wealth_pipeline.errors import WealthError
from wealth_pipeline.warehouse.archive import Archive


class WarehouseError(WealthError):
    """The warehouse cannot be opened or written."""


@dataclass(frozen=True)
class DataFolder:
    """The paths in the data folder. Nothing is written outside it."""

    root: Path

    @property
    def archive(self) -> Archive:
        """The raw statements."""
        return Archive(self.root / "archive")

    @property
    def state(self) -> Path:
        """The request ledger and embargoes."""
        return self.root / "state.sqlite"

    @property
    def warehouse(self) -> Path:
        """The pipeline's private database."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What people query."""
        return self.root / "wealth.duckdb"

    @property
    def inbox(self) -> Path:
        """Where statements downloaded by hand are dropped."""
        return self.root / "inbox"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.root / "dagster"

    def reported(self, what: Literal["days", "checks"]) -> Path:
        """The file, beside Dagster's storage, that names the last load whose days or checks Dagster was given."""
        return self.dagster_home / f"reported_{what}"

    def unwritable(self, error: OSError) -> WarehouseError:
        """The error that says so."""
        return WarehouseError(
            f"The data folder {self.root} cannot be written: {error.strerror}",
            "Correct its permissions, or name another one in WEALTH_DATA_DIR.",
        )
