"""The sections of a FlexStatement that show a state: NAV, cash, positions, rates.

Each function takes the days of a window and gives the section's text. `days` are the weekdays of one account in the
window, oldest first; sections that show a state show the last one. Attribute names are IBKR's. Amounts are in the
row's currency, or in base where the section says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import cast

from wealth_pipeline.sandbox.currencies import CURRENCIES, NOT_OFFERED_BEFORE, USD_VALUE
from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.market import Market
from wealth_pipeline.sandbox.markup import (
    BOOKKEEPING,
    account_attributes,
    attributes,
    container,
    day_text,
    element,
    number,
    security_attributes,
    time_text,
)
from wealth_pipeline.sandbox.records import BASE_SUMMARY, ZERO, AccountDay, Lot, Position

NINE_PLACES = Decimal("0.000000001")
Days = Sequence[AccountDay]

NAV_COLUMNS = (
    "cash",
    "slbCashCollateral",
    "stock",
    "ipoSubscription",
    "slbDirectSecuritiesBorrowed",
    "slbDirectSecuritiesLent",
    "options",
    "bonds",
    "commodities",
    "notes",
    "funds",
    "dividendAccruals",
    "interestAccruals",
    "softDollars",
    "forexCfdUnrealizedPl",
    "cfdUnrealizedPl",
    "physDel",
    "crypto",
)
"""The columns whose sum is the NAV row's total."""

_NAV_COLUMNS_WITHOUT_MEANING = (
    "brokerFeesAccrualsComponent",
    "fdicInsuredBankSweepAccount",
    "fdicInsuredBankSweepAccountCashComponent",
    "fdicInsuredAccountInterestAccruals",
    "fdicInsuredAccountInterestAccrualsComponent",
    "insuredBankDepositRedemptionCashComponent",
    "incentiveCouponAccruals",
    "eventContractInterestAccruals",
    "marginFinancingChargeAccruals",
)
"""Columns that a real row has and that are zero here."""

CHANGE_PARTS = (
    "mtm",
    "realized",
    "changeInUnrealized",
    "costAdjustments",
    "transferredPnlAdjustments",
    "depositsWithdrawals",
    "internalCashTransfers",
    "assetTransfers",
    "debitCardActivity",
    "billPay",
    "dividends",
    "withholdingTax",
    "withholding871m",
    "withholdingTaxCollected",
    "changeInDividendAccruals",
    "interest",
    "changeInInterestAccruals",
    "advisorFees",
    "brokerFees",
    "changeInBrokerFeeAccruals",
    "clientFees",
    "otherFees",
    "otherIncome",
    "feesReceivables",
    "commissions",
    "commissionReceivables",
    "forexCommissions",
    "transactionTax",
    "taxReceivables",
    "salesTax",
    "softDollars",
    "netFxTrading",
    "fxTranslation",
    "linkingAdjustments",
    "other",
    "corporateActionProceeds",
    "commissionCreditsRedemption",
    "grantActivity",
    "excessFundSweep",
    "billableSalesTax",
    "mtmAtPaxos",
    "carbonCredits",
    "donations",
    "paxosTransfers",
    "commissionsAtPaxos",
    "referralFee",
    "changeInIncentiveCouponAccruals",
)
"""The parts of ChangeInNAV: starting value + parts = ending value."""

CASH_FLOWS = (
    "clientFees",
    "commissions",
    "billableCommissions",
    "depositWithdrawals",
    "deposits",
    "withdrawals",
    "accountTransfers",
    "internalTransfers",
    "dividends",
    "brokerFees",
    "brokerInterest",
    "bondInterest",
    "cashSettlingMtm",
    "cfdCharges",
    "netTradesSales",
    "netTradesPurchases",
    "feesReceivables",
    "paymentInLieu",
    "transactionTax",
    "withholdingTax",
    "fxTranslationGainLoss",
    "otherFees",
    "excessFundSweep",
    "otherIncome",
    "linkingAdjustments",
    "insuredDepositInterest",
    "realizedVm",
    "advisorFees",
    "taxReceivables",
    "withholding871m",
    "withholdingCollectedTax",
    "salesTax",
    "other",
    "debitCardActivity",
    "billPay",
    "realizedForexVm",
    "ipoSubscription",
    "billableSalesTax",
    "commissionCreditsRedemption",
    "referralFee",
    "carbonCredits",
    "donations",
    "paxosTransfers",
)
"""The flows of the cash report. `depositWithdrawals` is `deposits` + `withdrawals` once more."""

