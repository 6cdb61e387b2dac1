"""Each oddity in every side section and every descriptive column, made from the declarations.

NAV, cash and positions are as without it; exactly the changed row is set aside, or has the one NULL; all other rows are
equal; and the oddity is named. One file has them all: each stands in an account of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wealth_pipeline.tables.figures import DESCRIPTIVE, TABLES
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.tables.sections import SECTION_OF, SIDE_ELEMENTS
from wealth_pipeline_tests.flexml import MONDAY, cash, element, file, flex, lot, nav, position

from .conftest import House

Row = dict[str, Any]
#: What a column of each type is filled with, in the first and in the second row of a section.
_PLAIN: dict[pa.DataType, tuple[str, str]] = {
    pa.string(): ("A", "B"),
    pa.date32(): ("20250310", "20250310"),
    pa.timestamp("us"): ("20250310;101010", "20250310;111111"),
    pa.decimal128(28, 12): ("5", "7"),
    pa.decimal128(18, 10): ("1.5", "1.25"),
}
_SPECIAL = {"currency": ("USD", "EUR"), "levelOfDetail": ("", ""), "buySell": ("BUY", "SELL"), "putCall": ("P", "C")}
_UNREADABLE = {
    pa.date32(): ("soon", "2025-02-30", "31-FOO-25"),
    pa.timestamp("us"): ("soon", "20250310;101010 CST", "20250310;256161"),
    pa.decimal128(28, 12): ("1.0000000000001", "word", "1e20"),
    pa.decimal128(18, 10): ("1.00000000001", "word"),
}


@dataclass(frozen=True)
class Oddity:
    """A text (None: no attribute) in an attribute of the first row of an element's section."""

    table: TableSpec
    attribute: str
    text: str | None
    column: str

    @property
    def kept(self) -> bool:
        """Whether the row stays, with one NULL."""
        return self.attribute in DESCRIPTIVE or (
            self.attribute == "fxRateToBase" and self.text in ("0", "-1", "", None)
        )


def _oddities() -> Iterator[Oddity]:
    for table in TABLES:
        if table.element not in SIDE_ELEMENTS and table.name not in ("positions", "position_lots"):
            continue
        for column in table.read:
            attribute = column.attribute or ""
            lot_or_side = table.name != "positions"
            texts: list[str | None] = list(_UNREADABLE.get(column.type, ()))
            if attribute == "fxRateToBase":
                texts = ["0", "-1", *(["-2", *texts] if lot_or_side else [])]
            elif table.name == "positions" and attribute not in DESCRIPTIVE:
                texts = []
            if lot_or_side and not column.nullable and attribute in ("currency", "amount", "position"):
                texts += ["", None]
            yield from (Oddity(table, attribute, text, column.name) for text in texts)
        if table.melt:
            yield from (Oddity(table, "mtm", text, "") for text in ("1.0000000000001", "word"))


def _rows(table: TableSpec, account: str) -> list[Row]:
    made: list[Row] = [{"accountId": account}, {"accountId": account}]
    for n, row in enumerate(made):
        for column in table.read:
            if column.attribute not in ("accountId", "fromDate", "toDate"):
                row[column.attribute or ""] = _SPECIAL.get(column.attribute or "", _PLAIN[column.type])[n]
        for name in {"conid", "transactionID"} & row.keys():
            row[name] = f"{account}{n}"
    return made


def _sections(account: str, oddity: Oddity | None) -> dict[str, Any]:
    sections: dict[str, Any] = {
        SECTION_OF[t.element]: _rows(t, account)
        for t in TABLES
        if t.element in SIDE_ELEMENTS and t.element != "ChangeInNAV"
    }
    dated = {"expiry": "20260310", "strike": "3", "openDateTime": "20240310;101010"}
    held = {"accountId": account, "conid": f"{account}0", **dated}
    newer = {"positionValueInBase": "50", "unrealizedCapitalGainsPnl": "10", "unrealizedlFxPnl": "0"}
    sections["OpenPositions"] = [
        position(**{**held, **newer, "openDateTime": ""}),
        lot(**held, **newer, position="4", holdingPeriodDateTime="20240310;101010"),
        lot(**held, position="6"),
    ]
    sections["ChangeInNAV"] = {"accountId": account, "startingValue": "100", "endingValue": "110", "mtm": "10"}
    sections["EquitySummaryInBase"] = [nav(accountId=account, stock="50", total="150", cash="100")]
    sections["CashReport"] = [cash(accountId=account), cash("USD", accountId=account)]
    if oddity:
        rows = sections[SECTION_OF.get(oddity.table.element, oddity.table.element)]
        row = rows if isinstance(rows, dict) else rows[1 if oddity.table.name == "position_lots" else 0]
        row[oddity.attribute] = oddity.text
    return sections


