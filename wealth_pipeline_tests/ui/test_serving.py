"""`wealth dev`, `wealth serve` and `wealth daemon` as real processes: what listens, who has the password, what is left.

Each test ends what it started in another way; Ctrl-C is pressed by `make test-ui`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from wealth_pipeline.defs.runs import instance, prepare_dagster_home
from wealth_pipeline.files.private import open_to_others
from wealth_pipeline.sandbox.flex.faults import GET
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.settings import UI_PASSWORD
from wealth_pipeline.ui import serving
from wealth_pipeline.ui.serving import HOST, PortInUse, serve
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.processes import alive, below, documented, listening

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
#: For a machine that is slow and busy: nothing here waits for a time, only for what must happen.
PATIENCE = 300
PASSWORD, TOKEN = "a password of the UI", "123456789012345678901234"
DOTENV = f'IBKR_FLEX_TOKEN={TOKEN}\nIBKR_FLEX_QUERY_ID=987654\nIBKR_FLEX_URL=http://127.0.0.1:9\n{UI_PASSWORD}="{{}}"\n'
DAY = "2026-11-19"
SCHEDULE = (
    '{repositoryLocationName: "wealth_pipeline", repositoryName: "__repository__", scheduleName: "after_market_close"}'
)
STATUS = f"{{ scheduleOrError(scheduleSelector: {SCHEDULE}) {{ ... on Schedule {{ scheduleState {{ status }} }} }} }}"
GREEN = """{ assetNodeOrError(assetKey: {path: ["nav_history"]}) {
    ... on AssetNode { partitionStats { numMaterialized } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
LAUNCH = """mutation { launchRun(executionParams: {runConfigData: {}, selector: {jobName: "run_cleanup",
    repositoryLocationName: "wealth_pipeline", repositoryName: "__repository__"}}) { __typename } }"""
#: As the UI launches the main job for a day.
PULL = """mutation { launchRun(executionParams: {runConfigData: {}, selector: {jobName: "daily_statement",
    repositoryLocationName: "wealth_pipeline", repositoryName: "__repository__"}, executionMetadata: {tags: [
    {key: "dagster/asset_partition_range_start", value: "2026-11-19"},
    {key: "dagster/asset_partition_range_end", value: "2026-11-19"}]}}) { __typename } }"""
#: Imported by every Python process: at its end it writes down what it was, and its environment.
WITNESS = """
import atexit, json, os, pathlib, sys
atexit.register(lambda: pathlib.Path(os.environ["WITNESS"], str(os.getpid())).write_text(
    json.dumps({"words": sys.orig_argv, "environment": dict(os.environ)})))
"""


@contextmanager
def running(folder: Path, *command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A command in `folder`, without any setting of the developer's; nothing of it is left at the end."""
    ours = ("IBKR_", "WEALTH_", "DAGSTER_HOME")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | variables
    process = subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        umask=0,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        # Dagster's own webserver leaves its code server behind, which ends half a minute later, holding the pipe.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)


def until(happened: Callable[[], Any]) -> Any:
    """What `happened` returns as soon as it is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if found := happened():
                return found
        except (requests.RequestException, KeyError, TypeError):
            pass
        time.sleep(0.5)  # each look costs the webserver as much as a page
    raise AssertionError("it did not happen")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def ask(port: int, query: str, password: str = "") -> Any:
    """What the UI's own interface answers."""
    auth = ("", password) if password else None
    answer = requests.post(f"http://{HOST}:{port}/graphql", json={"query": query}, auth=auth, timeout=60)
    return answer.json()["data"]


def schedule_is(port: int, password: str = "") -> str:
    return str(ask(port, STATUS, password)["scheduleOrError"]["scheduleState"]["status"])


def statuses(port: int) -> list[str]:
    """How the runs stand, newest first."""
    return [run["status"] for run in ask(port, RUNS)["runsOrError"]["results"]]


def launch(port: int, password: str = "") -> None:
    """Launch a run as the UI does, and wait for its success; the daemon takes it from the queue."""
    assert ask(port, LAUNCH, password)["launchRun"]["__typename"] == "LaunchRunSuccess"
    assert until(
        lambda: {run["status"] for run in ask(port, RUNS, password)["runsOrError"]["results"]} & {"SUCCESS", "FAILURE"}
    ) == {"SUCCESS"}


@pytest.mark.parametrize("family, host", [(socket.AF_INET, HOST), (socket.AF_INET6, "::1")])
def test_a_port_that_something_listens_on_is_refused_with_the_way_out(family: socket.AddressFamily, host: str) -> None:
    """Dagster would serve on another port than the one that is printed, or end with a traceback."""
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("This machine has no IPv6.")
    with socket.create_server((host, 0), family=family) as taken, pytest.raises(PortInUse, match="--port"):
        serve(lambda: None, port=taken.getsockname()[1], daemon=False)


@pytest.mark.parametrize("name", ["a" * 80, "with space", "per%20cent"])
def test_the_socket_has_a_short_and_plain_path_whatever_the_temporary_folder_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / name))
    with serving._private_folder() as folder:
        assert len(os.fsencode(folder / serving.SOCKET)) < 104
        assert folder.parent == Path("/tmp")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.slow
def test_what_was_on_and_green_before_the_upgrade_is_so_after_it(clean_environment: Path) -> None:
    """With the units of the version before: Dagster's own webserver on workspace.yaml. Then both of the new ones."""
    home, port = clean_environment, free_port()
    (home / ".env").write_text(DOTENV.format(""))
    (home / "workspace.yaml").write_text((ROOT / "workspace.yaml").read_text())
    folder = DataFolder(home / "data")
    with instance(folder) as dagster_instance:
        dagster_instance.report_runless_asset_event(dg.AssetMaterialization("nav_history", partition=DAY))
    old = ("dagster-webserver", "-h", HOST, "-p", str(port), "-w", "workspace.yaml")
    with running(home, *old, DAGSTER_HOME=str(prepare_dagster_home(folder))):
        assert until(lambda: schedule_is(port)) == "STOPPED"
        ask(port, f"mutation {{ startSchedule(scheduleSelector: {SCHEDULE}) {{ __typename }} }}")
        assert schedule_is(port) == "RUNNING"
    with (
        running(home, "wealth", "serve", "--port", str(port)),
        running(home, "wealth", "daemon") as daemon,
    ):
        assert until(lambda: schedule_is(port)) == "RUNNING"
        assert ask(port, GREEN)["assetNodeOrError"]["partitionStats"]["numMaterialized"] == 1
        launch(port)
        (code_server,) = (pid for pid, words in below(daemon.pid).items() if ".serve code " in words)
        os.kill(code_server, signal.SIGKILL)
        said, _ = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 1
    assert "Error: Dagster's code server ended (SIGKILL), so everything else was stopped." in said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the system's tables in /proc")
def test_under_the_services_a_living_run_is_left_alone_and_a_power_cut_holds_up_nothing(
    clean_environment: Path,
) -> None:
    """The run waits for IBKR. The web service is started again beside it; then everything is killed at once."""
    home, port = clean_environment, free_port()
    with Sandbox() as box:
        box.service.faults.script("1019", 1000, GET)
        (home / ".env").write_text(
            f"IBKR_FLEX_URL={box.flex_url}\nIBKR_FLEX_TOKEN={box.token}\nIBKR_FLEX_QUERY_ID={box.query_id}\n"
        )
        serve_words = ("wealth", "serve", "--port", str(port))
        with running(home, "wealth", "daemon") as daemon:
            with running(home, *serve_words) as web:
                assert until(lambda: schedule_is(port)) == "STOPPED"
                assert ask(port, PULL)["launchRun"]["__typename"] == "LaunchRunSuccess"
                until(lambda: box.service.requests and box.service.requests[-1].path == GET)
                processes = below(web.pid)
                web.send_signal(signal.SIGHUP)
                web.wait(timeout=PATIENCE)
                assert not any(alive(pid) for pid in processes)
            with running(home, *serve_words) as web:
                until(lambda: schedule_is(port))
                assert statuses(port) == ["STARTED"]
                for pid in [*below(web.pid), *below(daemon.pid)]:
                    os.kill(pid, signal.SIGKILL)
        with running(home, "wealth", "daemon") as daemon, running(home, *serve_words):
            assert until(lambda: schedule_is(port)) == "STOPPED"
            until(lambda: statuses(port) == ["FAILURE"])
            assert ask(port, LAUNCH)["launchRun"]["__typename"] == "LaunchRunSuccess"
            until(lambda: statuses(port) == ["SUCCESS", "FAILURE"])
            processes = below(daemon.pid)
            daemon.send_signal(signal.SIGHUP)
            daemon.wait(timeout=PATIENCE)
            assert not any(alive(pid) for pid in processes)
    sent = [request for request in box.service.requests if request.path == "SendRequest"]
    assert len(sent) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads the system's tables in /proc")
def test_dev_listens_on_one_port_keeps_the_password_and_ends_with_its_parent(
    clean_environment: Path, tmp_path: Path
) -> None:
    home, port = clean_environment, free_port()
    (home / ".env").write_text(DOTENV.format(PASSWORD))
    (tmp_path / "sitecustomize.py").write_text(WITNESS)
    witnesses = tmp_path / "witnesses"
    witnesses.mkdir()
    variables = {"PYTHONPATH": str(tmp_path), "WITNESS": str(witnesses), UI_PASSWORD: "another"}
    with running(home, "wealth", "dev", "--port", str(port), **variables) as dev:
        until(lambda: schedule_is(port, PASSWORD))
        for wrong in (None, ("", "another")):  # .env wins
            assert requests.get(f"http://{HOST}:{port}/", auth=wrong, timeout=60).status_code == 401
        addresses, sockets = listening(dev.pid)
        assert addresses == {f"{HOST}:{port}"}
        assert Counter(address.partition(":")[0] for address in addresses) == documented(configured=True)
        (path,) = sockets
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        launch(port, PASSWORD)
        for other in (port, free_port()):
            with running(home, "wealth", "dev", "--port", str(other)) as second:
                said, _ = second.communicate(timeout=PATIENCE)
            assert second.returncode == 1
            assert f"`wealth dev` serves this data folder already at http://{HOST}:{port} (process {dev.pid})" in said
        assert list(open_to_others(home / "data")) == []
        processes = below(dev.pid)
        dev.kill()
        until(lambda: not any(alive(pid) for pid in processes))
        assert not path.parent.exists()
    seen = [json.loads(file.read_text()) for file in witnesses.iterdir()]
    for role in ("code", "web", "daemon", "--multiprocessing-fork"):  # the last one is a run
        assert [one for one in seen if role in one["words"]], role
    for one in seen:
        assert one["environment"]["IBKR_FLEX_TOKEN"] == TOKEN  # what .env says would be seen
        assert UI_PASSWORD not in one["environment"]
