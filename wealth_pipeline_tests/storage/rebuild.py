"""Nothing is lost: both databases removed, and rebuilt from the archive alone to the same content."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.storage.statements import statements


def run(count: int, tell: Callable[[str], None]) -> None:
    """Archive so many statements, replay, remove the databases, replay again; prints what `wealth replay` shows."""
    with TemporaryDirectory() as root:
        folder = DataFolder(Path(root) / "data")
        for data in statements(count):
            folder.archive.add(io.BytesIO(data), source="import")
        _wealth(folder, "replay")
        before = _wealth(folder, "digest").stdout
        for path in (folder.warehouse, folder.published):
            path.unlink()
        shown = _wealth(folder, "replay")
        assert _wealth(folder, "digest").stdout == before
        progress = shown.stderr.strip().splitlines()
        assert f"{count} of {count} statements" in progress[-1]
        tell("\n".join([*progress, shown.stdout.strip(), "The digests are as before."]))


def _wealth(folder: DataFolder, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wealth_pipeline.cli", *words],
        env={**os.environ, "WEALTH_DATA_DIR": str(folder.root)},
        cwd=folder.root,
        capture_output=True,
        text=True,
        check=True,
    )
