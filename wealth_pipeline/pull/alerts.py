"""Telling a person that a night failed, by mail, phone or chat."""

from __future__ import annotations

import re

from wealth_pipeline.errors import WealthError
from wealth_pipeline.http.silence import URLLIB3, silence
from wealth_pipeline.text import sentence


class AlertError(WealthError):
    """An alert could not be sent."""


def cause(sentence: str) -> str:
    """What stays the same when the same thing goes wrong again: the sentence without its dates and times."""
    return re.sub(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}(:\d{2})?", "", sentence)


def send(url: str, title: str, text: str) -> None:
    """Send a message to an Apprise address (https://github.com/caronc/apprise). Raises AlertError.

    The address may hold a password, so no error and no log names it.
    """
    import apprise  # takes half a second, and most processes never alert

    silence("apprise", *URLLIB3)
    messenger = apprise.Apprise()
    if not messenger.add(url):
        raise AlertError("WEALTH_ALERT_URL is not an address that Apprise knows", "See the list on Apprise's page.")
    # Said to be plain text, it is escaped where a service sends HTML (mail).
    sent = messenger.notify(body=sentence(text), title=sentence(title), body_format=apprise.NotifyFormat.TEXT)
    if not sent:
        raise AlertError("The alert could not be sent", "Try the address in WEALTH_ALERT_URL with the apprise command.")
