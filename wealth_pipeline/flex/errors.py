"""What can go wrong at the Flex Web Service, one class a cause, grouped by what a person can do about it.

`ActionNeeded`: nothing helps until somebody changes something. `TryLater`: the next run, hours later, may
well succeed. `HandsOff`: asking again makes it worse. `MEANINGS` translates IBKR's codes.
"""

from datetime import datetime
from typing import NamedTuple

from wealth_pipeline.errors import WealthError


class FlexError(WealthError):
    """Any failure of the Flex Web Service.

    `connection` is the connection's name, `code` IBKR's error code, None when IBKR gave none. `transient`
    says that polling the *same* reference code again may help; it never means "send the request again".
    No text in it holds the token or an address with the token.
    """

    transient: bool = False

    def __init__(
        self,
        what: str,
        advice: str = "",
        *,
        connection: str = "",
        code: int | None = None,
        transient: bool | None = None,
    ) -> None:
        super().__init__(what, advice)
        self.connection = connection
        self.code = code
        if transient is not None:
            self.transient = transient


class ActionNeeded(FlexError):
    """Every further request fails the same way until somebody changes the configuration."""


class TryLater(FlexError):
    """Nothing is misconfigured as far as one can tell: a later run may succeed."""


class HandsOff(FlexError):
    """IBKR wants to be left alone; the ledger keeps until when."""


class TokenExpired(ActionNeeded):
    """1012: the token's lifetime (6 hours to 1 year) is over."""


class TokenInvalid(ActionNeeded):
    """1015: IBKR doesn't know the token: mistyped, cut off, or replaced by a newer one."""


class IpRestricted(ActionNeeded):
    """1013: the token may only be used from other addresses."""


class ServiceInactive(ActionNeeded):
    """1011: the Flex Web Service is switched off for this login."""


class QueryInvalid(ActionNeeded):
    """1010, 1014: the query id is not that of an Activity Flex Query of this login."""


class AccountInvalid(ActionNeeded):
    """1016: the query names an account that this login can't see."""


class RequestInvalid(ActionNeeded):
    """1020: token and query don't belong together, or one of them is only minutes old."""


class ReplyTooLarge(ActionNeeded):
    """The statement is larger than this client accepts; nothing of it was kept."""


class ReferenceInvalid(TryLater):
    """1017: IBKR no longer knows the reference code; only a new request helps."""


class StatementNotAvailable(TryLater):
    """1003: no statement for this window: too early, before the account began, or a whim of the day."""


class NotReady(TryLater):
    """1001, 1004-1009, 1021: IBKR couldn't make or fetch the statement just now."""

    transient = True


class StillGenerating(TryLater):
    """1019: IBKR was still making the statement when the deadline passed."""

    transient = True


class UnexpectedReply(TryLater):
    """Something other than a Flex reply: HTML, cut off, of version 2, or with a code nobody has described."""

    transient = True


class ServiceUnreachable(TryLater):
    """The network failed, or the server answered with an HTTP error."""

    transient = True


class NotConnected(ServiceUnreachable):
    """No connection came about, so IBKR can't have seen the request: the one case that may be sent again."""


class Throttled(HandsOff):
    """1018: more than one request a second or ten a minute with this token, polls included."""

    transient = True


class LockedOut(HandsOff):
    """1025: IBKR has locked the token, for hours to a day and more; each further attempt prolongs it."""


class Embargoed(HandsOff):
    """An earlier 1018 or 1025 is still in force, so no request was sent. `until` is in UTC."""

    def __init__(self, what: str, advice: str, *, connection: str, code: int, until: datetime) -> None:
        super().__init__(what, advice, connection=connection, code=code)
        self.until = until


class Meaning(NamedTuple):
    """What one of IBKR's codes means: the class to raise, IBKR's own wording, what to do."""

    error: type[FlexError]
    wording: str
    advice: str


