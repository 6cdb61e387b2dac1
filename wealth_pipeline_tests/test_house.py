"""The layers: pure modules know nothing of Dagster, and the light commands start without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import wealth_pipeline


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_pure_packages_import_nothing_of_dagster() -> None:
    pure = "files flex gateway http published pull sandbox statement tables ui warehouse".split()
    statement = (
        "import importlib, pkgutil\n"
        f"for name in {pure}:\n"
        "    package = importlib.import_module('wealth_pipeline.' + name)\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)"
    )
    assert "dagster" not in _modules_after(statement)


def test_the_help_page_imports_neither_dagster_nor_pandera_nor_duckdb() -> None:
    assert not _modules_after("import wealth_pipeline.cli.main") & {"dagster", "pandera", "pandas", "duckdb", "pyarrow"}


def test_an_sql_query_imports_neither_dagster_nor_pandera() -> None:
    assert not _modules_after("import wealth_pipeline.cli.main, wealth_pipeline.published.published") & {
        "dagster",
        "pandera",
        "pandas",
    }


def test_one_file_alone_uses_the_private_modules_of_dagster() -> None:
    package = Path(wealth_pipeline.__file__).parent
    assert [str(f.relative_to(package)) for f in package.rglob("*.py") if "dagster._" in f.read_text()] == [
        "defs/_private.py"
    ]
