"""The questions that stand in published/sql: each is asked, says what it takes and gives, and opens the file once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import wealth_pipeline
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import duck
from wealth_pipeline.published import reading, standing
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import NothingPublished
from wealth_pipeline_tests.lives import Folder, days, statement

PACKAGE = Path(wealth_pipeline.__file__).parent
QUESTIONS = sorted((PACKAGE / "published" / "sql").glob("*.sql"))
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)


@pytest.fixture
def published(tmp_path: Path) -> Published:
    folder = Folder(tmp_path)
    folder.load(statement({"U1": days(FIRST, LAST)}))
    return Published(folder.warehouse.folder.published)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were opened, in order."""
    paths: list[Path] = []

    def connect(path: Path, **options: Any) -> Any:
        paths.append(path)
        return original(path, **options)

    original = duck.connect
    monkeypatch.setattr(reading, "connect", connect)
    return paths


@pytest.mark.parametrize("file", QUESTIONS, ids=lambda file: file.stem)
def test_a_question_names_its_parameters_and_columns_and_is_asked(file: Path) -> None:
    lines = file.read_text().splitlines()
    header = "\n".join(line for line in lines if line.startswith("--"))
    query = "\n".join(line for line in lines if not line.startswith("--"))
    assert "-- Columns: " in header
    stated = re.search(r"^-- Parameters: (.*?)\.$", header, re.DOTALL | re.MULTILINE)
    parameters = set(re.findall(r"\$(\w+)", query))
    assert bool(stated) == bool(parameters)
    assert all(re.search(rf"\b{name}\b", stated[1]) for name in parameters if stated)
    assert any(f'"{file.stem}"' in module.read_text() for module in PACKAGE.rglob("*.py"))


def test_the_rooms_that_open_databases_are_few() -> None:
    """gateway/ opens live.duckdb, warehouse/ the two that it writes."""
    opens = re.compile(r"\bduckdb\.connect\(|files\.duck import .*\bconnect\b")
    rooms = {
        module.relative_to(PACKAGE).parts[0] for module in PACKAGE.rglob("*.py") if opens.search(module.read_text())
    }
    assert rooms == {"files", "gateway", "published", "warehouse"}


def test_a_question_that_was_not_written_raises(published: Published) -> None:
    with pytest.raises(FileNotFoundError, match="never_written"):
        published.rows("never_written")


def test_a_question_opens_the_file_and_closes_it_and_many_within_with_share_it(
    published: Published, opened: list[Path]
) -> None:
    accounts = published.accounts_of("ibkr", only_connection=True)
    assert accounts == {"U1": FIRST}
    assert published.missing(accounts, [LAST]) == []
    assert opened == [published.path] * 2
    opened.clear()
    with published:
        assert len(published.nav_days(accounts, FIRST, LAST)) == 3
        assert published.proofs(accounts, "parts").failed == 0
        assert standing.notices(published, published.path.parent) == []
        published.digests(["nav", "nav_history"])
    assert opened == [published.path]
    assert published.newest_day() == LAST
    assert opened == [published.path] * 2


ASKED: list[Callable[[Published], object]] = [
    lambda published: published.newest_nav(),
    lambda published: published.unreported(),
    lambda published: published.__enter__(),
]


@pytest.mark.parametrize("ask", ASKED)
def test_without_a_database_or_with_a_damaged_one_it_says_what_to_do(
    ask: Callable[[Published], object], tmp_path: Path
) -> None:
    published = Published(tmp_path / "wealth.duckdb")
    with pytest.raises(NothingPublished, match="Pull or import a statement first"):
        ask(published)
    assert published.accounts_of("ibkr", only_connection=True) == published.expected_accounts("ibkr") == {}
    assert published.drift(tmp_path) == []
    published.path.write_bytes(b"no database" * 1000)
    with pytest.raises(WealthError, match="Run `wealth replay`: everything is rebuilt"):
        ask(published)
