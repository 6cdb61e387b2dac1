"""An independent reading of a statement, compared both ways with what was loaded of it.

It reads the file with another parser and trusts nothing of the pipeline's but the declared columns: each loaded row
must stand in the file with exactly its values, and each row of the file that counts must be loaded.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from functools import reduce
from operator import or_
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from wealth_pipeline.tables.figures import DESCRIPTIVE, TABLES
from wealth_pipeline.tables.relations import TableSpec

from .figures import ELEMENTS

#: A row's attributes, with what it takes from its FlexStatement where it doesn't state it.
Attributes = dict[str, Any]
#: Rows of a table, and how often each is there.
Rows = Counter[tuple[Any, ...]]
#: What a statement replaces together: one key's rows of a table.
Group = tuple[Any, ...]

_AMOUNT = pa.decimal128(28, 12)
_NULLS = ("", "-", "--", "N/A", "MULTI")
_IDENTIFIERS = frozenset(
    "conid securityID isin cusip figi underlyingConid transactionID tradeID actionID originatingOrderID "
    "originatingTransactionID model levelOfDetail currency fromCurrency toCurrency ibCommissionCurrency "
    "assetCategory account".split()
)
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+(\.\d*)?|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)", re.ASCII)
_NO_AMOUNTS = frozenset("accountId acctAlias model currency reportDate fromDate toDate levelOfDetail".split())
_PERSONAL = re.compile(r"name|street|address|mail|phone|owner|holder|title", re.IGNORECASE)
_SECTION_OF = {element: section for section, element in ELEMENTS.items()}
_OPENED = ("openDateTime", "holdingPeriodDateTime", "originatingOrderID", "originatingTransactionID")
_SUMMED = (
    "position", "positionValue", "costBasisMoney", "fifoPnlUnrealized", "positionValueInBase",
    "unrealizedCapitalGainsPnl", "unrealizedlFxPnl",
)  # fmt: skip
#: IBKR: elements with one row a model, where the query shows models.
_BY_MODEL = ("EquitySummaryByReportDateInBase", "CashReportCurrency", "ChangeInNAV", "InterestAccrualsCurrency")
_TRADES_SUMMED = ("ORDER", "CLOSED_LOT", "WASH_SALE", "SYMBOL_SUMMARY", "ASSET_SUMMARY", "SUMMARY")
#: The elements that the NAV does not rest on, or not on all rows of.
_SIDES = frozenset(
    "ChangeInNAV CashTransaction Trade Transfer OpenDividendAccrual InterestAccrualsCurrency SecurityInfo "
    "FIFOPerformanceSummaryUnderlying OpenPosition".split()
)
#: Rows that are no account's, or of which each is another's.
_NO_ACCOUNT = ("ConversionRate", "SecurityInfo", "AccountInformation")
#: Whether a row states its account itself.
_OWN = " own"
#: Columns whose century another reading cannot judge in a damaged file: it depends on what is held.
_CENTURIES = ("maturity", "expiry")
_YEAR_AFTER = 2027
#: Columns that are derived where the file doesn't state them, and what says that a value was.
_DERIVED = {"fx_rate_to_base": "fx_rate_derived", "cost_basis": "cost_basis_derived"}


@dataclass
class _Told:
    """What the file says: each FlexStatement's account, last day and sections, and its rows by element."""

    statements: list[tuple[str, date | None, set[str]]] = field(default_factory=list)
    rows: dict[str, list[tuple[int, Attributes]]] = field(default_factory=lambda: defaultdict(list))


def strays(con: duckdb.DuckDBPyConnection, sha256: str, data: bytes, moments: bool = False) -> list[str]:
    """Rows that were loaded and don't stand in the file, and rows of the file that were not loaded.

    moments: look at times as well, whose damaged forms another reading cannot judge.
    """
    query = "SELECT element, row FROM rows_set_aside WHERE sha256 = ?"
    aside = set(con.execute(query, [sha256]).fetchall())
    try:
        told = _read(data, aside)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return [f"loaded, though another parser cannot read it: {error}"]
    wrong = [f"set aside, though the NAV rests on it: {e} {n}" for e, n in aside if e not in _SIDES]
    wrong += _accounts(con, told, sha256)
    for table in TABLES[1:]:
        wrong += _compare(con, table, told, sha256, moments)
    return wrong


