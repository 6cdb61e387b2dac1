"""A statement, a snapshot and file names full of hostile text: it takes effect in no medium.

What is looked at comes from one import, one run of the main job and one of the inbox's, over every declared column.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pyarrow as pa
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.assets.gateway import drift, live_tables
from wealth_pipeline.defs.nav_events import nav_history_key
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.gateway import store
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.live import LIVE_TABLES
from wealth_pipeline.text import inline, terminal
from wealth_pipeline_tests import hostile
from wealth_pipeline_tests.defs.conftest import NEWEST, Pipeline, error_of
from wealth_pipeline_tests.defs.test_inbox import drop, load, look
from wealth_pipeline_tests.flexml import ROWS, file, flex

DAYS = (NEWEST - timedelta(days=1), NEWEST)
#: Names of files: one is loaded, the others are rejected.
NAMES = ("![x](http:evil.example).xml", "\x1b[31mred\r.xml", "a\nb\u202elmx.xml", "www.evil.example.xml", "\udcff.xml")
#: Amounts that are rows of their own.
AMOUNTS = {"ChangeInNAV": {"startingValue": "1"}, "CashReportCurrency": {"deposits": "1"}}
BROKEN = b"<FlexQueryResponse><"
#: As for the gateway: its JSON can say every character but half of a pair.
IN_JSON = tuple(text for text in hostile.TEXTS if "\ud800" not in text)


def value(kind: pa.DataType, foreign: str, day: date) -> str:
    """What an attribute of this type may say."""
    if pa.types.is_string(kind):
        return foreign
    if pa.types.is_temporal(kind):
        return f"{day:%Y%m%d};060000" if pa.types.is_timestamp(kind) else f"{day:%Y%m%d}"
    return "Y" if pa.types.is_boolean(kind) else "1"


def row(element: str, foreign: str, day: date = NEWEST, **fixed: str) -> dict[str, str]:
    """A row with every declared attribute of an element, each text of them `foreign`."""
    read = {c.attribute: c.type for table in TABLES if table.element == element for c in table.read if c.attribute}
    return {name: value(kind, foreign, day) for name, kind in read.items()} | AMOUNTS.get(element, {}) | fixed


def sections(foreign: str) -> dict[str, Any]:
    """Every section that is loaded, with a row of it."""
    single = {name: row(name, foreign) for name in ("AccountInformation", "ChangeInNAV")}
    several = {section: [row(element, foreign)] for section, element in ROWS.items()}
    assert {table.element for table in TABLES} == single.keys() | set(ROWS.values())
    several["EquitySummaryInBase"] = [row(ROWS["EquitySummaryInBase"], foreign, day) for day in DAYS]
    several["CashReport"] += [row("CashReportCurrency", foreign, currency="BASE_SUMMARY", levelOfDetail="BaseCurrency")]
    several["OpenPositions"] = [row("OpenPosition", foreign, levelOfDetail=level) for level in ("SUMMARY", "LOT")]
    return single | several


def statement() -> bytes:
    """An account for each hostile text, which stands in each of its text attributes, and in the account's id."""
    return file(
        *(
            flex(foreign, NEWEST, first=DAYS[0], generated="20261119;200000", **sections(foreign))
            for foreign in hostile.IN_XML
        )
    )


def snapshot() -> str:
    """A snapshot of the gateway with an account for each hostile text."""
    texts = {c.attribute for table in LIVE_TABLES for c in table.columns if pa.types.is_string(c.type)} - {None}
    entry = {"netliquidationvalue": 100, "cashbalance": 1, "exchangerate": 1}
    accounts = [
        {
            "description": {"accountId": foreign, "currency": foreign},
            "ledger": {foreign: entry, "BASE": entry},
            "positions": [dict.fromkeys(texts, foreign) | {"position": 1}],
        }
        for foreign in IN_JSON
    ]
    return json.dumps({"captured_at": f"{NEWEST}T15:00:00", "accounts": accounts}, default=str)


def command(*words: str) -> str:
    """What a command of `wealth` prints."""
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def effects_in_a_terminal(printed: str) -> list[str]:
    """What takes effect of what a command printed, apart from the ends of its lines."""
    return hostile.effects_as_plain_text(printed.replace("\n", ""))


