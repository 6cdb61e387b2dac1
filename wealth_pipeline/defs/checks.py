"""Asset checks: what was proved of the figures, one property each. None of them blocks."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from wealth_pipeline.calendar import is_session
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs import markdown
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import sql
from wealth_pipeline.published.results import ProofSummary
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.figures import TABLES
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


_PROVED = (
    "Proved after each load, for every account and day, to IBKR's own decimals. What cannot be evaluated is a warning"
    " with its reason, never passed."
)
_LOOKED_AT = "Looked at after each load."
#: The most rows of a table in Dagster's event log, which keeps every one of them.
_SHOWN = 50
#: The most characters of a cell of it: lists of columns are long.
_LONGEST = 1000

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Subject:
    """What a check looks at: the accounts of a connection, in the published database."""

    connection: Connection
    settings: Settings
    wealth: WealthData
    published: Published

    @cached_property
    def accounts(self) -> list[str]:
        """The connection's accounts."""
        return list(self.published.accounts_of(self.connection.name, self.wealth.only_connection))


@dataclass(frozen=True)
class Found:
    """What a check found to be wrong, and what it mentions for information, by title; the newest first."""

    wrong: Rows
    mentioned: Mapping[str, Rows] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """Something that is looked at after each load.

    asset: the table it speaks of. severity: how bad a finding is. says: what holds if it passes. find: what looks.
    """

    name: str
    asset: str
    severity: dg.AssetCheckSeverity
    says: str
    find: Callable[[Subject], Found]


def answered_by(question: str, **parameters: Callable[[Subject], Any]) -> Callable[[Subject], Found]:
    """What finds the rows that answer a question of published/sql about the accounts; they are what is wrong.

    parameters: those of the question besides the accounts. Raises FileNotFoundError if there is no such question: a
    check that asks nothing would pass.
    """
    sql(question)

    def find(subject: Subject) -> Found:
        values = {name: value(subject) for name, value in parameters.items()}
        return Found(subject.published.records(question, accounts=subject.accounts, **values))

    return find


def _duplicate_keys(subject: Subject) -> Found:
    return Found(subject.published.duplicate_keys({table.name: table.key for table in TABLES if table.key}))


def _gaps(subject: Subject) -> Found:
    rowless = subject.published.records("rowless_weekdays", accounts=subject.accounts)
    sessions = [day for day in rowless if is_session(day["report_date"])]
    return Found(sessions, {"exchange holidays": [day for day in rowless if not is_session(day["report_date"])]})


def _unfilled(subject: Subject) -> Found:
    days = subject.published.unfilled(subject.accounts)
    return Found([{"account": day.account_id, "not ready": day.report_date} for day in days])


def _unknown(subject: Subject) -> Found:
    unknown, noted = (
        subject.published.records(question, accounts=subject.accounts) for question in ("unknown_names", "also_noted")
    )
    return Found(unknown, {"also noted": noted})


def _token(subject: Subject) -> Found:
    warning = subject.connection.token_warning(subject.wealth.ledger.clock.today())
    return Found([{"warning": warning}] if warning else [])


#: What is looked at besides the proofs.
CHECKS = (
    Check(
        name="no_duplicate_keys",
        asset="nav",
        severity=dg.AssetCheckSeverity.ERROR,
        says="No table has two rows for one key.",
        find=_duplicate_keys,
    ),
    Check(
        name="no_gaps",
        asset="nav",
        severity=dg.AssetCheckSeverity.ERROR,
        says="Every session between an account's first and newest day has a NAV.",
        find=_gaps,
    ),
    Check(
        name="usual_change",
        asset="nav",
        severity=dg.AssetCheckSeverity.WARN,
        says="No day's NAV jumped without a deposit, withdrawal or transfer.",
        find=answered_by("large_changes", share=lambda subject: subject.settings.day_change_share),
    ),
    Check(
        name="nothing_restated",
        asset="nav",
        severity=dg.AssetCheckSeverity.WARN,
        says="The newest statement changed no figure of an earlier day.",
        find=answered_by("restated"),
    ),
    Check(
        name="profit_and_loss_ready",
        asset="positions",
        severity=dg.AssetCheckSeverity.WARN,
        says="IBKR has filled the profit and loss of every day.",
        find=_unfilled,
    ),
    Check(
        name="nothing_unknown",
        asset="flex_statement",
        severity=dg.AssetCheckSeverity.WARN,
        says="No statement has an attribute, section or value that this software does not know.",
        find=_unknown,
    ),
    Check(
        name="nothing_set_aside",
        asset="flex_statement",
        severity=dg.AssetCheckSeverity.WARN,
        says="No row had to be set aside that the newest statement of its day still shows.",
        find=answered_by("set_aside"),
    ),
    Check(
        name="token_lasts",
        asset="flex_report_request",
        severity=dg.AssetCheckSeverity.WARN,
        says="The token, if you stated when it was made, lives for 30 days more.",
        find=_token,
    ),
)
_CHECKS_BY_NAME = {check.name: check for check in CHECKS}


def checks(connection: Connection, settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks of a connection's assets: one step after its tables, and one for the NAV history.

    The latter's step is for the UI's button alone. A run of nav_history reports its days by themselves and has no
    output, so that Dagster would skip it: the asset's own step says what this check finds.
    """
    proofs.refuse_incomplete()
    (proved,) = (spec for spec in _specs(connection) if spec.name == PROVED)
    specs = [spec for spec in _specs(connection) if spec.name != PROVED]
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
            yield from _results(Subject(connection, settings, wealth, published), selected)
            if load_id and selected == keys:
                wealth.folder.reported("checks").write_text(load_id, encoding="utf-8")

    @dg.multi_asset_check(
        name=connection.op("proved_check"), specs=[proved], config_schema={}, required_resource_keys={"wealth"}
    )
    def run_proved(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wealth: WealthData = context.resources.wealth
        with plain_failure(), Published(wealth.folder.published) as published:
            yield from _results(Subject(connection, settings, wealth, published), [proved.key])

    return [run_checks, run_proved]


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
        severity=check.severity,
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
