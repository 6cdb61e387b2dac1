"""`wealth dev` as a person runs it, with webserver and daemon in processes of their own, spoken to as the UI does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.processes import below

#: Seconds within which the UI answers on a busy machine.
PATIENCE = 300


class Machine:
    """A machine that serves a data folder in `folder`, with `box` as its IBKR. settings: further variables."""

    def __init__(self, folder: Path, box: Sandbox, settings: dict[str, str]) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.log = folder / "dev.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        ours = ("IBKR_", "WEALTH_", "DAGSTER_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "WEALTH_DATA_DIR": str(self.data_dir),
            "WEALTH_REPORTING_CURRENCY": "USD",
            "IBKR_FLEX_URL": box.flex_url,
            "IBKR_FLEX_TOKEN": box.token,
            "IBKR_FLEX_QUERY_ID": box.query_id,
            "DAGSTER_DISABLE_TELEMETRY": "1",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start `wealth dev`, and wait until the code location is there."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wealth_pipeline.cli", "dev", "--port", str(self.port)],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(requests.RequestException, KeyError):
                if self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")[
                    "repositoriesOrError"
                ]["nodes"]:
                    return
            time.sleep(1)
        raise RuntimeError(f"`wealth dev` did not serve within {PATIENCE} s; see {self.log}")

    def ask(self, query: str, **variables: Any) -> Any:
        """What the UI's own interface answers."""
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/graphql", json={"query": query, "variables": variables}, timeout=120
        ).json()
        if "errors" in answer:
            raise RuntimeError(json.dumps(answer["errors"])[:2000])
        return answer["data"]

    def power_cut(self) -> None:
        """Kill every process of it at once, with SIGKILL."""
        for pid in below(self._pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._wait()

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=PATIENCE)