def metadata(entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The labels and the texts of values, with the medium of each."""
    for label, entry in entries.items():
        yield "plain", label
        if isinstance(entry, dg.MarkdownMetadataValue):
            yield "markdown", entry.value or ""
        elif isinstance(entry, dg.TableMetadataValue):
            yield from (("plain", str(cell)) for record in entry.records for cell in record.data.values())
        elif isinstance(entry, str | dg.TextMetadataValue):
            yield "plain", str(getattr(entry, "value", entry))


def shown_by_dagster(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """Every text of ours in Dagster's event log, with its medium: `markdown` or `plain`."""
    with dagster_instance(pipeline.folder) as instance:
        # With those of an import, which belong to no run.
        records = instance.fetch_materializations(nav_history_key(pipeline.settings.connections[0]), limit=100).records
        entries = [record.event_log_entry for record in records]
        entries += [entry for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    for entry in entries:
        yield "plain", entry.user_message
        event = entry.dagster_event
        if event and event.is_step_failure and event.step_failure_data.user_failure_data:
            yield "plain", event.step_failure_data.user_failure_data.description or ""
        if event and event.is_step_materialization:
            yield from metadata(event.step_materialization_data.materialization.metadata)
        if event and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            yield "markdown", event.asset_check_evaluation_data.description or ""
            yield from metadata(event.asset_check_evaluation_data.metadata)


def effects_in_dagster(medium: str, text: str) -> list[str]:
    """What takes effect of a text in Dagster's UI."""
    if medium == "markdown":
        # The chart of an account is ours.
        return hostile.effects_as_markdown(text, images=text.count("(data:image/svg+xml;base64,"))
    return hostile.effects_as_plain_text(text.replace("\n", "")) + hostile.links(text)


@pytest.fixture
def pipeline(served: Sandbox, make_pipeline: Callable[..., Pipeline], clean_environment: Path) -> Pipeline:
    """The pipeline on the sandbox; hostile files lie in the working directory and in the inbox."""
    made = make_pipeline(served)
    for name in NAMES:
        (clean_environment / name).write_bytes(statement() if name == NAMES[0] else BROKEN)
        drop(made, name, BROKEN)
    return made


def test_hostile_text_in_every_column_takes_effect_in_no_medium(pipeline: Pipeline, tmp_path: Path) -> None:
    """One test, because it is one import and one run."""
    printed = [command("import", *NAMES)]
    files = printed[0].splitlines()[: len(NAMES)]  # the accounts whose proofs failed come after them
    assert [line.split()[0] for line in files] == ["loaded", *["rejected"] * (len(NAMES) - 1)]
    assert pipeline.run(NEWEST, NEWEST).success
    it_is_in_every_text_column(pipeline)

    printed += [command(*words) for words in (["status"], ["doctor"], ["sql", "FROM positions"])]
    printed += [command("sql", "FROM accounts", "--json")]
    assert [found for text in printed if (found := effects_in_a_terminal(text))] == []
    assert all(terminal(account)[:5] in printed[1] for account in hostile.IN_XML)

    command("export", str(tmp_path / "out"), "--csv")
    (tmp_path / "out" / "printed.csv").write_text(command("sql", "FROM accounts", "--csv"), newline="")
    assert [found for path in (tmp_path / "out").iterdir() if (found := formulas(path))] == []

    the_inbox_echoes_names_as_text(pipeline)
    shown = [*shown_by_dagster(pipeline), *live(pipeline)]
    assert [(medium, text, found) for medium, text in shown if (found := effects_in_dagster(medium, text))] == []
    # That all of them were looked at.
    for foreign in (*hostile.IN_XML, *IN_JSON):
        assert ("plain", inline(f"NAV {foreign} ({foreign})")) in shown, foreign
    tables = [hostile.cells(text) for medium, text in shown if medium == "markdown" and "day's change" in text]
    assert {len(cells) for table in tables for cells in table} == {4}
    assert {inline(foreign).strip() for foreign in hostile.IN_XML} <= {cells[0] for table in tables for cells in table}


def it_is_in_every_text_column(pipeline: Pipeline) -> None:
    """What was meant to be pushed through a column is there."""
    narrow = []
    for table in TABLES:
        names = [column.name for column in table.read if pa.types.is_string(column.type)]
        counts = ", ".join(f"count(DISTINCT {name})" for name in names)
        (there,) = pipeline.rows(f"SELECT {counts} FROM {table.name}")
        few = len(hostile.IN_XML) / 2
        narrow += [f"{table.name}.{name}" for name, count in zip(names, there, strict=True) if count < few]
    assert narrow == []


def formulas(path: Path) -> list[str]:
    """The cells of a CSV file that a spreadsheet would take for a formula, or in which a character takes effect."""
    with path.open(newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    return [cell for cell in cells if hostile.effects_in_csv(cell)]


def the_inbox_echoes_names_as_text(pipeline: Pipeline) -> None:
    """A file's name in the sensor's cursor, the run's log, its failure; and the reason beside the file."""
    for waiting in filter(Path.is_file, pipeline.folder.inbox.iterdir()):
        os.utime(waiting, (0, 0))  # nobody is still writing it
    request, cursor = look(pipeline)
    assert isinstance(request, dg.RunRequest)
    assert effects_in_dagster("plain", str(cursor)) == []
    failure = error_of(load(pipeline))
    assert all(inline(name) in failure for name in NAMES)
    rejected = pipeline.folder.inbox / "rejected"
    reasons = [path.read_text().removesuffix("\n") for path in rejected.glob("*.reason.txt")]
    assert len(reasons) == len(NAMES)
    assert [found for reason in reasons if (found := hostile.effects_as_plain_text(reason))] == []


def live(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """What the assets of the gateway show of a snapshot full of hostile text."""
    store.archive(pipeline.folder.root, snapshot())
    wealth = WealthData(data_dir=str(pipeline.folder.root))
    looked_at: list[Any] = [*cast(Iterable[Any], live_tables(wealth)), drift(wealth)]
    for result in looked_at:
        yield from metadata(result.metadata)
