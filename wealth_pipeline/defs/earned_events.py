"""What was earned, as Dagster shows it: which of its days are reported, whatever they say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date

import dagster as dg

#: Makes one materialization for each of these report dates on which there is something.
Makes = Callable[[Collection[date]], Iterable[dg.AssetMaterialization]]


def report(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    there: Collection[date],
    makes: Makes,
    *,
    days: Collection[date],
    since: date,
    log: Callable[[dg.AssetMaterialization], None] | None = None,
) -> None:
    """Report these days, and those of `there` that Dagster does not know.

    since: the first partition. log: by default to the instance, outside of a run.
    """
    known = instance.get_materialized_partitions(key)
    unknown = [day for day in there if day.isoformat() not in known]
    for event in makes({*days, *unknown}):
        if (event.partition or "") >= since.isoformat():
            (log or instance.report_runless_asset_event)(event)


def newest(there: Collection[date], makes: Makes) -> dg.AssetMaterialization | None:
    """The newest of these days; None where there is none."""
    return next(iter(makes([max(there)])), None) if there else None
