"""What `wealth dev` and the services print of runs, schedules and sensors: a line each that a person can use.

Dagster prints every event at DEBUG, and a stack trace around each sentence of ours. All of it is in the UI, and on the
terminal with `wealth dev --verbose`.
"""

import logging
import re
import sys

import dagster as dg

from wealth_pipeline.text import sentence

#: What is said of a run's own events; of the others, only what a step or a run failed of.
_SAID = {
    dg.DagsterEventType.RUN_START: "started",
    dg.DagsterEventType.RUN_SUCCESS: "succeeded",
    dg.DagsterEventType.RUN_CANCELED: "was stopped",
}
#: In the text of an exception of Dagster's: the sentence of a step or sensor that failed on purpose (failures.py).
_OURS = re.compile(
    r"(?:^|\n)(?:dagster\.\S+\.)?Failure: (?P<sentence>.+?)(?:\n\n?Stack Trace:|\nThe above|\n\n|\Z)", re.DOTALL
)
_TIME = "%Y-%m-%d %H:%M:%S"


def plain(record: logging.LogRecord) -> str | None:
    """The line for a record of Dagster's, without a time; None if it is nothing that a person can use."""
    meta = getattr(record, "dagster_meta", None)
    if meta is None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f"\n{record.exc_info[1]}"
        found = _OURS.search(text)
        return sentence(f"{text.splitlines()[0]} {found['sentence']}") if found else text
    said = _of_event(meta["dagster_event"], record)
    return f"{meta['job_name']} ({str(meta['run_id'])[:8]}): {said}" if said else None


def _of_event(event: dg.DagsterEvent | None, record: logging.LogRecord) -> str | None:
    if event is None:
        message = str(record.__dict__["dagster_meta"]["orig_message"])
        return sentence(message) if record.levelno >= logging.INFO else None
    if event.event_type in _SAID:
        return _SAID[event.event_type]
    if event.is_step_failure:
        of = event.step_failure_data
        if of.user_failure_data and of.user_failure_data.description:
            return f"{event.step_key} failed: {sentence(of.user_failure_data.description)}"
        return f"{event.step_key} failed: {of.error.to_string() if of.error else event.message}"
    if event.event_type is dg.DagsterEventType.RUN_FAILURE:
        data = event.job_failure_data
        return (
            f"failed: {sentence(data.error.message)}" if data.error and not data.first_step_failure_event else "failed"
        )
    return None


class _Line(logging.Formatter):
    """One line for a record, with its time."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record, _TIME)} {plain(record)}"


def for_people(handler: logging.Handler) -> None:
    """Let a handler print what a person can use, and nothing else."""
    handler.addFilter(lambda record: plain(record) is not None)
    handler.setFormatter(_Line())


@dg.logger(config_schema={}, description="What a person can use of a run, on the terminal. The whole log is in the UI.")
def console(_context: dg.InitLoggerContext) -> logging.Logger:
    """The logger of each run whose config names none."""
    logger = logging.Logger("dagster")
    handler = logging.StreamHandler(sys.stderr)
    for_people(handler)
    logger.addHandler(handler)
    return logger
