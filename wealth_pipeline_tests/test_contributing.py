"""How to add a thing: the numbered steps of CONTRIBUTING.md, applied word for word in a copy of the tree.

A step says “In `FILE`, below `LINE`, add:” (or above) or “Create `FILE`:”, each with a block, or “Run `COMMAND`”.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
CHAPTER = PAGE.partition("\n## How to add\n")[2].partition("\n## ")[0]
RECIPES = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", CHAPTER, re.MULTILINE | re.DOTALL))
STEP = re.compile(r"^(\d)\. (.*?)(?=^\d\. |\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def steps(recipe: str) -> list[str]:
    found = STEP.findall(recipe)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    return [text for _, text in found]


def follow(step: str, tree: Path) -> Iterator[str]:
    """Do what a step says; yields the commands that it says to run."""
    words = " ".join(FENCE.sub("", step).split())
    blocks = [re.sub(f"^{margin}", "", body, flags=re.MULTILINE) for margin, body in FENCE.findall(step)]
    if add := re.match(r"In `([^`]+)`, (below|above) `([^`]+)`, add:", words):
        file, line = tree / add[1], add[3]
        lines = file.read_text().splitlines(keepends=True)
        (at,) = (number for number, text in enumerate(lines) if text.strip() == line)
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        (block,) = blocks
        lines.insert(at + (add[2] == "below"), textwrap.indent(block, margin))
        file.write_text("".join(lines))
    elif create := re.match(r"Create `([^`]+)`", words):
        file = tree / create[1]
        assert not file.exists()
        (block,) = blocks
        file.write_text(block)
    else:
        commands = re.findall(r"Run `([^`]+)`", words)
        assert commands, f"not a step: {words}"
        yield from commands


def run(command: str, tree: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(tree), "PATH": f"{tree}/.venv/bin:{os.environ['PATH']}"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(shlex.split(command), cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree, on the same packages."""
    copy = tmp_path_factory.mktemp("tree") / "wealth"
    ignored = shutil.ignore_patterns(".git", ".venv", "data", "__pycache__", ".hypothesis", ".pytest_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "data").mkdir()
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_has_at_most_five_steps(recipe: str) -> None:
    assert 1 <= len(steps(RECIPES[recipe])) <= 5


def test_there_is_a_recipe_for_each_thing_that_people_add() -> None:
    assert {name.split()[-1] for name in RECIPES} == {"column", "section", "proof", "check", "setting", "command"}


@pytest.mark.slow
def test_the_recipes_work_word_for_word(tree: Path) -> None:
    """All of them in one tree, whose lint and types are checked once; each runs the tests that must notice."""
    for recipe in RECIPES.values():
        for step in steps(recipe):
            for command in follow(step, tree):
                run(command, tree)
    run("make lint types", tree)