def _told(house: House, table: TableSpec, account: str) -> Counter[tuple[tuple[str, Any], ...]]:
    """A table's rows of an account, without its name."""
    owner = "conid LIKE ? || '%'" if table.name == "securities" else "account_id = ?"
    found = house.con.execute(f"SELECT * EXCLUDE (statement_sha256) FROM {table.name} WHERE {owner}", [account])
    names = [column[0] for column in found.description or []]
    return Counter(
        tuple((n, v.replace(account, "") if isinstance(v, str) else v) for n, v in zip(names, row, strict=True))
        for row in found.fetchall()
    )


#: What says that the value of a column was derived, as the statement has none.
_DERIVED_FLAGS = {"cost_basis": "cost_basis_derived", "fx_rate_to_base": "fx_rate_derived"}
#: What follows from a figure that is NULL.
_DERIVED = {
    "cost_basis": {"cost_basis", "cost_basis_base", "cost_basis_derived", "unrealized_pnl_base", "cost_currency"},
    "unrealized_pnl": {"unrealized_pnl", "unrealized_pnl_base", "cost_currency"},
    "fx_rate_to_base": {
        "fx_rate_to_base", "fx_rate_derived", "position_value_base", "nav_value_base", "cost_basis_base",
        "unrealized_pnl_base", "cost_currency", "amount_base", "proceeds_base", "commission_base", "taxes_base",
    },
}  # fmt: skip


def test_an_oddity_in_any_side_or_description_costs_that_row_or_that_value(house: House) -> None:
    oddities = list(_oddities())
    assert len(oddities) > 150
    assert {o.table.element for o in oddities} == SIDE_ELEMENTS | {"OpenPosition"}
    accounts = {f"A{n:03d}": oddity for n, oddity in enumerate([None, *oddities])}
    house.loaded(file(*(flex(account, MONDAY, **_sections(account, o)) for account, o in accounts.items())))
    tables = [t for t in TABLES if t.name not in ("accounts", "fx_rates")]
    plain = {t.name: _told(house, t, "A000") for t in tables}
    assert all(plain.values())
    wrong = []
    for account, oddity in list(accounts.items())[1:]:
        assert oddity is not None
        wrong += [f"{oddity}: {line}" for line in _wrong(house, account, oddity, tables, plain)]
    assert wrong == []


def _wrong(
    house: House, account: str, oddity: Oddity, tables: list[TableSpec], plain: dict[str, Counter[Any]]
) -> Iterator[str]:
    aside = house.rows("SELECT element, reason FROM rows_set_aside WHERE account_id = ?", account)
    what = f"{oddity.table.element}.{oddity.attribute}"
    if oddity.kept:
        notes = house.notes("unreadable_value") | house.notes("no_rate")
        if aside or (what not in notes and oddity.text not in ("", None)):
            yield f"set aside {aside}, noted {sorted(notes)}"
    elif [name for name, _ in aside] != [oddity.table.element] or oddity.attribute not in aside[0][1]:
        yield f"set aside: {aside}"
    for table in tables:
        given = _told(house, table, account)
        lacking, added = plain[table.name] - given, given - plain[table.name]
        if table.name != oddity.table.name:
            if lacking or added:
                yield f"{table.name} changed"
            continue
        columns = _DERIVED.get(oddity.column, {oddity.column}) | {"row_id"}
        if oddity.kept:
            (before,), (after,) = lacking, added
            changed = {name for (name, was), (_, now) in zip(before, after, strict=True) if was != now}
            value, derived = dict(after)[oddity.column], _DERIVED_FLAGS.get(oddity.column, "")
            if not changed <= columns or (value is not None and not dict(after).get(derived)):
                yield f"changed {changed}, now {value}"
        elif added or lacking.total() != (1 if not table.melt else 3):
            yield f"lacking {lacking}, added {added}"


def test_a_row_of_any_side_section_that_is_there_twice_with_another_figure_changes_no_other(house: House) -> None:
    """Events are kept, both; of two states for one thing the first stays."""
    sides = [t for t in TABLES if t.element in SIDE_ELEMENTS]
    accounts = {f"A{n:03d}": table for n, table in enumerate([None, *sides])}
    statements = []
    for account, table in accounts.items():
        sections = _sections(account, None)
        raw = flex(account, MONDAY, **sections)
        if table:
            section = sections[SECTION_OF.get(table.element, table.element)]
            row = dict(section if isinstance(section, dict) else section[0])
            figure = next(
                n
                for n in ("mtm", "amount", "quantity", "netAmount", "interestAccrued", "totalRealizedPnl", "strike")
                if n in row
            )
            raw = raw.replace(
                element(table.element, row), element(table.element, row) + element(table.element, row | {figure: "9"})
            )
        statements.append(raw)
    house.loaded(file(*statements))
    for account, table in accounts.items():
        if table is None:
            continue
        given, plain = _told(house, table, account), _told(house, table, "A000")
        kept = table.events or table.name == "dividend_accruals"
        assert given.total() - plain.total() == (1 if kept else 0), table.name
        aside = house.rows("SELECT element FROM rows_set_aside WHERE account_id = ?", account)
        assert aside == ([] if kept else [(table.element,)]), table.name
        if not table.events:
            assert plain <= given, table.name
