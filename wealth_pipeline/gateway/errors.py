"""What can go wrong at the Client Portal Gateway, one class a cause, grouped by what a person can do about it.

`ActionNeeded`: nothing comes until somebody acts; the text says how. `TryLater`: a later look may well succeed.
No text holds a session secret.
"""

from __future__ import annotations

from wealth_pipeline.errors import WealthError


class GatewayError(WealthError):
    """Any trouble with the gateway."""


class ActionNeeded(GatewayError):
    """It stays so until somebody logs in, starts the gateway or corrects a setting."""


class TryLater(GatewayError):
    """Nobody needs to do anything: the next look may succeed, and nothing is asked before it may be."""


class NotAllowed(ActionNeeded):
    """The address is not one that may be asked: not on this machine, not encrypted, or malformed."""


class NotTrusted(ActionNeeded):
    """The certificate is not the pinned one, or that of a gateway elsewhere could not be verified."""


class NotRunning(ActionNeeded):
    """Nothing listens at the address."""


class NotLoggedIn(ActionNeeded):
    """There is no session: nobody logged in, or it ended (at midnight, at a restart)."""


class SessionTimedOut(ActionNeeded):
    """The session was idle for too long. IBKR: "no bridge"; about six minutes without a request."""


class CompetingSession(ActionNeeded):
    """Another program is logged in with the same IBKR user name. IBKR: one brokerage session a user name."""


class AccessDenied(ActionNeeded):
    """403: the gateway's own list of addresses (`ips` in conf.yaml) keeps this machine out."""


class UnexpectedReply(ActionNeeded):
    """Not the gateway's JSON: a web page, a cut-off reply, an error that nobody has described."""


class GatewayTrouble(TryLater):
    """5xx, no reply in time, or a connection that broke off: IBKR's servers restart, or the network is down."""


class Embargoed(TryLater):
    """429: too many requests. IBKR: the penalty box, 15 minutes without a request."""


class Busy(TryLater):
    """Another of our processes is asking the gateway right now."""
