"""Keeps DuckDB quiet in a spawned process: it takes one whose main module has no file for a notebook and draws bars."""

from __future__ import annotations

import sys


def quiet() -> None:
    """Give the main module a file; before DuckDB is imported."""
    sys.modules["__main__"].__file__ = __file__
