"""Dagster resources: thin shells around the Flex client and the data folder."""

from datetime import timedelta
from pathlib import Path

import dagster as dg
from pydantic import Field

from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.settings import check_token
from wealth_pipeline.warehouse.warehouse import DataFolder, Warehouse


class WealthData(dg.ConfigurableResource):
    """The data folder: archive, request ledger, warehouse and the published database."""

    data_dir: str
    reporting_currency: str | None = None
    slash_format: str | None = None
    only_connection: bool = True

    @property
    def folder(self) -> DataFolder:
        """The paths in the data folder."""
        return DataFolder(Path(self.data_dir))

    @property
    def warehouse(self) -> Warehouse:
        """The databases."""
        return Warehouse(self.folder, self.reporting_currency, self.slash_format)

    @property
    def ledger(self) -> RequestLedger:
        """What was asked of the Flex Web Service."""
        return RequestLedger(self.folder.state)


class FlexService(dg.ConfigurableResource):
    """One connection to the Flex Web Service. The token is read from the environment when a run starts."""

    connection: str
    query_id: str
    # repr=False keeps the token out of repr(); the schema key hides it in the UI.
    token: str = Field(repr=False, json_schema_extra={"dagster__is_secret": True})
    token_env: str
    base_url: str
    deadline_minutes: int
    overlap_days: int

    def client(self, ledger: RequestLedger) -> FlexClient:
        """A client for one run; raises SettingsError if the token cannot be one."""
        return FlexClient(
            self.connection,
            check_token(self.token, self.token_env),
            self.query_id,
            ledger,
            base_url=self.base_url,
            deadline=timedelta(minutes=self.deadline_minutes),
        )
