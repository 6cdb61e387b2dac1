"""Errors for people in Dagster's event log: the sentence, without a traceback of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from wealth_pipeline.errors import WealthError


@contextmanager
def plain_failure() -> Iterator[None]:
    """Turn a WealthError into a failed step that says what happened and what to do.

    `from None` matters: Dagster stores the causes of an error too, and a network error's text holds the token.
    """
    try:
        yield
    except WealthError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
