"""Errors for people in Dagster's event log: the sentence, without a traceback of ours; and why a run failed."""

import os
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from wealth_pipeline.errors import WealthError
from wealth_pipeline.text import sentence

#: Where nothing says why.
UNKNOWN = "The run failed; see it in the Dagster UI."
#: In an address, what may be a secret: a user's name and password, and all that follows the path.
_SECRETS = re.compile(r"(\w://)[^\s/'\"@]*@|(\w://[^\s?'\"]*)\?[^\s'\"]*")
#: The errors by which Dagster says that a step of ours raised one.
_DAGSTERS = re.compile(r"(dagster\.|dagster_shared\.)?[\w.]*Dagster\w*Error\b")
_OURS = re.compile(r"wealth_pipeline\.[\w.]+: ")
_CAUSED_BY = ", caused by "
#: Of what an error that is not ours says: some hold a whole query.
_LONGEST = 1000


@contextmanager
def plain_failure() -> Iterator[None]:
    """Turn an error into a failed step that says what happened, and of a WealthError what to do.

    `from None` matters: Dagster stores the causes of an error too, and a network error's text holds the token. Of an
    error that is not ours the traceback is kept beside the sentence.
    """
    try:
        yield
    except WealthError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except (dg.Failure, dg.RetryRequested, dg.DagsterError):
        raise
    except Exception as error:  # a fault of ours, or of what we stand on
        stack = "".join(traceback.format_tb(error.__traceback__))
        said = _raised(error)
        metadata = {"traceback": dg.MetadataValue.text(f"{stack}{said}")}
        raise dg.Failure(description=said, metadata=metadata, allow_retries=False) from None


def reason(events: Iterable[dg.DagsterEvent]) -> str | None:
    """Why a run failed, by its events: the first failed step's sentence or, without one, the run's; None if neither."""
    by_the_run = None
    for event in events:
        if event.event_type_value == "STEP_FAILURE":
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return without_secrets(failure.user_failure_data.description)
            if failure.error:
                return _stored(failure.error)
        elif event.event_type_value == "PIPELINE_FAILURE":
            data = event.event_specific_data  # None of a run that somebody else ended
            error = getattr(data, "error", None)
            by_the_run = _stored(error) if error else without_secrets(event.message or "")
    return by_the_run


def without_secrets(text: str) -> str:
    """A text in one line, without the tokens, and without what may be secret in an address."""
    for name, value in os.environ.items():
        if name.endswith(("TOKEN", "PASSWORD")) and len(value) > 5:
            text = text.replace(value, "***")
    return sentence(_SECRETS.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}?***", text))


def _stored(error: Any) -> str:
    """What an error that Dagster stored says, and its causes; Dagster's own around one of a step is left out."""
    while error.cause and _DAGSTERS.match(error.message):
        error = error.cause
    said = [_OURS.sub("", error.message, count=1).strip()]
    while error := error.cause:
        said.append(error.message.strip())
    return _short(_CAUSED_BY.join(said))


def _raised(error: BaseException) -> str:
    """What an error says, and its causes."""
    said = []
    cause: BaseException | None = error
    while cause:
        said.append(f"{type(cause).__name__}: {cause}".removesuffix(": "))
        cause = cause.__cause__
    return _short(_CAUSED_BY.join(said))


def _short(text: str) -> str:
    """What a foreign error says, no longer than people read."""
    said = without_secrets(text)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
