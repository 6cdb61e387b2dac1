"""Live balances: from the Client Portal Gateway to live.duckdb. Nothing here enters the official history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from wealth_pipeline.defs.columns import column_schema
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.gateway import live, snapshot, store
from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import TryLater
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.published.published import Published
from wealth_pipeline.tables.live import LIVE_TABLES
from wealth_pipeline.text import inline, money

#: A live NAV this much off the statement's, in percent, is worth a look: prices after hours move less.
WORTH_A_LOOK = 2


@dataclass(frozen=True)
class LiveGateway:
    """The Client Portal Gateway on this machine. It holds no secret: people log in at the gateway itself."""

    url: str
    certificate: str | None = None
    allow_remote: bool = False
    allow_http: bool = False

    def state(self, wealth: WealthData) -> GatewayState:
        """When the gateway was asked, and when it may be."""
        return GatewayState(wealth.folder.state)

    def client(self, wealth: WealthData, *, patience: float = 30, timeout: float = 10) -> GatewayClient:
        """A client for one run; raises NotAllowed for an address that may not be asked."""
        address = GatewayAddress(self.url, self.certificate, self.allow_remote, self.allow_http)
        return GatewayClient(address, self.state(wealth), patience=patience, timeout=timeout)


@dg.asset(
    group_name="live",
    kinds={"ibkr", "json"},
    # What nobody can act on (IBKR restarts, too many requests) makes no failed run: there is just no snapshot.
    output_required=False,
    description="Reads all accounts from the Client Portal Gateway and archives the JSON, less secrets and names.",
    config_schema={},
)
def gateway_snapshot(
    context: dg.AssetExecutionContext, wealth: dg.ResourceParam[WealthData], gateway: dg.ResourceParam[LiveGateway]
) -> Iterator[dg.MaterializeResult[Any]]:
    """One short, read-only visit."""
    with plain_failure():
        try:
            now = gateway.state(wealth).clock.now()
            with gateway.client(wealth) as client:
                text = snapshot.take(client, now)
        except TryLater as trouble:
            context.log.warning(f"No snapshot was taken. {trouble}")
            return
        sha256 = store.archive(wealth.folder.root, text)
    yield dg.MaterializeResult(
        metadata={"sha256": sha256, "captured_at": dg.MetadataValue.timestamp(now), "bytes": len(text.encode())}
    )


@dg.multi_asset(
    name="live_tables",
    specs=[
        dg.AssetSpec(
            table.name,
            deps=[gateway_snapshot],
            group_name="live",
            kinds={"duckdb"},
            description=table.description,
            metadata={"dagster/column_schema": column_schema(table), "dagster/table_name": table.name},
        )
        for table in LIVE_TABLES
    ],
    config_schema={},
)
def live_tables(wealth: dg.ResourceParam[WealthData]) -> Iterator[dg.MaterializeResult[Any]]:
    """The snapshot as tables, published as live.duckdb."""
    with plain_failure():
        loaded = store.load(wealth.folder.root)
        newest = live.latest_nav(wealth.folder.root)
    for table in LIVE_TABLES:
        metadata: dict[str, Any] = {"dagster/row_count": loaded.rows[table.name]}
        if table.name == "live_nav":
            # Floats for Dagster's plot alone; the exact figures are in live.duckdb.
            metadata |= {
                inline(f"NAV {nav.account_id} ({nav.base_currency})"): float(nav.net_liquidation) for nav in newest
            }
        yield dg.MaterializeResult(asset_key=table.name, metadata=metadata)


@dg.asset_check(
    asset="live_nav",
    description="The last live NAV of a day beside the NAV of its statement, which comes the next morning. Live figures"
    " are never corrected by it, nor the official ones by them. Looked at after each snapshot; warns beyond"
    f" {WORTH_A_LOOK} %.",
    config_schema={},
)
def drift(wealth: dg.ResourceParam[WealthData]) -> dg.AssetCheckResult:
    """The newest day of each account that has both."""
    days = Published(wealth.folder.published).drift(wealth.folder.root)
    newest = {day.account_id: day for day in reversed(days)}
    far = [day for day in newest.values() if abs(day.drift) * 100 > abs(day.official) * WORTH_A_LOOK]
    metadata: dict[str, Any] = {}
    for day in newest.values():
        metadata[inline(f"drift {day.account_id} ({day.base_currency})")] = float(day.drift)
        live_nav, official = (money(amount, day.base_currency) for amount in (day.live, day.official))
        metadata[inline(f"day {day.account_id}")] = inline(f"{day.report_date}: live {live_nav}, statement {official}")
    return dg.AssetCheckResult(
        passed=not far,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
        description=None if newest else "Not evaluable yet: no day has both a live and an official NAV.",
    )


GATEWAY_ASSETS: list[Any] = [gateway_snapshot, live_tables]
GATEWAY_CHECKS: list[Any] = [drift]
