"""Order and repetition don't matter, and what was known at any time is what a replay up to that time gives."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wealth_pipeline.published.published import Published
from wealth_pipeline.warehouse.ddl import figure_tables
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.storage.statements import generated_at, statements

#: What is stated of NAV and positions, as against what is computed with the rates of today.
_NAV = "SELECT * EXCLUDE ({}) FROM {} ORDER BY ALL NULLS FIRST"
_POSITIONS = (
    "SELECT account_id, report_date, conid, quantity, mark_price, position_value, statement_sha256 FROM {} ORDER BY ALL"
)


def add(folder: DataFolder, batch: Sequence[bytes]) -> dict[str, int]:
    """Archive and load a batch, as an import does; how many statements were loaded, known, rejected."""
    warehouse = Warehouse(folder, "USD")
    counts: dict[str, int] = {}
    with warehouse.writing():
        sha256s = [folder.archive.add(io.BytesIO(data), source="import").sha256 for data in batch]
        for loaded in warehouse.load(sha256s):
            counts[loaded.status] = counts.get(loaded.status, 0) + 1
    return counts


def rows(folder: DataFolder, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query to the published database."""
    with duckdb.connect(str(folder.published), read_only=True) as con:
        return con.execute(query).fetchall()


def run(count: int, examples: int, tell: Callable[[str], None]) -> None:
    """Load `count` statements in `examples` other orders, with repeats, in any batches; then look back in time."""
    told = statements(count)
    with TemporaryDirectory() as root:
        whole = DataFolder(Path(root) / "whole")
        outcome = add(whole, told)
        assert outcome == {"loaded": count}, outcome
        expected = Published(whole.published).digests(figure_tables())
        restated = rows(whole, "SELECT count(*) FROM restatements")[0][0]
        assert restated
        tell(f"{count} statements, {restated} restatements.")
        _permute(told, expected, examples, Path(root), tell)
        _look_back(told, whole, DataFolder(Path(root) / "by time"), tell)


def _permute(
    told: list[bytes], expected: dict[str, str], examples: int, root: Path, tell: Callable[[str], None]
) -> None:
    done = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def any_order(draw: Any) -> None:
        nonlocal done
        order = [*told, *draw.choices(told, k=len(told) // 5)]
        draw.shuffle(order)
        folder = DataFolder(root / f"order {done}")
        while order:
            size = draw.randint(1, max(2, len(told) // 4))
            add(folder, order[:size])
            order = order[size:]
        assert Published(folder.published).digests(figure_tables()) == expected
        done += 1
        tell(f"order {done}: the digests are equal.")

    any_order()


def _look_back(told: list[bytes], whole: DataFolder, by_time: DataFolder, tell: Callable[[str], None]) -> None:
    moments: list[datetime] = []
    for moment, batch in groupby(sorted(told, key=generated_at), generated_at):
        add(by_time, list(batch))
        moments.append(moment)
        for known, asof in (
            (_NAV.format("known_since", "nav"), _NAV.format("known_from, known_to", f"nav_asof('{moment}')")),
            (_POSITIONS.format("positions"), _POSITIONS.format(f"positions_asof('{moment}')")),
        ):
            assert rows(whole, asof) == rows(by_time, known), moment
    tell(f"At {len(moments)} generation times nav_asof and positions_asof are what a replay up to then gives.")
