"""Every form in which a statement can come: the same figures in other texts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from .figures import ELEMENTS, NAV, OPTIONAL, Choice, Household, Part, Row, Value, household

#: The last stands for the file's own format with slashes: there is one a query, and the setting names it.
_DAYS = ("%Y%m%d", "%Y-%m-%d", "%d-%b-%y", "/")
_SLASHES = {"MM/dd/yyyy": "%m/%d/%Y", "MM/dd/yy": "%m/%d/%y", "dd/MM/yyyy": "%d/%m/%Y", "dd/MM/yy": "%d/%m/%y"}
_SEPARATORS = (";", ",", " ", "", ", ", "T")
#: What a zone suffix means; None: no suffix, New York's clock.
_ZONES = {
    None: "America/New_York",
    "": "America/New_York",
    "AU": "Australia/Sydney",
    "HKT": "Asia/Hong_Kong",
    "UTC": "UTC",
}
_NULLS = ("", "-", "--", "N/A")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii")
#: How much older a file is that is corrected.
OLDER = timedelta(days=1)
#: Rows that sum up others: left out wherever they come.
_SUMMED = (NAV, "CashReport", "OpenPositions", "InterestAccruals", "CashTransactions", "OpenDividendAccruals", "Trades")


_EVENTS = ("CashTransactions", "Trades", "Transfers")
_SIDES = (*_EVENTS, "OpenDividendAccruals", "InterestAccruals")


@dataclass(frozen=True)
class Form:
    """How one household's statement is written; the plain one is the default of a Flex query."""

    day: str = "%Y%m%d"
    separator: str = ";"
    colons: bool = False
    zone: str | None = None
    timed_days: bool = False
    noise: int = 0
    nulls: Sequence[str] = ("",)
    numbers: Sequence[str] = ("plain",)
    shuffled: bool = False
    unknown: bool = False
    summaries: bool = False
    repeats: bool = False
    parts: bool = False
    spaced: bool = False
    odd: bool = False


@dataclass(frozen=True)
class Frame:
    """How the file around the FlexStatements is written."""

    encoding: str = "utf-8"
    declared: bool = False
    comments: bool = False
    message: bool = False
    date_format: str = "MM/dd/yyyy"


def choices() -> st.SearchStrategy[Choice]:
    """What a query ticks."""
    sections = sorted(ELEMENTS)
    attributes = sorted((e, name) for e, names in OPTIONAL.items() for name in names if name != "accountId")
    return st.builds(
        Choice,
        absent=st.frozensets(st.sampled_from(sections), max_size=4),
        empty=st.frozensets(st.sampled_from(sections), max_size=3),
        omitted=st.frozensets(st.sampled_from(attributes), max_size=12),
        levels=st.sampled_from(("both", "summary", "lots")),
        days=st.integers(1, 3),
        by_day=st.booleans(),
        rows=st.integers(0, 3),
    )


def forms() -> st.SearchStrategy[Form]:
    """How its rows are written."""
    return st.builds(
        Form,
        day=st.sampled_from(_DAYS),
        separator=st.sampled_from(_SEPARATORS),
        colons=st.booleans(),
        zone=st.sampled_from(list(_ZONES)),
        timed_days=st.booleans(),
        noise=st.integers(0, 2**20),
        nulls=st.sampled_from((("",), _NULLS)),
        numbers=st.sampled_from((("plain",), ("plain", "thousands", "exponent", "padded", "bare"))),
        shuffled=st.booleans(),
        unknown=st.booleans(),
        summaries=st.booleans(),
        repeats=st.booleans(),
        parts=st.booleans(),
        spaced=st.booleans(),
        odd=st.booleans(),
    )


def frames() -> st.SearchStrategy[Frame]:
    """How the file around them is written."""
    return st.builds(
        Frame,
        encoding=st.sampled_from(_ENCODINGS),
        declared=st.booleans(),
        comments=st.booleans(),
        message=st.booleans(),
        date_format=st.sampled_from(sorted(_SLASHES)),
    )


def households(size: int) -> st.SearchStrategy[list[tuple[Household, Form]]]:
    """The figures of some accounts of one file, and their forms. Whether a row states its account is the query's."""
    elements = sorted(element for element, names in OPTIONAL.items() if "accountId" in names)
    unticked = st.frozensets(st.sampled_from(elements).map(lambda element: (element, "accountId")), max_size=6)
    drawn = st.lists(st.tuples(st.integers(0, 2**32), choices(), forms()), min_size=size, max_size=size)
    return st.tuples(drawn, unticked).map(
        lambda d: [(household(n, replace(choice, omitted=choice.omitted | d[1])), form) for n, choice, form in d[0]]
    )


def files(size: int) -> st.SearchStrategy[tuple[list[Household], bytes, str]]:
    """A file of `size` accounts, their figures, and what its dates with slashes mean."""
    drawn = st.tuples(households(size), frames())
    return drawn.map(lambda d: ([told for told, _ in d[0]], render(d[0], d[1]), d[1].date_format))


