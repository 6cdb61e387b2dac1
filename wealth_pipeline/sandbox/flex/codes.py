"""Reference codes that say themselves what was asked for, so that each sandbox knows those of every other.

IBKR is one, and keeps a code for a while. Sandboxes are many: two demos at once, a demo beside the UI, or one after
another that was stopped in the middle use one data folder, which remembers a code longer than the sandbox that gave it.
"""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from wealth_pipeline.sandbox.household.days import NEW_YORK

_TIME = "%Y%m%d%H%M%S"
_CODE = re.compile(r"(?P<what>(?P<query_id>\d{6,7})(?P<first>\d{8})(?P<last>\d{8})(?P<generated>\d{14})\d{6})(\d{10})")


@dataclass(frozen=True)
class Asked:
    """A statement as a code names it: the query's id, the window, and when it was made, in New York."""

    query_id: str
    first: date
    last: date
    generated: datetime

    def code(self, token: str) -> str:
        """A code for it, of digits, valid with this token, and another one each time."""
        what = (
            f"{self.query_id}{self.first:%Y%m%d}{self.last:%Y%m%d}{self.generated:{_TIME}}{secrets.randbelow(10**6):06}"
        )
        return f"{what}{_check(what, token)}"

    @classmethod
    def parsed(cls, code: str, token: str) -> Self | None:
        """What a code stands for, None if no sandbox gave it to this token."""
        found = _CODE.fullmatch(code)
        if found is None or found[0] != f"{found['what']}{_check(found['what'], token)}":
            return None
        generated = datetime.strptime(found["generated"], _TIME).replace(tzinfo=NEW_YORK)
        return cls(found["query_id"], _day(found["first"]), _day(found["last"]), generated)


def _check(what: str, token: str) -> str:
    return f"{zlib.crc32(f'{what} {token}'.encode()):010}"


def _day(text: str) -> date:
    return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
