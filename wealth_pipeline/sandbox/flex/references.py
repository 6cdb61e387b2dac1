"""The statements that were asked for, each under its reference code until it is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from wealth_pipeline.sandbox.flex.refusals import RefusalError
from wealth_pipeline.sandbox.statement.statement import Statement


@dataclass
class _Reference:
    token: str
    statement: Statement
    polls_left: int


class References:
    """The reference codes that the service has given out.

    Args:
        polls_before_ready: how often a reference answers 1019 before its statement is there.

    """

    def __init__(self, polls_before_ready: int) -> None:
        self._polls_before_ready = polls_before_ready
        self._references: dict[str, _Reference] = {}

    def __contains__(self, code: str) -> bool:
        return code in self._references

    def add(self, code: str, token: str, statement: Statement) -> None:
        """Keep a statement that this token asked for under its code."""
        self._references[code] = _Reference(token, statement, self._polls_before_ready)

    def poll(self, code: str, token: str) -> Statement:
        """The statement, once it is ready.

        Raises:
            RefusalError: 1017 for a code that this token was not given, 1019 until the statement is ready.

        """
        reference = self._references.get(code)
        if reference is None or reference.token != token:
            raise RefusalError("1017")
        if reference.polls_left > 0:
            reference.polls_left -= 1
            raise RefusalError("1019")
        return reference.statement
