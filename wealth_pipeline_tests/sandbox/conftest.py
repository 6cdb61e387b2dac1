"""The simulated household's whole default history, rendered once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from xml.etree import ElementTree

import pytest
from lxml import etree

from wealth_pipeline.sandbox.household.days import NEW_YORK
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household, shared_household
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement

LAST_DAY = date(2026, 7, 31)
END_OF_TEN_MONTHS = date(2025, 10, 31)
GENERATED = datetime(2026, 8, 1, 6, 0, 0, tzinfo=NEW_YORK)
ACCOUNTS = ("U1000001", "U1000002")


def parse(text: bytes) -> ElementTree.Element:
    """lxml's parser, because it is fast; its elements have the interface of the standard library's."""
    return cast(ElementTree.Element, etree.fromstring(text))


class Daily:
    """The FlexStatements of the query `full` over a window, parsed one at a time."""

    def __init__(self, household: Household, first: date, last: date) -> None:
        chunks = list(Statement(household, FULL, first, last, period="", generated=GENERATED).render())
        self.head, self.chunks, self.tail = chunks[0], chunks[1:-1], chunks[-1]

    def without(self, *sections: str) -> Daily:
        """The same without some sections, for tests that don't look at them: parsing takes most of their time."""
        lean = copy(self)
        pattern = re.compile(rf"<({'|'.join(sections)})>.*?</\1>\n".encode(), re.DOTALL)
        lean.chunks = [pattern.sub(b"", chunk) for chunk in self.chunks]
        return lean

    def __iter__(self) -> Iterator[ElementTree.Element]:
        return map(parse, self.chunks)

    def of(self, account_id: str) -> Iterator[ElementTree.Element]:
        """One account's FlexStatements, oldest first."""
        half = len(self.chunks) // 2
        chunks = self.chunks[:half] if account_id == ACCOUNTS[0] else self.chunks[half:]
        return map(parse, chunks)


def amount(element: ElementTree.Element, name: str) -> Decimal:
    """An attribute as a decimal; empty or absent is an error."""
    return Decimal(element.attrib[name])


def one(element: ElementTree.Element, path: str) -> ElementTree.Element:
    """The only element at a path."""
    found = element.findall(path)
    assert len(found) == 1, (path, len(found))
    return found[0]


def nav_row(statement: ElementTree.Element) -> ElementTree.Element:
    """The NAV row of a one-day FlexStatement's own day."""
    return one(statement, f"EquitySummaryInBase/*[@reportDate='{statement.attrib['toDate']}']")


def guide(household: Household, first: date, last: date) -> ElementTree.Element:
    """The whole answer of the query `guide`."""
    return ElementTree.fromstring(
        b"".join(Statement(household, GUIDE, first, last, period="", generated=GENERATED).render())
    )


@pytest.fixture(scope="session")
def household() -> Household:
    """The default household."""
    return shared_household()


@pytest.fixture(scope="session")
def daily(household: Household) -> Daily:
    """Every day of the default history up to LAST_DAY."""
    return Daily(household, DEFAULT_FIRST_DAY, LAST_DAY)


@pytest.fixture(scope="session")
def ten_months(household: Household) -> Daily:
    """The default history's first ten months, for tests of the statement's shape."""
    return Daily(household, DEFAULT_FIRST_DAY, END_OF_TEN_MONTHS)