def _root(data: bytes) -> ElementTree.Element:
    # A prefix that nobody declared is well-formed XML; only this parser insists on namespaces. And it knows the letters
    # of XML's fourth edition only, in names.
    data = re.sub(rb"(</?)\w+:(?=\w)", rb"\1", data)
    return ElementTree.fromstring(re.sub(rb"[\x80-\xff]+(?=\w*=\")", b"x", data))


def _read(data: bytes, aside: set[tuple[str, int]]) -> _Told:
    """The file's rows, but for those that were set aside and those that sum up several accounts."""
    told, numbers = _Told(), Counter[str]()
    for ordinal, statement in enumerate(_root(data).iter("FlexStatement")):
        defaults = {name: statement.get(name) or "" for name in ("accountId", "fromDate", "toDate")}
        last = defaults["toDate"]
        told.statements.append((defaults["accountId"], _day(last), {section.tag for section in statement}))
        _take_out_unready(statement)
        for section in statement:
            for element in section.iter():
                if section.tag not in (element.tag, _SECTION_OF.get(element.tag)):
                    continue
                numbers[element.tag] += 1
                if (element.tag, numbers[element.tag]) in aside:
                    continue
                dated = {"reportDate": last} if element.tag in ("OpenPosition", "OpenDividendAccrual") else {}
                stated = {k: v for k, v in element.attrib.items() if not _is_null(k, v)}
                told.rows[element.tag].append((ordinal, {**defaults, **dated, **stated, _OWN: "accountId" in stated}))
    for tag, rows in told.rows.items():
        # IBKR: rows of account "-" sum up all accounts of the query, and rows without one beside rows that have one.
        ticked = tag not in _NO_ACCOUNT and any(row[_OWN] for _, row in rows)
        told.rows[tag] = [
            (n, row) for n, row in rows if row["accountId"] not in _NULLS[:4] and (row.pop(_OWN) or not ticked)
        ]
    return told


#: IBKR's words, and the profits and losses that are 0 then.
_NOT_READY = re.compile(r"p/l.*not.*ready", re.IGNORECASE)
_PROFITS = (
    "fifoPnlUnrealized", "fifoPnlRealized", "unrealizedCapitalGainsPnl", "unrealizedlFxPnl", "realizedSTProfit",
    "realizedSTLoss", "realizedLTProfit", "realizedLTLoss", "totalRealizedPnl", "totalUnrealizedPnl",
)  # fmt: skip
_MARKET = ("mtm", "realized", "changeInUnrealized")


def _take_out_unready(statement: ElementTree.Element) -> None:
    """Empty the profits and losses of a FlexStatement that says they are not ready."""
    words = [" ".join("".join(message.itertext()).split()) for message in statement.iter("Message")]
    tags = ("OpenPosition", "Trade", "FIFOPerformanceSummaryUnderlying")
    rows = [row for tag in tags for row in statement.iter(tag)]
    stated = any(_value(row.get(name), _AMOUNT) is not None for row in rows for name in _PROFITS)
    if not stated or not any(map(_NOT_READY.search, words)):
        return
    changes = [row for row in statement.iter("ChangeInNAV") if not any(_figure(row.attrib, n) for n in _MARKET)]
    for row, names in [*((row, _PROFITS) for row in rows), *((row, _MARKET) for row in changes)]:
        for name in names:
            row.attrib.pop(name, None)


def _is_null(name: str, text: str) -> bool:
    dated = name in ("reportDate", "fromDate", "toDate")
    return text == "" or (text in _NULLS and (dated or name in _IDENTIFIERS))


