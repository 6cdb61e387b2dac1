"""The rules in `sql/`, one relation a file: which of them each stage of loading makes, and in which order."""

from __future__ import annotations

from functools import cache

from wealth_pipeline.warehouse.ddl import sql

#: What IBKR says is not ready: before anything else looks at the figures.
PROFIT = ("profit",)
#: The currency of the cost: macros that several stages call.
COST = ("cost/of_its_own_rule", "cost/cost_rows", "cost/cost_forms", "cost/cost_in_base")
#: From the rows as they stand in the file to those that count.
PREPARE = (
    "prepare/dropped",
    "prepare/summed_cash",
    "prepare/undated_nav",
    "prepare/summed_trades",
    "prepare/unknown_levels",
    "prepare/unusable_rows",
    "prepare/odd_values",
    "prepare/level_guessed",
    "prepare/stage_base",
)
#: The years of what is held, where years have two digits.
UNMATURED = ("unmatured",)
#: The rows of each table as the statement states them: `new_<table>`.
ROWS = (
    "rows/new_nav",
    "rows/new_nav_components",
    "rows/new_nav_changes",
    "rows/new_positions",
    "rows/new_position_lots",
    "rows/summed_lots",
    "rows/lots_as_positions",
    "rows/new_cash_balances",
    "rows/new_cash_totals",
    "rows/new_cash_flows",
    "rows/new_fx_rates",
    "rows/new_interest_accruals",
    "rows/new_securities",
    "rows/new_dividend_accruals",
    "rows/stated_positions",
    "rows/cost_currency_unknown",
)
#: What is computed from a statement's own figures and IBKR's conversion rates: `derived_<table>`.
DERIVE = (
    "derive/pool_rates",
    "derive/rated",
    "derive/rated_positions",
    "derive/foreign_positions",
    "derive/pool_cost_forms",
    "derive/derived_positions",
    "derive/derived_position_lots",
    "derive/derived_cash_balances",
)
#: The days to prove, and what the proofs look at.
PROVE = (
    "prove/functions",
    "prove/other_components",
    "prove/left_over",
    "prove/nav_parts_seen",
    "prove/days_changed",
    "prove/days_to_prove",
    "prove/nav_to_prove",
    "prove/components_to_prove",
    "prove/fineness",
    "prove/last_seen",
    "prove/newest_aside",
    "prove/older_rates",
    "prove/unready",
    "prove/learned_parts",
    "prove/held_positions",
    "prove/positions_to_prove",
    "prove/lot_sums",
    "prove/summed_changes",
    "prove/summed_flows",
    "prove/forgotten",
)
#: The NAV history of the days that were proved.
HISTORY = ("history",)


@cache
def script(names: tuple[str, ...]) -> str:
    """The text of several relations, in this order."""
    return "\n".join(sql(name) for name in names)