_WITH_SEGMENTS = (
    "commissions",
    "depositWithdrawals",
    "deposits",
    "withdrawals",
    "dividends",
    "brokerInterest",
    "bondInterest",
    "cashSettlingMtm",
    "netTradesSales",
    "netTradesPurchases",
    "withholdingTax",
    "otherFees",
    "salesTax",
    "fxTranslationGainLoss",
)
_WITH_TO_DATE = (
    "commissions",
    "depositWithdrawals",
    "deposits",
    "withdrawals",
    "dividends",
    "brokerInterest",
    "otherFees",
)


def account_information(account_day: AccountDay, first_day: date) -> str:
    """AccountInformation, with the holder's (invented) name, address and e-mail as IBKR has them."""
    account = account_day.account
    place = {
        "street": account.street,
        "street2": "",
        "city": account.city,
        "state": account.state,
        "country": account.country,
        "postalCode": account.postal_code,
    }
    return element(
        "AccountInformation",
        account_attributes(account),
        attributes(
            currency=account.base,
            name=account.holder,
            accountType=account.customer_type,
            customerType=account.customer_type,
            accountCapabilities=account.capabilities,
            tradingPermissions=account.permissions,
            registeredRepName="",
            registeredRepPhone="",
            accountRepName="",
            accountRepPhone="",
            dateOpened=day_text(first_day),
            dateFunded=day_text(first_day),
            dateClosed="",
            lastTradedDate="",
            **place,
            **{f"{name}ResidentialAddress": value for name, value in place.items()},
            masterName="",
            ibEntity=account.entity,
            primaryEmail=account.email,
        ),
    )


def change_in_nav(days: Days) -> str:
    """ChangeInNAV of the window, in base: `mtm` carries the result, `twr` is in percent."""
    account = days[-1].account
    totals: dict[str, Decimal] = defaultdict(Decimal)
    growth = Decimal(1)
    for day in days:
        growth *= day.growth
        for part, amount in day.change.items():
            totals[part] += amount
    return element(
        "ChangeInNAV",
        account_attributes(account),
        attributes(
            currency=account.base,
            fromDate=day_text(days[0].day),
            toDate=day_text(days[-1].day),
            startingValue=number(days[0].starting_value),
            **{part: number(totals[part]) for part in CHANGE_PARTS},
            endingValue=number(days[-1].total),
            twr=number(((growth - 1) * 100).quantize(NINE_PLACES, ROUND_HALF_EVEN)),
        ),
    )


def equity_summary(before: AccountDay | None, days: Days) -> str:
    """EquitySummaryInBase: a row for each weekday and, before them, one for the weekday before the window."""
    return container("EquitySummaryInBase", [_nav_row(day) for day in ([before] if before else []) + list(days)])


def _nav_row(day: AccountDay) -> str:
    values = {}
    totals = {"": ZERO, "Long": ZERO, "Short": ZERO}
    for column in NAV_COLUMNS:
        long, short = day.nav.get(column, (ZERO, ZERO))
        for suffix, amount in (("", long + short), ("Long", long), ("Short", short)):
            values[column + suffix] = number(amount)
            totals[suffix] += amount
    values.update((f"total{suffix}", number(amount)) for suffix, amount in totals.items())
    interest_long, interest_short = day.nav.get("interestAccruals", (ZERO, ZERO))
    cash_long, cash_short = day.nav.get("cash", (ZERO, ZERO))
    for component, long, short in (
        ("brokerCashComponent", cash_long, cash_short),
        ("brokerInterestAccrualsComponent", interest_long - day.bond_accruals, interest_short),
        ("bondInterestAccrualsComponent", day.bond_accruals, ZERO),
        *((column, ZERO, ZERO) for column in _NAV_COLUMNS_WITHOUT_MEANING),
    ):
        values |= {
            component: number(long + short),
            f"{component}Long": number(long),
            f"{component}Short": number(short),
        }
    return element(
        "EquitySummaryByReportDateInBase",
        account_attributes(day.account),
        attributes(currency=day.account.base, reportDate=day_text(day.day), **values),
    )


