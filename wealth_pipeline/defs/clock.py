"""Dagster's schedules and sensors after a clock that was ahead has been put right."""

import logging
from datetime import datetime
from typing import Any

import dagster as dg

from wealth_pipeline.calendar import EARLIEST_NOW, FURTHEST

log = logging.getLogger(__name__)


def free_automations(instance: dg.DagsterInstance, now: datetime) -> list[str]:
    """Let the schedules and sensors go on that Dagster noted a time far ahead of; returns their names.

    Dagster goes on from the last time that it noted. Seen: no schedule and no sensor ran until that time came.
    """
    if now <= EARLIEST_NOW:
        return []  # it is the present that is wrong
    furthest, freed = (now + FURTHEST).timestamp(), []
    for state in instance.all_instigator_state():
        data: Any = state.instigator_data  # a named tuple, of one kind for schedules and of another for sensors
        noted = data._asdict() if data else {}
        ahead = {name for name, at in noted.items() if name.endswith("_timestamp") and at and at > furthest}
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, after=furthest, limit=1)
        if ticks:
            # Those before it go as well: Dagster deletes from the beginning only.
            instance.purge_ticks(state.instigator_origin_id, state.selector_id, before=ticks[0].timestamp + 1)
        if ahead:
            now_noted = data._replace(**dict.fromkeys(ahead, now.timestamp()))
            instance.update_instigator_state(state.with_data(now_noted))
        if ticks or ahead:
            log.warning("%s last ran under a clock that was ahead; it goes on from now.", state.instigator_name)
            freed.append(state.instigator_name)
    return freed
