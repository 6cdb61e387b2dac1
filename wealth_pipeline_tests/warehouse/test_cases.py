"""Small correct statements with one oddity each: the NAV, cash and positions are as without it, and it is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .conftest import House

CASES = Path(__file__).parents[1] / "cases"
COUNTS = (
    "SELECT (SELECT count(*) FROM trades)::INT, (SELECT count(*) FROM cash_transactions)::INT,"
    " (SELECT count(*) FROM transfers)::INT, (SELECT count(*) FROM securities)::INT"
)


def case(name: str) -> bytes:
    return next(CASES.glob(f"{name}.xml")).read_bytes()


@dataclass(frozen=True)
class Right:
    """What is right of a file that is otherwise as plain.

    rows: of trades, cash transactions, transfers and securities. noted: kind and name of each note, but for what is
    not loaded. aside: element and reason. also: queries and their answers.
    """

    rows: tuple[int, int, int, int] = (0, 0, 0, 0)
    noted: set[tuple[str, str]] = field(default_factory=set)
    aside: list[tuple[str, str]] = field(default_factory=list)
    also: dict[str, list[tuple[str | None, ...]]] = field(default_factory=dict)


LISTED = Right(
    rows=(0, 0, 0, 1),
    noted={("row_set_aside", "SecurityInfo")},
    aside=[("SecurityInfo", "conid 70001 is listed a second time")],
    also={"SELECT symbol, currency, description FROM securities": [("ABCX", "USD", "ABCX CORP")]},
)
UNZONED = Right(
    rows=(1, 0, 0, 0),
    noted={("unreadable_value", "Trade.dateTime")},
    also={"SELECT quantity, date_time, trade_date FROM trades": [("1", None, "2026-03-10")]},
)
AS_PLAIN = {
    "00-plain": Right(),
    "01-two-listings": LISTED,
    "01b-same-but-description": LISTED,
    "01d-same-but-code": Right(rows=(0, 0, 0, 1), noted={("repeated_row", "securities")}),
    "03-crypto-suffix-transfer": Right(
        rows=(0, 0, 1, 0),
        noted={("other_account", "Transfer")},
        also={"SELECT account_id, quantity FROM transfers": [("U5550001-P", "-0.5")]},
    ),
    "04-cancelled-transfer": Right(
        rows=(0, 0, 3, 0), also={"SELECT sum(quantity)::DECIMAL(18,2) FROM transfers": [("-58",)]}
    ),
    "05-transfer-rate-zero": Right(
        rows=(0, 0, 2, 0),
        noted={("no_rate", "Transfer.fxRateToBase")},
        also={"SELECT quantity, fx_rate_to_base FROM transfers ORDER BY 1": [("0", None), ("10", "1")]},
    ),
    "05b-trade-rate-zero": Right(
        rows=(1, 0, 0, 0),
        noted={("no_rate", "Trade.fxRateToBase")},
        also={"SELECT quantity, fx_rate_to_base FROM trades": [("1", None)]},
    ),
    "05c-cash-transaction-rate-zero": Right(
        rows=(0, 1, 0, 0),
        noted={("no_rate", "CashTransaction.fxRateToBase")},
        also={"SELECT amount, fx_rate_to_base FROM cash_transactions": [("5", None)]},
    ),
    "05e-conversion-rate-zero": Right(
        noted={("no_rate", "ConversionRate.RUS")}, also={"SELECT from_currency FROM fx_rates": [("EUR",)]}
    ),
    "06-transfer-without-currency": Right(
        noted={("row_set_aside", "Transfer")}, aside=[("Transfer", "it has no currency")]
    ),
    "06d-trade-empty-currency": Right(noted={("row_set_aside", "Trade")}, aside=[("Trade", "it has no currency")]),
    "16-two-cash-rows-one-id": Right(
        rows=(0, 2, 0, 0),
        also={
            "SELECT row_id, amount FROM cash_transactions ORDER BY amount": [
                ("800009/2", "-0.21"), ("800009/1", "1.68"),
            ]
        },
    ),
    "17-zone-CST": UNZONED,
    "17-zone-EEST": UNZONED,
    "17-zone-IST": UNZONED,
    "21-dd-MMM-yy": Right(),
}  # fmt: skip


@pytest.mark.parametrize("name", AS_PLAIN)
def test_an_oddity_costs_neither_nav_nor_cash_nor_positions_and_is_named(house: House, name: str) -> None:
    right = AS_PLAIN[name]
    house.loaded(case(name))
    assert house.texts("SELECT report_date, total, cash, stock, proof FROM nav_history ORDER BY 1") == [
        ("2026-03-09", "1000", "400", "600", "not_evaluable"),
        ("2026-03-10", "1010", "400", "610", "passed"),
    ]
    assert house.texts("SELECT currency, ending_cash FROM cash_balances") == [("USD", "400")]
    assert house.texts("SELECT symbol, quantity, mark_price, nav_value_base FROM positions") == [
        ("ABCX", "10", "61", "610")
    ]
    assert house.rows(COUNTS) == [right.rows]
    noted = set(house.rows("SELECT kind, name FROM statement_notes WHERE kind <> 'attribute_not_loaded'"))
    assert noted == right.noted
    assert house.rows("SELECT element, reason FROM rows_set_aside") == right.aside
    for query, rows in right.also.items():
        assert house.texts(query) == rows


@pytest.mark.parametrize("zone", ["CST", "EEST", "IST"])
def test_a_time_of_an_unknown_zone_is_noted_with_its_text(house: House, zone: str) -> None:
    house.loaded(case(f"17-zone-{zone}"))
    assert house.rows("SELECT sample FROM statement_notes WHERE kind = 'unreadable_value'") == [
        (f"20260310;103000 {zone}",)
    ]


def test_the_row_that_is_set_aside_is_kept_with_its_attributes(house: House) -> None:
    house.loaded(case("06-transfer-without-currency"))
    assert house.rows(
        "SELECT account_id, report_date::VARCHAR, section, row, attributes->>'transactionID', attributes->>'quantity'"
        " FROM rows_set_aside"
    ) == [("U5550001", "2026-03-10", "Transfers", 1, "900001", "10")]


def test_sub_accounts_and_accounts_of_another_base_each_have_their_nav(house: House) -> None:
    for name in ("03b-crypto-own-statement", "09-huf-two-accounts", "07-master-and-sub"):
        house.loaded(case(name))
    assert house.texts("SELECT account_id, total FROM nav_latest ORDER BY 1") == [
        ("DU5550010", "3500"), ("F5550009", "0"), ("U5550001", "1010"), ("U5550001-P", "210"),
        ("U5552221", "479999.6672"), ("U5552222", "5000"),
    ]  # fmt: skip


def test_bills_and_bonds_are_worth_a_percentage_of_their_face_value(house: House) -> None:
    house.loaded(case("12-bill-and-bond"))
    assert house.texts("SELECT sum(nav_value_base)::DECIMAL(18,6) FROM positions") == [("25661.2694",)]
    assert house.proofs("U5550001")["positions"] == "passed"


@pytest.mark.parametrize(
    "order", [("25a-before-rename", "25b-after-rename"), ("25b-after-rename", "25a-before-rename")]
)
def test_a_position_keeps_the_symbol_of_its_day(new_house: Callable[[], House], order: tuple[str, str]) -> None:
    house = new_house()
    for name in order:
        house.loaded(case(name))
    assert house.texts("SELECT report_date, symbol, isin FROM positions ORDER BY 1") == [
        ("2026-03-10", "OLDX", "US0000700513"),
        ("2026-03-11", "NEWX", "US0000700521"),
    ]
    assert house.texts("SELECT symbol, isin FROM securities") == [("NEWX", "US0000700521")]
    assert house.rows("FROM restatements") == []


@pytest.mark.parametrize("name", [path.stem for path in CASES.glob("*.xml")])
def test_a_case_is_the_same_when_its_rows_come_in_another_order(new_house: Callable[[], House], name: str) -> None:
    """Which listing stays, and which of two rows is the first of an id, does not depend on the file's order."""
    from lxml import etree

    root = etree.fromstring(case(name))
    for section in root.iter("SecuritiesInfo", "CashTransactions", "Transfers", "Trades"):
        for row in list(section):
            section.insert(0, row)
    turned, plain = new_house(), new_house()
    turned.loaded(etree.tostring(root))
    plain.loaded(case(name))
    tables = ("securities", "cash_transactions", "transfers", "trades", "positions", "nav_history")
    for table in tables:
        query = f"SELECT * EXCLUDE (statement_sha256) FROM {table} ORDER BY ALL"
        assert turned.rows(query) == plain.rows(query), table