def plain_files() -> st.SearchStrategy[bytes]:
    """A file of one account in UTF-8, to be damaged; its dates with slashes have the month first."""
    return households(1).map(lambda told: render(told, Frame()))


def outdated(told: Sequence[Household]) -> bytes:
    """A file of a day before, with other events of the same days: the newer one takes them away."""
    older = []
    for newer in told:
        parts = []
        for part in newer.parts:
            sections = {s: list(map(_corrected, rows)) for s, rows in part.sections.items() if s in _EVENTS}
            parts.append(replace(part, generated=part.generated - OLDER, sections=sections))
        older.append((replace(newer, parts=parts), Form()))
    return render(older, Frame())


def _corrected(row: Row) -> Row:
    """Another row in the place of this one."""
    return {
        name: value + 1 if isinstance(value, Decimal) and name != "fxRateToBase" else value
        for name, value in row.items()
    }


def render(told: Sequence[tuple[Household, Form]], frame: Frame) -> bytes:
    """The file that states the figures."""
    pens = [(_Pen(form, _SLASHES[frame.date_format]), household) for household, form in told]
    statements = [pen.statement(household, part) for pen, household in pens for part in household.parts]
    between = "\n<!-- <FlexStatement> --> <?pi x?>\n" if frame.comments else ""
    message = "<Message>Some words &amp; more</Message>" if frame.message else ""
    inside = f'<FlexStatements count="{len(statements)}">{between.join(statements)}</FlexStatements>'
    text = f'{between}<FlexQueryResponse queryName="q" type="AF">{message}{inside}</FlexQueryResponse>{between}'
    if frame.declared or frame.encoding in ("iso-8859-1", "us-ascii"):
        text = f'<?xml version="1.0" encoding="{frame.encoding.removesuffix("-sig")}"?>{text}'
    elif frame.comments:
        text = text.lstrip()
    return text.encode(frame.encoding, "xmlcharrefreplace")