def _compare(con: duckdb.DuckDBPyConnection, table: TableSpec, told: _Told, sha256: str, moments: bool) -> list[str]:
    """Key by key: what is loaded of one must be exactly what one of the file's FlexStatements says of it.

    Which of several FlexStatements is not asked: of rows that were moved into another one, no rule says.
    """
    read = [c for c in table.read if moments or not (pa.types.is_timestamp(c.type) or c.name in _CENTURIES)]
    names = [c.name for c in read] + (["component", "amount"] if table.melt else [])
    wanted: dict[Group, dict[int, Rows]] = defaultdict(lambda: defaultdict(Counter))
    for ordinal, row in _unrepeated(table, list(_counted(table, told))):
        plain = tuple(_value(row.get(c.attribute or ""), c.type, c.attribute or "") for c in read)
        for more in _amounts(row) if table.melt else [()]:
            wanted[_group(table, names, (*plain, *more))][ordinal][*plain, *more] += 1
    for group, ordinal in _shown(table, told):
        wanted[group].setdefault(ordinal, Counter())
    given: dict[Group, Rows] = defaultdict(Counter)
    for values in _loaded(con, table, names, sha256):
        given[_group(table, names, values)][values] += 1
    others = _of_other_files(con, table, sha256)
    lacking, added = Rows(), Rows()
    for group in wanted.keys() | given.keys():
        options = list(wanted[group].values()) or [Rows()]
        if table.events:
            # Equal rows of two FlexStatements are one, equal rows of one are several.
            options = [reduce(or_, options)]
        elif table.key:
            options = [Rows(set(rows)) for rows in options]
        nearest = min(options, key=lambda rows: ((given[group] - rows) + (rows - given[group])).total())
        added += given[group] - nearest
        lacking += nearest - given[group]
    # Where another file speaks of the same account (rate, contract), the newer one's rows stand.
    absent = [row for row in lacking if row[names.index(_owner(table))] not in others]
    said = ((added, "loaded, not in the file"), (absent, "in the file, not loaded"))
    return [f"{table.name}: {what}: {list(rows)[:2]}" for rows, what in said if rows]


def _group(table: TableSpec, names: list[str], values: tuple[Any, ...]) -> Group:
    """What a statement replaces together."""
    by = table.scope or ("account_id", "report_date")
    return tuple(values[names.index(name)] for name in by)


def _unrepeated(table: TableSpec, rows: list[tuple[int, Attributes]]) -> Iterator[tuple[int, Attributes]]:
    """The rows, where all events of one id are equal one of them: the id is only repeated."""
    alike: dict[Group, set[Group]] = defaultdict(set)
    done: set[Group] = set()
    for ordinal, row in rows if table.events else ():
        alike[ordinal, row["accountId"], row.get("transactionID")].add(_stated(table, row))
    for ordinal, row in rows:
        key = ordinal, row["accountId"], row.get("transactionID")
        if table.events and row.get("transactionID") and len(alike[key]) == 1:
            if key in done:
                continue
            done.add(key)
        yield ordinal, row


def _stated(table: TableSpec, row: Attributes) -> Group:
    """All that a row states; of times the text."""
    texts = ((row.get(c.attribute or ""), c) for c in table.read)
    return tuple(
        text if pa.types.is_timestamp(c.type) else _value(text, c.type, c.attribute or "") for text, c in texts
    )


def _owner(table: TableSpec) -> str:
    return {"fx_rates": "to_currency", "securities": "conid"}.get(table.name, "account_id")


def _of_other_files(con: duckdb.DuckDBPyConnection, table: TableSpec, sha256: str) -> set[str]:
    """Of which accounts (rates, contracts) other files speak, by what identifies them."""
    query = (
        "SELECT account_id FROM statement_accounts WHERE sha256 <> $sha256"
        f" UNION SELECT {_owner(table)} FROM {table.name} WHERE statement_sha256 <> $sha256"
    )
    return {name for (name,) in con.execute(query, {"sha256": sha256}).fetchall()}


def _loaded(
    con: duckdb.DuckDBPyConnection, table: TableSpec, names: list[str], sha256: str
) -> Iterator[tuple[Any, ...]]:
    own = {c.name for c in table.columns}
    stated = (f"CASE WHEN NOT {flag} THEN {n} END" if (flag := _DERIVED.get(n)) in own else n for n in names)
    yield from con.execute(
        f"SELECT {', '.join(stated)} FROM {table.name} WHERE statement_sha256 = ?", [sha256]
    ).fetchall()


