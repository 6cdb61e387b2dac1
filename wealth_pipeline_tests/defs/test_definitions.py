"""The code location: its graph, names and descriptions, for one login and for several."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import pytest

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.income import INCOME_BY_NAME
from wealth_pipeline.tables.relations import Relation
from wealth_pipeline.tables.returns import RETURNS_BY_NAME
from wealth_pipeline.tables.views import VIEWS_BY_NAME

ONE = Settings(Path("data"), (Connection("ibkr", "1", "IBKR_FLEX_TOKEN", prefixed=False),))
FAMILY = Settings(
    Path("data"),
    (*ONE.connections, Connection("anna", "2", "ANNA_TOKEN", prefixed=True)),
)
ANNAS_RETURNS = dg.AssetKey(["anna", "returns"])


@pytest.mark.parametrize("settings", [Settings(Path("data")), ONE, FAMILY])
def test_the_definitions_load_whatever_is_configured(settings: Settings) -> None:
    dg.Definitions.validate_loadable(definitions(settings))


def test_the_graph_goes_from_the_request_to_the_nav_history() -> None:
    graph = definitions(ONE).resolve_asset_graph()
    parents = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    tables = {table.name for table in TABLES}
    assert parents["flex_report_request"] == set()
    assert parents["flex_statement"] == {"flex_report_request"}
    assert all(parents[table] == {"flex_statement"} for table in tables)
    assert parents["nav_history"] == tables
    assert parents["returns"] == parents["household"] < tables
    assert parents["income"] < tables


def test_each_connections_job_makes_its_own_returns_and_income_and_the_household() -> None:
    """A red nav_history is no reason to lack them: they do not follow from it."""
    defs = definitions(FAMILY)
    graph = defs.resolve_asset_graph()
    made_from = set(graph.get(dg.AssetKey("household")).parent_keys)
    assert made_from == {*graph.get(dg.AssetKey("returns")).parent_keys, *graph.get(ANNAS_RETURNS).parent_keys}
    for job, own, other in (
        ("daily_statement", dg.AssetKey("returns"), "anna"),
        ("anna_daily_statement", ANNAS_RETURNS, "nav_history"),
    ):
        keys = set(defs.resolve_job_def(job).asset_layer.executable_asset_keys)
        income = dg.AssetKey([*own.path[:-1], "income"])
        assert {own, income, dg.AssetKey("household")} <= keys
        assert other not in {key.path[0] for key in keys}


def test_adding_a_login_renames_nothing() -> None:
    """Dagster keeps history by asset key and schedule name."""
    one, family = definitions(ONE), definitions(FAMILY)
    keys = one.resolve_asset_graph().get_all_asset_keys()
    assert keys <= family.resolve_asset_graph().get_all_asset_keys()
    assert {s.name for s in one.schedules or []} <= {s.name for s in family.schedules or []}
    assert dg.AssetKey(["anna", "nav_history"]) in family.resolve_asset_graph().get_all_asset_keys()


def test_everything_that_is_listed_in_the_ui_says_what_it_does() -> None:
    defs = definitions(FAMILY)
    graph = defs.resolve_asset_graph()
    assert [key for key in graph.get_all_asset_keys() if not graph.get(key).description] == []
    repository = defs.get_repository_def()
    for listed in [*repository.schedule_defs, *repository.sensor_defs, *(defs.jobs or [])]:
        assert listed.description
    for check in graph.asset_check_keys:
        assert graph.get_check_spec(check).description


def test_every_tables_columns_are_described_with_their_unit() -> None:
    graph = definitions(ONE).resolve_asset_graph()
    shown = {
        "nav_history": VIEWS_BY_NAME["nav_history"],
        "returns": RETURNS_BY_NAME["returns_daily"],
        "household": RETURNS_BY_NAME["household_daily"],
        "income": INCOME_BY_NAME["income_calendar"],
    }
    declared: dict[str, Relation] = shown | {table.name: table for table in TABLES}
    for asset, table in declared.items():
        key = "columns" if asset in shown else "dagster/column_schema"
        schema = graph.get(dg.AssetKey(asset)).metadata[key]
        assert [c.name for c in schema.columns] == [c.name for c in table.columns]
        assert all(c.description for c in schema.columns)


def test_no_freshness_policy_goes_by_the_time_of_events() -> None:
    """Loading an old file would reset it: the check `up_to_date` goes by the figures."""
    graph = definitions(FAMILY).resolve_asset_graph()
    assert [key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy] == []
    assert dg.AssetCheckKey(dg.AssetKey(["anna", "nav_history"]), "up_to_date") in graph.asset_check_keys


@pytest.mark.parametrize("address", [None, "json://localhost"])
def test_the_page_of_the_ui_lists_every_automation_with_its_default(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBKR_GATEWAY_URL", "https://localhost:5000")
    if address:
        monkeypatch.setenv("WEALTH_ALERT_URL", address)
    repository = definitions(Settings.load()).get_repository_def()
    on = {
        (kind, one.name): one.default_status.value == "RUNNING"
        for kind, defined in (("schedule", repository.schedule_defs), ("sensor", repository.sensor_defs))
        for one in defined
    }
    says = {"off": False, "on": True, "on with `WEALTH_ALERT_URL`": bool(address)}
    page = (Path(__file__).parents[2] / "docs" / "ui.md").read_text()
    listed = re.findall(r"^\| (schedule|sensor) `(\w+)` \| (.+?) \| .+ \|$", page, re.MULTILINE)
    assert {(kind, name): says[default] for kind, name, default in listed} == on


def test_the_token_is_named_not_held_in_the_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A literal secret would be stored in Dagster's snapshots."""
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "424242424242424242424242")
    flex = (definitions(ONE).resources or {})["flex_ibkr"](dg.build_init_resource_context())
    assert flex.token_env == "IBKR_FLEX_TOKEN"
    assert "424242424242424242424242" not in repr(flex)
