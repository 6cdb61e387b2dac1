"""The root of every error this package raises on purpose."""

from wealth_pipeline.text import sentence


class WealthError(Exception):
    """An error for people: what happened, and what to do next.

    `what` is a sentence without its full stop, `advice` one or more whole sentences (or nothing). `str()`
    is both in one line, so that it fits a log, a table cell or a notification.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what, advice)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        """`what` and `advice` in one line, whatever characters a server's text or a file name brought in."""
        return sentence(f"{self.what}. {self.advice}" if self.advice else self.what)


class SettingsError(WealthError):
    """A setting is missing or malformed."""
