"""The section SecuritiesInfo."""

from __future__ import annotations

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.statement.markup import BOOKKEEPING, Days, attributes, container, day_text, element
from wealth_pipeline.sandbox.statement.subjects import security_attributes


def securities_info(days: Days) -> str:
    """SecuritiesInfo: each security that was traded, or is held at the window's end."""
    found: dict[Instrument, None] = {position.instrument: None for position in days[-1].positions}
    for day in days:
        found.update((trade.instrument, None) for trade in day.trades if trade.instrument)
    return container(
        "SecuritiesInfo",
        [
            element(
                "SecurityInfo",
                security_attributes(security),
                attributes(
                    currency=security.currency,
                    maturity=day_text(security.expiry) if security.asset_category in ("BOND", "BILL") else "",
                    issueDate=day_text(security.issue_date),
                    underlyingCategory="",
                    type="",
                    code="",
                    settlementPolicyMethod="",
                    relatedTradeID="",
                    origTransactionID="",
                    relatedTransactionID="",
                    rtn="",
                    initialInvestment="",
                ),
                attributes(**BOOKKEEPING),
            )
            for security in found
        ],
    )