def cash_report(days: Days, first: date, last: date) -> str:
    """CashReport over the window: BASE_SUMMARY in base, then a row per currency that was used, in that currency."""
    rows = []
    for currency in (BASE_SUMMARY, *CURRENCIES):
        flows: dict[str, Decimal] = defaultdict(Decimal)
        for day in days:
            for name, amount in day.cash[currency].flows.items():
                flows[name] += amount
        start, end = days[0].cash[currency].start, days[-1].cash[currency].end
        if currency == BASE_SUMMARY or start or end or any(flows.values()):
            rows.append(_cash_row(days[-1], currency, first, last, start, flows))
    return container("CashReport", rows)


def _cash_row(
    end_day: AccountDay, currency: str, first: date, last: date, start: Decimal, flows: dict[str, Decimal]
) -> str:
    line = end_day.cash[currency]
    to_date = {"MTD": dict(line.month_to_date), "YTD": dict(line.year_to_date)}
    for amounts in (flows, *to_date.values()):
        amounts["depositWithdrawals"] = amounts.get("deposits", ZERO) + amounts.get("withdrawals", ZERO)
    values = {
        "startingCash": number(start),
        "startingCashSec": number(start),
        "startingCashCom": "0",
        "startingCashPaxos": "0",
    }
    for name in CASH_FLOWS:
        values[name] = number(flows.get(name, ZERO))
        if name in _WITH_SEGMENTS:
            values |= {f"{name}Sec": values[name], f"{name}Com": "0"}
        if name in _WITH_TO_DATE:
            values |= {f"{name}{suffix}": number(amounts.get(name, ZERO)) for suffix, amounts in to_date.items()}
            values[f"{name}Paxos"] = "0"
    for name, amount in (("endingCash", line.end), ("endingSettledCash", line.settled)):
        values |= {name: number(amount), f"{name}Sec": number(amount), f"{name}Com": "0", f"{name}Paxos": "0"}
    values |= {
        "slbStartingCashCollateral": "0",
        "slbNetSecuritiesLentActivity": "0",
        "slbEndingCashCollateral": "0",
        "slbNetCash": number(line.end),
        "slbNetSettledCash": number(line.settled),
        "avgCreditBalance": "0",
        "avgDebitBalance": "0",
    }
    return element(
        "CashReportCurrency",
        account_attributes(end_day.account),
        attributes(
            currency=currency,
            levelOfDetail="BaseCurrency" if currency == BASE_SUMMARY else "Currency",
            fromDate=day_text(first),
            toDate=day_text(last),
            **values,
        ),
    )


def open_positions(market: Market, day: AccountDay, with_lots: bool) -> str:
    """OpenPositions at the close of a day: SUMMARY rows, each followed by its LOT rows if asked for."""
    class_totals: dict[str, Decimal] = defaultdict(Decimal)
    for position in day.positions:
        instrument = position.instrument
        class_totals[instrument.asset_category] += abs(position.value) * day.rates[instrument.currency]
    rows = []
    for position in day.positions:
        class_total = class_totals[position.instrument.asset_category]
        value = abs(position.value) * day.rates[position.instrument.currency]
        share = value * 100 / class_total if class_total else ZERO
        costs = [_lot_cost(market, day, position, lot) for lot in position.lots]
        rows.append(_position_row(day, position, share, _Cost.of_all(position.value, position.cost, costs)))
        if with_lots:
            rows.extend(_lot_row(day, position, lot, cost) for lot, cost in zip(position.lots, costs, strict=True))
    return container("OpenPositions", rows)


@dataclass(frozen=True)
class _Cost:
    """What a position or lot cost, and what it gained, in its own currency.

    in_base: None, or the same in base: its value, its cost at the rate of the day it was opened, and its gain there.
    """

    money: Decimal
    result: Decimal
    in_base: tuple[Decimal, Decimal, Decimal] | None = None

    @classmethod
    def of_all(cls, value: Decimal, money: Decimal, lots: Sequence[_Cost]) -> _Cost:
        """The sum of a position's lots."""
        told = [lot.in_base for lot in lots if lot.in_base]
        sums = tuple(sum(figures, ZERO) for figures in zip(*told, strict=True)) if told else None
        return cls(money, value - money, cast("tuple[Decimal, Decimal, Decimal] | None", sums))

    def attributes(self) -> dict[str, str]:
        """The attributes that state it."""
        if self.in_base is None:
            return {"costBasisMoney": number(self.money), "fifoPnlUnrealized": number(self.result)}
        value, cost, gain = self.in_base
        return {
            "costBasisMoney": number(cost),
            "fifoPnlUnrealized": number(value - cost),
            "positionValueInBase": number(value),
            "unrealizedCapitalGainsPnl": number(gain),
            "unrealizedlFxPnl": number(value - cost - gain),
        }

    def price(self, instrument: Instrument, quantity: Decimal) -> str:
        """The cost a unit."""
        return _cost_price(instrument, quantity, self.in_base[1] if self.in_base else self.money)