def _shown(table: TableSpec, told: _Told) -> Iterator[tuple[Group, int]]:
    """The days of accounts that a FlexStatement shows, though it may have no row for this table there."""
    if not table.family:
        return
    for ordinal, row in told.rows[table.element]:
        day = _day(row.get("toDate" if table.family == "cash" else "reportDate") or "")
        if day:
            yield (row["accountId"], day), ordinal
    section = {"positions": "OpenPositions", "dividends": "OpenDividendAccruals"}.get(table.family)
    filled = {(ordinal, row["accountId"]) for ordinal, row in told.rows[table.element]}
    for ordinal, (account, last, sections) in enumerate(told.statements):
        if section in sections and (ordinal, account) not in filled:
            yield (account, last), ordinal


def _accounts(con: duckdb.DuckDBPyConnection, told: _Told, sha256: str) -> list[str]:
    """What the file says of an account, column by column; of several words on one the last should stand, any may."""
    table, wrong = TABLES[0], []
    others = _of_other_files(con, table, sha256)
    described = {(n, name) for n, (name, _, _) in enumerate(told.statements)}
    for element in ("EquitySummaryByReportDateInBase", "OpenPosition", "CashReportCurrency"):
        described |= {(n, row["accountId"]) for n, row in told.rows[element] if _is_one(element, row)}
    for account in {account for _, account in described} - others - {"-"}:
        ordinals = [n for n, name in described if name == account]
        columns = [c for c in table.read if c.name != "account_id"]
        loaded = con.execute(
            f"SELECT {', '.join(c.name for c in columns)} FROM accounts WHERE account_id = ?", [account]
        ).fetchone()
        if loaded is None:
            wrong.append(f"accounts: in the file, not loaded: {account}")
            continue
        for column, value in zip(columns, loaded, strict=True):
            if column.name == "base_currency":
                stated = {word for n in ordinals for word in _bases(told, n, account)}
            else:
                rows = (row for _, row in told.rows[table.element] if row["accountId"] == account)
                stated = {_value(r.get(column.attribute or ""), column.type, column.attribute or "") for r in rows}
            if value not in stated - {None} and (value is not None or stated - {None}):
                wrong.append(f"accounts: {column.name} is {value!r}, in the file {stated}")
    return wrong


def _bases(told: _Told, ordinal: int, account: str) -> set[str]:
    """The base currency that a FlexStatement states: in the account's own section, its NAV, or its rates."""
    for element, name in (("AccountInformation", "currency"), ("EquitySummaryByReportDateInBase", "currency"),
                          ("ConversionRate", "toCurrency")):  # fmt: skip
        rows = [
            row
            for n, row in told.rows[element]
            if n == ordinal and row["accountId"] == account and _is_one(element, row)
        ]
        stated = {row[name] for row in rows if row.get(name)}
        if stated:
            return stated
    return set()


# Which rows count, by the reference's rules.


def _counted(table: TableSpec, told: _Told) -> Iterator[tuple[int, Attributes]]:
    rows = [(ordinal, row) for ordinal, row in told.rows[table.element] if _is_one(table.element, row)]
    if table.melt:
        rows = [(ordinal, _without_parts(table.element, row)) for ordinal, row in rows]
    if table.name in ("positions", "position_lots"):
        yield from _holdings(rows, lots=table.name == "position_lots")
        return
    if table.element in _BY_MODEL:
        rows = _added_up(rows)
    with_ids = {ordinal for ordinal, row in told.rows[table.element] if row.get("transactionID")}
    for ordinal, row in rows:
        base = row.get("currency") == "BASE_SUMMARY"
        # IBKR: the summary of payments has no id; which field says so is a matter of what the query ticks.
        detail = row.get("levelOfDetail") or row.get("transactionID") or ordinal not in with_ids
        if {"cash_transactions": detail, "cash_balances": not base, "cash_totals": base}.get(table.name, True):
            yield ordinal, row


def _added_up(rows: Iterable[tuple[int, Attributes]]) -> list[tuple[int, Attributes]]:
    """One row for the rows of several models."""
    alike: dict[Group, list[Attributes]] = defaultdict(list)
    for ordinal, row in rows:
        days = [_day(row.get(name) or "") for name in ("reportDate", "fromDate", "toDate")]
        alike[ordinal, row["accountId"], row.get("currency"), *days].append(row)
    summed = []
    for (ordinal, *_), parts in alike.items():
        if len({row.get("model") for row in parts}) == 1:
            summed += [(ordinal, row) for row in parts]
            continue
        names = {name for row in parts for name in row} - _NO_AMOUNTS
        total = {**parts[0], **{name: _total(parts, name) for name in names}}
        total.pop("twr", None)  # the returns of several models have no sum
        summed.append((ordinal, total))
    return summed


