"""The calendar of income, on what IBKR was seen to book: each case is an account of its own in one warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline_tests.flexml import MONDAY, Row, file, flex, nav, position, rate

from .conftest import House

#: The newest day of every account, and the first day that its statement covers.
TODAY, FIRST = MONDAY, date(2024, 1, 1)
IN_LIEU, TAX, TAX_871M = "Payment In Lieu Of Dividends", "Withholding Tax", "871(m) Withholding"


def paid(day: str, amount: str, kind: str = "Dividends", *, reported: str | None = None, **other: Any) -> Row:
    """A booking of a payment of a day, as IBKR writes it: a correction has the time of what it corrects."""
    return {
        "type": kind, "currency": "USD", "fxRateToBase": "1", "amount": amount, "conid": "1", "symbol": "ACME",
        "dateTime": f"{day};202000", "settleDate": day, "reportDate": reported or day, **other,
    }  # fmt: skip


def accrual(**other: Any) -> Row:
    """A dividend past its ex-date. IBKR: its tax is positive, and taken off in the net amount."""
    return {
        "conid": "1", "symbol": "ACME", "currency": "USD", "fxRateToBase": "1", "exDate": "20250306",
        "payDate": "20250320", "quantity": "10", "grossRate": "2", "grossAmount": "20", "tax": "3", "fee": "0.5",
        "netAmount": "16.5", **other,
    }  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What an account's statement holds, and its rows of the calendar: state, pay date, gross, tax, net, net in base.

    later: the cash transactions of a second statement over the same days; None: there is none.
    """

    name: str
    booked: Sequence[Row]
    expected: Sequence[tuple[str | None, ...]]
    held: Sequence[Row] = ()
    accrued: Sequence[Row] = ()
    later: Sequence[Row] | None = None
    other: dict[str, Any] = field(default_factory=dict)