def _lot_cost(market: Market, day: AccountDay, position: Position, lot: Lot) -> _Cost:
    instrument = position.instrument
    value = instrument.value(lot.quantity, position.price)
    result = value - lot.cost
    if not day.account.cost_in_base:
        return _Cost(lot.cost, result)
    rate = day.rates[instrument.currency]
    # What settles every day has no cost in base: a future's and a CFD's result is converted as it stands.
    settles = instrument.asset_category in ("FUT", "CFD")
    opened = rate if settles else market.rate(instrument.currency, day.account.base, lot.opened.date())
    return _Cost(lot.cost, result, (value * rate, lot.cost * opened, result * opened))


def _position_row(day: AccountDay, position: Position, share: Decimal, cost: _Cost) -> str:
    price = cost.price(position.instrument, position.quantity)
    return _open_position(
        day,
        position,
        position=number(position.quantity),
        markPrice=number(position.price),
        positionValue=number(position.value),
        openPrice=price,
        costBasisPrice=price,
        # IBKR: a share of the asset class, not of the account.
        percentOfNAV=f"{share:.2f}",
        **cost.attributes(),
        side="Long" if position.quantity > 0 else "Short",
        levelOfDetail="SUMMARY",
        openDateTime="",
        holdingPeriodDateTime="",
        vestingDate="",
        code="",
        originatingOrderID="",
        originatingTransactionID="",
    )


def _lot_row(day: AccountDay, position: Position, lot: Lot, cost: _Cost) -> str:
    value = position.instrument.value(lot.quantity, position.price)
    held_long = day.day - lot.opened.date() > timedelta(days=365)
    return _open_position(
        day,
        position,
        position=number(lot.quantity),
        markPrice=number(position.price),
        positionValue=number(value),
        openPrice=number(lot.price),
        costBasisPrice=cost.price(position.instrument, lot.quantity),
        percentOfNAV="",
        **cost.attributes(),
        side="Long" if lot.quantity > 0 else "Short",
        levelOfDetail="LOT",
        openDateTime=time_text(lot.opened),
        holdingPeriodDateTime=time_text(lot.opened),
        vestingDate="",
        code="LT" if held_long else "ST",
        originatingOrderID=str(lot.order_id or ""),
        originatingTransactionID=str(lot.transaction_id),
    )


def _open_position(day: AccountDay, position: Position, /, **values: str) -> str:
    instrument = position.instrument
    return element(
        "OpenPosition",
        account_attributes(day.account, position.model),
        attributes(currency=instrument.currency, fxRateToBase=number(day.rates[instrument.currency])),
        security_attributes(instrument),
        attributes(reportDate=day_text(day.day), **values, accruedInt="", **BOOKKEEPING),
    )


def _cost_price(instrument: Instrument, quantity: Decimal, cost: Decimal) -> str:
    per_unit = instrument.value(quantity, Decimal(1))
    return number((cost / per_unit).quantize(NINE_PLACES, ROUND_HALF_EVEN))


def conversion_rates(market: Market, base: str, days: Iterable[date]) -> str:
    """ConversionRates of each day but Saturdays; a currency that was not offered yet has the rate -1."""
    rows = []
    for day in days:
        for currency in USD_VALUE:
            if currency == base or day.weekday() == 5:
                continue
            offered = day >= NOT_OFFERED_BEFORE.get(currency, day)
            rate = number(market.rate(currency, base, day)) if offered else "-1"
            rows.append(
                element(
                    "ConversionRate",
                    attributes(reportDate=day_text(day), fromCurrency=currency, toCurrency=base, rate=rate),
                )
            )
    return container("ConversionRates", rows)
