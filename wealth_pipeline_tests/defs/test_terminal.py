"""What the terminal of `wealth dev` shows: a line a person can use, and no stack trace around a sentence."""

import logging
import re
import sys

import dagster as dg
import pytest

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.terminal import plain
from wealth_pipeline.errors import WealthError
from wealth_pipeline.settings import Settings

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\w+) \([0-9a-f]{8}\): (.*)$", re.MULTILINE)


@dg.op
def loads() -> None:
    """Fails for a reason."""
    with plain_failure():
        raise WealthError("The disk is full", "Free some space.")


@dg.op
def tells(context: dg.OpExecutionContext) -> None:
    """Goes well."""
    context.log.info("one.xml: loaded")
    context.log.debug("Nobody reads this.")


@pytest.mark.parametrize(
    ("op", "lines"),
    [
        (loads, ["started", "loads failed: The disk is full. Free some space.", "failed"]),
        (tells, ["started", "one.xml: loaded", "succeeded"]),
    ],
)
def test_a_run_is_a_line_when_it_starts_and_ends_and_the_sentence_of_what_failed(
    op: dg.OpDefinition, lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    definitions(Settings.load())  # whose module gives each run of the process this logger

    @dg.job(name="night", executor_def=dg.in_process_executor)
    def night() -> None:
        op()

    night.execute_in_process(raise_on_error=False)
    printed = capfd.readouterr().err
    assert LINE.findall(printed) == [("night", line) for line in lines]
    assert not re.search("DEBUG|Stack Trace|Traceback", printed)


def record(error: BaseException) -> logging.LogRecord:
    """What the daemon logs of a sensor that failed."""
    try:
        raise error
    except BaseException:
        return logging.LogRecord("dagster", logging.ERROR, "", 1, "Sensor daemon caught an error.", (), sys.exc_info())


def test_of_a_sensor_that_failed_on_purpose_the_sentence_is_left_and_of_another_all() -> None:
    text = (
        "dagster._core.errors.SensorExecutionError: Error occurred during the execution of sensor alert\n\nStack Trace:"
        '\n  File "a.py"\n\nThe above exception was caused by the following exception:\n{}: {}\n\nStack Trace:\n  File'
    )
    ours = "dagster._core.definitions.events.Failure"
    said = plain(record(RuntimeError(text.format(ours, "The address is wrong. Correct it."))))
    assert said == "Sensor daemon caught an error. The address is wrong. Correct it."
    bug = plain(record(RuntimeError(text.format("KeyError", "'a'"))))
    assert bug
    assert "KeyError: 'a'" in bug
    assert "Stack Trace" in bug
