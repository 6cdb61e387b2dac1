"""Books as Flex statements: by day with files that overlap, or windows of some weeks; consistent to nine decimals."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.returns import sections
from wealth_pipeline_tests.returns.books import Account, Books

#: The rows of each section; single elements are lists of one.
Sections = dict[str, list[sections.Row]]
_SINGLE = ("AccountInformation", "ChangeInNAV")


@dataclass(kw_only=True)
class Statement:
    """One FlexStatement, before it is written."""

    account: str
    first: date
    last: date
    generated: datetime
    sections: Sections = field(default_factory=dict, repr=False)

    def covers(self, day: date) -> bool:
        """Whether a day lies in its window."""
        return self.first <= day <= self.last

    def xml(self) -> str:
        """The FlexStatement."""
        written = {name: rows[0] if name in _SINGLE else rows for name, rows in self.sections.items()}
        generated = f"{self.generated:%Y%m%d;%H%M%S}"
        return flexml.flex(self.account, self.last, first=self.first, generated=generated, **written)


@dataclass
class FlexFile:
    """One file: the statements that a query returned together."""

    statements: list[Statement]

    def data(self) -> bytes:
        """The file's bytes."""
        return flexml.file(*(statement.xml() for statement in self.statements))


def files(books: Books, spans: Sequence[tuple[date, date]] | None = None) -> list[FlexFile]:
    """All files of some books, in the order in which they were generated. spans: their days, where not drawn."""
    rng = random.Random(f"files {books.seed}")
    made = (_file(books, first, last) for first, last in spans or _spans(books, rng))
    return [file for file in made if file.statements]


def by_day(books: Books) -> bool:
    """Whether the statements are broken out by day."""
    return books.shape in ("day", "both")


def accounts_toml(books: Books) -> str:
    """accounts.toml in the data folder, as the household's owner keeps it."""
    entries = []
    for account in books.accounts.values():
        stated = f"ended = {account.ended}\n" if account.ended else ""
        stated += f'successor = "{account.successor}"\n' if account.successor else ""
        stated += "exclude = true\n" if account.excluded else ""
        entries.append(f'[[account]]\nid = "{account.name}"\nname = "Account {account.name}"\n{stated}')
    return "\n".join(entries)


def _spans(books: Books, rng: random.Random) -> Iterator[tuple[date, date]]:
    """The first and last day of each file; those by day begin with days of the one before."""
    days = books.days[1:]
    begun = 0
    while begun < len(days):
        end = min(begun + rng.randrange(6, 16), len(days)) - 1
        overlap = rng.randrange(3) if by_day(books) else 0
        yield days[max(begun - overlap, 0)], days[end]
        begun = end + 1


def _file(books: Books, first: date, last: date) -> FlexFile:
    generated = datetime.combine(last + timedelta(days=1), time(6))
    statements = []
    for account in books.accounts.values():
        covered = [day for day in account.covered if first <= day <= last]
        windows = [[day] for day in covered] if by_day(books) else [covered] if covered else []
        statements += [_statement(books, account, window, generated) for window in windows]
    return FlexFile(statements)


def _statement(books: Books, account: Account, window: list[date], generated: datetime) -> Statement:
    """A FlexStatement over the days of a window; one of a holiday alone states only rates."""
    rows = [account.rows[day] for day in window if day in account.rows]
    before = max((day for day in account.rows if day < window[0]), default=None)
    free = [account.rows[before]] if before and _day_before(window[0]) == before else []
    made: Sections = {"AccountInformation": [sections.account_information(account)]}
    if rows and books.shape != "plain":
        made["ChangeInNAV"] = [sections.change_in_nav(books, account, rows, window)]
    made["EquitySummaryInBase"] = [sections.nav_row(account, row) for row in free + rows]
    made["CashReport"] = sections.cash_report(account, rows, window) if rows else []
    made["OpenPositions"] = sections.open_positions(account, rows[-1]) if rows and rows[-1].day == window[-1] else []
    if books.shape != "day":
        made["CashTransactions"] = sections.cash_transactions(books, account, rows)
        made["Transfers"] = sections.transfers(account, rows)
    made["ConversionRates"] = sections.conversion_rates(books, account, window)
    return Statement(account=account.name, first=window[0], last=window[-1], generated=generated, sections=made)


def _day_before(day: date) -> date:
    """The weekday before a weekday."""
    return day - timedelta(days=3 if day.weekday() == 0 else 1)
