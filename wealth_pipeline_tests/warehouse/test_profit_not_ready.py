"""Profit and loss that is not ready at IBKR: no figure instead of 0, until a later statement fills it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, cash, file, flex, lot, nav, position

from .conftest import House

MESSAGE = "Realized P/L is not ready and has been disabled for this statement."
NIGHT, NEXT = "20250311;060000", "20250312;060000"
#: IBKR writes 0 into all of these.
ZEROS: Row = {"fifoPnlUnrealized": "0", "unrealizedCapitalGainsPnl": "0", "unrealizedlFxPnl": "0"}
FILLED: Row = {"fifoPnlUnrealized": "10", "unrealizedCapitalGainsPnl": "8", "unrealizedlFxPnl": "2"}
TRADE: Row = {"transactionID": "7", "currency": "USD", "tradeDate": MONDAY, "reportDate": MONDAY, "quantity": "-1",
              "proceeds": "5"}  # fmt: skip


def statement(
    ready: bool, generated: str, day: date = MONDAY, first: date | None = None, inside: str = "", **sections: Any
) -> str:
    """A day, or a window, with a position, its lot and a trade."""
    pnl = FILLED if ready else ZEROS
    trade = {**TRADE, "fifoPnlRealized": "3" if ready else "0"}
    rows = [position(reportDate=day, **pnl), lot(reportDate=day, **pnl)]
    return flex(day=day, first=first, generated=generated, Message=f"<Message>{inside}</Message>" if inside else "",
                OpenPositions=rows, Trades=[trade], **sections)  # fmt: skip


def response(*statements: str, message: str = "") -> bytes:
    """The file, with a message beside the FlexStatements."""
    data = file(*statements)
    return (
        data.replace(b"<FlexStatements", f"<Message>{message}</Message><FlexStatements".encode(), 1)
        if message
        else data
    )


def profits(house: House) -> list[tuple[str | None, ...]]:
    """The unrealised result of positions and lots, and the realised one of trades."""
    columns = "unrealized_pnl, unrealized_capital_gains_pnl, unrealized_fx_pnl"
    return house.texts(
        f"SELECT {columns} FROM positions UNION ALL SELECT {columns} FROM position_lots"
        " UNION ALL SELECT realized_pnl, NULL, NULL FROM trades"
    )


NOTHING = [(None, None, None)] * 3
ALL = [("10", "8", "2"), ("10", "8", "2"), ("3", None, None)]


@pytest.mark.parametrize(
    "data",
    [
        response(statement(False, NIGHT), message=MESSAGE),
        response(statement(False, NIGHT, inside=MESSAGE)),
        response(statement(False, NIGHT), message=f"\n  {MESSAGE.upper()}\n"),
        response(statement(False, NIGHT), message="FIFO P/L data is not ready."),
        response(statement(False, NIGHT), message="Profit and loss are not yet ready."),
        response(statement(False, NIGHT), message=MESSAGE).decode().encode("utf-16"),
    ],
)
def test_the_zeros_of_a_statement_that_is_not_ready_are_no_figures(house: House, data: bytes) -> None:
    """What else it states stands."""
    house.loaded(data)
    assert profits(house) == NOTHING
    assert house.texts("SELECT position_value, cost_basis FROM positions") == [("50", "40")]
    assert house.rows("SELECT report_date FROM profit_not_ready") == [(MONDAY,)]
    assert "ready" in house.texts("SELECT lower(message) FROM statements")[0][0]  # type: ignore[operator]
    assert house.rows("SELECT status, reason FROM reconciliation WHERE check_name = 'cost'") == [
        ("not_evaluable", "profit and loss are not ready at IBKR")
    ]
    assert house.notes("profit_not_ready") == {"FlexStatement": 1}
    assert house.notes("unknown_section") == {}


@pytest.mark.parametrize("message", ["", "Some words & more".replace("&", "&amp;"), "P/L is ready."])
def test_without_that_message_a_zero_is_a_zero(house: House, message: str) -> None:
    house.loaded(response(statement(False, NIGHT), message=message))
    assert profits(house) == [("0", "0", "0"), ("0", "0", "0"), ("0", None, None)]
    assert house.rows("FROM profit_not_ready") == []
    assert house.rows("SELECT message FROM statements") == [(message.replace("&amp;", "&") or None,)]


@pytest.mark.parametrize("message", [True, False])
def test_only_the_days_that_are_not_ready_lose_their_zeros(house: House, message: bool) -> None:
    """A response broken out by day: the days before are filled."""
    days = [
        statement(True, NIGHT, FRIDAY),
        statement(False, NIGHT, inside="" if message else MESSAGE),
    ]
    house.loaded(response(*days, message=MESSAGE if message else ""))
    assert house.texts("SELECT report_date, unrealized_pnl FROM positions ORDER BY 1") == [
        ("2025-03-07", "10"), ("2025-03-10", None),
    ]  # fmt: skip
    assert house.rows("SELECT report_date FROM profit_not_ready") == [(MONDAY,)]


@pytest.mark.parametrize("first", [None, FRIDAY])
def test_filled_later_it_is_no_restatement(house: House, first: date | None) -> None:
    """In both shapes of query: a window's positions are those of its last day."""
    house.loaded(response(statement(False, NIGHT, first=first), message=MESSAGE))
    house.loaded(response(statement(True, NEXT, first=first)))
    assert profits(house) == ALL
    assert house.rows("FROM profit_not_ready") == []
    assert house.rows("FROM restatements") == []
    assert house.rows("SELECT reason FROM reconciliation WHERE check_name = 'cost' AND reason LIKE '%not ready%'") == []


