"""A snapshot: what the Gateway says of all accounts at one moment, without secrets and names, and as tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa

from wealth_pipeline.calendar import new_york_day
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import UnexpectedReply
from wealth_pipeline.tables.columns import Column
from wealth_pipeline.tables.live import LIVE_TABLES
from wealth_pipeline.tables.relations import LiveTable

BASE = "BASE"

# The only reply that names people is the description of accounts, and its fields come and go: what is not known to be
# harmless is left out. `accountTitle`, `displayName`, `desc` and `accountAlias` hold the holder's name or words.
_ACCOUNT_FIELDS = frozenset(
    "id accountId currency type tradingType businessType category ibEntity acctCustType clearingStatus accountStatus"
    " faclient brokerageAccess covestor noClientTrading trackVirtualFXPortfolio".split()
)
_SECRETS = re.compile(r"session|token|user|credential|^(display_?name|account_?title|ip|mac|hardware_?info)$", re.I)


def take(client: GatewayClient, now: datetime) -> str:
    """Read all accounts whole, and return the snapshot as JSON text, fit for the archive.

    One session check, one request for the accounts, and for each a ledger and its pages of positions. Numbers stand
    as the gateway wrote them. `now` is aware. Raises the errors of `gateway.errors`.
    """
    client.check_session()
    accounts = client.accounts()
    snapshot = {
        "captured_at": now.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
        "accounts": [
            {
                "description": {name: value for name, value in account.items() if name in _ACCOUNT_FIELDS},
                "ledger": _scrubbed(client.ledger(account_id)),
                "positions": _scrubbed(client.positions(account_id)),
            }
            for account in accounts
            if (account_id := client.account_id(account))
        ],
    }
    return _written(snapshot)


@dataclass(frozen=True)
class Snapshot:
    """An archived snapshot as tables.

    captured_at: UTC, without zone. tables: by name, validated, with exactly the declared columns.
    """

    captured_at: datetime
    tables: dict[str, pa.Table]


def read(text: str, sha256: str) -> Snapshot:
    """The tables of an archived snapshot; raises UnexpectedReply naming table, column and rule, never the value."""
    try:
        parsed = json.loads(text, parse_float=Decimal)
        captured_at = datetime.fromisoformat(parsed["captured_at"])
        rows = {table.name: list(_rows(table.name, parsed["accounts"])) for table in LIVE_TABLES}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnexpectedReply(
            f"The snapshot {sha256[:12]} does not have the shape of a snapshot ({type(error).__name__})",
            "Please report it.",
        ) from None
    constant = {
        "captured_at": captured_at,
        "report_date": new_york_day(captured_at),
        "snapshot_sha256": sha256,
    }
    return Snapshot(captured_at, {table.name: _typed(table, rows[table.name], constant) for table in LIVE_TABLES})


def _rows(table: str, accounts: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The rows of a table: the JSON's fields by their names, and our own columns by theirs."""
    for account in accounts:
        description, ledger = account["description"], account["ledger"]
        account_id = GatewayClient.account_id(description)
        currencies = {name: entry for name, entry in ledger.items() if name != BASE}
        if table == "live_positions":
            yield from ({**row, "account_id": account_id} for row in account["positions"])
        elif table == "live_cash":
            yield from (
                {**entry, "account_id": account_id, "currency": currency} for currency, entry in currencies.items()
            )
        else:
            known = BASE in ledger and _number(ledger[BASE].get("netliquidationvalue")) is not None
            total = ledger[BASE] if known else {"netliquidationvalue": _total(currencies.values())}
            base = _text(description.get("currency"))
            yield {**total, "account_id": account_id, "base_currency": base, "derived": not known}


def _total(entries: Iterable[dict[str, Any]]) -> Decimal | None:
    """The value of all currencies in base, or None if one of them lacks its value or its rate."""
    products = [(_number(entry.get("netliquidationvalue")), _number(entry.get("exchangerate"))) for entry in entries]
    if not products or any(value is None or rate is None for value, rate in products):
        return None
    return sum((value * rate for value, rate in products if value is not None and rate is not None), Decimal(0))


def _typed(table: LiveTable, rows: list[dict[str, Any]], constant: dict[str, Any]) -> pa.Table:
    """The rows as an Arrow table of the declared types, validated by the table's model."""
    columns = {}
    for column in table.columns:
        values = [constant.get(column.name, row.get(column.attribute or column.name)) for row in rows]
        try:
            columns[column.name] = pa.array([_value(column, value) for value in values], column.type)
        except (pa.ArrowException, InvalidOperation):
            raise UnexpectedReply(
                f"The gateway's {column.attribute or column.name} does not fit into {table.name}.{column.name}",
                "The snapshot is archived, but not loaded. Please report it.",
            ) from None
    typed = pa.table(columns, pa.schema([(c.name, c.type) for c in table.columns]))
    try:
        table.model.validate(typed.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        first = errors.failure_cases.iloc[0]
        raise UnexpectedReply(
            f"The gateway's {table.element} break the rule {first['check']} of {table.name}.{first['column']}",
            "The snapshot is archived, but not loaded. If IBKR really sends this, please report it.",
        ) from None
    return typed


def _value(column: Column, value: Any) -> Any:
    if pa.types.is_decimal(column.type):
        return _rounded(_number(value), column.type)
    if pa.types.is_string(column.type):
        return _text(value)
    if pa.types.is_date(column.type) and not isinstance(value, date):
        text = _text(value) or ""
        return datetime.strptime(text, "%Y%m%d").date() if re.fullmatch(r"\d{8}", text) else None  # noqa: DTZ007
    return value


def _number(value: Any) -> Decimal | None:
    """A number, also one that was written as text (IBKR: "0" for a strike); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _rounded(number: Decimal | None, type_: pa.DataType) -> Decimal | None:
    """The number with at most the column's decimals, half to even: beyond them is floating-point noise of IBKR's."""
    if number is None:
        return None
    with localcontext(prec=100):
        return number.quantize(Decimal(1).scaleb(-type_.scale), ROUND_HALF_EVEN)


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) or str(value) == "" else str(value)


def _scrubbed(value: Any) -> Any:
    """The value without the fields, at any depth, that hold secrets or names."""
    if isinstance(value, dict):
        return {name: _scrubbed(inner) for name, inner in value.items() if not _SECRETS.search(name)}
    return [_scrubbed(inner) for inner in value] if isinstance(value, list) else value


def _written(value: Any) -> str:
    """JSON text in which decimals keep their digits (`json.dumps` knows floats only)."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)
