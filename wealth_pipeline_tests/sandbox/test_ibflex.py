"""An independent client: `ibflex` downloads from the sandbox and parses what it serves."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import ibflex
import pytest
import requests
from ibflex import client as ibflex_client
from ibflex import parser as ibflex_parser

from wealth_pipeline.sandbox.flex.flex_service import LEGACY_URL
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.statement.statement import FULL, Statement

from .flex_client import Clock


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with IBKR's limits, to which ibflex's requests go; its pauses move the sandbox's clock."""
    clock = Clock()

    def to_sandbox(url: str, **options: object) -> requests.Response:
        assert url.startswith(sandbox.flex_url) or url == LEGACY_URL
        return requests.get(url.replace(LEGACY_URL, f"{sandbox.flex_url}/GetStatement"), **options)  # type: ignore[arg-type]

    with Sandbox(now=clock.now, clock=clock.seconds) as sandbox:
        monkeypatch.setattr(ibflex_client, "REQUEST_URL", f"{sandbox.flex_url}/SendRequest")
        monkeypatch.setattr(ibflex_client, "STMT_URL", f"{sandbox.flex_url}/GetStatement")
        monkeypatch.setattr(
            ibflex_client,
            "requests",
            types.SimpleNamespace(get=to_sandbox, exceptions=requests.exceptions, Response=requests.Response),
        )
        monkeypatch.setattr(
            ibflex_client, "time", types.SimpleNamespace(sleep=lambda seconds: clock.advance(seconds=seconds))
        )
        yield sandbox


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("query", ["guide", "full"])
def test_ibflex_downloads_and_parses_both_queries(box: Sandbox, query: str) -> None:
    """The whole way, and no attribute or element that it doesn't know."""
    content = ibflex_client.download(box.token, box.query_ids[query])
    answers = [entry.answer for entry in box.service.requests]
    assert answers[0] == "reference"
    assert answers[-1] == "statement"
    assert "1018" in answers  # ibflex polls within a second of its request
    response = ibflex_parser.parse(content)
    assert isinstance(response, ibflex.FlexQueryResponse)
    assert len(response.FlexStatements) == (10 if query == "full" else 2)
    for statement in response.FlexStatements:
        household_day = box.service.household.day(statement.accountId, date(2026, 7, 21))
        nav = statement.EquitySummaryInBase[-1]
        if nav.reportDate == household_day.day:
            assert nav.total == household_day.total
            assert {row.currency: row.endingCash for row in statement.CashReport} == {
                currency: line.end for currency, line in household_day.cash.items()
            }
            held = [row for row in statement.OpenPositions if row.levelOfDetail == "SUMMARY"]
            assert [(row.symbol, row.position, row.positionValue) for row in held] == [
                (p.instrument.symbol, p.quantity, p.value) for p in household_day.positions
            ]


@pytest.mark.filterwarnings("error")
def test_ibflex_parses_a_quarter(box: Sandbox) -> None:
    """Every kind of row, of a quarter with all sections."""
    statement = Statement(
        box.service.household, FULL, date(2025, 1, 2), date(2025, 3, 14), period="", generated=Clock().present
    )
    response = ibflex_parser.parse(b"".join(statement.render()))
    statements = response.FlexStatements
    assert {type(row).__name__ for s in statements for row in s.Trades} >= {"Trade", "Order", "SymbolSummary"}
    for name in (
        "CashTransactions",
        "Transfers",
        "OpenDividendAccruals",
        "ChangeInDividendAccruals",
        "InterestAccruals",
        "SecuritiesInfo",
        "ConversionRates",
    ):
        assert any(getattr(s, name) for s in statements), name
    assert any(row.rate == Decimal(-1) for s in statements for row in s.ConversionRates)
