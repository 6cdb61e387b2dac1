"""Asset checks: what was proved of the figures, one property each. None of them blocks."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from wealth_pipeline.calendar import NEW_YORK, is_session
from wealth_pipeline.defs import markdown
from wealth_pipeline.defs.failures import sentences
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.published import published
from wealth_pipeline.settings import Connection, Settings
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.text import inline, plain
from wealth_pipeline.warehouse.proofs import proofs

#: The check of nav_history as a whole.
PROVED = "proved"
#: What must be proved of a day: `its positions, its cash and its parts`.
_REQUIRED = " and ".join(", ".join(f"its {name}" for name in proofs.names("required")).rsplit(", ", 1))
#: The proofs' checks, by name: the table each stands at, and what it compares.
PROOFS = {proof.name: (proof.table, proof.compares) for proof in proofs.PROOFS} | {
    PROVED: ("nav_history", f"Each day's NAV is proved: {_REQUIRED} add up to it.")
}


_PROVED = (
    "Proved after each load, for every account and day, to IBKR's own decimals. What cannot be evaluated is a warning"
    " with its reason, never passed."
)
_LOOKED_AT = "Looked at after each load."
#: The most rows of a table in Dagster's event log, which keeps every one of them for ever.
_SHOWN = 50
#: The most characters of a cell of it: lists of columns are long.
_LONGEST = 1000

#: What else is looked at, by the asset it speaks of, with how bad a finding is.
OTHERS = {
    "no_duplicate_keys": ("nav", dg.AssetCheckSeverity.ERROR, "No table has two rows for one key."),
    "no_gaps": (
        "nav",
        dg.AssetCheckSeverity.ERROR,
        "Every session between an account's first and newest day has a NAV.",
    ),
    "usual_change": (
        "nav",
        dg.AssetCheckSeverity.WARN,
        "No day's NAV jumped without a deposit, withdrawal or transfer.",
    ),
    "nothing_restated": (
        "nav",
        dg.AssetCheckSeverity.WARN,
        "The newest statement changed no figure of an earlier day.",
    ),
    "profit_and_loss_ready": (
        "positions",
        dg.AssetCheckSeverity.WARN,
        "IBKR has filled the profit and loss of every day.",
    ),
    "nothing_unknown": (
        "flex_statement",
        dg.AssetCheckSeverity.WARN,
        "No statement has an attribute, section or value that this software does not know.",
    ),
    "nothing_set_aside": (
        "flex_statement",
        dg.AssetCheckSeverity.WARN,
        "No row had to be set aside that the newest statement of its day still shows.",
    ),
    "token_lasts": (
        "flex_report_request",
        dg.AssetCheckSeverity.WARN,
        "The token, if you stated when it was made, lives for 30 days more.",
    ),
}


def checks(connection: Connection, settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks of a connection's assets: one step after its tables, and one for the NAV history.

    The latter's step is for the UI's button alone. A run of nav_history reports its days by themselves and has no
    output, so that Dagster would skip it: the asset's own step says what this check finds.
    """
    proofs.refuse_incomplete()
    prefix = [connection.name] if connection.prefixed else []
    proved = dg.AssetCheckSpec(PROVED, asset=[*prefix, "nav_history"], description=f"{PROOFS[PROVED][1]} {_PROVED}")
    specs = [
        dg.AssetCheckSpec(name, asset=[*prefix, table], description=f"{text} {_PROVED}")
        for name, (table, text) in PROOFS.items()
        if name != PROVED
    ] + [
        dg.AssetCheckSpec(name, asset=[*prefix, table], description=f"{text} {_LOOKED_AT}")
        for name, (table, _, text) in OTHERS.items()
    ]
    keys = {spec.key for spec in specs}

    @dg.multi_asset_check(
        name="__".join([*prefix, "checks"]),
        specs=specs,
        can_subset=True,
        config_schema={},
        required_resource_keys={"wealth"},
    )
    def run_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wealth: WealthData = context.resources.wealth
        selected = context.selected_asset_check_keys
        with sentences():
            load_id, _ = published.unreported(wealth.folder.published)
            yield from _results(connection, settings, wealth, selected)
            if load_id and selected == keys:
                wealth.folder.reported("checks").write_text(load_id)

    @dg.multi_asset_check(
        name="__".join([*prefix, "proved_check"]), specs=[proved], config_schema={}, required_resource_keys={"wealth"}
    )
    def run_proved(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with sentences():
            yield from _results(connection, settings, context.resources.wealth, [proved.key])

    return [run_checks, run_proved]


def evaluations(
    connection: Connection, settings: Settings, wealth: WealthData, names: Collection[str] = ()
) -> Iterator[dg.AssetCheckEvaluation]:
    """What each of a connection's checks (or those of these names) says of the published database, for a report."""
    prefix = [connection.name] if connection.prefixed else []
    tables = {name: table for name, (table, _) in PROOFS.items()} | {
        name: table for name, (table, *_) in OTHERS.items()
    }
    keys = [
        dg.AssetCheckKey(dg.AssetKey([*prefix, table]), name)
        for name, table in tables.items()
        if not names or name in names
    ]
    for key, result in zip(sorted(keys), _results(connection, settings, wealth, keys), strict=True):
        yield dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=result.passed,
            metadata=result.metadata,
            severity=result.severity,
            description=result.description,
        )


