"""Dagster resources: plain objects around the Flex client and the data folder, which no run's config can change.

A run is started by whoever reaches the UI. Where the program connects, what it sends and where it writes is therefore
in the settings alone: each resource is bound by `bound`, never as a ConfigurableResource (a run can set its fields)
nor as a bare object (for which Dagster accepts any config).
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg

from wealth_pipeline.connections import check_token
from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse


class RunConfigRefused(WealthError):
    """A run's config says something that no run may say."""


class NothingStored(WealthError):
    """A step handed a value to the I/O manager, or asked it for one."""


@dataclass(frozen=True)
class WealthData:
    """The data folder: archive, request ledger, warehouse and the published database."""

    data_dir: str
    reporting_currency: str | None = None
    date_format: str | None = None
    day_change_share: Decimal = Settings.day_change_share
    only_connection: bool = True

    @property
    def folder(self) -> DataFolder:
        """The paths in the data folder."""
        return DataFolder(Path(self.data_dir))

    @property
    def warehouse(self) -> Warehouse:
        """The databases."""
        return Warehouse(self.folder, self.reporting_currency, self.date_format, self.day_change_share)

    @property
    def ledger(self) -> RequestLedger:
        """What was asked of the Flex Web Service."""
        return RequestLedger(self.folder.state)


@dataclass(frozen=True)
class FlexService:
    """One connection to the Flex Web Service.

    token_env: the name of the environment variable with the token. The token itself is read by the step that sends it.
    """

    connection: str
    query_id: str
    token_env: str
    base_url: str
    deadline_minutes: int
    overlap_days: int

    def client(self, ledger: RequestLedger) -> FlexClient:
        """A client for one step; raises SettingsError if there is no token, or if what is there cannot be one."""
        return FlexClient(
            self.connection,
            check_token(os.environ.get(self.token_env, ""), self.token_env),
            self.query_id,
            ledger,
            base_url=self.base_url,
            deadline=timedelta(minutes=self.deadline_minutes),
        )


def bound(resource: object) -> dg.ResourceDefinition:
    """`resource` without any config; a run whose config says something of resources fails before its first step."""

    def without_config(context: dg.InitResourceContext) -> object:
        _refuse_resources(context)
        return resource

    return dg.ResourceDefinition(without_config, config_schema={})


def _refuse_resources(context: dg.InitResourceContext) -> None:
    """Raise RunConfigRefused if the run's config has anything under `resources`.

    Dagster itself refuses config of a resource that it knows. It accepts one that is named without config and, in a
    run of chosen assets, one that does not exist. An empty `resources: {}` passes: the UI's launchpad writes it.
    """
    if context.run and context.run.run_config.get("resources"):
        raise RunConfigRefused(
            "This run's config has a `resources` part, which no run may have",
            "Take it out. Addresses, paths and the names of secrets are settings: .env, connections.toml.",
        )


class _Storeless(dg.IOManager):
    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        raise NothingStored(
            f"The step {context.step_key} returned a value, and no value is stored here",
            "Write it to the databases, and return a MaterializeResult without a value.",
        )

    def load_input(self, context: dg.InputContext) -> None:
        raise NothingStored(
            f"The step {context.op_def.name} asks for another step's value, and no value is stored here",
            "Name that step in `deps`, and read the databases.",
        )


@dg.io_manager(config_schema={})
def storeless(context: dg.InitResourceContext) -> dg.IOManager:
    """The I/O manager of every step: it stores nothing. Dagster's own writes into any folder that a run names."""
    _refuse_resources(context)
    return _Storeless()
