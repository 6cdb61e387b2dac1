"""The root of every error this package raises on purpose."""


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
        """`what` and `advice` in one line, whatever line breaks a server's text brought in."""
        return " ".join(f"{self.what}. {self.advice}".split()) if self.advice else " ".join(self.what.split())