class _Pen:
    """Writes one household's rows in one form."""

    def __init__(self, form: Form, slashes: str) -> None:
        self.form = form
        self.day_format = slashes if form.day == "/" else form.day
        self.rng = random.Random(form.noise)

    def statement(self, told: Household, part: Part) -> str:
        header: Row = {"accountId": told.account, "fromDate": part.first, "toDate": part.last, "period": "",
                       "whenGenerated": part.generated}  # fmt: skip
        gap = "\n\t " if self.form.spaced else ""
        sections = list(part.sections.items())
        if self.form.shuffled:
            self.rng.shuffle(sections)
        body = [self.section(section, rows, told) for section, rows in sections]
        if self.form.unknown:
            body += ['<NewThings><NewThing accountId="U0" amount="7"/></NewThings>', "<StmtFunds/>"]
        if part.unready:
            words = "Realized P/L is not ready and has been disabled for this statement."
            body.insert(self.rng.randrange(len(body) + 1), f"<Message>{words}</Message>")
        told_header = self.attributes(header, "FlexStatement")
        return f"<FlexStatement{told_header}>{gap}{gap.join(body)}{gap}</FlexStatement>"

    def section(self, section: str, rows: list[Row], told: Household) -> str:
        tag = ELEMENTS[section]
        written = [self.element(tag, self.grown(section, row)) for row in rows]
        if self.form.repeats and section in (NAV, "ConversionRates", "CashReport"):
            written += written[:1]
        if section in (tag, "ChangeInNAV"):
            return "".join(written)
        if self.form.summaries and rows:
            written += self.summaries(section, tag, rows)
        if self.form.odd and rows:
            written += [self.element(tag, self.grown(section, row)) for row in self.oddities(section, rows)]
        if self.form.shuffled and section != "OpenPositions":
            self.rng.shuffle(written)
        gap = "\n" if self.form.spaced else ""
        return f"<{section}>{gap}{gap.join(written)}</{section}>" if written else self.empty(section)

    def empty(self, section: str) -> str:
        return f"<{section} />" if self.form.spaced else f"<{section}></{section}>"

    def summaries(self, section: str, tag: str, rows: list[Row]) -> list[str]:
        """Rows that must be left out."""
        made = []
        if section in _SUMMED and "accountId" in rows[0]:
            made.append(self.element(tag, {**rows[0], "accountId": "-", "acctAlias": "-"}))
        if section == "CashTransactions":
            made.append(self.element(tag, {**rows[0], "transactionID": None, "levelOfDetail": "SUMMARY"}))
        if section == "Trades":
            made += [
                f'<{other} tradeDate="MULTI" quantity="5"/>'
                for other in ("Order", "Lot", "SymbolSummary", "AssetSummary")
            ]
            made.append(self.element(tag, {**rows[0], "levelOfDetail": "ORDER"}))
        if section == NAV:
            made.append(self.element(tag, {**rows[0], "reportDate": "MULTI"}))
        if section == "ConversionRates":
            made.append(self.element(tag, {**rows[0], "fromCurrency": "BGN", "rate": Decimal(-1)}))
            made.append(self.element(tag, {**rows[0], "fromCurrency": None}))
        return made

    def oddities(self, section: str, rows: list[Row]) -> list[Row]:
        """Rows that must be set aside or left out, and cost nothing else."""
        made: list[Row] = []
        if section in _SIDES:
            made.append({**rows[0], "currency": None})
            figure = next(name for name in ("amount", "quantity", "interestAccrued", "netAmount") if name in rows[0])
            made.append({**rows[0], figure: "1.0000000000001"})
            made.append({**rows[0], "fxRateToBase": Decimal(-2)} if "fxRateToBase" in rows[0] else made[0])
            if "accountId" in rows[0]:
                made.append({name: value for name, value in rows[0].items() if name != "accountId"})
        if section == "ConversionRates":
            made.append({**rows[0], "fromCurrency": "RUS", "rate": Decimal(0)})
            made.append({**rows[0], "fromCurrency": "RON", "rate": None})
        return made

    def grown(self, section: str, row: Row) -> Row:
        """A row with attributes that are no figures of ours."""
        grown = dict(row)
        if self.form.unknown:
            grown |= {"brandNewText": "so & so", "acctAlias": row.get("acctAlias")}
        if self.form.parts and section == NAV:
            grown |= {
                f"{name}{side}": v for name, v in row.items() if isinstance(v, Decimal) for side in ("Long", "Short")
            }
        if self.form.parts and section == "CashReport":
            ends = ("Sec", "Com", "Paxos", "MTD", "YTD")
            grown |= {f"{name}{end}": v for name, v in row.items() if isinstance(v, Decimal) for end in ends}
        return grown

    def element(self, tag: str, row: Row) -> str:
        return f"<{tag}{self.attributes(row, tag)}{' />' if self.form.spaced else f'></{tag}>'}"

    def attributes(self, row: Row, tag: str) -> str:
        pairs = [(name, self.text(name, value)) for name, value in row.items()]
        if self.form.shuffled:
            # Nearly all rows of an element have one order, as in real files; a few have one of their own.
            own = self.rng.randrange(30) == 0
            (self.rng if own else random.Random(f"{tag}{self.form.noise}")).shuffle(pairs)
        gap = "\n  " if self.form.spaced else " "
        return "".join(f"{gap}{name}={quoteattr(text)}" for name, text in pairs)

    def text(self, name: str, value: Value) -> str:
        if value is None:
            return self.null(name)
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            timed = self.form.timed_days and name != "reportDate"
            return self.day(value) + (self.clock("17:00:00") if timed else "")
        return self.number(value) if isinstance(value, Decimal) else value

    def null(self, name: str) -> str:
        if self.form.odd and name in ("dateTime", "fxRateToBase"):
            return self.rng.choice(
                ("", "20250310;101010 CST", "10-MAR-25 09:00:00 IST") if name == "dateTime" else ("0", "-1")
            )
        if name.startswith("date") or name.endswith(("Date", "DateTime", "expiry", "maturity")):
            return self.rng.choice((*self.form.nulls, "MULTI") if len(self.form.nulls) > 1 else self.form.nulls)
        if name in _IDENTIFIERS:
            return self.rng.choice((*self.form.nulls, "MULTI") if len(self.form.nulls) > 1 else self.form.nulls)
        # Of another text only the empty one is nothing: "-" is also what IBKR writes for "neither opened nor closed".
        return self.rng.choice(self.form.nulls) if name in _FIGURES else ""

    def day(self, value: date) -> str:
        text = value.strftime(self.day_format)
        return text.upper() if self.rng.randrange(2) else text

    def clock(self, text: str) -> str:
        return self.form.separator + (text if self.form.colons else text.replace(":", ""))

    def moment(self, utc: datetime) -> str:
        local = utc.replace(tzinfo=UTC).astimezone(ZoneInfo(_ZONES[self.form.zone]))
        text = self.day(local.date()) + self.clock(f"{local:%H:%M:%S}")
        return text if self.form.zone is None else f"{text} {local.tzname()}"

    def number(self, value: Decimal) -> str:
        style = self.rng.choice(self.form.numbers)
        if style == "thousands":
            return f"{value:,f}"
        if style == "exponent":
            return f"{value:e}"
        text = f"{value:f}"
        if style == "padded":
            return f"{text}000" if "." in text else f"{text}.000"
        if style == "bare":
            return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
        return text


#: Attributes of figures, where each null marker means "nothing".
_FIGURES = frozenset(
    "markPrice strike fxRateToBase taxes ibCommission cashTransfer fee fxTranslation mtm dividends otherFees "
    "startingValue endingValue twr cash stock options bonds funds deposits withdrawals withholdingTax "
    "netTradesSales".split()
)
#: Texts that identify something, where each null marker and MULTI mean "nothing".
_IDENTIFIERS = frozenset("conid isin cusip figi model transactionID originatingOrderID".split())
