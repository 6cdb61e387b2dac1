"""A statement dropped into the inbox is loaded within a minute."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from wealth_pipeline.defs.events import report_loaded
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.jobs import rebuild_if_outdated
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.pull.arriving import state
from wealth_pipeline.pull.inbox import take_inbox, waiting
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import inline, sentence


def inbox(settings: Settings) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
    """The job that loads the inbox, and the sensor that starts it."""

    @dg.op(
        description="Archives and loads every file in the inbox, and moves it to inbox/done or inbox/rejected.",
        config_schema={},
    )
    def load_inbox_files(context: dg.OpExecutionContext, wealth: dg.ResourceParam[WealthData]) -> None:
        with plain_failure():
            rebuild_if_outdated(context, wealth, settings)
            warehouse = wealth.warehouse
            with warehouse.writing():
                taken = take_inbox(warehouse, lambda t: context.log.info(f"{inline(t.path.name)}: {t.status}"))
            report_loaded(context.instance, settings)
            rejected = [f"{inline(t.path.name)}: {sentence(t.reason or '')}" for t in taken if t.status == "rejected"]
        if rejected:
            raise dg.Failure(description="Rejected, and moved to inbox/rejected: " + " ".join(rejected))

    @dg.job(description="Loads the statements that lie in the inbox folder. Started by the sensor `inbox`.")
    def load_inbox() -> None:
        load_inbox_files()

    @dg.sensor(
        name="inbox",
        job=load_inbox,
        minimum_interval_seconds=30,
        description=f"Every 30 seconds: if statements lie in {settings.data_dir / 'inbox'}, starts a run that loads"
        " them. What is still being written is left alone.",
    )
    def inbox_sensor(
        context: dg.SensorEvaluationContext, wealth: dg.ResourceParam[WealthData]
    ) -> dg.RunRequest | dg.SkipReason:
        found = waiting(wealth.folder.inbox)
        if found.ready:
            return _request(context, found.ready)
        written = ", ".join(inline(file.name) for file in found.arriving)
        return dg.SkipReason(f"Still being written: {written}." if written else "The inbox is empty.")

    return load_inbox, inbox_sensor


def _request(context: dg.SensorEvaluationContext, files: list[Path]) -> dg.RunRequest | dg.SkipReason:
    """A run for these files, unless one was requested for them within the hour.

    The same files in the same state start one run an hour: one that failed as a whole (a full disk, a held database)
    leaves them there.
    """
    states = ";".join(f"{inline(file.name)}:{state(file)}" for file in files)
    asked_at, _, asked = (context.cursor or "").partition(" ")
    now = datetime.now(UTC)
    # A clock that was ahead and has been put right must not delay the run until it gets there again.
    if asked == states and timedelta() <= now - datetime.fromisoformat(asked_at) < timedelta(hours=1):
        return dg.SkipReason(f"A run for {len(files)} files was requested already.")
    context.update_cursor(f"{now.isoformat()} {states}")
    return dg.RunRequest()
