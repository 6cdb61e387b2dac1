"""History: the order of arrival doesn't matter, nothing is overwritten, and a restatement is known from a new field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, TUESDAY, cash, file, flex, lot, nav, position, rate

from .conftest import House

_EUR: dict[str, Any] = {"currency": "EUR", "fxRateToBase": None}
_ACCRUAL = {"symbol": "ACME", "currency": "EUR", "netAmount": "8"}


def _statements() -> dict[str, bytes]:
    """Statements of two accounts that overlap, restate, add fields, bring rates late, and tie in their time."""
    u2 = {"accountId": "U2", "currency": "EUR"}
    return {
        "friday": file(
            flex(
                day=FRIDAY,
                generated="20250308;060000",
                EquitySummaryInBase=[nav(FRIDAY, "100", dividendAccruals="10")],
                OpenPositions=[position(**_EUR, reportDate=FRIDAY)],
                OpenDividendAccruals=[_ACCRUAL],
                CashReport=[cash(), cash("EUR", "80")],
            )
        ),
        "monday, both accounts": file(
            flex(
                generated="20250311;060000",
                EquitySummaryInBase=[nav(FRIDAY, "100"), nav(MONDAY, "110")],
                ChangeInNAV={"startingValue": "100", "mtm": "10", "endingValue": "110"},
                OpenPositions=[position(**_EUR), lot(**_EUR)],
                AccountInformation={"currency": "USD", "acctAlias": "a"},
            ),
            flex(
                "U2",
                generated="20250311;060000",
                EquitySummaryInBase=[{**nav(MONDAY, "7"), **u2}],
                OpenPositions=[],
                CashReport=[{**cash(), "accountId": "U2"}],
            ),
        ),
        "monday restated": file(
            flex(
                generated="20250320;060000",
                EquitySummaryInBase=[nav(FRIDAY, "101"), nav(MONDAY, "112")],
                OpenPositions=[position(**_EUR, position="11")],
                AccountInformation={"currency": "USD", "acctAlias": "b"},
            )
        ),
        "monday at the same second": file(
            flex(generated="20250320;060000", EquitySummaryInBase=[nav(MONDAY, "113")], OpenPositions=[])
        ),
        "a plain window": file(
            flex(
                day=TUESDAY,
                first=FRIDAY,
                generated="20250315;060000",
                EquitySummaryInBase=[nav(FRIDAY - timedelta(days=1), "99"), nav(FRIDAY, "100"), nav(TUESDAY, "120")],
                ChangeInNAV={"startingValue": "99", "mtm": "21", "endingValue": "120"},
                OpenPositions=[position(**_EUR, reportDate=TUESDAY)],
                CashReport=[cash("EUR", "4", dividends="0")],
            )
        ),
        "the day before, restated": file(
            flex(
                day=FRIDAY - timedelta(days=1),
                generated="20250325;060000",
                EquitySummaryInBase=[nav(FRIDAY - timedelta(days=1), "98")],
            )
        ),
        "rates": file(
            flex(
                day=TUESDAY,
                generated="20250312;060000",
                ConversionRates=[rate("EUR", "1.25", FRIDAY), rate("EUR", "1.3", TUESDAY), rate("BGN", "-1")],
            )
        ),
        "rates restated": file(
            flex(day=FRIDAY, generated="20250401;060000", ConversionRates=[rate("EUR", "1.26", FRIDAY)])
        ),
        "a new field": file(
            flex(
                day=FRIDAY,
                generated="20250402;060000",
                EquitySummaryInBase=[nav(FRIDAY, "101", dividendAccruals="10", crypto="0")],
            )
        ),
    }


STATEMENTS = _statements()


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return {}


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_order_with_any_repeats_gives_the_same_content(
    new_house: Callable[[], House], expected: dict[str, Any], data: st.DataObject
) -> None:
    """Statements arrive late, twice and out of order: backfills, imports by hand, a replay."""
    order = data.draw(st.permutations([*STATEMENTS, *data.draw(st.lists(st.sampled_from([*STATEMENTS]), max_size=3))]))
    house = new_house()
    for name in order:
        house.load(STATEMENTS[name])
    contents = house.contents()
    for table, rows in expected.setdefault("contents", contents).items():
        assert contents[table] == rows, table
    assert house.rows(
        "SELECT account_id, report_date, previous_date, day_change FROM nav_history ORDER BY ALL"
    ) == house.rows(
        "SELECT account_id, report_date, lag(report_date) OVER days, total - lag(total) OVER days FROM nav"
        " WINDOW days AS (PARTITION BY account_id ORDER BY report_date) ORDER BY ALL"
    )


def test_what_was_known_at_any_time_is_what_had_been_loaded_by_then(house: House) -> None:
    """Also in whatever time zone the session is."""
    by_time = sorted((data.split(b'whenGenerated="')[1][:15].decode(), data) for data in STATEMENTS.values())
    nav_rows = "SELECT account_id, report_date, total, statement_sha256 FROM {} ORDER BY ALL"
    known: dict[str, list[tuple[Any, ...]]] = {}
    for generated, data in by_time:
        house.loaded(data)
        known[generated] = house.rows(nav_rows.format("nav"))
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        house.con.execute(f"SET TimeZone = '{zone}'")
        for generated, rows in known.items():
            # 06:00 in New York is 10:00 or 11:00 UTC.
            moment = f"{generated[:4]}-{generated[4:6]}-{generated[6:8]} 11:00:00"
            assert house.rows(nav_rows.format(f"nav_asof('{moment}')")) == rows
    assert house.rows("FROM nav_asof('2025-03-01')") == []


def test_a_restated_day_keeps_its_old_figure_and_is_listed(house: House) -> None:
    """IBKR corrects days weeks later."""
    first = house.loaded(
        file(flex(EquitySummaryInBase=[nav(total="100")], OpenPositions=[position()], CashReport=[cash()]))
    )
    second = house.loaded(
        file(
            flex(
                generated="20250402;060000",
                EquitySummaryInBase=[nav(total="103")],
                OpenPositions=[position(positionValue="53")],
                CashReport=[cash(ending="90")],
            )
        )
    )
    assert house.texts("SELECT total FROM nav_versions ORDER BY known_from") == [("100",), ("103",)]
    assert house.texts("SELECT total FROM nav") == [("103",)]
    assert house.texts(
        "SELECT table_name, array_to_string(changed, ' '), old_total, new_total, old_sha256, new_sha256"
        " FROM restatements ORDER BY table_name"
    ) == [
        ("cash", "ending_cash ending_settled_cash", "100", "90", first.sha256, second.sha256),
        ("nav", "cash total", "100", "103", first.sha256, second.sha256),
        ("positions", "position_value", "50", "53", first.sha256, second.sha256),
    ]


def test_a_restatement_that_leaves_the_total_says_what_it_changed(house: House) -> None:
    """By the columns of the table; a component that is none has IBKR's name."""
    first = nav(total="100", cash="90", dividendAccruals="10", moonRocks="1")
    second = nav(total="100", cash="91", dividendAccruals="9", moonRocks="2")
    house.loaded(file(flex(EquitySummaryInBase=[first], OpenPositions=[position()])))
    house.loaded(
        file(
            flex(
                generated="20250402;060000",
                EquitySummaryInBase=[second],
                OpenPositions=[position(fifoPnlUnrealized="9", costBasisMoney="41")],
            )
        )
    )
    assert house.rows("SELECT table_name, changed, old_total, new_total FROM restatements ORDER BY table_name") == [
        ("nav", ["cash", "dividend_accruals", "moonRocks"], None, None),
        ("positions", ["cost_basis", "unrealized_pnl"], None, None),
    ]


