"""Everything that is stored, in the groups and the order in which it is shown."""

from __future__ import annotations

from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.income import INCOME
from wealth_pipeline.tables.live import LIVE_TABLES, LIVE_VIEWS
from wealth_pipeline.tables.records import RECORDS
from wealth_pipeline.tables.relations import LiveTable, Macro, Record, TableSpec, View
from wealth_pipeline.tables.returns import RETURNS
from wealth_pipeline.tables.views import VIEWS

Declared = TableSpec | LiveTable | Record | View | Macro

#: What `wealth.duckdb` holds.
OFFICIAL: tuple[TableSpec | Record | View | Macro, ...] = (*VIEWS, *RETURNS, *INCOME, *TABLES, *RECORDS)
#: What `live.duckdb` holds.
LIVE: tuple[LiveTable | Record | View, ...] = (*LIVE_TABLES, *LIVE_VIEWS)

#: The chapters of the data dictionary.
GROUPS: tuple[tuple[str, tuple[Declared, ...]], ...] = (
    ("Views of the figures", VIEWS),
    ("Returns", RETURNS),
    ("Income and costs", INCOME),
    ("Tables of figures", TABLES),
    ("Records", RECORDS),
    ("Live balances: the schema `live`", LIVE),
)