def _is_one(element: str, row: Attributes) -> bool:
    """Whether a row is one of its element's, and no summary of others."""
    level = row.get("levelOfDetail")
    return {
        "EquitySummaryByReportDateInBase": "reportDate" in row,
        "CashTransaction": level != "SUMMARY" and row.get("acctAlias") != "-",
        "Transfer": level != "SUMMARY",
        "Trade": level not in _TRADES_SUMMED,
        "ConversionRate": bool(row.get("fromCurrency") and row.get("toCurrency"))
        and _value(row.get("rate"), pa.decimal128(18, 10)) not in (None, 0, -1),
        "SecurityInfo": bool(row.get("conid")),
        "FIFOPerformanceSummaryUnderlying": bool(row.get("conid") or row.get("symbol")),
    }.get(element, True)


def _holdings(rows: Iterable[tuple[int, Attributes]], lots: bool) -> Iterator[tuple[int, Attributes]]:
    """The lots, or the positions: the rows that say so, else the sums of the lots."""
    contracts: dict[Group, list[Attributes]] = defaultdict(list)
    for ordinal, row in rows:
        contract = row.get("conid") or row.get("securityID") or row.get("symbol")
        contracts[ordinal, row["accountId"], row.get("model"), _day(row["reportDate"]), contract].append(row)
    for (ordinal, *_), alike in contracts.items():
        summaries, opened = _levels(alike)
        held = opened if lots else summaries or [_sum(opened)]
        yield from ((ordinal, row) for row in held)


def _levels(alike: list[Attributes]) -> tuple[list[Attributes], list[Attributes]]:
    """One contract's summaries and its lots, by what they say, else by how they were opened, else by their figures."""
    levels = [_level(row) for row in alike]
    untold = [row for row, level in zip(alike, levels, strict=True) if level is None]
    whole = untold[0] if len(untold) == 1 else next((row for row in untold if _is_sum(row, untold)), None)
    levels = [level or ("SUMMARY" if row is whole else "LOT") for row, level in zip(alike, levels, strict=True)]
    pairs = list(zip(alike, levels, strict=True))
    return [row for row, level in pairs if level == "SUMMARY"], [row for row, level in pairs if level == "LOT"]


def _level(row: Attributes) -> str | None:
    if row.get("levelOfDetail") in ("SUMMARY", "LOT"):
        return str(row["levelOfDetail"])
    return "LOT" if any(row.get(name, "") not in _NULLS for name in _OPENED) else None


def _is_sum(row: Attributes, alike: list[Attributes]) -> bool:
    """Whether a row is the sum of the others, in each figure that it states."""
    return all(_figure(row, name) is None or 2 * _figure(row, name) == _total(alike, name) for name in _SUMMED)


def _sum(lots: list[Attributes]) -> Attributes:
    """The position that lots alone make: described as the first of them."""
    made: Attributes = dict(lots[0])
    for name in _SUMMED:
        made[name] = None if any(_figure(lot, name) is None for lot in lots) else _total(lots, name)
    if len({_figure(lot, "costBasisPrice") for lot in lots}) > 1:
        made["costBasisPrice"] = None
    return made


def _total(rows: list[Attributes], name: str) -> Any:
    stated = [figure for row in rows if (figure := _figure(row, name)) is not None]
    with localcontext(prec=60):
        return sum(stated, Decimal(0)) if stated else None


def _figure(row: Attributes, name: str) -> Any:
    return _value(row.get(name), _AMOUNT)


def _amounts(row: Attributes) -> Iterator[tuple[str, Decimal]]:
    """The amounts of an element whose set of amounts is open."""
    for name, text in row.items():
        amount = _value(text, _AMOUNT) if _is_amount(name) else None
        if amount is not None:
            yield name, amount


