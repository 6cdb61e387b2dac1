"""The household's answers on small books made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from wealth_pipeline_tests.returns.books import Account, AccountDay, Books, Flow, Timing
from wealth_pipeline_tests.returns.oracle import account_days, household_days
from wealth_pipeline_tests.returns.periods import periods

DAYS = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2)]
#: What an account earned and moved on a day after the first.
Move = tuple[int, tuple[Flow, ...]]


def account(name: str, moves: list[Move], first: int = 0, base: str = "USD") -> Account:
    """An account that begins with 100 at the close of a day."""
    made = Account(name=name, base=base)
    row = AccountDay(day=DAYS[first], previous=None, covered=False, start_cash=Decimal(100), start_stock=Decimal(0))
    made.rows[row.day] = row
    for day, (gain, flows) in zip(DAYS[first + 1 :], moves, strict=False):
        row = AccountDay(
            day=day,
            previous=row.day,
            covered=True,
            start_cash=row.cash,
            start_stock=row.stock,
            flows=flows,
            dividends=Decimal(gain),
        )
        made.rows[day] = row
    return made


def books(*accounts: Account, timing: Timing = "start", rates: tuple[str, ...] = ("1", "1", "1")) -> Books:
    made = Books(seed=0, shape="both", reporting="USD", timing=timing, grant_counts=False, days=DAYS)
    made.accounts = {one.name: one for one in accounts}
    made.rates = {("EUR", "USD", day): Decimal(rate) for day, rate in zip(DAYS, rates, strict=True)}
    return made


def moved(amount: int, day: int, transfer: int | None = 1) -> tuple[Flow, ...]:
    counted = Decimal(amount)
    return (Flow(kind="internal_transfer", day=DAYS[day], currency="USD", amount=counted, transfer=transfer),)


def test_money_in_transit_is_the_households() -> None:
    made = books(account("A", [(5, moved(-50, 1)), (0, ())]), account("B", [(0, ()), (0, moved(50, 2))]))
    answers = household_days(made)
    assert [answer.return_percent for answer in answers] == [None, Fraction(5, 2), 0]
    assert [answer.transit for answer in answers] == [0, 50, 0]
    assert [answer.net_flow for answer in answers] == [200, 0, 0]


def test_money_that_came_before_it_left_is_not_counted_twice() -> None:
    made = books(account("A", [(5, ()), (0, moved(-50, 2))]), account("B", [(0, moved(50, 1)), (0, ())]))
    assert [answer.return_percent for answer in household_days(made)] == [None, Fraction(5, 2), 0]


def test_a_transfer_without_another_side_is_an_outside_flow() -> None:
    made = books(account("A", [(5, moved(-50, 1)), (0, ())]), account("B", [(0, ()), (0, ())]))
    assert household_days(made)[1].factor == Fraction(155, 150)


def test_a_transfer_within_a_day_counts_at_the_start_wherever_ibkr_counts_outflows() -> None:
    made = books(account("A", [(10, moved(-50, 1))]), account("B", [(0, moved(50, 1))]), timing="end")
    assert household_days(made)[1].factor == Fraction(210, 200)
    assert account_days(made, made.accounts["A"])[1].factor == Fraction(110, 100)


def test_an_account_that_joins_or_leaves_is_no_gain() -> None:
    leaver = account("A", [(10, ())])
    leaver.ended = DAYS[1]
    made = books(leaver, account("B", [(1, ())], first=1), account("C", [(0, ()), (2, ())]))
    first, second, third = household_days(made)
    assert [second.factor, second.joined, second.left, second.gain] == [Fraction(210, 200), 100, 110, 10]
    assert [third.start, third.factor, third.gain] == [200, Fraction(203, 200), 3]
    assert periods([first, second, third])["since_start"].net_flows == 100 - 110 + 200 - 200


def test_a_successor_goes_on_with_what_its_predecessor_had() -> None:
    old = account("A", [(10, ())])
    old.ended, old.successor = DAYS[1], "B"
    new = Account(name="B", base="USD")
    new.rows[DAYS[2]] = AccountDay(
        day=DAYS[2],
        previous=None,
        covered=True,
        start_cash=Decimal(110),
        start_stock=Decimal(0),
        dividends=Decimal(11),
    )
    answers = household_days(books(old, new))
    assert [answer.factor for answer in answers] == [None, Fraction(11, 10), Fraction(11, 10)]
    assert [answer.net_flow for answer in answers] == [100, 0, 0]


def test_a_late_account_is_neither_a_loss_nor_a_gain() -> None:
    late = account("A", [(1, ())])
    late.late = True
    answers = household_days(books(late, account("B", [(1, ()), (1, ())])))
    assert [answer.status for answer in answers] == ["none", "shown", "withheld"]
    assert answers[2].reason == "no NAV of A"
    found = periods(answers)["since_start"]
    assert (found.status, found.twr, found.withheld) == ("withheld", None, (DAYS[2],))


def test_on_a_holiday_an_account_stands_still() -> None:
    away = account("A", [(1, ()), (3, ())])
    away.rows[DAYS[2]] = AccountDay(
        day=DAYS[2], previous=DAYS[0], covered=True, start_cash=Decimal(100), start_stock=Decimal(0)
    )
    del away.rows[DAYS[1]]
    away.holidays = {DAYS[1]}
    answers = household_days(books(away, account("B", [(2, ()), (0, ())])))
    assert [answer.factor for answer in answers] == [None, Fraction(202, 200), 1]


def test_a_change_of_the_rate_is_a_part_of_the_return() -> None:
    abroad = account("A", [(0, ()), (0, ())], base="EUR")
    abroad.rows[DAYS[0]] = replace(abroad.rows[DAYS[0]], covered=True)
    made = books(abroad, rates=("1", "1.1", "1.21"))
    assert [answer.factor for answer in household_days(made)] == [None, Fraction(11, 10), Fraction(11, 10)]


def test_the_household_begins_with_the_first_day_that_has_rates() -> None:
    made = books(account("A", [(0, ()), (0, ())], base="EUR"), rates=("1", "1.1", "1.21"))
    assert [answer.status for answer in household_days(made)] == ["none", "shown"]


def test_an_emptied_account_ends_a_segment() -> None:
    out = (Flow(kind="withdrawal", day=DAYS[1], currency="USD", amount=Decimal(-110)),)
    back = (Flow(kind="deposit", day=DAYS[2], currency="USD", amount=Decimal(50)),)
    made = books(account("A", [(10, out), (5, back)]))
    answers = account_days(made, made.accounts["A"])
    assert [answer.status for answer in answers] == ["none", "none", "shown"]
    assert periods(answers)["since_start"].status == "partial"
    assert periods(answers)["since_start"].twr == Fraction(1, 10)


def test_periods_begin_with_the_nav_before_their_first_day() -> None:
    answers = household_days(books(account("A", [(10, ()), (11, ())])))
    found = periods(answers)
    assert {name: (p.from_date, p.status) for name, p in found.items()} == {
        "1D": (DAYS[1], "shown"),
        "WTD": (DAYS[0], "partial"),
        "MTD": (DAYS[1], "shown"),
        "QTD": (DAYS[1], "shown"),
        "YTD": (DAYS[1], "shown"),
        **dict.fromkeys(("1Y", "3Y", "5Y"), (DAYS[0], "partial")),
        "since_start": (DAYS[0], "shown"),
    }
    assert [found[name].twr for name in ("1D", "YTD", "since_start")] == [
        Fraction(1, 10),
        Fraction(1, 10),
        Fraction(21, 100),
    ]
    assert found["since_start"].payments == ((DAYS[0], Fraction(-100)), (DAYS[2], Fraction(121)))
