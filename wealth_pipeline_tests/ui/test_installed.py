"""Installed from a wheel, in an environment and a folder where there is nothing else: each command works."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from wealth_pipeline_tests.ui.test_serving import BIN, PATIENCE, ROOT, ask, free_port, running, until

PACKAGE = ROOT / "wealth_pipeline"
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
GREEN = """{ assetNodeOrError(assetKey: {path: ["nav_history"]}) {
    ... on AssetNode { partitionStats { numMaterialized } } } }"""


def data_files() -> set[str]:
    """The files of the package that are not Python's, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "wealth_pipeline"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.splitlines() if not name.endswith(".py")}


def test_every_file_that_the_package_reads_is_declared_as_its_data() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["wealth_pipeline"].split(", ")
    declared = {str(path.relative_to(ROOT)) for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert declared == data_files()


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `wealth` of a wheel, in an environment of its own; what it needs is taken from this environment."""
    folder = tmp_path_factory.mktemp("tool")
    source, environment = folder / "source", folder / "environment"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(PACKAGE, source / "wealth_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    uv = str(BIN / "uv")
    subprocess.run(
        [uv, "build", "-q", "--offline", "--wheel", "--no-build-isolation", "-p", sys.executable],
        cwd=source,
        check=True,
    )
    (wheel,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert data_files() <= set(packed.namelist())
    subprocess.run([uv, "venv", "-q", "--offline", "-p", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", python, wheel], check=True)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    # Python reads no .pth files there, so that the package itself comes from the wheel alone.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    where = subprocess.run(
        [python, "-P", "-c", "import wealth_pipeline; print(wealth_pipeline.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(packages))
    return environment / "bin" / "wealth"


@pytest.mark.slow
def test_every_command_of_the_tool_works_in_an_empty_folder(tool: Path, clean_environment: Path) -> None:
    """And what it names as the next step is one of its own."""
    environ = os.environ | {"PATH": f"{tool.parent}:/usr/bin:/bin"}

    def wealth(*words: str, variables: Mapping[str, str] = MappingProxyType({}), status: int = 0) -> str:
        done = subprocess.run([tool, *words], env=environ | dict(variables), capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        assert "make " not in done.stdout.replace("(in a clone: `make", "")
        return done.stdout

    assert "or try `wealth demo`" in wealth("doctor", status=1)
    demo = wealth("demo")
    assert "wealth dev " in demo
    assert (clean_environment / "data" / "sandbox" / "dagster" / "dagster.yaml").exists()
    query = demo.partition("Query it:")[2].partition("   (or")[0]
    answer = subprocess.run(["bash", "-ec", query], env=environ, capture_output=True, text=True, check=True).stdout
    assert "U1000001" in answer
    sandbox = {"WEALTH_DATA_DIR": "data/sandbox"}
    for words in (["status"], ["sql", "FROM nav_latest"]):
        wealth(*words, variables=sandbox)
    nobody = {"IBKR_FLEX_URL": "http://127.0.0.1:9", "IBKR_FLEX_QUERY_ID": "1", "IBKR_FLEX_TOKEN": "1" * 24}
    configured = sandbox | nobody
    assert "Start it with `wealth dev`" in wealth("doctor", variables=configured)
    newest = demo.partition(" through Dagster")[0].rpartition(" ")[2]
    assert "--force asks again" in wealth("pull", "--from", newest, "--to", newest, variables=configured)
    (clean_environment / "random.py").write_text("raise SystemExit('a file of this folder was taken for a module')")
    port = free_port()
    with running(clean_environment, str(tool), "dev", "--port", str(port), PATH=environ["PATH"]) as dev:
        assert until(lambda: ask(port, GREEN))["assetNodeOrError"]["partitionStats"]["numMaterialized"] >= 20
        until(
            lambda: all(
                one["healthy"]
                for one in ask(port, DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
                if one["required"]
            )
        )
        dev.send_signal(signal.SIGINT)
        dev.wait(timeout=PATIENCE)
    for role in ("serve", "daemon"):
        port = free_port()
        words = ["--port", str(port)] if role == "serve" else []
        with running(clean_environment, str(tool), role, *words, PATH=environ["PATH"], **configured) as process:
            assert process.stdout is not None
            assert "Dagster" in process.stdout.readline()
