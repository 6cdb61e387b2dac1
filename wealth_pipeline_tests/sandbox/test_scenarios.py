"""What the service shows of a scenario on which day, and that the default household is what it always was."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256

import pytest

from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.household.days import NEW_YORK
from wealth_pipeline.sandbox.household.flows import EURO, FLOWS, MAIN
from wealth_pipeline.sandbox.household.household import LateFee, shared_household
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement

from .conftest import GENERATED, one, parse
from .flex_client import Client, Clock


def test_the_service_shows_a_late_week_all_at_once_and_corrections_when_they_are_known() -> None:
    clock = Clock(datetime(2025, 3, 24, 6, tzinfo=NEW_YORK))
    with Sandbox(scenario=FLOWS, now=clock.now, rate_limits=False, polls_before_ready=0) as box:
        client, query = Client(box), box.query_id

        def shown(account_id: str) -> list[str]:
            found = client.statement(q=query, fd="20250313", td="20250321").iter("FlexStatement")
            return [
                statement.attrib["toDate"][6:] for statement in found if statement.attrib["accountId"] == account_id
            ]

        assert shown(MAIN) == ["13", "14", "17", "18", "19", "20", "21"]
        assert shown(EURO) == ["13", "14"]
        clock.advance(days=1)
        assert shown(EURO) == shown(MAIN)
        deposits = []
        for now in (datetime(2025, 2, 21, 6, tzinfo=NEW_YORK), datetime(2025, 2, 24, 6, tzinfo=NEW_YORK)):
            clock.present = now
            found = client.statement(q=query, fd="20250212", td="20250212")
            main = one(found, f"FlexStatements/FlexStatement[@accountId='{MAIN}']")
            deposits.append(one(main, "ChangeInNAV").attrib["depositsWithdrawals"])
        assert deposits == ["4000", "4400"]


def test_the_query_guide_shows_the_accounts_that_there_are() -> None:
    household = shared_household(scenario=FLOWS)
    for first, last, count in ((date(2025, 1, 6), date(2025, 1, 10), 3), (date(2025, 4, 7), date(2025, 4, 11), 3)):
        xml = b"".join(Statement(household, GUIDE, first, last, period="", generated=GENERATED).render())
        assert len(list(parse(xml).iter("FlexStatement"))) == count


@pytest.mark.parametrize(
    ("query", "first", "last", "digest"),
    [
        (FULL, date(2025, 1, 2), date(2025, 3, 14), "6e1225e642d42f8a19755e98e0acbacd29d3a31458803dcbe9330194e2587ea7"),
        (FULL, date(2025, 9, 1), date(2025, 9, 10), "d831187b878236c54c67243082f00d5b4e22b570dce88249135c37b9da34ab54"),
        (
            GUIDE,
            date(2025, 1, 2),
            date(2025, 7, 31),
            "c4f86b323ba2c60944f4a66a52dbb4372c4d97b5f491b64a0c55cc6d2be73b5f",
        ),
    ],
)
def test_the_default_household_is_what_it_was_before_there_were_scenarios(
    query: str, first: date, last: date, digest: str
) -> None:
    household = shared_household(late_fees=(LateFee("U1000001", date(2025, 3, 3)),))
    xml = b"".join(Statement(household, query, first, last, period="", generated=GENERATED).render())
    assert sha256(xml).hexdigest() == digest
