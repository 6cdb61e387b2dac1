"""A new column is one line, a new section and table one declaration, a new view one more and its .sql file.

Asked of a copy of the package in which exactly these lines were added: a statement that has them is loaded there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests.flexml import file, flex, nav

PACKAGE = Path(__file__).parents[2] / "wealth_pipeline"

#: After which line of which file what is added: one place for each new thing.
ADDED = {
    "a column of a table": (
        "tables/figures.py",
        '    trade_id: Text = column("tradeID", "Trade id; a cancellation and its rebooking share it.")\n',
        '    order_id: Text = column("ibOrderID", "Order that it was part of.")\n',
    ),
    "a part of the NAV": (
        "tables/figures.py",
        '    cash: Amount = column("cash", "Cash.", unit="base", nav_part=True)\n',
        '    coupons: Amount = column("incentiveCouponAccruals", "Coupons.", unit="base", nav_part=True)\n',
    ),
    "a field of an account": (
        "tables/figures.py",
        '    alias: Text = column("acctAlias", "The account\'s alias.")\n',
        '    model: Text = column("model", "Its model.")\n',
    ),
    "a column of a record": (
        "tables/records.py",
        '            plain("exclude", FLAG, "Whether it stays out of the net worth.", nullable=False),\n',
        '            plain("since", DAY, "Its first day."),\n',
    ),
    "a section": (
        "tables/sections.py",
        'TRADES = Section(name="Trades", element="Trade", title="Trades", costs="the table of that name", side=True)\n',
        "DIVIDEND_CHANGES = Section(\n"
        '    name="ChangeInDividendAccruals",\n'
        '    element="ChangeInDividendAccrual",\n'
        '    title="Change in Dividend Accruals",\n'
        '    costs="the table `dividend_changes`",\n'
        "    side=True,\n"
        ")\n",
    ),
    "its table": (
        "tables/figures.py",
        '    notes: Text = column("notes", "IBKR\'s codes, separated by ;")\n',
        "\n\n"
        '@_table("dividend_changes", ("account_id", "row_id"), sections.DIVIDEND_CHANGES, event_days=("date",))\n'
        "class DividendChanges(_Event):\n"
        '    """A change of an accrued dividend."""\n\n'
        '    transaction_id: Text = column("actionID", "Id of the action.")\n'
        '    account_id: Text = column("accountId", "IBKR account.", nullable=False)\n'
        '    report_date: Day = column("reportDate", "Day of the statement that first shows it.")\n'
        '    date: Day = column("date", "Day of the change.", descriptive=True)\n'
        '    currency: Text = column("currency", "Its currency.", nullable=False)\n'
        '    net_amount: Amount = column("netAmount", "By how much.", unit="currency")\n',
    ),
    "a view": (
        "tables/views.py",
        "VIEWS: tuple[Record | View | Macro, ...] = (\n",
        '    View("trade_orders", "An order.", (), (plain("order_id", TEXT, "The order."),)),\n',
    ),
}

#: What a reader of the database, of the documentation and of the doctor sees in the copy.
LOOK = """
import io, json, sys
from pathlib import Path
import duckdb
from wealth_pipeline.doctor.statement import judged, survey
from wealth_pipeline.tables.dictionary import markdown
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

folder, data = DataFolder(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes()
sha256 = folder.archive.add(io.BytesIO(data), source="import").sha256
outcomes = [(o.status, o.reason) for o in Warehouse(folder).load([sha256])]
lacking = data.replace(b"ChangeInDividendAccruals", b"Elsewhere").replace(b"ChangeInDividendAccrual ", b"Nothing ")
with duckdb.connect(str(folder.published), read_only=True) as con:
    print(json.dumps({
        "outcomes": outcomes,
        "rows": {name: con.execute(query).fetchall() for name, query in json.loads(sys.argv[3]).items()},
        "comments": con.execute(
            "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() WHERE NOT internal").fetchall(),
        "dictionary": markdown(),
        "doctor": [f.sentence for f in judged("query", survey(io.BytesIO(lacking)), None)],
    }, default=str))
"""

QUERIES = {
    "a column of a table": "SELECT order_id FROM trades",
    "a part of the NAV": "SELECT other FROM nav_history",
    "that part among the parts": "SELECT component FROM nav_parts WHERE component = 'incentiveCouponAccruals'",
    "a field of an account": "SELECT model FROM accounts",
    "its table": "SELECT account_id, event_date, net_amount FROM dividend_changes",
    "a view": "FROM trade_orders",
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the copy shows of a statement that has all of them."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "wealth_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name, after, added in ADDED.values():
        source = root / "wealth_pipeline" / name
        assert source.read_text().count(after) == 1, after
        source.write_text(source.read_text().replace(after, after + added))
    query = "-- Orders.\n-- In: trades (order_id).\n-- Out: order_id.\n\nSELECT DISTINCT order_id FROM trades\n"
    (root / "wealth_pipeline" / "warehouse" / "sql" / "views" / "trade_orders.sql").write_text(query)
    change = {"accountId": "U1", "currency": "USD", "date": "20250310", "netAmount": "3.5"}
    data = file(
        flex(
            AccountInformation={"accountId": "U1", "currency": "USD", "model": "M"},
            EquitySummaryInBase=[nav(total="107", cash="100", incentiveCouponAccruals="7")],
            Trades=[{"accountId": "U1", "currency": "USD", "tradeID": "1", "transactionID": "1", "ibOrderID": "77"}],
            ChangeInDividendAccruals=f"<ChangeInDividendAccruals><ChangeInDividendAccrual {_attributes(change)}/>"
            "</ChangeInDividendAccruals>",
        )
    )
    (root / "statement.xml").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(root / "data"), str(root / "statement.xml"), json.dumps(QUERIES)],
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # DuckDB may show a slow query's progress before
    assert found["outcomes"] == [["loaded", None]]
    return found


def _attributes(row: dict[str, str]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in row.items())


def test_what_was_added_is_loaded(seen: dict[str, Any]) -> None:
    rows = seen["rows"]
    assert rows["a column of a table"] == [["77"]]
    assert rows["a part of the NAV"] == [["7.000000000000"]]
    assert rows["that part among the parts"] == [["incentiveCouponAccruals"]]
    assert rows["a field of an account"] == [["M"]]
    assert rows["its table"] == [["U1", "2025-03-10", "3.500000000000"]]
    assert rows["a view"] == [["77"]]


def test_what_was_added_is_described_in_the_database_and_in_the_dictionary(seen: dict[str, Any]) -> None:
    comments = dict(seen["comments"])
    assert comments["trades.order_id"] == "Order that it was part of."
    assert comments["nav.coupons"] == comments["nav_versions.coupons"] == "Coupons. [base]"
    assert comments["accounts.model"] == comments["account_descriptions.model"] == "Its model."
    assert comments["account_settings.since"] == "Its first day."
    assert comments["dividend_changes.net_amount"] == "By how much. [currency]"
    assert comments["trade_orders.order_id"] == "The order."
    for line in ("| `order_id` | VARCHAR |  | `ibOrderID` | Order that it was part of. |", "## dividend_changes"):
        assert line in seen["dictionary"]


def test_the_doctor_says_what_it_costs_to_lack_the_new_section(seen: dict[str, Any]) -> None:
    says = "Change in Dividend Accruals is not in the query, which costs the table `dividend_changes`."
    assert any(finding.startswith(says) for finding in seen["doctor"]), seen["doctor"]
