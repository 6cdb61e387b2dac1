"""Keeping libraries out of every log that write whole addresses there, and with them the token or a password."""

import logging

#: urllib3 logs each request at DEBUG, and at WARNING a reply with malformed headers, with what it could not parse.
URLLIB3 = tuple(
    f"urllib3.{name}"
    for name in (
        "connection",
        "connectionpool",
        "contrib.pyopenssl",
        "http2.connection",
        "poolmanager",
        "response",
        "util.retry",
    )
)


def silence(*loggers: str) -> None:
    """Let nothing of these loggers through, whatever level and handlers they are given later.

    A filter stays: `logging.config` sets level and `disabled` again, and Dagster's `python_logs` adds handlers.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False
