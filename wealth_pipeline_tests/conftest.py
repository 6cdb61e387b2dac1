"""What all tests share: an environment without the developer's own settings, and quiet logs."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make pictures` says."""
    parser.addoption("--pictures", metavar="FOLDER", help="with -m ui: write the pictures of the docs into FOLDER")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No variable of ours, no .env and no connections.toml reaches a test; the working directory is empty."""
    for name in [n for n in os.environ if n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(folder)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    return folder