HELD = [position(position="10")]
PER_SHARE = "ACME(US0000000001) CASH DIVIDEND USD 0.50 PER SHARE (Ordinary Dividend)"
CASES = (
    Case("a payment and its tax", [paid("20250203", "100"), paid("20250203", "-15", TAX)],
         [("paid", "2025-02-03", "100", "-15", "85", "85")]),
    Case("a reversal and a rebooking leave what stayed",
         [paid("20250203", "100"), paid("20250203", "-15", TAX),
          *(paid("20250203", a, reported="20250205") for a in ("-100", "90")),
          *(paid("20250203", a, TAX, reported="20250205") for a in ("15", "-13.5"))],
         [("paid", "2025-02-03", "90", "-13.5", "76.5", "76.5")]),
    Case("what was reversed and not booked again was not paid",
         [paid("20250203", "100"), paid("20250203", "-100", reported="20250204")], []),
    Case("a payment in lieu is income, and 871(m) is tax",
         [paid("20250203", "70", IN_LIEU), paid("20250203", "-9", TAX_871M)],
         [("paid", "2025-02-03", "70", "-9", "61", "61")]),
    Case("two payments of a security on one day are one row",
         [paid("20250203", "100"), paid("20250203", "40", IN_LIEU), paid("20250203", "5")],
         [("paid", "2025-02-03", "145", "0", "145", "145")]),
    Case("a return of capital counts in the year that says so",
         [paid("20240603", "100"), paid("20240603", "-15", TAX),
          paid("20240603", "-100", reported="20250210"),
          paid("20240603", "100", reported="20250210", description="ACME (Return of Capital)"),
          paid("20240603", "15", TAX, reported="20250210")],
         [("paid", "2024-06-03", "100", "-15", "85", "85"), ("paid", "2025-02-10", "0", "15", "15", "15")]),
    Case("tax that is corrected a year later counts then",
         [paid("20240304", "100"), paid("20240304", "-30", TAX),
          *(paid("20240304", a, TAX, reported="20250212") for a in ("30", "-15"))],
         [("paid", "2024-03-04", "100", "-30", "70", "70"), ("paid", "2025-02-12", "0", "15", "15", "15")]),
    Case("a payment that was reported in the new year is the new year's", [paid("20241231", "8", reported="20250102")],
         [("paid", "2025-01-02", "8", "0", "8", "8")]),
    Case("two currencies are two rows",
         [paid("20250203", "100"), paid("20250203", "50", currency="EUR", fxRateToBase="1.1"),
          paid("20250203", "-5", TAX, currency="EUR", fxRateToBase="1.1")],
         [("paid", "2025-02-03", "50", "-5", "45", "49.5"), ("paid", "2025-02-03", "100", "0", "100", "100")]),
    Case("without a rate the amount in base is not known",
         [paid("20250203", "100", currency="CHF", fxRateToBase=None), paid("20250203", "-1", TAX, currency="CHF")],
         [("paid", "2025-02-03", "100", "-1", "99", None)]),
    Case("a rate that comes later fills it", [paid("20250203", "100", currency="EUR", fxRateToBase="-1")],
         [("paid", "2025-02-03", "100", "0", "100", "125")]),
    Case("a row without a security is a row",
         [paid("20250203", "-4", TAX, conid=None, symbol=None), paid("20250203", "-6", TAX, conid=None, symbol=None),
          paid("20250203", "9", conid=None, symbol="NONUMBER")],
         [("paid", "2025-02-03", "0", "-10", "-10", "-10"), ("paid", "2025-02-03", "9", "0", "9", "9")]),
    Case("interest, fees and deposits are no income",
         [paid("20250203", "9", kind) for kind in ("Broker Interest Received", "Other Fees", "Deposits & Withdrawals")],
         []),
    Case("a corrected statement takes the old rows away", [paid("20250203", "100"), paid("20250204", "7", conid="2")],
         [("paid", "2025-02-03", "99", "0", "99", "99")], later=[paid("20250203", "99")]),
    Case("what is declared is there with its tax, negative", [],
         [("declared", "2025-03-20", "20", "-3", "16.5", "16.5")], accrued=[accrual()]),
    Case("two accruals of a security and a day are one row", [],
         [("declared", "2025-03-20", "25", "-3", "21.5", "21.5")],
         accrued=[accrual(), accrual(grossAmount="5", netAmount="5", tax="0", fee="0")]),
    Case("of what is declared too a rate may be missing", [],
         [("declared", "2025-03-20", "20", "-3", "16.5", None)], accrued=[accrual(currency="CHF", fxRateToBase=None)]),
    Case("a payment is expected a year later, times what is held today for what was held then",
         [paid("20240610", "4", description=PER_SHARE), paid("20240610", "-0.6", TAX)],
         [("paid", "2024-06-10", "4", "-0.6", "3.4", "3.4"), ("expected", "2025-06-10", "5", "-0.75", "4.25", "4.25")],
         held=HELD),
    Case("what was held then may be known from the positions",
         [paid("20250310", "6")],
         [("paid", "2025-03-10", "6", "0", "6", "6"), ("expected", "2026-03-10", "12", "0", "12", "12")],
         held=HELD, other={"before": [position(position="5", reportDate=date(2025, 3, 7))]}),
    Case("what was held then may not be known", [paid("20240610", "4")],
         [("paid", "2024-06-10", "4", "0", "4", "4"), ("expected", "2025-06-10", None, None, None, None)], held=HELD),
    Case("what was sold is not expected", [paid("20240610", "4", description=PER_SHARE)],
         [("paid", "2024-06-10", "4", "0", "4", "4")], held=[position(conid="2", symbol="OTHER")]),
    Case("a bonus is not expected again",
         [paid("20240610", "5", description=PER_SHARE),
          paid("20240610", "50", description="ACME(US0000000001) CASH DIVIDEND USD 5.00 PER SHARE (Bonus Dividend)"),
          paid("20240911", "50", description="ACME(US0000000001) CASH DIVIDEND USD 5.00 PER SHARE (Bonus Dividend)")],
         [("paid", "2024-06-10", "55", "0", "55", "55"), ("expected", "2025-06-10", "5", "0", "5", "5"),
          ("paid", "2024-09-11", "50", "0", "50", "50")], held=HELD),
    Case("what is declared is not expected: its ex-date is within 20 days",
         [paid("20240401", "4", exDate="20240318", description=PER_SHARE),
          paid("20240501", "4", exDate="20240401", description=PER_SHARE)],
         [("paid", "2024-04-01", "4", "0", "4", "4"), ("paid", "2024-05-01", "4", "0", "4", "4"),
          ("declared", "2025-03-20", "20", "-3", "16.5", "16.5"), ("expected", "2025-05-01", "5", "0", "5", "5")],
         held=HELD, accrued=[accrual()]),
    Case("what was paid again a little earlier is not expected", [
         paid("20240318", "4", description=PER_SHARE), paid("20250305", "5", description=PER_SHARE)],
         [("paid", "2024-03-18", "4", "0", "4", "4"), ("paid", "2025-03-05", "5", "0", "5", "5"),
          ("expected", "2026-03-05", "5", "0", "5", "5")], held=HELD),
    Case("what ended waits for nothing", [paid("20240610", "4", description=PER_SHARE)],
         [("paid", "2024-06-10", "4", "0", "4", "4")], held=HELD, accrued=[accrual()], other={"closed": TODAY}),
)  # fmt: skip


