"""The sections of a statement, made of the rows of some books."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from wealth_pipeline_tests.flexml import Value
from wealth_pipeline_tests.returns.books import COMPONENTS, IN_KIND, ZERO, Account, AccountDay, Books, Flow
from wealth_pipeline_tests.returns.formulas import in_percent

Row = dict[str, Value]
Rows = Sequence[AccountDay]
#: The components that IBKR states also where they are 0; of flows the rare ones stand only where they are not.
_ALWAYS = ("depositsWithdrawals", "internalCashTransfers", "assetTransfers")
_NOTHING = dict.fromkeys(
    ("withholdingTax", "interest", "commissions", "changeInDividendAccruals", "changeInInterestAccruals"), ZERO
)
_NO_CASH = dict.fromkeys(
    ("accountTransfers", "brokerInterest", "commissions", "transactionTax", "withholdingTax"), ZERO
)


def account_information(account: Account) -> Row:
    """AccountInformation."""
    return {"accountId": account.name, "currency": account.base, "acctAlias": "", "dateOpened": account.first}


def nav_row(account: Account, row: AccountDay) -> Row:
    """A row of EquitySummaryInBase."""
    figures = {"cash": row.cash, "stock": row.stock, "dividendAccruals": ZERO, "total": row.end}
    return {"accountId": account.name, "currency": account.base, "reportDate": row.day, **figures}


def change_in_nav(books: Books, account: Account, rows: Rows, window: list[date]) -> Row:
    """ChangeInNAV of a window."""
    flows = {name: _sum(row.component(name) for row in rows) for name in dict.fromkeys(COMPONENTS.values())}
    return {
        "accountId": account.name, "currency": account.base, "fromDate": window[0], "toDate": window[-1],
        "startingValue": rows[0].start, "mtm": _sum(row.mtm for row in rows), **_NOTHING,
        **{name: amount for name, amount in flows.items() if amount or name in _ALWAYS},
        "dividends": _sum(row.dividends for row in rows), "otherFees": _sum(row.fees for row in rows),
        "endingValue": rows[-1].end, "twr": stated_twr(books, rows),
    }  # fmt: skip


def stated_twr(books: Books, rows: Rows) -> Decimal | None:
    """IBKR's twr of some days in percent. What it states where an account was emptied is unknown: it may be missing."""
    growth = Fraction(1)
    for row in rows:
        amounts = books.net_flow(row).values()
        moved_out = _sum(amount for amount in amounts if amount < 0)
        late = moved_out if books.timing == "end" else ZERO
        before, after = row.start + _sum(amounts) - late, row.end - late
        if row.start == row.end == 0:
            continue
        if before <= 0 or (row.end == 0 and moved_out) or row.start + _sum(amounts) <= 0:
            alone = random.Random(f"emptied {books.seed}").choice((None, Decimal(0), Decimal(-100)))
            return alone if len(rows) == 1 else None
        growth *= Fraction(after) / Fraction(before)
    return in_percent(growth)


def cash_report(account: Account, rows: Rows, window: list[date]) -> list[Row]:
    """CashReport: in base, in the base currency, and in each currency that was paid in and converted."""
    flows = [flow for row in rows for flow in row.flows if flow.kind not in IN_KIND]
    foreign = sorted({flow.currency for flow in flows} - {account.base})
    converted = _sum(flow.amount_base for flow in flows if flow.currency != account.base)
    inside = [flow for flow in flows if flow.currency == account.base]
    summary = _moved([(flow, flow.amount_base) for flow in flows]) | _traded(rows, ZERO)
    own = _moved([(flow, flow.amount) for flow in inside]) | _traded(rows, converted)
    ends = {"startingCash": rows[0].start_cash, "endingCash": rows[-1].cash, "endingSettledCash": rows[-1].cash}
    made = [("BASE_SUMMARY", summary | ends | {"fxTranslationGainLoss": ZERO}), (account.base, own | ends)]
    for currency in foreign:
        paid = [(flow, flow.amount) for flow in flows if flow.currency == currency]
        nothing = dict.fromkeys(("startingCash", "endingCash", "endingSettledCash", "netTradesSales"), ZERO)
        sold = {"netTradesPurchases": -_sum(amount for _, amount in paid), "dividends": ZERO, "otherFees": ZERO}
        made.append((currency, _moved(paid) | nothing | sold))
    shared: Row = {"accountId": account.name, "fromDate": window[0], "toDate": window[-1]}
    return [shared | {"currency": currency, "levelOfDetail": _level(currency), **row} for currency, row in made]


def _level(currency: str) -> str:
    return "BaseCurrency" if currency == "BASE_SUMMARY" else "Currency"