def _without_parts(element: str, row: Attributes) -> Attributes:
    """A row without the amounts that are parts of others of it."""
    return {name: text for name, text in row.items() if not _is_part(element, row, name)}


def _is_part(element: str, row: Attributes, name: str) -> bool:
    if element == "CashReportCurrency":
        return name.endswith(("Sec", "Com", "Paxos", "IBUKL", "MTD", "YTD"))
    wholes = {name.removesuffix(end) for end in ("Long", "Short")} - {name}
    return any(_is_amount(whole) and _figure(row, whole) is not None for whole in wholes)


def _is_amount(name: str) -> bool:
    return name not in _NO_AMOUNTS and not _PERSONAL.search(name)


# Values.


def _value(text: Any, kind: pa.DataType, name: str = "") -> Any:
    """An attribute's value, read in another way than the pipeline's."""
    if not isinstance(text, str):
        return text
    if not text or ((name in _IDENTIFIERS or not pa.types.is_string(kind)) and text in _NULLS):
        return None
    if pa.types.is_decimal(kind):
        number = Decimal(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
        # IBKR: the rates -1 and 0 mean "no rate".
        if number is None or (name == "fxRateToBase" and number in (-1, 0)):
            return None
        # A figure on which no NAV rests is nothing where it cannot be kept exactly.
        return None if name in DESCRIPTIVE and not _fits(number, kind) else number
    if pa.types.is_date(kind):
        return _day(text)
    if pa.types.is_timestamp(kind):
        return _moment(text)
    return text


def _fits(number: Decimal, kind: pa.DataType) -> bool:
    digits = number.normalize().as_tuple()
    assert isinstance(digits.exponent, int)
    return -digits.exponent <= kind.scale and (not number or number.adjusted() < kind.precision - kind.scale)


def _moment(text: str) -> datetime | None:
    """A moment in UTC, by its digits; New York's clock, or a zone of the same name."""
    day, clock = _day(text), re.search(r"(\d\d):?(\d\d):?(\d\d)(?: ([A-Z]+))?$", text[8:])
    if day is None:
        return None
    hour, minute, second = (int(part) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    named = clock[4] if clock else None
    zone = ZoneInfo("America/New_York" if named in (None, "EST", "EDT") else str(named))
    return (
        datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    )


def _day(text: str) -> date | None:
    for form, length in (("%Y-%m-%d", 10), ("%Y%m%d", 8), ("%d-%b-%y", 9), ("%m/%d/%Y", 10)):
        try:
            day = datetime.strptime(text[:length], form).date()  # noqa: DTZ007
        except ValueError:
            continue
        # No day but a maturity lies far ahead of the statements, which are of 2026.
        return day.replace(year=day.year - 100) if form == "%d-%b-%y" and day.year > _YEAR_AFTER else day
    return None


def unnoted(con: duckdb.DuckDBPyConnection, sha256: str, data: bytes) -> list[str]:
    """Attributes with a value, and sections, that are neither loaded nor named in `statement_notes`."""
    noted = {name for (name,) in con.execute("SELECT name FROM statement_notes WHERE sha256 = ?", [sha256]).fetchall()}
    for table in TABLES:
        if table.melt:
            query = f"SELECT DISTINCT component FROM {table.name} WHERE statement_sha256 = ?"
            noted |= {f"{table.element}.{name}" for (name,) in con.execute(query, [sha256]).fetchall()}
    # What tells only whether a row counts, or which rows make one, is no column.
    columns = {element: {"levelOfDetail", "model"} for element in _BY_MODEL}
    columns["CashTransaction"] = {"levelOfDetail", "acctAlias"}
    for table in TABLES:
        columns.setdefault(table.element, {"levelOfDetail"}).update(c.attribute or "" for c in table.read)
    lacking = set()
    for statement in _root(data).iter("FlexStatement"):
        for section in statement:
            rows = [row for row in section.iter() if row.tag in columns]
            if not rows and len(section) and section.tag not in noted:
                lacking.add(section.tag)
            for row in rows:
                told = {name for name, text in row.attrib.items() if text not in _NULLS}
                lacking |= {f"{row.tag}.{n}" for n in told - columns[row.tag]} - noted
    return sorted(lacking)
