"""How the service refuses a request."""

from __future__ import annotations


class RefusalError(Exception):
    """The request is answered with an error code.

    Attributes:
        code: one of IBKR's, `MESSAGES` has its wording.

    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