def _moved(flows: list[tuple[Flow, Decimal]]) -> dict[str, Decimal]:
    """The flows of a row of the Cash Report."""
    sums = {kind: _sum(amount for flow, amount in flows if flow.kind == kind) for kind in COMPONENTS}
    return {
        "deposits": sums["deposit"], "withdrawals": sums["withdrawal"],
        "depositWithdrawals": sums["deposit"] + sums["withdrawal"], "internalTransfers": sums["internal_transfer"],
        "debitCardActivity": sums["card"], "billPay": sums["bill_pay"], **_NO_CASH,
    }  # fmt: skip


def _traded(rows: Rows, converted: Decimal) -> dict[str, Decimal]:
    return {
        "netTradesPurchases": -_sum(max(row.bought, ZERO) for row in rows),
        "netTradesSales": _sum(max(-row.bought, ZERO) for row in rows) + converted,
        "dividends": _sum(row.dividends for row in rows),
        "otherFees": _sum(row.fees for row in rows),
    }


def open_positions(account: Account, row: AccountDay) -> list[Row]:
    """OpenPositions at the close of a row: one security that is all the account's stock."""
    position: Row = {
        "accountId": account.name, "currency": account.base, "fxRateToBase": "1", "assetCategory": "STK",
        "symbol": "ACME", "conid": "1", "reportDate": row.day, "position": "1", "multiplier": "1",
        "markPrice": row.stock, "positionValue": row.stock, "costBasisPrice": "0", "costBasisMoney": "0",
        "fifoPnlUnrealized": row.stock, "levelOfDetail": "SUMMARY", "openDateTime": "",
    }  # fmt: skip
    return [position] if row.stock else []


def cash_transactions(books: Books, account: Account, rows: Rows) -> list[Row]:
    """CashTransactions: each deposit, payment, dividend and fee; some took effect days before they were reported."""
    rng = random.Random(f"transactions {books.seed} {account.name} {rows[0].day if rows else ''}")
    deposits = random.Random(books.seed).choice(("Deposits/Withdrawals", "Deposits & Withdrawals"))
    types = {"deposit": deposits, "withdrawal": deposits, "card": "Debit Card Activity", "bill_pay": "Bill Pay"}
    made: list[Row] = []
    for row in rows:
        paid = [(types[f.kind], f.currency, f.amount, f.rate) for f in row.flows if f.kind in types]
        earned = (("Dividends", row.dividends), ("Other Fees", row.fees))
        paid += [(name, account.base, amount, Decimal(1)) for name, amount in earned if amount]
        for number, (name, currency, amount, rate) in enumerate(paid):
            effect = row.day - timedelta(days=rng.randrange(6) if rng.randrange(3) == 0 else 0)
            made.append({
                "accountId": account.name, "transactionID": f"{account.name[1:]}{row.day:%Y%m%d}{number}",
                "levelOfDetail": "DETAIL", "type": name, "currency": currency, "amount": amount, "fxRateToBase": rate,
                "reportDate": row.day, "dateTime": effect, "settleDate": effect, "description": name.upper(),
            })  # fmt: skip
    return made


def transfers(account: Account, rows: Rows) -> list[Row]:
    """Transfers: of cash within the household, and of securities."""
    flows = [flow for row in rows for flow in row.flows if flow.kind in ("internal_transfer", "asset_transfer")]
    return [_transfer(account, flow, number) for number, flow in enumerate(flows)]


def _transfer(account: Account, flow: Flow, number: int) -> Row:
    in_kind = flow.kind in IN_KIND
    value = flow.amount if in_kind else ZERO
    security: Row = {"assetCategory": "STK", "symbol": "ACME", "conid": "1"} if in_kind else {"assetCategory": "CASH"}
    return {
        "accountId": account.name, "transactionID": f"7{account.name[1:]}{flow.day:%Y%m%d}{number}",
        "type": "ACATS" if in_kind else "INTERNAL", "direction": "IN" if flow.amount > 0 else "OUT", **security,
        "currency": flow.currency, "fxRateToBase": flow.rate, "reportDate": flow.day, "date": flow.day,
        "account": flow.counterparty or "", "quantity": Decimal(1).copy_sign(flow.amount) if in_kind else ZERO,
        "positionAmount": value, "positionAmountInBase": value, "cashTransfer": ZERO if in_kind else flow.amount,
    }  # fmt: skip


def conversion_rates(books: Books, account: Account, window: list[date]) -> list[Row]:
    """ConversionRates: of each day of the window; the row of the day before it has none."""
    other = "EUR" if account.base == "USD" else "USD"
    return [
        {"reportDate": day, "fromCurrency": other, "toCurrency": account.base,
         "rate": books.rate(other, account.base, day)}
        for day in window
    ]  # fmt: skip


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
