"""The asset checks in Dagster: their steps, and what each says of the published database, as a result or a report."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.published import markdown
from wealth_pipeline.published.checks import CHECKS, Check, Subject
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.results import ProofSummary
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import grouped, inline
from wealth_pipeline.warehouse.proofs import proofs

#: The check of nav_history as a whole.
PROVED = "proved"
#: What must be proved of a day: `its positions, its cash and its parts`.
_REQUIRED = " and ".join(", ".join(f"its {name}" for name in proofs.names("required")).rsplit(", ", 1))
#: The proofs' checks, by name: the table each stands at, and what it compares.
PROOFS = {proof.name: (proof.table, proof.compares) for proof in proofs.PROOFS} | {
    PROVED: ("nav_history", f"Each day's NAV is proved: {_REQUIRED} add up to it.")
}
_CHECKS_BY_NAME = {check.name: check for check in CHECKS}
#: The checks of nav_history, whose own step reports them: it has no output, so that Dagster would skip theirs.
OF_NAV_HISTORY = (PROVED, *(check.name for check in CHECKS if check.asset == "nav_history"))

_PROVED = (
    "Proved after each load, for every account and day, to IBKR's own decimals. What cannot be evaluated is a warning"
    " with its reason, never passed."
)
_LOOKED_AT = "Looked at after each load."
#: The most rows of a table in Dagster's event log, which keeps every one of them.
_SHOWN = 50
#: The most characters of a cell of it: lists of columns are long.
_LONGEST = 1000


def checks(connection: Connection, settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks of a connection's assets: one step after its tables, and one for the NAV history.

    The latter's step is for the UI's button alone. A run of nav_history reports its days by themselves and has no
    output, so that Dagster would skip it: the asset's own step says what these checks find.
    """
    proofs.refuse_incomplete()
    of_history = [spec for spec in _specs(connection) if spec.name in OF_NAV_HISTORY]
    specs = [spec for spec in _specs(connection) if spec not in of_history]
    keys = {spec.key for spec in specs}

    @dg.multi_asset_check(
        name=connection.op("checks"),
        specs=specs,
        can_subset=True,
        config_schema={},
        required_resource_keys={"wealth"},
    )
    def run_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wealth: WealthData = context.resources.wealth
        selected = context.selected_asset_check_keys
        with plain_failure(), Published(wealth.folder.published) as published:
            load_id, _ = published.unreported()
            yield from _results(subject(connection, settings, wealth, published), selected)
            if load_id and selected == keys:
                wealth.folder.reported("checks").write_text(load_id, encoding="utf-8")

    @dg.multi_asset_check(
        name=connection.op("nav_history_checks"),
        specs=of_history,
        can_subset=True,
        config_schema={},
        required_resource_keys={"wealth"},
    )
    def run_checks_of_history(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wealth: WealthData = context.resources.wealth
        with plain_failure(), Published(wealth.folder.published) as published:
            yield from _results(subject(connection, settings, wealth, published), context.selected_asset_check_keys)

    return [run_checks, run_checks_of_history]


def subject(connection: Connection, settings: Settings, wealth: WealthData, published: Published) -> Subject:
    """What the checks of a connection look at."""
    return Subject(connection, settings, published, only_connection=wealth.only_connection, clock=wealth.ledger.clock)


def _specs(connection: Connection) -> list[dg.AssetCheckSpec]:
    """Every check of a connection's assets: the proofs, and what else is looked at."""
    declared = [(name, table, f"{text} {_PROVED}") for name, (table, text) in PROOFS.items()]
    declared += [(check.name, check.asset, f"{check.says} {_LOOKED_AT}") for check in CHECKS]
    return [dg.AssetCheckSpec(name, asset=connection.key(table), description=text) for name, table, text in declared]


def evaluations(subject: Subject, names: Collection[str] = ()) -> Iterator[dg.AssetCheckEvaluation]:
    """What each check of a connection (or those of these names) says of the published database, for a report."""
    keys = [spec.key for spec in _specs(subject.connection) if not names or spec.name in names]
    for key, result in zip(sorted(keys), _results(subject, keys), strict=True):
        yield dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=result.passed,
            metadata=result.metadata,
            severity=result.severity,
            description=result.description,
        )


def _results(subject: Subject, keys: Collection[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """What these checks say of the published database."""
    for key in sorted(keys):
        if key.name == PROVED:
            yield _proof(key, subject.published.proved(subject.accounts))
        elif key.name in PROOFS:
            yield _proof(key, subject.published.proofs(subject.accounts, key.name))
        else:
            yield _looked(key, _CHECKS_BY_NAME[key.name], subject)


def _looked(key: dg.AssetCheckKey, check: Check, subject: Subject) -> dg.AssetCheckResult:
    """A check's result: passed when nothing is wrong, with what was found as tables of the newest rows."""
    found = check.find(subject)
    metadata: dict[str, dg.MetadataValue] = {}
    for title, rows in {"found": found.wrong, **found.mentioned}.items():
        if rows:
            metadata[title] = _table(rows[:_SHOWN])
        if len(rows) > _SHOWN:
            metadata[f"{title}, in all"] = dg.MetadataValue.int(len(rows))
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not found.wrong,
        severity=dg.AssetCheckSeverity(found.severity or check.severity),
        description=found.says,
        metadata=metadata,
    )


def _proof(key: dg.AssetCheckKey, summary: ProofSummary) -> dg.AssetCheckResult:
    """A proof's result: how many days passed, by account, and the figures of the newest that failed."""
    metadata: dict[str, dg.MetadataValue] = {}
    if summary.accounts:
        metadata["accounts"] = _table(summary.accounts)
    if summary.failures:
        metadata["failures"] = _table(summary.failures)
    if summary.reasons:
        metadata["not evaluable because"] = dg.MetadataValue.text("; ".join(map(inline, summary.reasons)))
    metadata |= {
        "days passed": dg.MetadataValue.int(summary.passed),
        "days failed": dg.MetadataValue.int(summary.failed),
        "days not evaluable": dg.MetadataValue.int(summary.not_evaluable),
    }
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=summary.failed == 0 and summary.passed > 0,
        severity=dg.AssetCheckSeverity.ERROR if summary.failed else dg.AssetCheckSeverity.WARN,
        description=markdown.proof_summary(summary),
        metadata=metadata,
    )


def _table(rows: Sequence[dict[str, Any]]) -> dg.MetadataValue:
    """Rows as Dagster shows them; figures as text, so that no digit is lost."""
    shown = ({name: inline(grouped(value), _LONGEST) for name, value in row.items()} for row in rows)
    return dg.MetadataValue.table(records=[dg.TableRecord(row) for row in shown])