def test_a_longer_window_does_not_fill_the_day_before_its_last(house: House) -> None:
    """Of a plain query: Friday's positions are in the window that ends on Friday."""
    house.loaded(response(statement(False, NIGHT, FRIDAY, first=date(2025, 3, 3)), message=MESSAGE))
    house.loaded(response(statement(True, NEXT, MONDAY, first=FRIDAY)))
    assert house.rows("SELECT report_date, from_date FROM profit_not_ready") == [(FRIDAY, date(2025, 3, 3))]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"mtm": "0", "realized": "0", "changeInUnrealized": "0"}, "not_evaluable"),
        ({"realized": "0", "changeInUnrealized": "0"}, "not_evaluable"),
        ({"mtm": "10", "realized": "0", "changeInUnrealized": "0"}, "passed"),
        ({"mtm": "9.99", "realized": "0", "changeInUnrealized": "0"}, "not_evaluable"),
    ],
)
def test_a_change_in_nav_without_its_market_result_is_no_failure(house: House, changes: Row, status: str) -> None:
    others = dict.fromkeys(
        ("depositsWithdrawals", "dividends", "withholdingTax", "interest", "commissions", "otherFees",
         "changeInDividendAccruals", "changeInInterestAccruals"), "0",
    )  # fmt: skip
    change = {**others, "startingValue": "90", "endingValue": "100", **changes}
    house.loaded(response(statement(False, NIGHT, EquitySummaryInBase=[nav()], CashReport=[cash()], ChangeInNAV=change),
                          message=MESSAGE))  # fmt: skip
    ((found, reason),) = house.rows("SELECT status, reason FROM reconciliation WHERE check_name = 'bridge'")
    assert found == status
    assert ("not ready at IBKR" in (reason or "")) is (status == "not_evaluable")


_STATEMENTS = [
    response(statement(False, NIGHT), message=MESSAGE),
    response(statement(True, NEXT)),
    response(statement(True, NIGHT, FRIDAY), statement(False, NEXT, FRIDAY, first=date(2025, 3, 3)), message=MESSAGE),
    response(statement(False, "20250313;060000", date(2025, 3, 11), inside=MESSAGE)),
]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_neither_the_order_nor_repetition_of_statements_matters(
    new_house: Callable[[], House], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(_STATEMENTS), max_size=2))
    house, other = new_house(), new_house()
    for content in _STATEMENTS:
        house.loaded(content)
    for content in data.draw(st.permutations([*_STATEMENTS, *again])):
        other.load(content)
    assert other.contents() == house.contents()
