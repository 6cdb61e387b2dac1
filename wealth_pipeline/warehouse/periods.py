"""Making the returns of periods: all in SQL but for XIRR, the yearly rate at which dated payments are worth nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import duckdb

from wealth_pipeline.warehouse import rules


def make(con: duckdb.DuckDBPyConnection) -> None:
    """Make the periods again in which returns changed.

    Needs `changed_returns` (scope, report_date): the days whose returns were made again, or are there no more.
    """
    rules.make(con, *rules.PERIODS)
    asked = con.execute("SELECT scope, period, days_paid, amounts FROM periods_made WHERE amounts IS NOT NULL")
    solved = [(scope, period, xirr_percent(days, amounts)) for scope, period, days, amounts in asked.fetchall()]
    if solved:
        scopes, periods, rates = zip(*solved, strict=True)
        con.execute(
            "UPDATE returns_periods p SET xirr_percent = s.rate FROM (SELECT unnest($scopes) AS scope,"
            " unnest($periods) AS period, unnest(CAST($rates AS DOUBLE[])) AS rate) s"
            " WHERE s.scope = p.scope AND s.period = p.period",
            {"scopes": list(scopes), "periods": list(periods), "rates": list(rates)},
        )


def xirr_percent(days: Sequence[date], amounts: Sequence[float]) -> float | None:
    """The yearly rate in percent, actual/365; None where payments do not change their sign, or none is found."""
    from pyxirr import xirr  # here: few loads have a period of a year

    rate = xirr(days, amounts, silent=True)
    return 100 * rate if rate is not None and math.isfinite(rate) else None
