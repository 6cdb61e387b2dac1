"""Net worth survives life: accounts that end, move, are closed or dropped, and statements of somebody else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.warehouse.load import load
from wealth_pipeline_tests.lives import Folder, Totals, days, statement

from .conftest import House

CASES = Path(__file__).parent.parent / "cases"
YEAR = weekdays_between(date(2025, 1, 1), date(2025, 12, 31))
#: A Friday in the middle of it, and the Monday after.
LAST, NEXT = date(2025, 6, 27), date(2025, 6, 30)
_QUICK = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def worth(house: House) -> dict[date, Decimal | None]:
    """The net worth of each day."""
    return dict(house.rows("SELECT report_date, total FROM net_worth"))


CASE_VALUES: dict[str, Callable[[date], tuple[int | Decimal | None, int, bool]]] = {
    "07-master-and-sub": lambda day: (1000 if day.day == 1 else 3500, 2, True),
    "08-entity-migration": lambda day: (100000, 1, True),
    "08c-entity-migration-date-closed": lambda day: (100000, 1, True),
    "09-huf-two-accounts": lambda day: (Decimal("484999.6672"), 2, True),
    "23-stale-account-hole": lambda day: (1500 if day.day <= 11 else None, 2, day.day <= 4),
}


@pytest.mark.parametrize("name", CASE_VALUES)
def test_each_days_net_worth_is_that_of_the_case(name: str, house: House) -> None:
    house.loaded((CASES / f"{name}.xml").read_bytes())
    rows = house.rows("SELECT report_date, total, accounts, complete FROM net_worth ORDER BY 1")
    stated = house.rows("SELECT DISTINCT report_date FROM nav ORDER BY 1")
    assert [(day,) for day, *_ in rows] == stated
    assert [tuple(row) for _, *row in rows] == [CASE_VALUES[name](day) for day, *_ in rows]


MIGRATIONS: dict[str, tuple[dict[str, Totals], dict[str, date], set[date]]] = {
    "with the full NAV to the end": ({"OLD": days(YEAR[0], LAST), "NEW": days(NEXT, YEAR[-1], 1100)}, {}, set()),
    "with a zero on the new one's first day": (
        {"OLD": {**days(YEAR[0], LAST), NEXT: 0}, "NEW": days(NEXT, YEAR[-1], 1100)}, {}, set(),
    ),
    "with a zero that comes a week later": (
        {"OLD": {**days(YEAR[0], LAST), date(2025, 7, 4): 0}, "NEW": days(NEXT, YEAR[-1], 1100)}, {}, set(),
    ),
    "with a zero of the new one's before it begins": (
        {"OLD": days(YEAR[0], LAST), "NEW": {LAST: 0, **days(NEXT, YEAR[-1], 1100)}}, {}, set(),
    ),
    "with a closing date weeks later": (
        {"OLD": days(YEAR[0], LAST), "NEW": days(NEXT, YEAR[-1], 1100)}, {"OLD": date(2025, 8, 15)}, set(),
    ),
    "with another account beside it": (
        {"OLD": days(YEAR[0], LAST), "NEW": days(NEXT, YEAR[-1], 1100), "ELSE": days(YEAR[0], YEAR[-1], 7)},
        {},
        {*YEAR},
    ),
    "over a long weekend without rows": (
        {"OLD": days(YEAR[0], date(2025, 6, 26)), "NEW": days(LAST, YEAR[-1], 1100)}, {}, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MIGRATIONS)
def test_an_account_that_goes_on_under_another_number_is_neither_doubled_nor_lost(name: str, house: House) -> None:
    accounts, closed, beside = MIGRATIONS[name]
    house.loaded(statement(accounts, closed=closed))
    begins = min(day for day, total in accounts["NEW"].items() if total)
    assert worth(house) == {day: (1000 if day < begins else 1100) + 7 * (day in beside) for day in YEAR}
    assert house.rows("SELECT count(*) FROM net_worth WHERE NOT complete") == [(0,)]
    assert house.rows("SELECT successor, successor_presumed FROM accounts WHERE account_id = 'OLD'") == [("NEW", True)]


NO_SUCCESSORS: dict[str, dict[str, Totals]] = {
    "too large": {"NEW": days(NEXT, YEAR[-1], 1201)},
    "too small": {"NEW": days(NEXT, YEAR[-1], 799)},
    "a day late": {"NEW": days(date(2025, 7, 1), YEAR[-1])},
    "not alone": {"NEW": days(NEXT, YEAR[-1]), "OTHER": days(NEXT, YEAR[-1])},
    "of one that comes again": {"NEW": days(NEXT, YEAR[-1]), "OLD": days(YEAR[-3], YEAR[-1])},
    "of one of two": {"NEW": days(NEXT, YEAR[-1]), "TWIN": days(YEAR[0], LAST)},
}


@pytest.mark.parametrize("name", NO_SUCCESSORS)
def test_an_account_that_may_be_another_one_is_no_successor(name: str, house: House) -> None:
    """Then the old one is stale, and after five weekdays the sum is unknown."""
    accounts = {"OLD": days(YEAR[0], LAST)}
    for account, totals in NO_SUCCESSORS[name].items():
        accounts[account] = {**accounts.get(account, {}), **totals}
    house.loaded(statement(accounts))
    assert house.rows("SELECT DISTINCT successor FROM accounts") == [(None,)]
    assert worth(house)[date(2025, 7, 4)] is not None
    assert worth(house)[date(2025, 7, 7)] is None


def test_another_base_currency_is_no_successor(house: House) -> None:
    euros = statement({"NEW": days(NEXT, YEAR[-1])}).replace(b'"USD"', b'"EUR"')
    house.loaded(statement({"OLD": days(YEAR[0], LAST)}))
    house.loaded(euros)
    assert house.rows("SELECT DISTINCT successor FROM accounts") == [(None,)]


ENDS: dict[str, tuple[Totals, dict[str, date], date | None]] = {
    "a last total of zero": ({**days(YEAR[0], LAST), NEXT: 0}, {}, NEXT),
    "a closing date": (days(YEAR[0], LAST), {"U2": LAST}, LAST),
    "a closing date three weekdays on": (days(YEAR[0], LAST), {"U2": date(2025, 7, 2)}, date(2025, 7, 2)),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_account_that_ends_by_itself_never_blanks_the_others(name: str, house: House) -> None:
    totals, closed, ended = ENDS[name]
    house.loaded(statement({"U1": days(YEAR[0], YEAR[-1], 5), "U2": totals}, closed=closed))
    assert house.rows("SELECT ended FROM accounts WHERE account_id = 'U2'") == [(ended,)]
    counted = ended if closed else LAST
    assert worth(house) == {day: 5 + 1000 * (day <= counted) for day in YEAR}  # type: ignore[operator]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_an_account_dropped_from_the_query_is_carried_five_weekdays_until_it_is_ended(folder: Folder) -> None:
    folder.load(statement({"U1": days(YEAR[0], YEAR[-1], 5), "U2": days(YEAR[0], LAST)}))
    carried_to = date(2025, 7, 4)
    assert folder.worth() == {day: 1005 if day <= carried_to else None for day in YEAR}
    folder.say(f'[[account]]\nid = "U2"\nended = {LAST}\n')
    folder.load()
    ended = {day: 1005 if day <= LAST else 5 for day in YEAR}
    assert folder.worth() == ended
    with folder.warehouse.writing():
        list(folder.warehouse.replay())
    assert folder.worth() == ended


CARRIED_TO, BEGINS = date(2025, 7, 4), date(2025, 8, 1)
STATED: dict[str, tuple[str, Callable[[date], int | None]]] = {
    "the successor begins a month later": (
        'id = "U1"\nsuccessor = "U2"',
        lambda day: 1000 if day <= CARRIED_TO else None if day < BEGINS else 2000,
    ),
    "the old one still lives": ('id = "U1"\nsuccessor = ""', lambda day: 1000 if day <= CARRIED_TO else None),
    "the new one is not ours": ('id = "U2"\nexclude = true', lambda day: 1000 if day <= CARRIED_TO else None),
    "it ended before its last row": (
        'id = "U1"\nended = 2025-03-31',
        lambda day: 1000 if day <= date(2025, 3, 31) else 0 if day < BEGINS else 2000,
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_what_accounts_toml_says_wins(name: str, folder: Folder) -> None:
    said, expected = STATED[name]
    folder.say(f"[[account]]\n{said}\n")
    folder.load(
        statement({"U1": days(YEAR[0], LAST), "U2": days(BEGINS, YEAR[-1], 2000), "U3": days(YEAR[0], YEAR[-1], 7)})
    )
    assert folder.worth() == {day: None if (total := expected(day)) is None else total + 7 for day in YEAR}


def test_a_presumption_can_be_confirmed_and_denied(folder: Folder) -> None:
    folder.load(statement({"U1": days(YEAR[0], LAST), "U2": days(NEXT, YEAR[-1])}))
    for said, successor, presumed, newest in (
        ('successor = "U2"', "U2", False, 1000),
        ('successor = ""', None, False, None),
        (f"ended = {LAST}", None, False, 1000),
        ('name = "Savings"', "U2", True, 1000),
    ):
        folder.say(f'[[account]]\nid = "U1"\n{said}\n')
        folder.load()
        assert folder.rows("SELECT successor, successor_presumed FROM accounts WHERE account_id = 'U1'") == [
            (successor, presumed)
        ], said
        assert folder.worth()[YEAR[-1]] == newest, said
    assert folder.rows("SELECT name FROM accounts WHERE account_id = 'U1'") == [("Savings",)]


WRONG = {
    "a key that is not known": ('[[account]]\nid = "U1"\nendet = 2026-01-01', "an [[account]] has endet"),
    "another table": ('[[accounts]]\nid = "U1"', "it has accounts"),
    "an id that is a number": ("[[account]]\nid = 1", "id is 1, which is not text in quotes"),
    "no id": ('[[account]]\nname = "x"', "has no id"),
    "a word for a date": ('[[account]]\nid = "U1"\nended = "soon"', "which is not a date"),
    "a time for a date": ('[[account]]\nid = "U1"\nended = 2026-01-01T10:00:00', "which is not a date"),
    "a word for a switch": ('[[account]]\nid = "U1"\nexclude = "yes"', "which is not true or false"),
    "an account twice": ('[[account]]\nid = "U1"\n[[account]]\nid = "U1"', "has the account U1 twice"),
    "its own successor": ('[[account]]\nid = "U1"\nsuccessor = "U1"', "is its own successor"),
    "no TOML": ("account: U1", "is not valid TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_accounts_toml_is_a_sentence_and_nothing_is_loaded(name: str, folder: Folder) -> None:
    text, sentence = WRONG[name]
    folder.say(text)
    with pytest.raises(SettingsError) as refused:
        folder.load(statement({"U1": days(YEAR[0], LAST)}))
    assert sentence in str(refused.value)
    assert "accounts.toml" in str(refused.value)
    assert not folder.warehouse.folder.published.exists()
    folder.say("")
    folder.load()
    assert len(folder.worth()) == len(weekdays_between(YEAR[0], LAST))


def test_a_statement_of_somebody_else_counts_when_it_comes_again(folder: Folder) -> None:
    tuesday, wednesday = date(2026, 1, 6), date(2026, 1, 7)
    folder.load(statement({"U1": days(YEAR[0], YEAR[-1])}), connection="ibkr", fetched=date(2026, 1, 5))
    folder.load(statement({"X9": {tuesday: 77}}), connection="ibkr", fetched=wednesday)
    assert folder.rows("FROM foreign_statements SELECT connection, accounts, expected") == [("ibkr", ["X9"], ["U1"])]
    left_out = "SELECT left_out FROM accounts WHERE account_id = 'X9'"
    assert folder.rows(left_out) == [("unconfirmed",)]
    assert folder.worth() == days(YEAR[0], YEAR[-1])
    folder.say('[[account]]\nid = "X9"\n')
    folder.load()
    assert folder.rows(left_out) == [(None,)]
    folder.say("")
    folder.load()
    assert folder.rows(left_out) == [("unconfirmed",)]
    folder.load(statement({"X9": {tuesday: 77, wednesday: 78}}), connection="ibkr", fetched=date(2026, 1, 8))
    assert folder.rows(left_out) == [(None,)]
    assert folder.worth()[tuesday] == 1077


ONES_OWN: dict[str, list[tuple[dict[str, Totals], str | None]]] = {
    "the first statement of a connection": [({"U1": days(YEAR[0], LAST)}, None), ({"X9": days(YEAR[0], LAST)}, "ibkr")],
    "a new account beside the old ones": [
        ({"U1": days(YEAR[0], LAST)}, "ibkr"), ({"U1": {NEXT: 1}, "X9": {NEXT: 1}}, "ibkr"),
    ],
    "a file": [({"U1": days(YEAR[0], LAST)}, "ibkr"), ({"X9": {NEXT: 1}}, None)],
    "a successor": [({"U1": days(YEAR[0], LAST)}, "ibkr"), ({"X9": {NEXT: 1001}}, "ibkr")],
    "another login": [({"U1": days(YEAR[0], LAST)}, "anna"), ({"X9": {NEXT: 1}}, "ben")],
    "an account known from a file": [
        ({"U1": days(YEAR[0], LAST)}, "ibkr"), ({"X9": {LAST: 1}}, None), ({"X9": {NEXT: 1}}, "ibkr"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ONES_OWN)
def test_ones_own_accounts_count_at_once(name: str, folder: Folder) -> None:
    for number, (accounts, connection) in enumerate(ONES_OWN[name]):
        folder.load(statement(accounts), connection=connection, fetched=date(2026, 1, 5 + number))
    assert folder.rows("SELECT DISTINCT left_out FROM accounts") == [(None,)]


@_QUICK
@given(data=st.data())
def test_accounts_and_net_worth_follow_from_what_was_fetched_in_whatever_order_it_is_loaded(
    new_house: Callable[[], House], data: st.DataObject
) -> None:
    """A stranger, a migration, and an account that comes back, by week and by connection."""
    fetched = [
        ({"U1": days(date(2025, 6, 2), date(2025, 6, 6))}, "ibkr"),
        ({"X9": days(date(2025, 6, 9), date(2025, 6, 10), 1)}, "ibkr"),
        ({"U1": days(date(2025, 6, 9), LAST)}, "ibkr"),
        ({"U2": days(NEXT, date(2025, 7, 4))}, "ibkr"),
        ({"U2": days(NEXT, date(2025, 7, 11))}, "ibkr"),
        ({"U3": days(NEXT, date(2025, 7, 1), 9)}, None),
        ({"U3": days(date(2025, 7, 10), date(2025, 7, 11), 9), "U2": {date(2025, 7, 14): 990}}, "ben"),
    ]
    seen = []
    for order in (range(len(fetched)), data.draw(st.permutations(range(len(fetched))))):
        house = new_house()
        sha256s = [
            house.archive.add(
                io.BytesIO(statement(accounts)),
                source="flex" if connection else "import",
                connection=connection,
                now=datetime(2026, 1, 5 + number, 12).astimezone(),
            ).sha256
            for number, (accounts, connection) in enumerate(fetched)
        ]
        for number in order:
            assert load(house.con, house.archive, sha256s[number]).status == "loaded"
        seen.append(
            [house.rows(f"FROM {table} ORDER BY 1") for table in ("accounts", "net_worth", "foreign_statements")]
        )
    assert seen[0] == seen[1]
    assert len(seen[0][2]) == 2


def _expected(accounts: Mapping[str, Totals]) -> dict[date, tuple[Decimal | None, int]]:
    """Total and number of stale accounts, reckoned day by day: the second reading of the rule."""
    expected = {}
    for day in sorted({day for totals in accounts.values() for day in totals}):
        values: list[int | None] = []
        stale = 0
        for totals in accounts.values():
            known = [d for d in totals if d <= day]
            if not known:
                continue
            age = len([d for d in weekdays_between(max(known), day) if d > max(known)])
            stale += age > 0
            values.append(totals[max(known)] if age <= 5 else None)
        total = None if None in values else Decimal(sum(v for v in values if v is not None))
        expected[day] = (total, stale)
    return expected


@_QUICK
@given(present=st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=25, unique=True), min_size=2, max_size=3))
def test_staleness_counts_weekdays_whatever_days_are_there(
    new_house: Callable[[], House], present: list[list[int]]
) -> None:
    """Weekends too: IBKR has none, but a row of one must not shift the count."""
    accounts = {
        f"U{n}": {date(2025, 1, 1) + timedelta(days=k): 10**n for k in sorted(offsets)}
        for n, offsets in enumerate(present, 1)
    }
    house = new_house()
    house.loaded(statement(accounts))
    found = {day: tuple(rest) for day, *rest in house.rows("SELECT report_date, total, stale_accounts FROM net_worth")}
    assert found == _expected(accounts)
