"""The proof `income`: the rows of Cash Transactions against Change in NAV and Cash Report, in all their forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household
from wealth_pipeline.sandbox.statement.section_bookings import cash_transactions
from wealth_pipeline.sandbox.statement.section_nav import change_in_nav
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, cash, file, flex, nav, position, rate

from .conftest import House
from .test_income import IN_LIEU, TAX, TAX_871M, opened

THURSDAY = date(2025, 3, 6)


def paid(amount: str, kind: str = "Dividends", **other: Any) -> Row:
    return {
        "type": kind, "currency": "USD", "fxRateToBase": "1", "amount": amount, "conid": "1", "reportDate": MONDAY,
        **other,
    }  # fmt: skip


def changes(dividends: str | None = None, tax: str | None = None, **other: Any) -> Row:
    return {"startingValue": "100", "dividends": dividends, "withholdingTax": tax, "endingValue": "100", **other}


def report(currency: str = "BASE_SUMMARY", *, dividends: str = "0", lieu: str = "0", tax: str = "0", **o: Any) -> Row:
    return cash(currency, dividends=dividends, paymentInLieu=lieu, withholdingTax=tax, withholding871m="0", **o)


@dataclass(frozen=True)
class Case:
    """The sections of an account's day, and how the proof comes out: its status, and how its reason begins."""

    name: str
    status: str
    reason: str
    rows: list[Row] | None = None
    sections: dict[str, Any] = field(default_factory=dict)


DIVIDEND = [paid("100"), paid("-15", TAX)]
BOTH: dict[str, Any] = {"ChangeInNAV": changes("100", "-15"), "CashReport": [report(dividends="100", tax="-15")]}
EUR = {"currency": "EUR", "fxRateToBase": "1.25"}
CASES = (
    Case("both agree", "passed", "dividends of the Change in NAV", DIVIDEND, BOTH),
    Case("Change in NAV alone", "passed", "dividends of the Change in NAV", DIVIDEND,
         {"ChangeInNAV": changes("100", "-15")}),
    Case("Cash Report alone", "passed", "dividends of the Cash Report", DIVIDEND,
         {"CashReport": [report(dividends="100", tax="-15")]}),
    Case("IBKR's last decimal", "passed", "", [paid("100.0000001")], {"ChangeInNAV": changes("100")}),
    Case("a cent on a dividend", "failed", "dividends of the Change in NAV", [paid("100.01"), paid("-15", TAX)], BOTH),
    Case("a cent on a tax", "failed", "withholding tax of the Change in NAV", [paid("100"), paid("-15.01", TAX)], BOTH),
    Case("a cent in the Cash Report", "failed", "dividends of the Cash Report", DIVIDEND,
         BOTH | {"CashReport": [report(dividends="100.01", tax="-15")]}),
    Case("a cent in a currency", "failed", "dividends in EUR of the Cash Report", [paid("80", **EUR)],
         {"CashReport": [report(dividends="100"), report("EUR", dividends="80.01")]}),
    Case("a row too many", "failed", "dividends of the Change in NAV", [*DIVIDEND, paid("100", conid="2")], BOTH),
    Case("a row although none is stated", "failed", "dividends of the Change in NAV", [paid("5")],
         {"ChangeInNAV": changes("0", "0")}),
    Case("the Change in NAV has payments in lieu among its dividends", "passed", "", [paid("60"), paid("40", IN_LIEU)],
         {"ChangeInNAV": changes("100"), "CashReport": [report(dividends="60", lieu="40")]}),
    Case("871(m) is withholding tax", "passed", "", [paid("100"), paid("-9", TAX), paid("-6", TAX_871M)],
         {"ChangeInNAV": changes("100", "-9", withholding871m="-6"),
          "CashReport": [{**report(dividends="100", tax="-9"), "withholding871m": "-6"}]}),
    Case("a reversal and a rebooking", "passed", "", [paid("100"), paid("-100"), paid("90")],
         {"ChangeInNAV": changes("90")}),
    Case("two currencies", "passed", "", [paid("100"), paid("80", **EUR), paid("-8", TAX, **EUR)],
         {"ChangeInNAV": changes("200", "-10"),
          "CashReport": [report(dividends="200", tax="-10"), report("USD", dividends="100"),
                         report("EUR", dividends="80", tax="-8")]}),
    Case("nothing was paid", "not_evaluable", "no dividend and no withholding tax", [],
         {"ChangeInNAV": changes("0", "0")}),
    Case("other sections are not there", "not_evaluable", "no Change in NAV or Cash Report", DIVIDEND),
    Case("no rows in the query", "not_evaluable", "no Cash Transactions over the whole period", None, BOTH),
    Case("a row was set aside", "not_evaluable", "a row of CashTransactions was set aside", [*DIVIDEND, paid("word")],
         BOTH),
    Case("a box that is not ticked", "not_evaluable", "no row of withholdingTax: its type may not be ticked",
         [paid("100")], BOTH),
    Case("no box is ticked", "not_evaluable", "no row of dividends: its type may not be ticked", [],
         {"ChangeInNAV": changes("100")}),
    Case("payments in lieu are not ticked", "not_evaluable", "no row of paymentInLieu", [paid("60")],
         {"ChangeInNAV": changes("100"), "CashReport": [report(dividends="60", lieu="40")]}),
    Case("no rate", "not_evaluable", "a row has neither a rate", [paid("80", currency="EUR", fxRateToBase=None)],
         {"ChangeInNAV": changes("100"), "CashReport": [report(dividends="100"), report("EUR", dividends="80")]}),
    Case("fields that are not ticked", "not_evaluable", "the query lacks fields of the Cash Report: paymentInLieu",
         [paid("60"), paid("40", IN_LIEU)], {"CashReport": [cash(dividends="60", withholdingTax="0")]}),
    Case("tax of another kind", "not_evaluable", "collected withholding tax", [paid("-15", TAX)],
         {"ChangeInNAV": changes("0", "-10", withholdingTaxCollected="-5")}),
)  # fmt: skip


