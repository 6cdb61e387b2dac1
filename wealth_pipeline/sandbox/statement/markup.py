"""Pieces of the statement's XML: elements that carry attributes only, in IBKR's formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from wealth_pipeline.sandbox.household.records import AccountDay

#: The weekdays of one account in a window, oldest first.
Days = Sequence[AccountDay]

#: Attributes that IBKR puts on most rows and that only mean something for physical metals.
BOOKKEEPING = {"serialNumber": "", "deliveryType": "", "commodityType": "", "fineness": "0.0", "weight": "0.0"}


def number(value: Decimal) -> str:
    """A decimal as IBKR writes it: no exponent, no trailing zeros, never `-0`."""
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def day_text(day: date | None) -> str:
    """A date in the query's default format, `yyyyMMdd`; empty for None."""
    return day.isoformat().replace("-", "") if day else ""


def time_text(when: datetime) -> str:
    """A time in the query's default format, `yyyyMMdd;HHmmss`, New York, without a zone."""
    return f"{day_text(when.date())};{when.hour:02}{when.minute:02}{when.second:02}"


def attributes(**values: str) -> str:
    """Attributes in the order given, with a space before each."""
    return "".join([f' {name}="{value}"' for name, value in values.items()])


def element(name: str, *parts: str) -> str:
    """An element with attributes (made by `attributes`) and nothing inside."""
    return f"<{name}{''.join(parts)} />\n"


def container(name: str, rows: list[str]) -> str:
    """A section; without rows it is an empty container, as IBKR has it for a ticked section without data."""
    return f"<{name}>\n{''.join(rows)}</{name}>\n" if rows else f"<{name} />\n"
