"""A run's config sets no address, path or secret, whatever job it is of and however it is launched.

Each attack is tried on each job. It is refused by Dagster's check of the config, or by the resources before the first
step begins. A listener on this machine stands for the server that the token would be sent to.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster_graphql.test.utils import define_out_of_process_context, execute_dagster_graphql

import wealth_pipeline.definitions
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import days_tags
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.defs.conftest import NEWEST, QUIET

FOREIGN, PATH, OP = "<foreign>", "<path>", "<op>"
ASSETS = "__ASSET_JOB"
JOBS = [
    *("daily_statement", "anna_daily_statement", "live_balances", "load_inbox", "replay", "run_cleanup"),
    ASSETS,
]


def _resource(name: str, **config: object) -> dict[str, Any]:
    return {"resources": {name: {"config": config}}}


def _op(**part: object) -> dict[str, Any]:
    return {"ops": {OP: part}}


ATTACKS: dict[str, dict[str, Any]] = {
    "the Flex address": _resource("flex_ibkr", base_url=FOREIGN),
    "the Flex address, of a named login": _resource("flex_anna", base_url=FOREIGN),
    "the Flex address, with all that was once beside it": _resource(
        "flex_ibkr",
        connection="ibkr",
        query_id="1",
        token={"env": "IBKR_FLEX_TOKEN"},
        token_env="IBKR_FLEX_TOKEN",
        base_url=FOREIGN,
        deadline_minutes=1,
        overlap_days=1,
    ),
    "the token": _resource("flex_ibkr", token={"env": "HOME"}),
    "the token's variable": _resource("flex_ibkr", token_env="HOME"),
    "the data folder": _resource("wealth", data_dir=PATH),
    "the gateway's address": _resource("gateway", url=FOREIGN),
    "another machine's gateway": _resource("gateway", allow_remote=True, allow_http=True),
    "a folder for Dagster's values": _resource("io_manager", base_dir=PATH),
    "a folder as plain text": {"resources": {"io_manager": {"config": PATH}}},
    "a resource without config": {"resources": {"wealth": {}}},
    "a resource with empty config": {"resources": {"wealth": {"config": {}}}},
    "a resource that does not exist": _resource("other", base_url=FOREIGN),
    "resources that are a list": {"resources": [FOREIGN]},
    "a step's config": _op(config={"base_url": FOREIGN, "data_dir": PATH}),
    "a step's config as plain text": _op(config=PATH),
    "a step's input from a file": _op(inputs={"context": {"pickle": {"path": PATH}}}),
    "a step's output into a file": _op(outputs=[{"result": {"pickle": {"path": PATH}}}]),
    "a job's input from a file": {"inputs": {"nav": {"json": {"path": PATH}}}},
    "the executor's file": {"execution": {"config": {"marker_to_close": PATH}}},
    "another executor": {"execution": {"config": {"multiprocess": {"start_method": {"forkserver": {}}}}}},
    "a logger into a file": {"loggers": {"file": {"config": {"path": PATH}}}},
    "the console's file": {"loggers": {"console": {"config": {"path": PATH}}}},
    "a part that does not exist": {"storage": {"filesystem": {"config": {"base_dir": PATH}}}},
}

HARMLESS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "resources that the launchpad left empty": {"resources": {}},
    "a talkative log": {"loggers": {"console": {"config": {"log_level": "DEBUG"}}}},
}


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of a server of somebody else's, which must get no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def settings(tmp_path: Path, served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two logins and a gateway, with a data folder that is not there yet."""
    connections = []
    for name, prefixed in (("ibkr", False), ("anna", True)):
        variable = f"{name.upper()}_FLEX_TOKEN"
        monkeypatch.setenv(variable, served.token)
        connections.append(Connection(name, served.query_id, variable, prefixed))
    return Settings(tmp_path / "data", tuple(connections), flex_url=served.flex_url, gateway_url="https://127.0.0.1:1")