def one(account: str, case: Case, **other: Any) -> str:
    sections: dict[str, Any] = {"EquitySummaryInBase": [{**nav(), "accountId": account}], **case.sections}
    if "CashReport" in sections:
        sections["CashReport"] = [{**row, "accountId": account} for row in sections["CashReport"]]
    if case.rows is not None:
        sections["CashTransactions"] = [{**row, "transactionID": f"{n}"} for n, row in enumerate(case.rows)]
    return flex(account, AccountInformation={"currency": "USD"}, **sections, **other)


@pytest.fixture(scope="module")
def found(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """The status and the reason of each case's day, all loaded as one file."""
    with opened(empty, tmp_path_factory.mktemp("proof") / "house") as house:
        house.loaded(file(*(one(f"U{n}", case) for n, case in enumerate(CASES))))
        rows = house.rows("SELECT account_id, status, reason FROM reconciliation WHERE check_name = 'income'")
    return {CASES[int(name[1:])].name: (status, reason) for name, status, reason in rows}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_rows_are_compared_with_what_the_other_sections_state(found: dict[str, Any], case: Case) -> None:
    status, reason = found[case.name]
    assert (status, reason[: len(case.reason)]) == (case.status, case.reason)


def income(house: House) -> list[tuple[Any, ...]]:
    return house.rows(
        "SELECT report_date, status, reason FROM reconciliation WHERE check_name = 'income' AND reason IS NOT NULL"
        " AND reason NOT LIKE 'no %' ORDER BY ALL"
    )


def test_a_rate_from_another_statement_proves_the_day_again(house: House) -> None:
    case = Case("", "", "", [paid("80", currency="EUR", fxRateToBase=None)], {"ChangeInNAV": changes("100")})
    house.loaded(file(one("U1", case)))
    assert [row[1] for row in income(house)] == ["not_evaluable"]
    house.loaded(file(flex("U2", ConversionRates=[rate("EUR", "1.25")])))
    assert [row[1] for row in income(house)] == ["passed"]


def test_rows_that_a_later_statement_corrects_do_not_contradict_an_older_period(house: House) -> None:
    """Nor does one that has the other sections of the query; as soon as one statement has both, it passes or fails."""
    house.loaded(file(one("U1", Case("", "", "", [paid("100")], {"ChangeInNAV": changes("100")}))))
    corrected = Case("", "", "", [paid("90")])
    house.loaded(file(one("U1", corrected, generated="20250405;060000")))
    assert income(house) == [
        (MONDAY, "not_evaluable", "the Change in NAV is known only from an older statement than the rows")
    ]
    other = Case("", "", "", None, {"ChangeInNAV": changes("91")})
    house.loaded(file(one("U1", other, generated="20250406;060000")))
    assert income(house) == [(MONDAY, "not_evaluable", "the rows are not of the statement that has the Change in NAV")]
    whole = Case("", "", "", [paid("90")], {"ChangeInNAV": changes("91")})
    house.loaded(file(one("U1", whole, generated="20250407;060000")))
    assert [row[1] for row in income(house)] == ["failed"]


def test_a_period_of_several_days_is_compared_with_all_of_its_rows(house: House) -> None:
    """Also one whose rows come day by day, from another query; not one of whose days nothing is known."""
    days = [
        flex(day=day, AccountInformation={"currency": "USD"}, CashTransactions=[paid("50", reportDate=day)])
        for day in (FRIDAY, MONDAY)
    ]
    period = flex(
        first=FRIDAY, generated="20250402;060000", EquitySummaryInBase=[nav()], ChangeInNAV=changes("100"),
        AccountInformation={"currency": "USD"},
    )  # fmt: skip
    house.loaded(file(*days))
    house.loaded(file(period))
    assert income(house) == [(MONDAY, "passed", "dividends of the Change in NAV from 2025-03-07")]
    longer = period.replace(f'fromDate="{FRIDAY:%Y%m%d}"', f'fromDate="{THURSDAY:%Y%m%d}"')
    house.loaded(file(longer.replace('accountId="U1"', 'accountId="U2"'), *(d.replace('"U1"', '"U2"') for d in days)))
    assert house.rows(
        "SELECT status, reason FROM reconciliation WHERE check_name = 'income' AND account_id = 'U2'"
        " AND report_date = '2025-03-10'"
    ) == [("not_evaluable", "no Cash Transactions over the whole period: not in the query")]


def test_a_failed_proof_of_income_leaves_the_nav_as_it_is_proved(house: House) -> None:
    house.loaded(
        file(
            flex(
                AccountInformation={"currency": "USD"},
                EquitySummaryInBase=[nav(total="150", cash="100", stock="50")],
                CashReport=[cash()],
                OpenPositions=[position()],
                ChangeInNAV={"startingValue": "150", "mtm": "-1", "dividends": "1", "endingValue": "150"},
                CashTransactions=[paid("2")],
            )
        )
    )
    assert house.rows("SELECT check_name FROM reconciliation WHERE status = 'failed'") == [("income",)]
    assert house.rows("SELECT proof FROM nav_history") == [("passed",)]


def test_the_income_of_each_year_of_the_sandbox_is_what_its_change_in_nav_says(house: House) -> None:
    """Gross and tax, to the last digit, by report date and in the calendar."""
    household = Household()
    years = [(DEFAULT_FIRST_DAY, date(2025, 12, 31)), (date(2026, 1, 1), date(2026, 6, 30))]
    parts = [
        flex(
            account.account_id, last, first=first, generated="20261101;060000",
            AccountInformation={"currency": account.base}, ChangeInNAV=change_in_nav(days),
            CashTransactions=cash_transactions(days),
        )
        for account in household.accounts
        for first, last in years
        if (days := tuple(household.days(account.account_id, first, last)))
    ]  # fmt: skip
    house.loaded(file(*parts))
    stated = house.rows(
        "SELECT account_id, year(to_date), sum(amount) FILTER (component = 'dividends'),"
        " sum(amount) FILTER (component = 'withholdingTax') FROM nav_changes GROUP BY ALL ORDER BY ALL"
    )
    assert all(gross > 0 > tax for *_, gross, tax in stated)
    assert len(stated) == 4
    sums = "sum({}) FILTER (kind = 'income'), sum({}) FILTER (kind = 'tax')".format("amount_base", "amount_base")
    assert stated == house.rows(
        f"SELECT account_id, year(report_date), {sums} FROM income_booked() GROUP BY ALL ORDER BY ALL"
    )
    assert stated == house.rows(
        "SELECT account_id, year(report_date), sum(gross_base), sum(tax_base) FROM income_calendar"
        " WHERE state = 'paid' GROUP BY ALL ORDER BY ALL"
    )
    assert [status for _, status, _ in income(house)] == ["passed"] * 4
