"""What the sensor does every minute: keep the session alive, and say whether a snapshot is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wealth_pipeline.errors import WealthError
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.hours import is_open


@dataclass(frozen=True)
class Look:
    """What a look at the gateway came to. due: whether to take a snapshot now. sentence: else, why not."""

    due: bool
    sentence: str = ""


def look(client: GatewayClient, last: datetime | None, now: datetime, interval: timedelta, hours: str) -> Look:
    """Keep the session alive; a snapshot is due when the exchange is open and the last one is `interval` ago.

    last: when a snapshot was requested last (aware), None if never. One request, two if the gateway is terse; it ends
    within seconds. Trouble is a sentence, never an error: a sensor that fails tells nobody.
    """
    try:
        with client:
            client.tickle()
        if not is_open(hours, now):
            return Look(False, f"The session is alive. {hours} is closed: the next snapshot is taken when it is open.")
    except WealthError as trouble:
        return Look(False, str(trouble))
    # A clock that was ahead and has been put right must not delay the next snapshot until it gets there again.
    if last and timedelta() <= now - last < interval:
        return Look(False, f"The session is alive. The next snapshot is due at {last + interval:%H:%M} UTC.")
    return Look(True)