_TOKEN_PAGE = "Client Portal > Performance & Reports > Flex Queries > Flex Web Service Configuration"
_NEW_TOKEN = (
    f"Generate a new token in {_TOKEN_PAGE} and put it in place of the old one "
    "(IBKR_FLEX_TOKEN, or the variable that connections.toml names)."
)
_CHECK_QUERY = (
    "Verify the Query ID (the number behind the query's info icon), that it is an Activity Flex Query, not a "
    "Trade Confirmation one, and that it was made by the same login as the token."
)
_WAIT = "Nothing to do: the next run takes it up again; asking sooner can get the token locked."
_LATER = (
    "It was asked for too early, or the account had not been opened yet: the next run asks again for days "
    "that can still come."
)

MEANINGS: dict[int, Meaning] = {
    1001: Meaning(NotReady, "Statement could not be generated at this time. Please try again shortly.", _WAIT),
    1003: Meaning(StatementNotAvailable, "Statement is not available.", _LATER),
    1004: Meaning(NotReady, "Statement is incomplete at this time. Please try again shortly.", _WAIT),
    1005: Meaning(NotReady, "Settlement data is not ready at this time. Please try again shortly.", _WAIT),
    1006: Meaning(NotReady, "FIFO P/L data is not ready at this time. Please try again shortly.", _WAIT),
    1007: Meaning(NotReady, "MTM P/L data is not ready at this time. Please try again shortly.", _WAIT),
    1008: Meaning(NotReady, "MTM and FIFO P/L data is not ready at this time. Please try again shortly.", _WAIT),
    1009: Meaning(
        NotReady,
        "The server is under heavy load. Statement could not be generated at this time. Please try again shortly.",
        _WAIT,
    ),
    1010: Meaning(
        QueryInvalid,
        "Legacy Flex Queries are no longer supported. Please convert over to Activity Flex.",
        "Create the query again, as an Activity Flex Query in Client Portal and configure its Query ID.",
    ),
    1011: Meaning(
        ServiceInactive,
        "Service account is inactive.",
        f"Switch the Flex Web Service on in {_TOKEN_PAGE}.",
    ),
    1012: Meaning(TokenExpired, "Token has expired.", _NEW_TOKEN),
    1013: Meaning(
        IpRestricted,
        "IP restriction.",
        f"Add this machine's public address to the token's in {_TOKEN_PAGE}, or generate one without a restriction.",
    ),
    1014: Meaning(QueryInvalid, "Query is invalid.", _CHECK_QUERY),
    1015: Meaning(
        TokenInvalid,
        "Token is invalid.",
        f"Ensure that the full token was copied, without spaces; a newer token makes older ones invalid. {_NEW_TOKEN}",
    ),
    1016: Meaning(
        AccountInvalid,
        "Account in invalid.",
        "Open the query in Client Portal and select accounts that this login can see.",
    ),
    1017: Meaning(
        ReferenceInvalid,
        "Reference code is invalid.",
        "Nothing to do: the next run sends a new request.",
    ),
    1018: Meaning(
        Throttled,
        "Too many requests have been made from this token. Please try again shortly.",
        "Make sure that no other program uses the same token (IBKR allows one request a second and ten a "
        "minute); the next run tries again.",
    ),
    1019: Meaning(
        StillGenerating,
        "Statement generation in progress. Please try again shortly.",
        "Nothing to do: the next run goes on waiting for the same statement. If it never comes, ask for "
        "fewer days or fewer sections.",
    ),
    1020: Meaning(
        RequestInvalid,
        "Invalid request or unable to validate request.",
        f"If the token or the query is new, wait an hour. Otherwise token and query don't match. {_CHECK_QUERY}",
    ),
    1021: Meaning(NotReady, "Statement could not be retrieved at this time. Please try again shortly.", _WAIT),
    # Not in IBKR's documentation; several clients met it in July and August 2026.
    1025: Meaning(
        LockedOut,
        "Too many failed attempts. Please review your configuration.",
        "Don't retry: no request is sent for a day, because each one would prolong the lock. "
        f"{_CHECK_QUERY} A new token from {_TOKEN_PAGE} may be used at once.",
    ),
}
"""IBKR's codes ("IBKR: Flex Web Service, error codes"; there is no 1002)."""
