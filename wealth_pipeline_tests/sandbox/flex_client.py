"""A client for the tests: plain requests over HTTP, and a clock that moves only when a test moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree import ElementTree

import requests

from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.household.days import NEW_YORK

#: A Wednesday morning: the newest statement is that of Tuesday, 21 July 2026.
NOW = datetime(2026, 7, 22, 6, 0, tzinfo=NEW_YORK)


@dataclass
class Clock:
    """The present of a test."""

    present: datetime = NOW

    def now(self) -> datetime:
        """The time of day."""
        return self.present

    def seconds(self) -> float:
        """Seconds that grow."""
        return self.present.timestamp()

    def advance(self, **duration: float) -> None:
        """Let time pass."""
        self.present += timedelta(**duration)


@dataclass
class Client:
    """Speaks to a sandbox as a careful client does: version 3, with a User-Agent."""

    box: Sandbox

    def call(self, name: str, **parameters: str | None) -> requests.Response:
        """One request; a parameter that is None is left out."""
        given = {"t": self.box.token, "v": "3"} | parameters
        return requests.get(
            f"{self.box.flex_url}/{name}",
            params={key: value for key, value in given.items() if value is not None},
            headers={"User-Agent": "Python/3.11"},
            timeout=10,
        )

    def send(self, **parameters: str | None) -> ElementTree.Element:
        """SendRequest, for the query `guide` unless another one is given."""
        return self.parsed(self.call("SendRequest", **{"q": self.box.query_ids["guide"]} | parameters))

    def get(self, reference: str, **parameters: str | None) -> ElementTree.Element:
        """GetStatement."""
        return self.parsed(self.call("GetStatement", **{"q": reference} | parameters))

    def reference(self, **parameters: str | None) -> str:
        """A reference code, from a SendRequest that must succeed."""
        reply = self.send(**parameters)
        assert reply.findtext("Status") == "Success", ElementTree.tostring(reply)
        return reply.findtext("ReferenceCode") or ""

    def statement(self, **parameters: str | None) -> ElementTree.Element:
        """The statement, fetched until it is ready."""
        reference = self.reference(**parameters)
        while (reply := self.get(reference)).findtext("ErrorCode") == "1019":
            pass
        assert reply.tag == "FlexQueryResponse", ElementTree.tostring(reply)
        return reply

    def windows(self, **parameters: str | None) -> set[tuple[str, str]]:
        """First and last day of each FlexStatement."""
        statements = self.statement(**parameters).iter("FlexStatement")
        return {(statement.attrib["fromDate"], statement.attrib["toDate"]) for statement in statements}

    @staticmethod
    def parsed(response: requests.Response) -> ElementTree.Element:
        """The XML of an answer with status 200."""
        assert response.status_code == 200, response.status_code
        return ElementTree.fromstring(response.content)


def error(reply: ElementTree.Element) -> str:
    """The error code of a failed call."""
    assert reply.tag == "FlexStatementResponse"
    assert reply.findtext("Status") in ("Fail", "Warn")
    assert reply.findtext("ErrorMessage")
    return reply.findtext("ErrorCode") or ""