def test_a_position_that_appears_or_vanishes_is_a_restatement(house: House) -> None:
    """An empty section says that there were none."""
    house.loaded(file(flex(OpenPositions=[position()])))
    house.loaded(file(flex(generated="20250402;060000", OpenPositions=[])))
    house.loaded(file(flex(generated="20250403;060000", OpenPositions=[position()])))
    assert house.texts("SELECT old_total, new_total FROM restatements ORDER BY known_from") == [
        ("50", None),
        (None, "50"),
    ]


def test_a_new_field_in_the_query_restates_nothing(house: House) -> None:
    """Neither does a text that changed, nor lots or currencies that were not asked for before."""
    house.loaded(
        file(
            flex(
                EquitySummaryInBase=[nav()],
                CashReport=[cash()],
                OpenPositions=[position(markPrice=None, costBasisMoney=None)],
            )
        )
    )
    house.loaded(
        file(
            flex(
                generated="20250402;060000",
                EquitySummaryInBase=[nav(crypto="0", newThing="0")],
                CashReport=[cash(), cash("USD")],
                OpenPositions=[position(description="ACME Corp"), lot()],
            )
        )
    )
    assert house.rows("FROM restatements") == []
    assert house.rows("SELECT count(*)::INT FROM nav_versions") == [(2,)]


def test_the_same_figures_again_are_the_same_version(house: House) -> None:
    """The overlap of every night's window confirms most days; that is no news."""
    house.loaded(file(flex(EquitySummaryInBase=[nav()])))
    outcome = house.loaded(file(flex(generated="20250402;060000", EquitySummaryInBase=[nav()])))
    assert outcome.changed == ()
    assert house.rows("FROM restatements") == []
    assert house.rows("SELECT count(*)::INT FROM nav_versions") == [(1,)]


def test_of_statements_of_one_second_one_counts_and_none_restates_another(house: House) -> None:
    """Versions that lasted no time were alike in content and time, and multiplied one another in `restatements`."""
    for query, total in enumerate(("100", "103", "100", "103", "100")):
        house.loaded(file(flex(EquitySummaryInBase=[nav(total=total)]), root=f'queryName="q{query}" type="AF"'))
    assert house.rows("SELECT count(*)::INT FROM versions") == [(1,)]
    assert house.rows("SELECT count(*)::INT FROM nav_versions WHERE known_to IS NULL") == [(1,)]
    assert house.rows("FROM restatements") == []


def test_an_older_statement_that_arrives_later_becomes_history(house: House) -> None:
    """What is current is decided by IBKR's clock, not by ours."""
    house.loaded(file(flex(generated="20250402;060000", EquitySummaryInBase=[nav(total="103")])))
    house.loaded(file(flex(generated="20250401;060000", EquitySummaryInBase=[nav(total="100")])))
    assert house.texts("SELECT total FROM nav") == [("103",)]
    assert house.texts("SELECT total FROM nav_asof('2025-04-01 12:00:00')") == [("100",)]


def test_a_rate_that_comes_late_reaches_every_version_of_a_day(house: House) -> None:
    """A content that was shown, corrected and shown again is derived once, and stands in both its versions."""
    for day, quantity in enumerate(("10", "11", "10"), start=1):
        held = position(currency="EUR", fxRateToBase="", position=quantity)
        house.loaded(file(flex(generated=f"2025040{day};060000", EquitySummaryInBase=[nav()], OpenPositions=[held])))
    query = "SELECT quantity, position_value_base FROM positions_versions ORDER BY known_from"
    assert house.texts(query) == [("10", None), ("11", None), ("10", None)]
    house.loaded(file(flex(generated="20250404;060000", ConversionRates=[rate("EUR", "1.1")])))
    assert house.texts(query) == [("10", "55"), ("11", "55"), ("10", "55")]
