"""What a run of the main job is doing, for the person who waits for it."""

from collections.abc import Callable

import dagster as dg

from wealth_pipeline.connections import Connection

#: Each step, as a person would say it.
DOING = {
    "flex_report_request": "asking IBKR",
    "flex_statement": "waiting for IBKR",
    "tables": "loading",
    "nav_history_days": "reporting the days to Dagster",
}


def follow(instance: dg.DagsterInstance, run_id: str, connection: Connection, doing: Callable[[str], None]) -> None:
    """Call `doing` with what begins: the run itself, which is about to be started here, and each of its steps."""
    doing("starting")
    steps = {connection.op(step): what for step, what in DOING.items()}

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event and event.event_type is dg.DagsterEventType.STEP_START and event.step_key in steps:
            doing(steps[event.step_key])

    instance.add_event_listener(run_id, listen)
