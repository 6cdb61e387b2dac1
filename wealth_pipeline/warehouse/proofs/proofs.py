"""What is proved of each account's day. A proof is a declaration here and the file NAME.sql beside this one.

The file is a query that gives a row for each of `days_to_prove`, the two of the returns for each of `return_days`, that
of the income for each of `income_days`:

account_id, report_date: the day.
expected, actual, tolerance: the figures that are compared, and the largest difference that rounding explains.
not_evaluable_reason: why they cannot be compared, or why a difference proves nothing; NULL where they were compared.
reason: what differs, and what else is to be known; NULL if there is nothing.

Which relations it can read, `sql/prove/` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from wealth_pipeline.errors import WealthError

#: What a proof decides of the day's `proof` in `nav_history`. required: the day passes only with it, and fails with it.
#: failure: the day fails with it. nothing: the proof is not one of the NAV.
Decides = Literal["required", "failure", "nothing"]


@dataclass(frozen=True)
class Proof:
    """One proof.

    name: as `reconciliation` and the asset check show it. table: the table at which its asset check stands. compares:
    what is compared, as a sentence that holds if it passes. needs: what the Flex query must hold for it. decides: see
    `Decides`.
    """

    name: str
    table: str
    compares: str
    needs: str
    decides: Decides


#: All proofs, in the order in which they are made and described.
PROOFS = (
    Proof(
        name="positions",
        table="positions",
        compares="What the positions add to the NAV is, class by class, the NAV's column.",
        needs="Open Positions, NAV",
        decides="required",
    ),
    Proof(
        name="cash",
        table="cash_balances",
        compares="The cash report's total, and its currencies converted, are the NAV's cash.",
        needs="Cash Report, NAV; currency rates for the second part",
        decides="required",
    ),
    Proof(
        name="dividends",
        table="dividend_accruals",
        compares="Open dividend accruals, net, are the NAV's dividend accruals.",
        needs="Open Dividend Accruals, NAV",
        decides="failure",
    ),
    Proof(
        name="parts",
        table="nav",
        compares="The components of the NAV add up to its total.",
        needs="NAV",
        decides="required",
    ),
    Proof(
        name="bridge",
        table="nav_changes",
        compares="The NAV before and what changed it are the NAV after.",
        needs="Change in NAV, NAV",
        decides="failure",
    ),
    Proof(
        name="cash_flow",
        table="cash_flows",
        compares="Starting cash and what moved it are the ending cash, in each currency.",
        needs="Cash Report with all fields",
        decides="failure",
    ),
    Proof(
        name="lots",
        table="position_lots",
        compares="The lots of a position add up to it.",
        needs="Open Positions with Lots and Summary",
        decides="failure",
    ),
    Proof(
        name="cost",
        table="positions",
        compares="Value less cost basis is the unrealised result, in the currency that the cost is stated in.",
        needs="Open Positions with cost basis and unrealised result",
        decides="nothing",
    ),
    Proof(
        name="return",
        table="nav_changes",
        compares="Our time-weighted return of a day, and the chain of those of a period, is IBKR's own.",
        needs="Change in NAV with twr, NAV; and what the flows need",
        decides="nothing",
    ),
    Proof(
        name="flows",
        table="nav_changes",
        compares="The flows of a day are those that IBKR's own return implies, and that the other section states.",
        needs="Change in NAV, or Cash Report, with Cash Transactions and Transfers",
        decides="nothing",
    ),
    Proof(
        name="income",
        table="cash_transactions",
        compares="Dividends and the tax withheld from them are, row by row, what the other sections state.",
        needs="Cash Transactions, and Change in NAV or Cash Report",
        decides="nothing",
    ),
)


class IncompleteProof(WealthError):
    """A proof is declared and not written, or written and not declared: it would count as one that says nothing."""


def names(*decides: Decides) -> list[str]:
    """The names of the proofs that decide one of these; of all proofs if none is given."""
    return [proof.name for proof in PROOFS if not decides or proof.decides in decides]


#: What comes of a proof. One that cannot be compared is not evaluable, with the reason, and never passed. What does not
#: add up fails, unless the statements themselves say why it need not: fields that the query lacks, a NAV that was
#: restated after the rest was last seen, a rate of another day. (A view for each query would be bound a second time.)
_VERDICTS = """INSERT INTO reconciliation BY NAME
SELECT account_id, report_date, '{name}' AS check_name, expected, actual, expected - actual AS difference, tolerance,
    CASE WHEN not_evaluable_reason IS NOT NULL THEN 'not_evaluable'
         WHEN abs(expected - actual) <= tolerance THEN 'passed' ELSE 'failed' END AS status,
    coalesce(not_evaluable_reason, reason) AS reason
FROM (
{query});
"""


@cache
def reconciling() -> str:
    """The SQL that declares the proofs (`declared_proofs`), makes each of them, and writes `reconciliation`.

    Raises IncompleteProof where the declarations and the .sql files do not go together.
    """
    refuse_incomplete()
    declared = ",\n    ".join(f"('{proof.name}', '{proof.decides}')" for proof in PROOFS)
    head = "CREATE OR REPLACE TEMP TABLE declared_proofs AS\n    FROM (VALUES"
    return f"{head}\n    {declared}\n    ) p(check_name, decides);\n\n{verdicts(*names())}"


def verdicts(*made: str) -> str:
    """The SQL that makes these proofs, by their names."""
    return "\n".join(_VERDICTS.format(name=name, query=_query(name)) for name in made)


def refuse_incomplete() -> None:
    """Raise IncompleteProof unless each proof that is declared has its .sql file, and each file its declaration."""
    declared = set(names())
    written = {Path(file.name).stem for file in files(__package__).iterdir() if file.name.endswith(".sql")}
    if declared != written:
        raise IncompleteProof(
            f"The proofs are not whole: declared without NAME.sql: {sorted(declared - written)};"
            f" NAME.sql without declaration: {sorted(written - declared)}",
            "Write the query beside warehouse/proofs/proofs.py, or declare the proof there.",
        )


def _query(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