def _job(settings: Settings, name: str) -> dg.JobDefinition:
    found = definitions(settings)
    return found.resolve_implicit_global_asset_job_def() if name == ASSETS else found.resolve_job_def(name)


def _filled(config: dict[str, Any], job: dg.JobDefinition, foreign: str, path: Path) -> dict[str, Any]:
    """The attack on this job."""
    # Of a run of chosen assets Dagster reads only their own steps' config, and lets any other stand there.
    op = "flex_report_request" if job.name == ASSETS else sorted(str(node.name) for node in job.nodes)[0]
    text = json.dumps(config).replace(FOREIGN, foreign).replace(PATH, str(path)).replace(OP, op)
    filled: dict[str, Any] = json.loads(text)
    return filled


def _begun(result: dg.ExecuteInProcessResult) -> list[str | None]:
    return [e.step_key for e in result.all_events if e.event_type_value == "STEP_START"]


def _reason(events: Sequence[dg.DagsterEvent]) -> str:
    """The innermost error for which a run failed."""
    (failed,) = [e for e in events if e.event_type_value == "PIPELINE_FAILURE"]
    error = failed.job_failure_data.error
    while error and error.cause:
        error = error.cause
    return error.message if error else ""


@pytest.mark.parametrize("name", JOBS)
def test_every_attack_on_a_job_is_refused_before_its_first_step(
    name: str, settings: Settings, foreign: str, tmp_path: Path
) -> None:
    job, told = _job(settings, name), set()
    for attack, config in ATTACKS.items():
        filled = _filled(config, job, foreign, tmp_path / "stolen")
        try:
            dg.validate_run_config(job, filled)
        except dg.DagsterInvalidConfigError:
            continue
        told.add(attack)
        result = job.execute_in_process(run_config=filled | QUIET, tags=days_tags(NEWEST, NEWEST), raise_on_error=False)
        assert _begun(result) == [], attack
        assert "RunConfigRefused: This run's config has a `resources` part" in _reason(result.all_events), attack
    without_config = {"a resource without config", "a resource with empty config"}
    assert told == without_config | ({"a resource that does not exist"} if name == ASSETS else set())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", JOBS)
def test_what_sets_nothing_is_accepted(name: str, settings: Settings) -> None:
    job = _job(settings, name)
    for config in HARMLESS.values():
        dg.validate_run_config(job, config)
    requests = [str(node.name) for node in job.nodes if str(node.name).endswith("flex_report_request")]
    dg.validate_run_config(job, {"ops": {op: {"config": {"force": True}} for op in requests}})


@pytest.mark.parametrize("name", JOBS)
def test_a_run_can_set_force_and_how_much_is_logged_and_nothing_else(name: str, settings: Settings) -> None:
    """Read from the declared config itself, so that a new resource, step or executor with config fails here."""
    leaves = set(_leaves(_job(settings, name).run_config_schema.config_type))
    prefixes = {"daily_statement": [""], "anna_daily_statement": ["anna__"], ASSETS: ["", "anna__"]}.get(name, [])
    assert leaves == {
        *(f"ops/{prefix}flex_report_request/config/force" for prefix in prefixes),
        *("loggers/console/config/log_level", "loggers/console/config/name"),
    }


def _leaves(config: Any, path: str = "") -> Iterator[str]:
    """What takes a value in a config type, by its path; a part without fields takes none."""
    if not hasattr(config, "fields"):
        yield path
        return
    for name, field in config.fields.items():
        yield from _leaves(field.config_type, f"{path}/{name}" if path else name)


