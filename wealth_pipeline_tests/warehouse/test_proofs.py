"""A proof is one declaration and one .sql file: all else follows, and what lacks either is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import wealth_pipeline
from wealth_pipeline.tables.views import VIEWS
from wealth_pipeline.warehouse.proofs import described, proofs
from wealth_pipeline_tests.flexml import MONDAY, TUESDAY, cash, file, flex, nav

from .conftest import House

ROOT = Path(__file__).parents[2]
#: A required proof that fails, of nothing but the relations that every proof can read.
SQL = """\
-- A total is one more than itself.
-- In: days_to_prove, nav_to_prove. Out: the columns of a proof (proofs.py).
SELECT t.account_id, t.report_date, n.total AS expected, n.total + 1 AS actual, 0.5 AS tolerance,
    CASE WHEN n.total IS NULL THEN 'no total' END AS not_evaluable_reason, 'made to fail' AS reason
FROM days_to_prove t LEFT JOIN nav_to_prove n USING (account_id, report_date)
"""
DECLARATION = (
    'Proof(name="odd", table="fx_rates", compares="It is odd.", needs="NAV", decides="required"),\n'
    ")\n\n\nclass IncompleteProof"
)
#: What is asked of a copy of the package, in a process of its own.
ASKED = """
import json, sys
from datetime import date
from pathlib import Path
from wealth_pipeline.connections import Connection
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.proofs import described
from wealth_pipeline_tests.lives import Folder, statement

day, root = date(2026, 1, 9), Path(sys.argv[1])
Folder(root).load(statement({"U1": {day: 1000}}))
from wealth_pipeline.defs import evaluations  # late, for what is refused is refused above
published = Published(root / "wealth.duckdb")
made = evaluations.checks(Connection("ibkr", "1", "TOKEN", prefixed=False), Settings(root))
proof = published.proofs(["U1"], "odd")
print(json.dumps({
    "status": [proof.passed, proof.failed, [row["reason"] for row in proof.failures]],
    "nav": [[d.proof, d.unproved_by] for d in published.nav_days(["U1"], day, day)],
    "checks": [str(spec.key.asset_key.path) for one in made for spec in one.check_specs if spec.name == "odd"],
    "described": evaluations.PROOFS["proved"][1],
    "documented": [line for line in described.table().splitlines() if "odd" in line],
}))
"""


def copied(root: Path) -> Path:
    """A copy of the package; its folder of proofs."""
    shutil.copytree(
        Path(wealth_pipeline.__file__).parent, root / "wealth_pipeline", ignore=shutil.ignore_patterns("__pycache__")
    )
    return root / "wealth_pipeline" / "warehouse" / "proofs"


def declared(folder: Path) -> None:
    text = (folder / "proofs.py").read_text()
    assert text.count(")\n\n\nclass IncompleteProof") == 1
    (folder / "proofs.py").write_text(text.replace(")\n\n\nclass IncompleteProof", DECLARATION))


def asked(root: Path) -> subprocess.CompletedProcess[str]:
    (root / "data").mkdir()
    path = os.pathsep.join([str(root), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", ASKED, str(root / "data")],
        env=os.environ | {"PYTHONPATH": path},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_proof_takes_one_declaration_and_one_file(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    declared(folder)
    (folder / "odd.sql").write_text(SQL)
    done = asked(tmp_path)
    assert done.returncode == 0, done.stderr
    # DuckDB takes such a process for a notebook, and draws a bar where a query takes seconds.
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["status"] == [0, 1, ["made to fail"]]
    assert found["nav"] == [["failed", ["odd"]]]
    assert found["checks"] == ["['fx_rates']"]
    assert (
        found["described"] == "Each day's NAV is proved: its positions, its cash, its parts and its odd add up to it."
    )
    assert found["documented"] == ["| `odd` | It is odd. | NAV | required |"]


@pytest.mark.parametrize(
    "written, refused",
    [(False, "declared without NAME.sql: ['odd']"), (True, "NAME.sql without declaration: ['odd']")],
)
def test_a_proof_without_its_file_or_without_its_declaration_is_refused(
    written: bool, refused: str, tmp_path: Path
) -> None:
    folder = copied(tmp_path)
    if written:
        (folder / "odd.sql").write_text(SQL)
    else:
        declared(folder)
    done = asked(tmp_path)
    assert done.returncode != 0
    assert "IncompleteProof: " in done.stderr
    assert refused in done.stderr


def test_every_proof_has_one_row_for_each_day_that_is_proved(house: House) -> None:
    house.loaded(
        file(*(flex("U1", day, EquitySummaryInBase=[nav(day)], CashReport=[cash()]) for day in (MONDAY, TUESDAY)))
    )
    rows = house.rows("SELECT report_date, list(check_name ORDER BY check_name) FROM reconciliation GROUP BY 1")
    assert rows
    assert all(names == sorted(proofs.names()) for _, names in rows)


def test_the_page_on_the_proofs_has_the_table_of_the_declarations() -> None:
    """`make docs` writes it."""
    page = (ROOT / "docs" / "proof.md").read_text()
    assert described.table() in page
    assert described.renewed(page) == page


def test_the_records_name_no_proof_by_hand() -> None:
    (reconciliation,) = (view for view in VIEWS if view.name == "reconciliation")
    described_as = {column.name: column.description for column in reconciliation.columns}["check_name"]
    assert not [name for name in proofs.names() if name in described_as]
