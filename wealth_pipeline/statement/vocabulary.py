"""The names in a statement: which elements and attributes are loaded, known, amounts, or about a person."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pyarrow as pa

from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.sections import MODEL_ELEMENTS, SECTIONS

#: The attributes of the elements that frame a statement.
FRAME = {
    "FlexQueryResponse": frozenset({"queryName", "type"}),
    "FlexStatements": frozenset({"count"}),
    "FlexStatement": frozenset("accountId acctAlias model fromDate toDate period whenGenerated".split()),
}
#: The sections that stand around their rows.
LOADED_SECTIONS = frozenset(section.name for section in SECTIONS if section.name != section.element)

#: Texts that identify something, where a null marker is no text. `accountId` is another matter: "-" is no account's.
IDENTIFIERS = frozenset(
    "conid securityID isin cusip figi underlyingConid transactionID tradeID actionID originatingOrderID "
    "originatingTransactionID model levelOfDetail currency fromCurrency toCurrency ibCommissionCurrency assetCategory "
    "account".split()
)
#: What names an account, or with a null marker says that the row is a sum over several.
ACCOUNTS = frozenset({"accountId", "acctAlias"})
#: Attributes of the open elements that identify or describe a row and are no amounts.
_IDENTITY = frozenset("accountId acctAlias model currency reportDate fromDate toDate levelOfDetail".split())
#: Amounts of the open elements that are ratios: those of several rows have no sum.
RATIOS = frozenset({"twr"})
#: IBKR: parts of an amount by segment, custodian or period, and by side; the unsuffixed attribute is their whole.
_CASH_PARTS = ("Sec", "Com", "Paxos", "IBUKL", "MTD", "YTD")
_NAV_PARTS = ("Long", "Short")

#: Attributes that name or locate a person: listed in the notes without their values, never loaded.
_PERSONAL = frozenset(
    "name masterName accountName primaryEmail accountRepName accountRepPhone registeredRepName registeredRepPhone "
    "street street2 city state country postalCode streetResidentialAddress street2ResidentialAddress "
    "cityResidentialAddress stateResidentialAddress countryResidentialAddress postalCodeResidentialAddress".split()
)
#: The same for attributes that IBKR may add.
_PERSONAL_WORDS = re.compile(
    r"name|street|address|mail|phone|birth|postal|owner|holder|beneficiary|title|taxid|ssn|iban|passport", re.IGNORECASE
)


@cache
def known_names() -> dict[str, frozenset[str]]:
    """Attributes by element, and sections under `FlexStatement`, that IBKR's statements have been seen with."""
    lines = files(__package__).joinpath("known_names.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if line and not line.startswith("#"))
    return {element: frozenset(names.split()) for element, names in pairs}


@cache
def declared() -> dict[str, dict[str, tuple[str, pa.DataType]]]:
    """For each element that is loaded: attribute -> (column, type), over all tables that it fills."""
    elements: dict[str, dict[str, tuple[str, pa.DataType]]] = {}
    for table in TABLES:
        attributes = elements.setdefault(table.element, {})
        for column in table.read:
            attributes[column.attribute or ""] = (column.name, column.type)
    for attributes in elements.values():
        attributes.setdefault("levelOfDetail", ("level_of_detail", pa.string()))
        attributes.setdefault("accountId", ("account_id", pa.string()))
    for element in MODEL_ELEMENTS:
        elements[element].setdefault("model", ("model", pa.string()))
    elements["CashTransaction"].setdefault("acctAlias", ("alias", pa.string()))
    return elements


@cache
def open_elements() -> frozenset[str]:
    """The elements whose undeclared amounts are kept by name."""
    return frozenset(table.element for table in TABLES if table.melt)


def is_personal(element: str, name: str) -> bool:
    """Whether an attribute names or locates a person, as far as its name tells."""
    known = name in known_names().get(element, frozenset())
    return name in _PERSONAL or (not known and _PERSONAL_WORDS.search(name) is not None)


def is_amount(element: str, name: str) -> bool:
    """Whether an attribute is an amount that is kept by name."""
    if element not in open_elements() or name in _IDENTITY:
        return False
    return not (element == "CashReportCurrency" and name.endswith(_CASH_PARTS))


def wholes_of(element: str, amounts: list[str]) -> dict[str, str]:
    """Of an element's amounts those that are parts of another one, and of which."""
    if element == "CashReportCurrency":
        return {}
    return {
        name: whole
        for name in amounts
        for suffix in _NAV_PARTS
        if name.endswith(suffix) and (whole := name.removesuffix(suffix)) in amounts
    }