def _results(
    connection: Connection, settings: Settings, wealth: WealthData, keys: Collection[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """What these checks say of the published database."""
    path = wealth.folder.published
    with published.connected(path):
        accounts = list(published.accounts_of(path, connection.name, wealth.only_connection))
        for key in sorted(keys):
            if key.name == PROVED:
                yield _proof(key, published.proved(path, accounts))
            elif key.name in PROOFS:
                yield _proof(key, published.proofs(path, accounts, key.name))
            elif key.name == "token_lasts":
                warning = connection.token_warning(wealth.ledger.now().astimezone(NEW_YORK).date())
                yield _found(key, [{"warning": warning}] if warning else [], {})
            else:
                yield _found(key, *_findings(key.name, path, accounts, settings))


def _findings(
    name: str, path: Path, accounts: list[str], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """What a check found to be wrong, and what it mentions for information, by title."""
    if name == "no_duplicate_keys":
        return published.duplicate_keys(path, [(t.name, t.key) for t in TABLES if t.key]), {}
    if name == "no_gaps":
        rowless = published.rowless_weekdays(path, accounts)
        holidays = [day for day in rowless if not is_session(day["report_date"])]
        return [day for day in rowless if is_session(day["report_date"])], {"exchange holidays": holidays}
    if name == "usual_change":
        return published.large_changes(path, accounts, settings.day_change_share), {}
    if name == "nothing_restated":
        return published.restated_by(path, accounts), {}
    if name == "nothing_set_aside":
        return published.set_aside(path, accounts), {}
    if name == "profit_and_loss_ready":
        return [{"account": d.account_id, "not ready": d.report_date} for d in published.unfilled(path, accounts)], {}
    return published.unknown_names(path, accounts), {"also noted": published.also_noted(path, accounts)}


def _found(
    key: dg.AssetCheckKey, wrong: list[dict[str, Any]], mentioned: dict[str, list[dict[str, Any]]]
) -> dg.AssetCheckResult:
    """A check's result: passed when nothing is wrong, with what was found as tables of the newest rows."""
    metadata: dict[str, dg.MetadataValue] = {}
    for title, rows in {"found": wrong, **mentioned}.items():
        if rows:
            metadata[title] = _table(rows[:_SHOWN])
        if len(rows) > _SHOWN:
            metadata[f"{title}, in all"] = dg.MetadataValue.int(len(rows))
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not wrong,
        severity=OTHERS[key.name][1],
        metadata=metadata,
    )


def _proof(key: dg.AssetCheckKey, summary: published.ProofSummary) -> dg.AssetCheckResult:
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
    shown = ({name: inline(plain(value), _LONGEST) for name, value in row.items()} for row in rows)
    return dg.MetadataValue.table(records=[dg.TableRecord(row) for row in shown])
