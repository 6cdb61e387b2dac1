"""The sections of a statement that are loaded, each declared once.

The reader takes from here where an element's rows stand and what an odd one of them does, the doctor what a query
lacks and what that costs, the documentation's test what the set-up has to name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a statement (IBKR: Activity Flex Query, sections).

    name: in the XML. element: its rows; IBKR writes single ones without a section around them. title: its name in
    Client Portal, None where it comes with an option of the query. costs: what is not there without it. needed: whether
    nothing works without it. vital: the fields without which its rows say nothing.

    side: the NAV does not rest on it, so that a row that cannot be read exactly is set aside. Lots are a side as well,
    but stand in the element of the positions. models: it has one row a model where the query shows models; the
    account's figure is their sum. day: the attribute that says of which day a row is that states what there was;
    without it, it is of the last day of its FlexStatement. empty: there without rows it says that there was nothing.
    """

    name: str
    element: str
    title: str | None
    costs: str
    needed: bool = False
    vital: tuple[str, ...] = ()
    side: bool = False
    models: bool = False
    day: str | None = None
    empty: bool = False


ACCOUNT_INFORMATION = Section(
    name="AccountInformation",
    element="AccountInformation",
    title="Account Information",
    costs="the base currency",
    needed=True,
)
NAV = Section(
    name="EquitySummaryInBase",
    element="EquitySummaryByReportDateInBase",
    title="Net Asset Value (NAV) in Base",
    costs="the NAV and every proof",
    needed=True,
    vital=("reportDate", "total"),
    models=True,
)
CASH_REPORT = Section(
    name="CashReport",
    element="CashReportCurrency",
    title="Cash Report",
    costs="cash, and the proofs `cash` and `cash_flow`",
    needed=True,
    vital=("currency", "endingCash"),
    models=True,
)
OPEN_POSITIONS = Section(
    name="OpenPositions",
    element="OpenPosition",
    title="Open Positions",
    costs="positions, and the proof `positions`",
    needed=True,
    vital=("symbol", "assetCategory", "currency", "position", "positionValue"),
    day="reportDate",
    empty=True,
)
CHANGE_IN_NAV = Section(
    name="ChangeInNAV",
    element="ChangeInNAV",
    title="Change in NAV",
    costs="the proofs `bridge` and `return`, and gains",
    side=True,
    models=True,
    day="toDate",
)
OPEN_DIVIDEND_ACCRUALS = Section(
    name="OpenDividendAccruals",
    element="OpenDividendAccrual",
    title="Open Dividend Accruals",
    costs="the proof `dividends`, and the dividends that are declared",
    side=True,
    day="reportDate",
    empty=True,
)
INTEREST_ACCRUALS = Section(
    name="InterestAccruals",
    element="InterestAccrualsCurrency",
    title="Interest Accruals",
    costs="the table of that name",
    side=True,
    models=True,
    day="toDate",
    empty=True,
)
CASH_TRANSACTIONS = Section(
    name="CashTransactions",
    element="CashTransaction",
    title="Cash Transactions",
    costs="dividends, interest, fees and deposits one by one, and the calendar of income with its proof",
    side=True,
)
TRADES = Section(name="Trades", element="Trade", title="Trades", costs="the table of that name", side=True)
TRANSFERS = Section(
    name="Transfers",
    element="Transfer",
    title="Transfers",
    costs="what came from another account or went there, one by one",
    side=True,
)
FIFO_PERFORMANCE = Section(
    name="FIFOPerformanceSummaryInBase",
    element="FIFOPerformanceSummaryUnderlying",
    title="Realized and Unrealized Performance Summary in Base",
    costs="what sales gained in base currency, short and long term",
    side=True,
)
SECURITIES_INFO = Section(
    name="SecuritiesInfo",
    element="SecurityInfo",
    title="Financial Instrument Information",
    costs="the table `securities`",
    side=True,
)
CONVERSION_RATES = Section(
    name="ConversionRates",
    element="ConversionRate",
    title=None,
    costs="what is in other currencies, in base currency",
)

#: All that are declared here, in their order.
SECTIONS: tuple[Section, ...] = tuple(declared for declared in list(vars().values()) if isinstance(declared, Section))

#: The section in which an element's rows stand. IBKR: PriorPeriodPositions and others hold rows of the same names.
SECTION_OF = {section.element: section.name for section in SECTIONS}
#: The elements of the sides.
SIDE_ELEMENTS = frozenset(section.element for section in SECTIONS if section.side)
#: The elements whose rows are no account's, or of which each is another's.
OF_NO_ACCOUNT = frozenset({CONVERSION_RATES.element, SECURITIES_INFO.element, ACCOUNT_INFORMATION.element})
#: The elements whose models are added up.
MODEL_ELEMENTS = tuple(section.element for section in SECTIONS if section.models)