LAUNCH = """mutation ($params: ExecutionParams!) { answer: launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
TERMINATE = """mutation ($id: String!, $policy: TerminateRunPolicy) {
  answer: terminateRun(runId: $id, terminatePolicy: $policy) { __typename } }"""


@pytest.fixture
def launched(
    served: Sandbox, new_folder: Path, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Launched]:
    """The definitions in a code server, as the webserver knows them."""
    shutil.copytree(new_folder, clean_environment / "data")
    environment = {
        "WEALTH_DATA_DIR": str(clean_environment / "data"),
        "IBKR_FLEX_URL": served.flex_url,
        "IBKR_FLEX_TOKEN": served.token,
        "IBKR_FLEX_QUERY_ID": served.query_id,
        "IBKR_GATEWAY_URL": "https://127.0.0.1:1",
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings = Settings.load()
    code = wealth_pipeline.definitions.__file__
    with (
        dagster_instance(DataFolder(settings.data_dir)) as instance,
        define_out_of_process_context(code, None, instance) as context,
    ):
        yield Launched(settings, instance, context)


@dataclass
class Launched:
    """Dagster's GraphQL API, through which the UI does everything."""

    settings: Settings
    instance: dg.DagsterInstance
    context: Any

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The API's answer."""
        answer: dict[str, Any] = execute_dagster_graphql(self.context, query, variables).data["answer"]
        return answer

    def launch(self, name: str, config: dict[str, Any], tags: dict[str, str] | None = None) -> dict[str, Any]:
        """Launch a job, or of the assets their first."""
        (location,) = self.context.code_locations
        (repository,) = location.get_repositories()
        selector = {"repositoryLocationName": location.name, "repositoryName": repository, "jobName": name}
        chosen = {"assetSelection": [{"path": ["flex_report_request"]}], "assetCheckSelection": []}
        all_tags = days_tags(NEWEST, NEWEST) | (tags or {})
        params = {
            "selector": selector | (chosen if name == ASSETS else {}),
            "runConfigData": config,
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in all_tags.items()]},
        }
        return self.ask(LAUNCH, params=params)

    def run(self, run_id: str) -> bool:
        """Run what was launched, as Dagster's daemon would have it run; whether it succeeded."""
        starting = dg.DagsterEvent(event_type_value="PIPELINE_STARTING", job_name=ASSETS)
        self.instance.report_dagster_event(starting, run_id)
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        first = {dg.AssetKey("flex_report_request")}
        job = _job(self.settings, ASSETS).get_subset(asset_selection=first, asset_check_selection=set())
        return execute_run(InMemoryJob(job), run, self.instance, raise_on_error=False).success


def test_launched_through_the_api_the_same_is_refused_and_its_twin_asks_the_configured_server(
    launched: Launched, served: Sandbox, foreign: str, tmp_path: Path
) -> None:
    for name in ("daily_statement", "live_balances", "replay", ASSETS):
        job = _job(launched.settings, name)
        for attack in ("the Flex address", "the data folder", "the executor's file", "a step's input from a file"):
            answer = launched.launch(name, _filled(ATTACKS[attack], job, foreign, tmp_path / "stolen"))
            assert answer["__typename"] == "RunConfigValidationInvalid", (name, attack, answer)
    assert launched.instance.get_runs_count() == 0

    before, outcomes = len(served.service.requests), []
    for config in (ATTACKS["a resource that does not exist"], HARMLESS["resources that the launchpad left empty"]):
        answer = launched.launch(ASSETS, _filled(config, job, foreign, tmp_path / "stolen") | QUIET)
        outcomes.append((launched.run(answer["run"]["runId"]), len(served.service.requests) - before))
    assert outcomes == [(False, 0), (True, 1)]

    # Where Dagster asks for a run to be ended is a tag of the run, which it writes itself when the run starts.
    host, port = foreign.removeprefix("http://").split(":")
    tags = {".dagster/grpc_info": json.dumps({"host": host, "port": int(port)})}
    for policy in ("SAFE_TERMINATE", "MARK_AS_CANCELED_IMMEDIATELY"):
        run_id = launched.launch(ASSETS, {}, tags)["run"]["runId"]
        assert launched.ask(TERMINATE, id=run_id, policy=policy)["__typename"] == "TerminateRunSuccess"
    assert not (tmp_path / "stolen").exists()
