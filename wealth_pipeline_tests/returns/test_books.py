"""The books are consistent with themselves, with their statements, and with what the pipeline proves of these."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import get_args

from wealth_pipeline_tests.returns.books import BEGINNING, COMPONENTS, ZERO, Account, Books, Kind, Shape
from wealth_pipeline_tests.returns.damage import undamaged
from wealth_pipeline_tests.returns.loaded import together
from wealth_pipeline_tests.returns.oracle import account_days, household_days
from wealth_pipeline_tests.returns.statements import Statement, accounts_toml, by_day, files

SHAPES: tuple[Shape, ...] = get_args(Shape)
SEEDS = range(2)


@cache
def many() -> tuple[Books, ...]:
    """Some books of every shape; no test changes them."""
    return tuple(Books.made(seed, 3, 20, shape) for shape in SHAPES for seed in SEEDS)


def statements(books: Books) -> Iterator[tuple[Account, Statement]]:
    for file in files(books):
        for statement in file.statements:
            yield books.accounts[statement.account], statement


def total(statement: Statement, section: str, column: str, **where: str) -> Decimal:
    """The sum of a column in base currency, over rows with certain values."""
    rows = [row for row in statement.sections[section] if all(str(row[name]) in value for name, value in where.items())]
    return sum((Decimal(str(row[column])) * Decimal(str(row.get("fxRateToBase", 1))) for row in rows), ZERO)


def test_the_same_seed_makes_the_same_books() -> None:
    assert Books.made(7, 3, 20, "both") == Books.made(7, 3, 20, "both")
    assert [file.data() for file in files(Books.made(7, 3, 20))] == [
        file.data() for file in files(Books.made(7, 3, 20))
    ]


def test_every_day_goes_on_from_the_one_before() -> None:
    for books in many():
        for account in books.accounts.values():
            rows = [account.rows[day] for day in sorted(account.rows)]
            for before, after in pairwise(rows):
                assert (after.previous, after.start_cash, after.start_stock) == (before.day, before.cash, before.stock)
                flows = sum((flow.amount_base for flow in after.flows), ZERO)
                assert after.end == after.start + flows + after.mtm + after.dividends + after.fees


def test_a_day_has_at_most_one_flow_of_a_component() -> None:
    for books in many():
        for account in books.accounts.values():
            found = Counter((flow.day, COMPONENTS[flow.kind]) for flow in account.flows())
            assert max(found.values(), default=1) == 1


def test_all_kinds_of_flows_and_lives_are_drawn() -> None:
    drawn = [Books.made(seed, 4, 24) for seed in range(8)]
    accounts = [account for books in drawn for account in books.accounts.values()]
    flows = [flow for account in accounts for flow in account.flows()]
    assert {flow.kind for flow in flows} == set(get_args(Kind))
    assert any(flow.currency not in (account.base, "") for account in accounts for flow in account.flows())
    assert {bool(account.ended) for account in accounts} == {account.late for account in accounts} == {True, False}
    assert {account.opened for account in accounts} == {bool(account.holidays) for account in accounts}
    assert any(answer.transit for books in drawn for answer in household_days(books))
    reasons = {answer.reason for books in drawn for a in books.accounts.values() for answer in account_days(books, a)}
    assert reasons == {"", "the account's first row", "nothing before and after", "the end of a segment"}


def test_the_stated_twr_is_the_answers_return_to_nine_decimals() -> None:
    for books in many():
        for account, statement in statements(books):
            for change in statement.sections.get("ChangeInNAV", []):
                inside = [a for a in account_days(books, account) if statement.covers(a.day) and a.previous]
                growth = Fraction(1)
                for answer in inside:
                    growth *= answer.factor if answer.factor is not None else 1
                if change["twr"] is not None and all(a.reason != "the end of a segment" for a in inside):
                    assert abs(Decimal(str(change["twr"])) - Decimal(float((growth - 1) * 100))) <= Decimal("1.1e-9")


def test_a_household_is_its_members_and_goes_on_from_the_day_before() -> None:
    for books in many():
        answers = household_days(books)
        # No statement states a rate of the first day: a household that needs one begins with the second.
        assert [answer.day for answer in answers] in (books.days, books.days[1:])
        for before, after in pairwise(answers):
            assert (after.previous, after.start) == (before.day, before.end)
            assert after.factor is None or abs(after.factor - 1) < Decimal("0.05")
        late = {account.name for account in books.accounts.values() if account.late}
        assert {answer.status for answer in answers[1:]} == ({"shown", "withheld"} if late else {"shown"})


def test_the_sections_of_a_statement_state_the_same_flows() -> None:
    for books in many():
        for account, statement in statements(books):
            listed, summed = "CashTransactions" in statement.sections, statement.sections["CashReport"]
            if not listed or not summed:
                continue
            for component, column, value in (
                ("depositsWithdrawals", "depositWithdrawals", "Deposits/Withdrawals Deposits & Withdrawals"),
                ("debitCardActivity", "debitCardActivity", "Debit Card Activity"),
                ("billPay", "billPay", "Bill Pay"),
            ):
                expected = sum((r.component(component) for d, r in account.rows.items() if statement.covers(d)), ZERO)
                if statement.first == account.first and not account.opened:
                    continue
                assert total(statement, "CashTransactions", "amount", type=value) == expected
                assert total(statement, "CashReport", column, currency="BASE_SUMMARY") == expected
                for change in statement.sections.get("ChangeInNAV", []):
                    assert (change.get(component) or ZERO) == expected
            moved = total(statement, "Transfers", "cashTransfer")
            assert moved == total(statement, "CashReport", "internalTransfers", currency="BASE_SUMMARY")


def test_every_statement_states_the_row_of_the_day_before_its_window_and_no_rate_of_it() -> None:
    for books in many():
        for account, statement in statements(books):
            days = [row["reportDate"] for row in statement.sections["EquitySummaryInBase"]]
            inside = [day for day in account.rows if statement.covers(day)]
            assert days[-len(inside) or len(days) :] == inside
            assert len(days) <= len(inside) + 1
            assert {row["reportDate"] for row in statement.sections["ConversionRates"]} <= set(account.covered)


def test_files_by_day_overlap_and_windows_do_not() -> None:
    for books in many():
        covered = Counter((s.account, day) for _, s in statements(books) for day in books.days if s.covers(day))
        assert (max(covered.values()) > 1) <= by_day(books)
        assert {(a.name, day) for a in books.accounts.values() for day in a.covered} == set(covered)


def test_accounts_toml_names_every_account_and_the_end_of_those_that_left() -> None:
    for books in many():
        entries = {entry["id"]: entry.get("ended") for entry in tomllib.loads(accounts_toml(books))["account"]}
        assert entries == {account.name: account.ended for account in books.accounts.values()}


def test_the_statements_load_and_no_proof_of_theirs_fails() -> None:
    worlds = [
        undamaged(Books.made(11 + number, 3, 14, shape, BEGINNING - timedelta(days=120 * number)))
        for number, shape in enumerate(SHAPES)
    ]
    with together(worlds) as con:
        failed = "SELECT account_id, report_date, check_name, reason FROM reconciliation WHERE status = 'failed'"
        assert con.execute(failed).fetchall() == []
        nav = con.execute("SELECT account_id, report_date, total FROM nav").fetchall()
        bridged = {
            name
            for (name,) in con.execute(
                "SELECT DISTINCT account_id FROM reconciliation WHERE check_name = 'bridge' AND status = 'passed'"
            ).fetchall()
        }
    accounts = {account.name: account for world in worlds for account in world.books.accounts.values()}
    rows = {(name, day): row.end for name, account in accounts.items() for day, row in account.rows.items()}
    assert {(name, day): Decimal(end) for name, day, end in nav} == rows
    for world in worlds:
        assert bool(bridged & world.books.accounts.keys()) == (world.books.shape != "plain")


def test_a_date_is_a_weekday() -> None:
    assert all(day.weekday() < 5 and day > date(2025, 9, 30) for books in many() for day in books.days)
