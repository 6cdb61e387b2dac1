"""Periods, months and `returns_between` are what the answers of the days make of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline.warehouse.periods import xirr_percent
from wealth_pipeline_tests.returns.books import Account, AccountDay, Books, Flow
from wealth_pipeline_tests.returns.damage import damaged
from wealth_pipeline_tests.returns.loaded import loaded
from wealth_pipeline_tests.returns.oracle import Answer, Status, account_days
from wealth_pipeline_tests.returns.periods import PeriodAnswer, calendar, periods
from wealth_pipeline_tests.returns.statements import FlexFile, Statement, files
from wealth_pipeline_tests.returns.test_golden import RATES

Row = dict[str, Any]
#: The figures of a period that are ratios, and the field of the answer.
RATIOS = {
    "twr_percent": "twr", "modified_dietz_percent": "modified_dietz", "max_drawdown_percent": "max_drawdown",
    "volatility_percent": "volatility", "best_percent": "best", "worst_percent": "worst",
}  # fmt: skip


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def stored(con: duckdb.DuckDBPyConnection, scope: str) -> dict[str, Row]:
    """The periods, years and months of a scope, by name."""
    made = rows(con, f"FROM returns_periods WHERE scope = '{scope}'")
    month = "strftime(make_date(year, month, 1), '%Y-%m') AS period"
    made += rows(con, f"SELECT {month}, * FROM returns_monthly WHERE scope = '{scope}'")
    assert len(made) == len({row["period"] for row in made})
    return {row["period"]: row for row in made}


def right(answers: Sequence[Answer]) -> dict[str, PeriodAnswer]:
    return periods(answers) | calendar(answers)


def near(found: Decimal | float | None, exact: Fraction | float | None, relative: float = 1e-9) -> bool:
    if exact is None or found is None:
        return found is exact
    return math.isclose(found, exact, rel_tol=relative, abs_tol=1e-7)


def differences(found: Mapping[str, Row], expected: Mapping[str, PeriodAnswer]) -> list[str]:
    """What of the stored periods is not as the answers are, one line a figure."""
    said = [f"{name}: only on one side" for name in found.keys() ^ expected.keys()]
    for name in found.keys() & expected.keys():
        row, answer = found[name], expected[name]
        figures = {column: getattr(answer, field) for column, field in RATIOS.items() if column in row}
        exact = {column: ratio if ratio is None else 100 * ratio for column, ratio in figures.items()}
        exact |= {"gain": answer.gain, "net_flows": answer.net_flows}
        said += [f"{name}.{column}: {row[column]}, not {n}" for column, n in exact.items() if not near(row[column], n)]
        same = {"status": answer.status, "from_date": answer.from_date, "to_date": answer.to_date, "days": answer.days}
        same["withheld_days"] = len(answer.withheld)
        said += [f"{name}.{column}: {row[column]}, not {n}" for column, n in same.items() if row.get(column, n) != n]
        rate = answer.xirr if answer.xirr is None else 100 * answer.xirr
        if "xirr_percent" in row and not near(row["xirr_percent"], rate, 1e-6):
            said.append(f"{name}.xirr_percent: {row['xirr_percent']}, not {rate}")
    return said


def test_periods_are_those_of_the_days_in_any_order_of_loading(tmp_path: Path) -> None:
    books, tables = Books.made(3, 2, 16, "both"), []
    days = books.days
    made = files(books, [(days[1], days[9]), (days[9], days[-1])])
    for number, order in enumerate((made, made[::-1])):
        folder = tmp_path / str(number)
        folder.mkdir()
        with loaded(folder, books, order) as con:
            for one in books.accounts.values():
                assert differences(stored(con, one.name), right(account_days(books, one))) == []
            tables.append([rows(con, f"FROM {name} ORDER BY ALL") for name in ("returns_periods", "returns_monthly")])
    assert tables[0] == tables[1]


#: A date, what was earned, what came in, what went out.
Move = tuple[str, str, str, str]


def account(name: str, *moves: Move) -> Account:
    """An account with 1000 at first; a row for each move, and a statement over all days between them."""
    made, before = Account(name=name, base="USD"), None
    for day, gain, coming, going in moves:
        flows = [("deposit", coming), ("withdrawal", f"-{going}")]
        before = made.rows[date.fromisoformat(day)] = AccountDay(
            day=date.fromisoformat(day),
            previous=before.day if before else None,
            covered=before is not None,
            start_cash=before.cash if before else Decimal(1000),
            start_stock=Decimal(0),
            flows=tuple(
                Flow(kind=kind, day=date.fromisoformat(day), currency="USD", amount=Decimal(amount))  # type: ignore[arg-type]
                for kind, amount in flows
                if Decimal(amount)
            ),
            dividends=Decimal(gain),
        )
    return made


def household(*accounts: Account) -> Books:
    days = sorted({day for one in accounts for day in one.rows})
    made = Books(seed=1, shape="window", reporting="USD", timing="start", grant_counts=False, days=days)
    made.accounts = {one.name: one for one in accounts}
    made.rates = defaultdict(lambda: Decimal("1.1"))
    return made


def statements(one: Account) -> list[Statement]:
    """One for each row, over the days since the row before."""
    days = sorted(one.rows)
    firsts = weekdays_after(days[:-1])
    one.holidays = {first for first, day in zip(firsts, days[1:], strict=True) if first < day}
    made = files(household(one), list(zip(firsts, days[1:], strict=True)))
    return [statement for file in made for statement in file.statements]


def weekdays_after(days: Sequence[date]) -> list[date]:
    return [day + timedelta(days=3 if day.weekday() == 4 else 1) for day in days]


#: Ends on a leap day; the days a year and three years before are no NAV days.
LONG = account(
    "LONG",
    ("2019-12-31", "0", "0", "0"),
    ("2020-02-28", "-200", "0", "0"),
    ("2020-12-31", "150", "500", "0"),
    ("2021-02-26", "-33.33", "0", "0"),
    ("2021-03-01", "20", "0", "0"),
    ("2022-12-30", "90", "0", "700"),
    ("2023-02-28", "12", "0", "0"),
    ("2023-03-01", "-1", "100", "0"),
    ("2024-02-28", "40.5", "0", "0"),
    ("2024-02-29", "40.5", "0", "0"),
)
#: Emptied, and filled again a year later.
EMPTIED = account(
    "EMPTIED",
    ("2022-12-30", "0", "0", "0"),
    ("2023-01-31", "10", "0", "0"),
    ("2023-02-28", "-5", "0", "1005"),
    ("2023-03-01", "0", "0", "0"),
    ("2024-02-28", "0", "400", "0"),
    ("2024-02-29", "4", "0", "0"),
)
YEAR = account("YEAR", ("2023-03-01", "0", "0", "0"), ("2023-06-30", "-7", "0", "0"), ("2024-02-29", "20", "0", "0"))
SHORT = account("SHORT", ("2023-03-02", "0", "0", "0"), ("2023-06-30", "-7", "0", "0"), ("2024-02-29", "20", "0", "0"))
LOST = account("LOST", ("2022-12-30", "0", "0", "0"), ("2023-03-01", "-1000", "0", "0"), ("2024-02-29", "0", "0", "0"))
ALL = (LONG, EMPTIED, YEAR, SHORT, LOST)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file = FlexFile([statement for one in ALL for statement in statements(one)])
    with loaded(tmp_path_factory.mktemp("periods"), household(*ALL), [file]) as con:
        yield con


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_long_periods_are_those_of_the_days(one: Account, con: duckdb.DuckDBPyConnection) -> None:
    assert differences(stored(con, one.name), right(account_days(household(one), one))) == []


def test_a_year_is_annualised_from_365_days_on(con: duckdb.DuckDBPyConnection) -> None:
    year, short = (stored(con, name)["since_start"] for name in ("YEAR", "SHORT"))
    assert (year["days"], short["days"]) == (365, 364)
    assert math.isclose(year["annualised_percent"], year["twr_percent"], rel_tol=1e-12)
    assert math.isclose(year["xirr_percent"], 1.3, rel_tol=1e-6)
    assert (short["annualised_percent"], short["xirr_percent"]) == (None, None)


def test_a_year_before_a_leap_day_ends_on_february_28(con: duckdb.DuckDBPyConnection) -> None:
    found = stored(con, "LONG")
    bases = [found[name]["from_date"] for name in ("1Y", "3Y", "5Y")]
    assert bases == [date(2023, 2, 28), date(2021, 2, 26), date(2019, 12, 31)]
    grown, annualised = (1 + found["1Y"][name] / 100 for name in ("twr_percent", "annualised_percent"))
    assert found["1Y"]["days"] == 366
    assert math.isclose(annualised ** (366 / 365), grown)
    assert found["5Y"]["reason"] == "begins on 2019-12-31: the account's first NAV"
    assert found["since_start"]["reason"] is None


def test_a_drawdown_has_its_dates(con: duckdb.DuckDBPyConnection) -> None:
    found = stored(con, "LONG")["since_start"]
    assert (found["drawdown_from"], found["drawdown_to"]) == (date(2019, 12, 31), date(2020, 2, 28))
    assert (found["worst_day"], found["best_day"]) == (date(2020, 2, 28), date(2022, 12, 30))
    assert stored(con, "EMPTIED")["YTD"]["drawdown_from"] is None
    assert stored(con, "LOST")["2023"]["max_drawdown_percent"] == -100


def test_a_period_covers_what_came_after_an_account_was_emptied(con: duckdb.DuckDBPyConnection) -> None:
    found = stored(con, "EMPTIED")
    assert found["since_start"]["reason"] == "begins on 2023-03-01: nothing was there"
    assert (found["since_start"]["gain"], found["since_start"]["net_flows"]) == (4, 400)
    assert "2023" not in found


def test_days_between_are_those_of_the_period(con: duckdb.DuckDBPyConnection) -> None:
    periods_made = rows(con, "FROM returns_periods")
    assert len(periods_made) > 40
    for made in periods_made:
        between = f"FROM returns_between('{made['from_date'] + timedelta(days=1)}', '{made['to_date']}')"
        (found,) = rows(con, f"{between} WHERE scope = '{made['scope']}'")
        shown = {**made, "status": found["status"], "reason": found["reason"]}  # a period may be known to begin later
        assert {**found, "period": made["period"], "xirr_percent": made["xirr_percent"]} == shown
    (later,) = rows(con, "FROM returns_between('2023-02-28', '2024-02-28') WHERE scope = 'EMPTIED'")
    assert (later["from_date"], later["to_date"], later["status"]) == (date(2023, 3, 1), date(2024, 2, 28), "partial")
    assert rows(con, "FROM returns_between('2024-03-01', '2024-12-31')") == []


#: NAVs to March 3, and from April 15 on.
CUT = account("CUT", ("2026-02-27", "0", "0", "0"), ("2026-03-02", "10", "0", "0"), ("2026-03-03", "10", "0", "0"))


def cut(*later: Move) -> list[FlexFile]:
    """Its statements to March 3, and those of later days, each of its own day alone."""
    every = account("CUT", *((str(day), str(row.dividends), "0", "0") for day, row in CUT.rows.items()), *later)
    days = sorted(every.rows)
    made = (files(household(every), [(day, day)]) for day in days[1:])
    return [FlexFile([one for file in files for one in file.statements]) for files in made]


@pytest.mark.parametrize("later", [("2026-04-15", "5", "0", "0"), ("2026-04-01", "5", "0", "0")], ids=lambda m: m[0])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_month_that_ends_with_a_hole_says_so(later: Move, at_once: bool, tmp_path: Path) -> None:
    """Also where it shows only with the next NAV, which is loaded later."""
    before, after = cut(later)[:2], cut(later)[2:]
    order = [FlexFile([one for file in (*before, *after) for one in file.statements])] if at_once else [*before, *after]
    with loaded(tmp_path, household(CUT), order) as con:
        for scope in ("CUT", "household"):
            march, april = stored(con, scope)["2026-03"], stored(con, scope)["2026-04"]
            assert (march["status"], round(march["twr_percent"], 6), april["status"]) == ("partial", 2, "withheld")
            asked = "SELECT status, reason FROM returns_between('2026-03-01', '2026-03-31') WHERE scope = ?"
            reason = "ends on 2026-03-03: no NAV is known of a weekday after it"
            assert con.execute(asked, [scope]).fetchall() == [("partial", reason)]


def test_a_month_that_ends_with_a_holiday_is_whole(tmp_path: Path) -> None:
    """Whatever is not known of the days after it."""
    begun, last, holiday, unknown = date(2026, 3, 2), date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 2)
    one = account("CUT", *((str(day), "1", "0", "0") for day in (date(2026, 2, 27), last, unknown)))
    one.holidays = {begun, holiday}
    made = files(household(one), [(begun, last), (holiday, holiday), (unknown, unknown)])
    with loaded(tmp_path, household(one), made) as con:
        found = {name: stored(con, name) for name in ("CUT", "household")}
    assert {of["2026-03"]["status"] for of in found.values()} == {"shown"}
    assert {of["2026-04"]["status"] for of in found.values()} == {"withheld"}


@pytest.mark.parametrize("name, status", [("hole_of_two_days", "withheld"), ("component_missing", "ibkr")])
def test_a_day_that_is_not_known_is_counted(name: str, status: Status, tmp_path: Path) -> None:
    world = damaged(name, 2, Books.made(2, 2, 10, "day"))
    with loaded(tmp_path, world.books, world.files) as con:
        shown = "SELECT account_id, report_date FROM returns_daily WHERE status = ?"
        found = con.execute(shown, [status]).fetchall()
        for one in world.books.accounts.values():
            answers = [
                replace(answer, status=status) if (one.name, answer.day) in found else answer
                for answer in account_days(world.books, one)
            ]
            assert differences(stored(con, one.name), right(answers)) == []
        period = stored(con, found[0][0])["since_start"]
    assert period[f"{status}_days"] == len(found)
    assert (period["reason"] or "").startswith(f"withheld: {found[0][1]} (") == (status == "withheld")


@pytest.mark.parametrize("payments, rate", RATES)
def test_xirr_is_that_of_other_programs(payments: list[tuple[str, str]], rate: float) -> None:
    days, amounts = zip(*[(date.fromisoformat(day), float(amount)) for day, amount in payments], strict=True)
    found = xirr_percent(days, amounts)
    assert found is not None
    assert math.isclose(found, 100 * rate, rel_tol=1e-6)
    assert xirr_percent(days[:1], amounts[:1]) is None
