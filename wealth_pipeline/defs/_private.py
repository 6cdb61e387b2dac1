"""What Dagster's public modules do not offer. No other file imports an underscored module of Dagster's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._cli.api import grpc_command
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._daemon.controller import daemon_controller_from_instance
from dagster._utils.interrupts import capture_interrupts

#: The name that workspace.yaml and pyproject.toml give the code location: Dagster keeps the state of schedules by it.
LOCATION = "wealth_pipeline"


def run_code_server(socket: Path) -> None:
    """Load the definitions, and serve them on a Unix socket until interrupted."""
    grpc_command.main(
        [
            *("--socket", str(socket), "--module-name", "wealth_pipeline.definitions", "--location-name", LOCATION),
            *("--use-python-environment-entry-point", "--log-level", "error"),
        ],
        standalone_mode=False,
    )


def run_daemon(instance: dg.DagsterInstance, socket: Path) -> None:
    """Run Dagster's daemon on the code server at this socket until interrupted."""
    with (
        capture_interrupts(),
        # Its warnings are about its own bookkeeping ("No cursor for event type ...").
        daemon_controller_from_instance(instance, _location(socket), log_level="error") as controller,
    ):
        controller.check_daemon_loop()


@contextlib.contextmanager
def workspace(instance: dg.DagsterInstance, socket: Path) -> Iterator[WorkspaceProcessContext]:
    """What the webserver shows: the code server at this socket."""
    with WorkspaceProcessContext(instance, _location(socket), version=dg.__version__) as context:
        yield context


def _location(socket: Path) -> GrpcServerTarget:
    return GrpcServerTarget(host="localhost", port=None, socket=str(socket), location_name=LOCATION)
