"""What a simulated account has at the end of a day, and what happened on it.

Every amount is a `Decimal` in the currency named beside it; NAV, ChangeInNAV and BASE_SUMMARY figures are in the
account's base currency. Money that comes in is positive, money that goes out negative. Times are New York.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument

ZERO = Decimal(0)
BASE_SUMMARY = "BASE_SUMMARY"

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the household. The person is invented; their data are served so that nobody loads them.

    Attributes:
        cost_in_base: whether its positions state cost basis and unrealised result in base (IBKR: some accounts do).

    """

    account_id: str
    alias: str
    base: str
    customer_type: str
    capabilities: str
    permissions: str
    entity: str
    holder: str
    street: str
    city: str
    state: str
    country: str
    postal_code: str
    email: str
    cost_in_base: bool = False

    def __hash__(self) -> int:
        return hash(self.account_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Part of a position that was opened at once. Quantity and cost are negative for a short position."""

    quantity: Decimal
    cost: Decimal
    price: Decimal
    opened: datetime
    order_id: int
    transaction_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position at the end of a day, in the instrument's currency.

    Attributes:
        nav_value: what it contributes to NAV: its value, a CFD's unrealised result, nothing for a future.

    """

    instrument: Instrument
    model: str
    lots: tuple[Lot, ...]
    quantity: Decimal
    price: Decimal
    value: Decimal
    cost: Decimal
    nav_value: Decimal

    @property
    def unrealized(self) -> Decimal:
        """Value less cost."""
        return self.value - self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An execution. `instrument` is None for an exchange of currencies, then `symbol` is a pair like EUR.USD.

    Attributes:
        closes: the lots, or the parts of lots, that it closed.

    """

    instrument: Instrument | None
    symbol: str
    model: str
    currency: str
    quantity: Decimal
    price: Decimal
    proceeds: Decimal
    commission: Decimal
    commission_currency: str
    cost: Decimal
    realized: Decimal
    close_price: Decimal
    opens: bool
    transaction_type: str
    notes: str
    when: datetime
    settles: date
    order_id: int
    trade_id: int
    transaction_id: int
    closes: tuple[Lot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTransaction:
    """A booking in cash that is not a trade; `type` is IBKR's word for it."""

    type: str
    currency: str
    amount: Decimal
    description: str
    instrument: Instrument | None
    when: datetime
    settles: date
    transaction_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A position that came from another broker, with its market value (transferred without cost basis).

    Attributes:
        part: the part of ChangeInNAV that holds it; only asset transfers have a row in the section Transfers.

    """

    instrument: Instrument
    quantity: Decimal
    price: Decimal
    value: Decimal
    transaction_id: int
    part: str = "assetTransfers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTransfer:
    """Cash that came from another account of IBKR's or, if negative, went to it."""

    counterparty: str
    currency: str
    amount: Decimal
    transaction_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendAccrual:
    """A dividend between its ex-date and its pay date; tax is positive here and taken off in `net`."""

    instrument: Instrument
    ex_date: date
    pay_date: date
    quantity: Decimal
    rate: Decimal
    gross: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        """Gross less tax, in the instrument's currency."""
        return self.gross - self.tax


@dataclass(frozen=True, slots=True)
class DividendChange:
    """A posting (`Po`) or a reversal (`Re`) of a dividend accrual."""

    accrual: DividendAccrual
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestLine:
    """Accrued broker interest of one currency over a day: start + accrued + reversal + translation = end."""

    start: Decimal
    accrued: Decimal
    reversal: Decimal
    translation: Decimal
    end: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashLine:
    """Cash of one currency over a day: start + flows = end. `settled` is the part that has settled."""

    start: Decimal
    flows: Amounts
    end: Decimal
    settled: Decimal
    month_to_date: Amounts
    year_to_date: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDay:
    """One account at the close of one weekday.

    Attributes:
        rates: currency to base at the day's close, for the currencies of the account.
        cash: by currency; BASE_SUMMARY in base.
        nav: NAV column to its long and its short part, in base. Columns that are not there are zero.
        change: the parts of ChangeInNAV, in base; without start, end and twr. Parts that are not there are zero.
        bond_accruals: the part of the interest accruals that comes from bonds, in base.
        interest: by currency; BASE_SUMMARY in base.
        is_first: whether the account was opened on this day.

    """

    account: Account
    day: date
    rates: Amounts
    positions: tuple[Position, ...]
    cash: Mapping[str, CashLine]
    nav: dict[str, tuple[Decimal, Decimal]]
    change: Amounts
    starting_value: Decimal
    total: Decimal
    bond_accruals: Decimal
    trades: tuple[Trade, ...]
    cash_transactions: tuple[CashTransaction, ...]
    transfers: tuple[Transfer, ...]
    dividends: tuple[DividendAccrual, ...]
    dividend_changes: tuple[DividendChange, ...]
    interest: Mapping[str, InterestLine]
    cash_transfers: tuple[CashTransfer, ...] = ()
    is_first: bool = False
