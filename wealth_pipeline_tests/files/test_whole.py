"""Files that are written whole or not at all, and SQLite files that several processes share."""

from __future__ import annotations

import ast
import stat
from contextlib import suppress
from pathlib import Path

import pytest

import wealth_pipeline
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import sqlite, whole

TABLES = ("CREATE TABLE IF NOT EXISTS t (a TEXT)",)


def test_a_file_takes_the_place_of_another_and_is_private(tmp_path: Path) -> None:
    target = tmp_path / "it"
    target.write_bytes(b"old")
    whole.write(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_was_not_put_is_gone(tmp_path: Path) -> None:
    with whole.incoming(tmp_path) as handle:
        handle.write(b"half")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_put_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    with pytest.raises(IsADirectoryError):
        whole.write(tmp_path / "it", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "it"]


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "it.sqlite"
    with sqlite.transaction(path, TABLES) as db:
        db.execute("INSERT INTO t VALUES ('kept')")
    with suppress(ZeroDivisionError), sqlite.transaction(path, TABLES) as db:
        db.execute("INSERT INTO t VALUES ('not kept')")
        raise ZeroDivisionError
    with sqlite.transaction(path, TABLES) as db:
        assert [row["a"] for row in db.execute("SELECT a FROM t")] == ["kept"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "it.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(WealthError, match=r"it.sqlite cannot be read or written: file is not a database\. Fix"):
        with sqlite.transaction(path, TABLES):
            pass


def _moves(call: ast.AST) -> bool:
    """Whether it is a call that moves a file, or waits for the disk; `replace` of a text has two arguments."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    alone = len(call.args) == 1 and not call.keywords
    return call.func.attr in {"fsync", "mkstemp", "renames"} or (call.func.attr in {"replace", "rename"} and alone)


def test_nobody_else_moves_files_or_waits_for_the_disk() -> None:
    package = Path(wealth_pipeline.__file__).parent
    trees = {file.relative_to(package): ast.parse(file.read_text()) for file in package.rglob("*.py")}
    assert {file.parts[0] for file, tree in trees.items() if any(map(_moves, ast.walk(tree)))} == {"files"}


def test_nobody_else_opens_sqlite_files() -> None:
    package = Path(wealth_pipeline.__file__).parent
    opening = [file.relative_to(package) for file in package.rglob("*.py") if "sqlite3.connect(" in file.read_text()]
    assert [str(file) for file in opening] == ["files/sqlite.py"]
