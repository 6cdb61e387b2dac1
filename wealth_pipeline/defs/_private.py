"""What Dagster's public modules do not offer. No other file imports an underscored module of Dagster's.

The servers are imported where they are started: each run, and `wealth pull`, imports this module too.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.execution import context_creation_job
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

if TYPE_CHECKING:
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import GrpcServerTarget

#: The name that workspace.yaml and pyproject.toml give the code location: Dagster keeps the state of schedules by it.
LOCATION = "wealth_pipeline"
#: The tag by which a job's page finds its runs. Those of the command line have it from us; Dagster hides such tags.
REPOSITORY_TAG = {".dagster/repository": f"__repository__@{LOCATION}"}


class AnnouncingExecutor(InProcessExecutor):
    """Runs all steps in this process, after a call of `announce` with the instance and the run's id."""

    def __init__(self, announce: Callable[[dg.DagsterInstance, str], None]) -> None:
        super().__init__(RetryMode.ENABLED)
        self._announce = announce

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Announce the run, and execute it."""
        self._announce(plan_context.instance, plan_context.run_id)
        yield from super().execute(plan_context, execution_plan)


def run_code_server(socket: Path) -> None:
    """Load the definitions, and serve them on a Unix socket until interrupted."""
    from dagster._cli.api import grpc_command

    grpc_command.main(
        [
            *("--socket", str(socket), "--module-name", "wealth_pipeline.definitions", "--location-name", LOCATION),
            *("--use-python-environment-entry-point", "--log-level", "error"),
        ],
        standalone_mode=False,
    )


def run_daemon(instance: dg.DagsterInstance, socket: Path, prepare: Callable[[logging.Handler], None]) -> None:
    """Run Dagster's daemon on the code server at this socket until interrupted. prepare: what is done to its log."""
    from dagster._daemon.controller import daemon_controller_from_instance
    from dagster._utils.interrupts import capture_interrupts

    with (
        capture_interrupts(),
        # Its warnings are about its own bookkeeping ("No cursor for event type ...").
        daemon_controller_from_instance(instance, _location(socket), log_level="error") as controller,
    ):
        for handler in logging.getLogger("dagster").handlers:
            prepare(handler)
        controller.check_daemon_loop()


@contextlib.contextmanager
def workspace(instance: dg.DagsterInstance, socket: Path) -> Iterator[WorkspaceProcessContext]:
    """What the webserver shows: the code server at this socket."""
    from dagster._core.workspace.context import WorkspaceProcessContext

    with WorkspaceProcessContext(instance, _location(socket), version=dg.__version__) as context:
        yield context


def log_runs_with(logger: dg.LoggerDefinition) -> None:
    """Give this logger to each run in this process whose config names none.

    Dagster has no setting for it: without one in a run's config, it prints all there is, at DEBUG.
    """

    def loggers(instance: dg.DagsterInstance | None) -> Sequence[tuple[dg.LoggerDefinition, Mapping[str, object]]]:
        return [(logger, {})]

    context_creation_job.default_system_loggers = loggers  # type: ignore[attr-defined]


def _location(socket: Path) -> GrpcServerTarget:
    from dagster._core.workspace.load_target import GrpcServerTarget

    return GrpcServerTarget(host="localhost", port=None, socket=str(socket), location_name=LOCATION)
