"""An independent client: `ibflex` downloads from the sandbox and parses what it serves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import ibflex
import pytest
from ibflex import client as ibflex_client
from ibflex import parser as ibflex_parser

from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.statement.statement import FULL, Statement

from .flex_client import Clock


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox in no hurry and without IBKR's limits, to which ibflex's first request goes; the rest follows."""
    with Sandbox(now=Clock().now, rate_limits=False, polls_before_ready=0) as sandbox:
        monkeypatch.setattr(ibflex_client, "REQUEST_URL", f"{sandbox.flex_url}/SendRequest")
        yield sandbox


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("query", ["guide", "full"])
def test_ibflex_downloads_and_parses_both_queries(box: Sandbox, query: str) -> None:
    """The whole way, and no attribute or element that it doesn't know. It follows the reply's Url."""
    content = ibflex_client.download(box.token, box.query_ids[query])
    assert [entry.answer for entry in box.service.requests] == ["reference", "statement"]
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


@pytest.mark.slow
def test_ibflex_downloads_from_wealth_sandbox_within_ibkrs_limits(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its own pauses: it polls too early, then once more before the statement is ready."""
    command = [sys.executable, "-m", "wealth_pipeline.cli", "sandbox", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        served = json.loads(process.stdout.readline())
        monkeypatch.setattr(ibflex_client, "REQUEST_URL", f"{served['flex_url']}/SendRequest")
        content = ibflex_client.download(served["token"], served["query_id"])
        process.send_signal(signal.SIGHUP)
    assert process.returncode == 0
    assert ibflex_parser.parse(content).FlexStatements


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