def account(case: Case) -> str:
    return f"U{CASES.index(case)}"


def statements() -> list[bytes]:
    """All cases in one file; the day before of those that have one; what came later; and a rate."""
    first, before, later = [], [], []
    for case in CASES:
        name = account(case)
        about = {"currency": "USD", "dateClosed": case.other.get("closed")}
        own = [{**row, "accountId": name} for row in case.held]
        first.append(
            flex(
                name, TODAY, first=FIRST, AccountInformation=about, OpenPositions=own,
                EquitySummaryInBase=[{**nav(TODAY), "accountId": name}], CashTransactions=list(case.booked),
                OpenDividendAccruals=list(case.accrued),
            )
        )  # fmt: skip
        if shown := case.other.get("before"):
            rows = [{**row, "accountId": name} for row in shown]
            before.append(flex(name, rows[0]["reportDate"], AccountInformation=about, OpenPositions=rows))
        if case.later is not None:
            again = list(case.later)
            later.append(flex(name, TODAY, first=FIRST, generated="20250405;060000", CashTransactions=again))
    rates = [rate("EUR", "1.25", date(2025, 2, 3)), rate("CHF", "1.1", date(2025, 2, 4))]
    return [file(*first), file(*before), file(*later), file(flex("U0", date(2025, 2, 4), ConversionRates=rates))]


@contextmanager
def opened(empty: Path, root: Path) -> Iterator[House]:
    root.mkdir()
    shutil.copyfile(empty, root / "warehouse.duckdb")
    with duckdb.connect(str(root / "warehouse.duckdb"), config={"threads": 1}) as con:
        yield House(root, con)


@pytest.fixture(scope="module")
def loaded(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A warehouse with all of them."""
    with opened(empty, tmp_path_factory.mktemp("income") / "house") as house:
        for data in statements():
            house.loaded(data)
        yield house


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_calendar_says_what_was_paid_is_declared_and_is_expected(loaded: House, case: Case) -> None:
    rows = loaded.texts(
        "SELECT state, pay_date, gross, tax, net, net_base FROM income_calendar"
        f" WHERE account_id = '{account(case)}' ORDER BY pay_date, state, gross"
    )
    assert rows == sorted(case.expected, key=lambda row: str(row[1]))


def test_the_order_of_loading_does_not_matter(loaded: House, empty: Path, tmp_path: Path) -> None:
    """A rate, a position or a correction may come first."""
    tables = ("income_calendar", "cash_transactions", "reconciliation")
    wanted = {table: loaded.rows(f"FROM {table} ORDER BY ALL NULLS FIRST") for table in tables}
    with opened(empty, tmp_path / "house") as house:
        for data in reversed(statements()):
            house.loaded(data)
        for table in tables:
            assert house.rows(f"FROM {table} ORDER BY ALL NULLS FIRST") == wanted[table], table


def test_the_key_tells_every_row_apart(loaded: House) -> None:
    key = "account_id, conid, symbol, currency, pay_date, state"
    assert loaded.rows(f"SELECT {key} FROM income_calendar GROUP BY ALL HAVING count(*) > 1") == []
