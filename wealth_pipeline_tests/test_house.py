"""The rules of the house (docs/architecture.md): what may stand where, and what starts without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wealth_pipeline
from wealth_pipeline_tests import rules
from wealth_pipeline_tests.rules import Files

ROOT = Path(__file__).parent.parent
FILES = rules.package(Path(wealth_pipeline.__file__).parent)
TESTS = rules.package(Path(__file__).parent)
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

#: The functions of the tests that may sleep: they wait for another process, or disturb one at a moment of their choice.
POLLING = {
    "cli/test_stopping.py::until",
    "long_runs/backfill.py::_until_it_ends",
    "long_runs/backfill.py::main",
    "long_runs/machine.py::Machine.start",
    "long_runs/power_cut.py::_wait_for",
    "published/test_query.py::started",
    "storage/crashes.py::_kill",
    "storage/crashes.py::_undisturbed",
    "storage/readers.py::_hold",
    "storage/readers.py::_read_on",
    "storage/readers.py::_vandalise",
    "ui/test_attacks.py::bare",
    "warehouse/test_warehouse.py::test_a_rebuild_that_is_killed_leaves_what_there_was_and_the_next_one_completes",
    "ui/test_serving.py::until",
}


def test_no_code_stands_in_an_init() -> None:
    assert rules.code_in_an_init(FILES) == set()


def test_a_function_has_at_most_40_lines() -> None:
    assert rules.long_functions(FILES) == set()


def test_a_file_has_at_most_300_lines() -> None:
    assert rules.long_files(FILES) == set()


def test_a_room_has_at_most_2500_lines() -> None:
    assert rules.large_rooms(FILES) == set()


def test_at_most_8_modules_stand_beside_the_rooms() -> None:
    assert rules.modules_beside_the_rooms(FILES) == set()


def test_only_http_speaks_http() -> None:
    assert rules.http_outside_its_room(FILES) == set()


def test_only_files_renames_and_syncs() -> None:
    assert rules.renames_outside_files(FILES) == set()


def test_one_file_alone_uses_the_private_modules_of_dagster() -> None:
    assert rules.private_dagster(FILES) == set()


def test_new_yorks_time_zone_is_named_once() -> None:
    assert rules.zones(FILES) == set()


def test_every_text_file_is_utf_8_whatever_the_locale() -> None:
    assert rules.texts_of_any_encoding(FILES) == set()


def test_no_test_sleeps() -> None:
    assert rules.sleeps(TESTS) == POLLING


LONG = "def long() -> None:\n" + "    print()\n" * 40
NINE = [f"{name}.py" for name in "abcdefghi"]
#: A violation of each rule, in the smallest package that has it, beside something that looks like one and is none.
SEEDS: list[tuple[Callable[[Files], set[str]], dict[str, str], set[str]]] = [
    (
        rules.code_in_an_init,
        {"a/__init__.py": '"""Says."""\nimport os\n', "b/__init__.py": '"""Says."""\n'},
        {"a/__init__.py"},
    ),
    (
        rules.long_functions,
        {"a.py": f"class A:\n    {LONG.replace(chr(10), chr(10) + '    ')}\n", "b.py": LONG[: -len("    print()\n")]},
        {"a.py::A.long"},
    ),
    (
        rules.long_files,
        {"a/b.py": "x = 1\n" * 301, "a/c.py": "x = 1\n" * 300, "tables/d.py": "x = 1\n" * 301},
        {"a/b.py"},
    ),
    (
        rules.large_rooms,
        {"a/b.py": "x = 1\n" * 1300, "a/c/d.py": "x = 1\n" * 1300, "e/f.py": "x = 1\n" * 2500},
        {"a"},
    ),
    (rules.modules_beside_the_rooms, dict.fromkeys(NINE, ""), set(NINE)),
    (rules.modules_beside_the_rooms, dict.fromkeys(["__init__.py", *NINE[1:]], ""), set()),
    (
        rules.http_outside_its_room,
        {
            "flex/a.py": "def ask():\n    from requests import get\n",
            "flex/b.py": "import urllib.request\n",
            "flex/c.py": "import requests_like, urllib.parse\n",
            "http/d.py": "import requests\n",
        },
        {"flex/a.py", "flex/b.py"},
    ),
    (
        rules.renames_outside_files,
        {
            "a/b.py": "import os\nos.fsync(1)\n",
            "a/c.py": "draft.replace(target)\n",
            "a/d.py": "draft.rename(target)\n",
            "a/e.py": "text.replace('a', 'b'), day.replace(month=1), frame.rename(columns={})\n",
            "files/f.py": "draft.replace(target)\n",
        },
        {"a/b.py", "a/c.py", "a/d.py"},
    ),
    (
        rules.private_dagster,
        {"defs/a.py": "from dagster._core import x\n", "defs/_private.py": "import dagster._core\n"},
        {"defs/a.py"},
    ),
    (rules.zones, {"a/b.py": f"zone = '{rules.ZONE}'\n", "calendar.py": f"zone = '{rules.ZONE}'\n"}, {"a/b.py"}),
    (
        rules.texts_of_any_encoding,
        {"a/b.py": "path.read_text()\n", "a/c.py": "path.write_text(text, encoding='utf-8'), text_of(path)\n"},
        {"a/b.py"},
    ),
    (
        rules.sleeps,
        {
            "a.py": "def test_a():\n    def inner():\n        time.sleep(1)\n",
            "b.py": "def test_b():\n    clock.sleep(1)\n    sleep(1)\n",
            "c.py": "from time import sleep\n",
        },
        {"a.py::test_a.inner", "c.py"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("rule, files, found", SEEDS)
def test_a_violation_of_each_rule_is_found(
    rule: Callable[[Files], set[str]], files: dict[str, str], found: set[str]
) -> None:
    assert rule(files) == found


def test_every_rule_has_a_seeded_violation() -> None:
    checked = {name for name, value in vars(rules).items() if callable(value) and not name.startswith("_")}
    assert {rule.__name__ for rule, *_ in SEEDS} == {
        name for name in checked if getattr(vars(rules)[name], "__annotations__", {}).get("return") == "set[str]"
    }


def test_the_contracts_name_every_room() -> None:
    """`make lint` checks them on the code."""
    floors = {room.strip("() ") for floor in CONTRACTS["floors"]["layers"] for room in floor.split(":")}
    there = {f"wealth_pipeline.{rules.room(path)}" for path in FILES} - {"wealth_pipeline.__init__"}
    rooms = {f"wealth_pipeline.{room}" for room in floors}
    assert there <= rooms
    assert set(CONTRACTS["sandbox"]["forbidden_modules"]) == there - {"wealth_pipeline.sandbox"}
    assert set(CONTRACTS["dagster"]["source_modules"]) == there - {
        "wealth_pipeline.defs",
        "wealth_pipeline.definitions",
    }


def test_an_import_that_goes_up_and_a_room_without_a_floor_break_the_contracts(tmp_path: Path) -> None:
    """Wherever it stands: in a function, or for the types alone."""
    house = tmp_path / "wealth_pipeline"
    for path in FILES:
        (house / rules.room(path)).mkdir(parents=True, exist_ok=True)
        (house / rules.room(path) / "__init__.py").touch()
    for path, text in {
        "text/a.py": "def later():\n    import wealth_pipeline.errors\n",
        "tables/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import wealth_pipeline.flex\n",
        "pull/a.py": "import dagster\n",
        "sandbox/a.py": "import wealth_pipeline.calendar\n",
        "attic/__init__.py": "",
        "__init__.py": "",
    }.items():
        (house / path).parent.mkdir(exist_ok=True)
        (house / path).write_text(text)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]

    def said() -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        return done.stdout

    assert "attic" in said()
    (house / "attic" / "__init__.py").unlink()
    (house / "attic").rmdir()
    found = said()
    for arrow in (
        "wealth_pipeline.text.a -> wealth_pipeline.errors",
        "wealth_pipeline.tables.a -> wealth_pipeline.flex",
        "wealth_pipeline.pull.a -> dagster",
        "wealth_pipeline.sandbox.a -> wealth_pipeline.calendar",
    ):
        assert arrow in found


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_help_page_imports_neither_dagster_nor_pandera_nor_duckdb() -> None:
    assert not _modules_after("import wealth_pipeline.cli.main") & {"dagster", "pandera", "pandas", "duckdb", "pyarrow"}


def test_an_sql_query_imports_neither_dagster_nor_pandera() -> None:
    assert not _modules_after("import wealth_pipeline.cli.main, wealth_pipeline.published.published") & {
        "dagster",
        "pandera",
        "pandas",
    }
