"""Every proof on the simulated household: all days pass, and one cent on any figure that a proof covers is seen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from lxml import etree

from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline.tables.figures import NAV_PARTS

from .house import House, opened

DAY = date(2026, 3, 18)
#: A day on which both accounts are paid dividends, from which tax is withheld.
PAY_DAY = date(2026, 3, 26)
_CENT = Decimal("0.01")
_CLASS_COLUMNS = "stock options bonds funds commodities crypto cfdUnrealizedPl forexCfdUnrealizedPl".split()
_LOT_FIGURES = ("position", "positionValue", "costBasisMoney", "fifoPnlUnrealized")
#: IBKR: the sum of deposits and withdrawals, what is settled, averages and securities lent, and parts of a figure by
#: segment or period.
_NO_FLOW = ("depositWithdrawals", "endingSettledCash")
_STANDING = ("avg", "slb")
_PARTS = ("Sec", "Com", "Paxos", "IBUKL", "MTD", "YTD")
#: What the proof of income compares, by the row it stands in.
_INCOME = {
    "CashTransaction": {"amount", "fxRateToBase"}, "ChangeInNAV": {"dividends", "withholdingTax"},
    "CashReportCurrency": {"dividends", "withholdingTax"},
}  # fmt: skip
#: IBKR: the alternatives to `mtm`, and the return.
_NO_CHANGE = ("realized", "changeInUnrealized", "twr")


def _rendered(first: date, last: date, generated: datetime) -> bytes:
    """Both accounts of the sandbox, from a query with every section."""
    return b"".join(Statement(Household(), FULL, first, last, "", generated).render())


def whole_history() -> tuple[int, list[str]]:
    """Load the household's whole history up to now; how many account-days are proved, and what is not."""
    now = datetime.now()  # noqa: DTZ005 - the sandbox takes New York time without a zone
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        house.load(_rendered(DEFAULT_FIRST_DAY, now.date() - timedelta(days=1), now))
        (proved,) = house.con.execute("SELECT count(*) FROM nav_history WHERE proof = 'passed'").fetchone() or (0,)
        rows = house.con.execute(
            "SELECT account_id, report_date, check_name, status, reason FROM reconciliation WHERE status = 'failed'"
            " OR (status <> 'passed' AND check_name <> 'lots' AND NOT (check_name = 'income'"
            " AND reason LIKE 'no dividend and no withholding tax%')) ORDER BY ALL"
        ).fetchall()
    return proved, [" ".join(map(str, row)) for row in rows]


def paid_income(root: etree._Element) -> Iterator[tuple[etree._Element, str, frozenset[str]]]:
    """The same of the proof of income, on a day on which there is some."""
    also = {"ChangeInNAV": {"bridge"}, "CashReportCurrency": {"cash_flow"}}
    for row in root.iter(*_INCOME):
        booked = row.get("levelOfDetail") == "DETAIL" and row.get("type") in ("Dividends", "Withholding Tax")
        if booked or row.tag != "CashTransaction":
            for name in sorted(_INCOME[str(row.tag)]):
                yield row, name, frozenset({"income"} | also.get(str(row.tag), set()))


def covered(root: etree._Element) -> Iterator[tuple[etree._Element, str, frozenset[str]]]:
    """Each figure that a proof covers: its row, its attribute, and the proofs that must fail when it is wrong."""
    counted = {part.attribute for part in NAV_PARTS if part.attribute}
    for row in root.iter():
        for name, text in row.attrib.items():
            proofs = _proofs(str(row.tag), str(name), row, counted)
            if proofs and _is_number(str(text)) and not str(name).endswith("Date"):
                yield row, str(name), frozenset(proofs)


def _proofs(tag: str, name: str, row: etree._Element, counted: set[str]) -> set[str]:
    if tag == "EquitySummaryByReportDateInBase" and row.get("reportDate") == f"{DAY:%Y%m%d}":
        if name == "total":
            return {"parts", "bridge"}
        also = {"cash": "cash", "dividendAccruals": "dividends"} | dict.fromkeys(_CLASS_COLUMNS, "positions")
        return {"parts", also.get(name, "parts")} if name in counted else set()
    if tag == "OpenPosition":
        summary = row.get("levelOfDetail") == "SUMMARY"
        asset_class = row.get("assetCategory")
        in_nav = {"FUT": "", "CFD": "fifoPnlUnrealized", "FXCFD": "fifoPnlUnrealized"}
        adds = summary and name == in_nav.get(asset_class or "", "positionValue")
        proofs = ({"positions"} if adds else set()) | ({"lots"} if name in _LOT_FIGURES else set())
        # The account that states its costs in base states the value in base as well.
        value = "positionValueInBase" if "positionValueInBase" in row.attrib else "positionValue"
        costs = summary and asset_class not in ("BOND", "BILL", "CFD", "FUT")
        return proofs | ({"cost"} if costs and name in (value, "costBasisMoney", "fifoPnlUnrealized") else set())
    if tag == "CashReportCurrency":
        if name in _NO_FLOW or name.startswith(_STANDING) or name.endswith(_PARTS):
            return set()
        return {"cash", "cash_flow"} if name == "endingCash" else {"cash_flow"}
    if tag == "OpenDividendAccrual" and name == "netAmount":
        return {"dividends"}
    return {"bridge"} if tag == "ChangeInNAV" and name not in _NO_CHANGE else set()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdecimal() and len(text) < 20


def every_cent(account: int, *, income: bool = False, step: int = 1) -> tuple[int, list[str]]:
    """Add a cent to each covered figure of an account (0 or 1) in turn; how many were seen, and which were not.

    income: to the figures of a day's income instead. step: to every so many-th alone.
    """
    generated, day = datetime(2026, 8, 1, 6), PAY_DAY if income else DAY  # noqa: DTZ001
    root, wrong, seen = etree.fromstring(_rendered(day, day, generated)), [], 0
    statements = root[0]
    statements.remove(statements[1 - account])
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        for row, name, proofs in islice((paid_income if income else covered)(root), 0, None, step):
            generated += timedelta(seconds=1)
            statements[0].set("whenGenerated", f"{generated:%Y%m%d;%H%M%S}")
            before = str(row.get(name))
            row.set(name, str(Decimal(before) + _CENT))
            house.load(etree.tostring(root))
            row.set(name, before)
            failed = _failed(house)
            seen += failed == proofs
            if failed != proofs:
                what = row.get("symbol") or row.get("currency") or ""
                wrong.append(f"a cent on {row.tag} {what} {name}: failed {sorted(failed)}, not {sorted(proofs)}")
    return seen, wrong


def _failed(house: House) -> frozenset[str]:
    rows = house.con.execute("SELECT DISTINCT check_name FROM reconciliation WHERE status = 'failed'").fetchall()
    return frozenset(name for (name,) in rows)
