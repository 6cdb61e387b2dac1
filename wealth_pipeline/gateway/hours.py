"""When live figures are worth a snapshot: while an exchange is open."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

from wealth_pipeline.errors import WealthError

#: The setting that switches the market hours off.
ALWAYS = "always"


class UnknownExchange(WealthError):
    """No calendar of that name is known."""


def is_open(exchange: str, now: datetime) -> bool:
    """Whether the exchange (its MIC, such as XNYS or XETR) is open at `now` (aware); always, for `always`.

    Holidays and short days are known (exchange_calendars). Beyond the known calendar, a year ahead, it counts as
    open: a snapshot too many harms nobody. Raises UnknownExchange.
    """
    if exchange == ALWAYS:
        return True
    calendar = _calendar(exchange)
    minute = now.replace(second=0, microsecond=0)
    if not calendar.first_minute <= minute <= calendar.last_minute:
        return True
    return bool(calendar.is_open_on_minute(minute))


@cache
def _calendar(exchange: str) -> Any:
    import exchange_calendars  # takes a second, which only the sensor and not every command should wait for

    try:
        return exchange_calendars.get_calendar(exchange)
    except exchange_calendars.errors.InvalidCalendarName:
        # Not for every wrong text: it is shown to people, and a sentence with a page of text helps nobody.
        name = exchange if re.fullmatch(r"\w{1,20}", exchange) else "of that name"
        raise UnknownExchange(
            f"No exchange {name} is known", "Set WEALTH_GATEWAY_HOURS to XNYS, another exchange's MIC, or always."
        ) from None
