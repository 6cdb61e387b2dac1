"""The rules in `sql/`, one relation a file: which of them each stage of loading makes, and in which order."""

from __future__ import annotations

from functools import cache

import duckdb

from wealth_pipeline.warehouse.ddl import sql

#: What IBKR says is not ready: before anything else looks at the figures.
PROFIT = ("profit",)
#: The currency of the cost: macros that several stages call.
COST = ("cost/of_its_own_rule", "cost/cost_rows", "cost/cost_forms", "cost/cost_in_base")
#: The rows that sum up others are left out, before anything else is asked of a row.
SUMS = ("prepare/dropped", "prepare/summed_cash", "prepare/undated_nav", "prepare/summed_trades")
#: From the rows as they stand in the file to those that count.
PREPARE = (
    "prepare/unknown_levels",
    "prepare/unusable_rows",
    "prepare/odd_values",
    "prepare/level_guessed",
    "prepare/stray_lots",
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
    "rows/new_fifo_performance",
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
#: What the statement's Change in NAV says of flows and returns, where it has one.
CHANGES_SEEN = ("returns/changes_seen",)
#: The days whose returns are made again.
RETURN_DAYS = ("returns/return_days",)
#: What is stated of the flows of these days.
STEPS = (
    "returns/return_steps",
    "returns/exact_changes",
    "returns/event_flows",
    "returns/compared_windows",
    "returns/no_windows",
)
#: Which flows are known though no Change in NAV states those of exactly the day.
AGREED = ("returns/agreed_windows",)
#: The returns of these days in each way in which IBKR may count.
TRIALS = (
    "returns/day_flows",
    "returns/return_asides",
    "returns/return_reasons",
    "returns/return_trials",
)
#: Those of periods of several days, and the periods that contradict ours.
WINDOW_TRIALS = ("returns/window_trials",)
FAILED_WINDOWS = ("returns/failed_windows",)
#: What these days show of how IBKR counts, and what of that is not what was known: then it is kept, and the returns are
#: made again with all days of the accounts of which that is another rule.
LEARNED = ("returns/learned_rules", "returns/changed_rules")
LEARN = ("returns/rules_before", "returns/rules_stored", "returns/new_rule_days")
#: The days whose cash transactions a statement touches: before its rows take their place.
INCOME_TOUCHED = ("income/income_touched",)
#: Cash transactions in base currency; and trades, where some may have another amount than is stored.
CASH_IN_BASE = ("income/rated_cash",)
TRADES_IN_BASE = ("income/rated_trades",)
#: Income as the sections state it, beside the rows, on the days that are proved.
INCOME = (
    "income/income_days",
    "income/stated_income",
    "income/listed_income",
    "income/compared_income",
    "income/income_asides",
    "income/income_rows_known",
)
#: The returns of these days, to be proved.
RETURNS = ("returns/return_chosen", "returns/returns_made", "returns/forgotten_returns")
#: What is kept of them.
KEPT_RETURNS = ("returns/returns_stored", "returns/flows_stored")
#: The days of the household that a statement touches.
HOUSEHOLD_TOUCHED = ("returns/household_touched",)
#: Which days of the household are made again: those, and those of accounts that now belong to it from or to other days.
HOUSEHOLD_SPAN = ("returns/household_now", "returns/household_span", "returns/household_changed")
#: What the household's days rest on.
HOUSEHOLD_DAYS = ("returns/household_days", "returns/household_firsts", "returns/household_values")
#: The transfers of its members, and what stands for them where there is none.
HOUSEHOLD_TRANSFERS = (
    "returns/household_sides",
    "returns/household_matches",
    "returns/household_pairs",
    "returns/household_transit",
)
NO_TRANSFERS = ("returns/household_unpaired",)
#: The household's returns of these days.
HOUSEHOLD = (
    "returns/household_even",
    "returns/household_closings",
    "returns/household_counts",
    "returns/household_flows",
    "returns/household_dated",
    "returns/household_made",
    "returns/household_stored",
    "returns/household_moves",
)
#: The days whose returns changed, and the periods that they are in.
CHANGED_RETURNS = ("returns/changed_returns",)
PERIODS = ("returns/periods_asked", "returns/periods_made", "returns/periods_stored")


#: The statements of each text that was run, so that a process parses it once.
_PARSED: dict[str, list[duckdb.Statement]] = {}


@cache
def script(names: tuple[str, ...]) -> str:
    """The text of several relations, in this order."""
    return "\n".join(sql(name) for name in names)


def make(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Make these relations, in this order."""
    run(con, script(names))


def run(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Run a text that every load runs: parsing it again each time was an eighth of the load of a small file."""
    if text not in _PARSED:
        _PARSED[text] = con.extract_statements(text)
    for statement in _PARSED[text]:
        con.execute(statement)
