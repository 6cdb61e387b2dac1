"""What a statement says of the Flex query that made it: what it lacks, and which proofs that costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.statement.frame import Statement
from wealth_pipeline.statement.reader import StatementReader
from wealth_pipeline.statement.vocabulary import declared, known_names, open_elements
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.sections import (
    CASH_REPORT,
    CASH_TRANSACTIONS,
    CHANGE_IN_NAV,
    CONVERSION_RATES,
    SECTIONS,
    TRANSFERS,
)

#: The fields that older queries do not offer. Nothing needs them where the rest is there.
_NEWER = {c.attribute for table in TABLES for c in table.read if c.newer}

#: The sections that say together what Change in NAV says alone.
_FLOWS_ONE_BY_ONE = (CASH_REPORT, CASH_TRANSACTIONS, TRANSFERS)
_BOXES = "Cash Report, Cash Transactions and Transfers"


@dataclass
class Survey:
    """What a statement holds, as far as its query decides that.

    statements: its FlexStatements. fields: the attributes of each element that has rows. levels: of its positions
    (SUMMARY, LOT). currencies: of its cash. nav_days: the report dates of its NAV rows.
    """

    statements: list[Statement] = field(default_factory=list)
    fields: dict[str, set[str]] = field(default_factory=dict)
    levels: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    nav_days: set[date] = field(default_factory=set)

    @property
    def sections(self) -> set[str]:
        """The sections that are in it."""
        return {section for statement in self.statements for section in statement.sections}

    @property
    def by_day(self) -> bool:
        """Whether it is broken out by day."""
        return all(len(weekdays_between(one.from_date, one.to_date)) < 2 for one in self.statements)


def survey(stream: BinaryIO, date_format: str | None = None) -> Survey:
    """Read a statement for what it holds; raises StatementError for something else, or another query type.

    date_format: what its dates with slashes mean, see `values.parse_day`.
    """
    found = Survey()
    reader = StatementReader(stream, date_format)
    for batch in reader:
        attributes = {column: attribute for attribute, (column, _) in declared()[batch.element].items()}
        names = batch.columns.column_names
        seen = found.fields.setdefault(batch.element, set())
        seen |= {attributes[name] for name in names if name in attributes}
        if batch.amounts is not None:
            seen |= set(batch.amounts["component"].unique().to_pylist())
        if batch.element == "OpenPosition" and "level_of_detail" in names:
            found.levels |= set(batch.columns["level_of_detail"].unique().to_pylist())
        if batch.element == "CashReportCurrency" and "currency" in names:
            found.currencies |= set(batch.columns["currency"].unique().to_pylist())
        if batch.element == "EquitySummaryByReportDateInBase" and "report_date" in names:
            found.nav_days |= set(batch.columns["report_date"].unique().to_pylist())
    found.statements = reader.statements
    return found


def judged(about: str, survey: Survey, asked: tuple[date, date] | None) -> Iterator[Finding]:
    """What has to be fixed in the query, or that it has everything. asked: the window that was asked for."""
    findings = [
        *_period(about, survey, asked),
        *_sections(about, survey),
        *_fields(about, survey),
        *_options(about, survey),
        *_returns(about, survey),
    ]
    first = min(statement.from_date for statement in survey.statements)
    last = max(statement.to_date for statement in survey.statements)
    accounts = len({statement.account_id for statement in survey.statements})
    whole = f"the newest statement, {first} to {last}, {accounts} account{'s' * (accounts > 1)}, has every section"
    yield from findings or [Finding.fine(about, f"{whole} and field; every proof can be evaluated")]


def _period(about: str, survey: Survey, asked: tuple[date, date] | None) -> Iterator[Finding]:
    if not asked:
        return
    first = min(statement.from_date for statement in survey.statements)
    last = max(statement.to_date for statement in survey.statements)
    covers = f"The statement covers {first} to {last}, though {asked[0]} to {asked[1]} was asked for."
    # A NAV row of the day before says that the account existed: IBKR sends that row along where there is one.
    begun_before = any(day < first for day in survey.nav_days)
    if begun_before and weekdays_between(asked[0], first)[:-1]:
        # IBKR: a query with the period "Last N Calendar Days" was seen to come as its last day alone.
        yield Finding.problem(
            about, f"{covers} Save the query with another period, such as Last Month, and pull again."
        )
    elif weekdays_between(last, asked[1])[1:]:
        yield Finding.advice(about, f"{covers} IBKR was late, or it was a holiday: the schedule asks again.")


def _sections(about: str, survey: Survey) -> Iterator[Finding]:
    for section in SECTIONS:
        if section.title and section.name not in survey.sections:
            says = f"{section.title} is not in the query, which costs {section.costs}. Tick it, with all of its fields."
            yield Finding.problem(about, says) if section.needed else Finding.advice(about, says)


def _fields(about: str, survey: Survey) -> Iterator[Finding]:
    for section in SECTIONS:
        element = section.element
        seen = survey.fields.get(element)
        if not seen or not section.title:
            continue
        vital = sorted(set(section.vital) - seen)
        # Of amounts that are an open set nobody can say which ones an account must have.
        wanted = set() if element in open_elements() else declared()[element].keys() & known_names()[element]
        lacking = vital or sorted(wanted - seen - {"levelOfDetail"} - _NEWER)
        if lacking:
            says = f"{section.title} lacks the fields {', '.join(lacking)}. Tick all of its fields."
            yield Finding.problem(about, says) if vital else Finding.advice(about, says)


def _options(about: str, survey: Survey) -> Iterator[Finding]:
    if not survey.by_day:
        yield Finding.advice(
            about,
            "It is not broken out by day, so that positions and cash, and the proofs that need them, exist for the last"
            " day of each pull only. Set Breakout by Day to Yes.",
        )
    if CONVERSION_RATES.name not in survey.sections and len(survey.currencies - {"BASE_SUMMARY"}) > 1:
        yield Finding.advice(
            about,
            "It has no currency rates, so that cash in other currencies is not converted, and not proved. Set Include"
            " Currency Rates to Yes.",
        )
    if "BASE_SUMMARY" not in survey.currencies and survey.fields.get("CashReportCurrency"):
        yield Finding.advice(
            about,
            "The Cash Report has no Base Currency Summary, which costs the proof `cash`. Tick that option.",
        )
    if survey.fields.get("OpenPosition") and "LOT" not in survey.levels:
        yield Finding.advice(
            about, "Open Positions has no lots, which costs the proof `lots`. Tick its options Summary and Lots."
        )


def _returns(about: str, survey: Survey) -> Iterator[Finding]:
    """What it takes to know what came into an account and left it, without which no return is shown."""
    change = CHANGE_IN_NAV.name in survey.sections
    lacking = [section.title for section in _FLOWS_ONE_BY_ONE if section.name not in survey.sections]
    if lacking and not (change and survey.by_day):
        yield Finding.advice(
            about,
            "Every return is withheld: deposits and withdrawals are known from Change in NAV, broken out by day, or"
            f" else from {_BOXES} together, of which the query lacks {' and '.join(map(str, lacking))}. Tick Change in"
            " NAV, and set Breakout by Day to Yes.",
        )
    if change and "twr" not in survey.fields.get(CHANGE_IN_NAV.element, {"twr"}):
        yield Finding.advice(
            about,
            "Change in NAV lacks the field twr, so that no return can be compared with IBKR's own: the proof `return`"
            " is not evaluable. Tick all of its fields.",
        )
