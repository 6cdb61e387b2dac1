# ruff: noqa: DTZ001 - moments are UTC without a zone, as in the database
"""Reading the file: what is a statement, what is refused, and that nothing vanishes."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.statement.reader import StatementReader
from wealth_pipeline.statement.root import root_name
from wealth_pipeline.statement.rows import Batch
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, cash, file, flex, lot, nav, position, rate


def read(data: bytes, batch_texts: int = 500_000) -> tuple[StatementReader, list[Batch]]:
    reader = StatementReader(io.BytesIO(data), batch_texts=batch_texts)
    return reader, list(reader)


def amounts(data: bytes) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for batch in read(data)[1]:
        if batch.amounts is not None:
            found |= {row["component"]: row["amount"] for row in batch.amounts.to_pylist()}
    return found


def refusal(data: bytes) -> str:
    with pytest.raises(StatementError) as caught:
        read(data)
    return str(caught.value)


LAUGHS = (
    '<!DOCTYPE FlexQueryResponse [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


def test_every_flexstatement_of_the_file_is_read() -> None:
    """Other tools read only the first of several accounts, or of a year broken out by day."""
    days = [date(2025, 1, 1).replace(month=m, day=d) for m in range(1, 13) for d in range(1, 26)]
    reader, _ = read(file(*(flex("U2", day, generated="20260101;060000") for day in days), flex("U3")))
    assert [s.to_date for s in reader.statements] == [*days, MONDAY]
    assert {s.account_id for s in reader.statements} == {"U2", "U3"}


def test_the_header_is_read_with_its_zone() -> None:
    """Whatever zone IBKR writes, the order of generation must be right."""
    reader, _ = read(file(flex(first=FRIDAY, generated="2025-04-26;13:34:28 EDT")))
    statement = reader.statements[0]
    assert (statement.from_date, statement.to_date) == (FRIDAY, MONDAY)
    assert statement.when_generated == datetime(2025, 4, 26, 17, 34, 28)


@pytest.mark.parametrize("attribute", ["accountId", "fromDate", "toDate", "whenGenerated"])
def test_a_flexstatement_without_its_header_is_refused(attribute: str) -> None:
    """Without it nobody knows whose figures of which day these are, or which are newer."""
    data = file(flex()).replace(attribute.encode(), b"x" + attribute.encode())
    assert f"FlexStatement 1 has no {attribute}" in refusal(data)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    """A damaged date must not make days appear covered."""
    assert "ends before it begins" in refusal(file(flex(first=date(2026, 1, 1))))


def test_a_slash_date_is_refused_with_the_row_and_what_to_set() -> None:
    """The message is all that a user has to mend the query with."""
    told = refusal(file(flex(OpenPositions=[position(), position(reportDate="04/03/2025")])))
    assert "OpenPosition row 2: reportDate='04/03/2025'" in told
    assert "set the query's date format to yyyyMMdd" in told


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("position", "ten"), ("positionValue", "1.0000000000001"), ("fxRateToBase", "1.23456789012")],
)
def test_a_value_that_cannot_be_read_exactly_names_element_row_and_attribute(attribute: str, value: str) -> None:
    """Never rounded, guessed or dropped."""
    told = refusal(file(flex(OpenPositions=[position(), position(**{attribute: value})])))
    assert f"OpenPosition row 2: {attribute}='{value}'" in told


def test_a_personal_section_never_tells_a_value() -> None:
    """Shifted attributes could bring a name into a note."""
    reader, batches = read(file(flex(AccountInformation={"accountId": "U1", "dateOpened": "Jane"})))
    assert batches[0].columns["date_opened"].to_pylist() == [None]
    assert reader.notes.counts["unreadable_value", "AccountInformation.dateOpened"] == 1
    assert reader.notes.samples == {}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            file(flex(day=date(2025, 4, 2), generated="20250401;060000")),
            "FlexStatement 1: fromDate=2025-04-02 is after the statement was generated",
        ),
        (file(flex(first=date(1989, 12, 31))), "FlexStatement 1: fromDate=1989-12-31 is before 1990"),
        (file(flex(generated="19000101;060000")), "is after the statement was generated (1900-01-01)"),
        (file(flex(generated="20250501;060000")), "whenGenerated=2025-05-01 is in the future"),
        (file(flex(generated="99991231;060000")), "whenGenerated=9999-12-31 is in the future"),
        (file(flex(EquitySummaryInBase=[nav(date(2025, 4, 2))])), "reportDate='20250402' is after the statement"),
        (file(flex(EquitySummaryInBase=[nav(), nav(date(9999, 12, 31))])), "EquitySummaryByReportDateInBase row 2"),
        (file(flex(EquitySummaryInBase=[{**nav(), "reportDate": "00010101"}])), "reportDate='00010101' is before 1990"),
        (file(flex(OpenPositions=[position(reportDate="19891231")])), "OpenPosition row 1: reportDate='19891231'"),
        (file(flex(CashReport=[cash(toDate="20250402")])), "CashReportCurrency row 1: toDate='20250402' is after"),
        (file(flex(ConversionRates=[rate("EUR", "1", date(9999, 1, 1))])), "ConversionRate row 1: reportDate="),
    ],
)
def test_a_day_that_cannot_be_is_refused_where_the_nav_rests_on_it(data: bytes, told: str) -> None:
    """It would be the newest for ever, or the first of a history of centuries."""
    with pytest.raises(StatementError) as caught:
        list(StatementReader(io.BytesIO(data), now=datetime(2025, 4, 1, 12)))
    assert told in str(caught.value)


def test_the_clock_by_which_a_statement_was_generated_may_be_a_day_ahead() -> None:
    """IBKR's clock is not ours, and a suffix may be missing."""
    data = file(flex(generated="20250402;060000"))
    assert list(StatementReader(io.BytesIO(data), now=datetime(2025, 4, 1, 12))) == []


OLD_LOT = lot(openDateTime="19850301;100000")


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"Trades": [{"quantity": "1", "reportDate": "20250402"}]}, "reportDate='20250402' is after the statement was"),
        ({"Trades": [{"quantity": "1", "tradeDate": "99991231"}]}, "is after the statement was generated (2025-04-01)"),
        ({"Trades": [{"quantity": "1", "dateTime": "19891231;100000"}]}, "dateTime='19891231;100000' is before 1990"),
        ({"Transfers": [{"quantity": "1", "date": "00020101"}]}, "date='00020101' is before 1990"),
        ({"InterestAccruals": [{"currency": "USD", "toDate": "20260101"}]}, "toDate='20260101' is after"),
        ({"OpenPositions": [position(), OLD_LOT, lot(openDateTime="20990101;100000")]}, "openDateTime='20990101;10"),
        ({"ChangeInNAV": {"toDate": "20250402", "mtm": "1"}}, "toDate='20250402' is after"),
    ],
)
def test_a_row_of_a_side_section_of_a_day_that_cannot_be_is_set_aside(sections: dict[str, Any], reason: str) -> None:
    """A lot may be older than IBKR's reports."""
    reader, batches = read(file(flex(**sections)))
    assert [row.reason for row in reader.set_aside if reason in row.reason] != []
    assert len(reader.set_aside) == 1
    kept = [n for batch in batches for n in batch.columns["row"].to_pylist()]
    assert reader.set_aside[0].row not in kept
    assert sorted(kept) == ([1, 2] if "OpenPositions" in sections else [])


@pytest.mark.parametrize(
    ("maturity", "day"),
    [
        ("15-NOV-49", date(2049, 11, 15)),
        ("15-NOV-72", date(2072, 11, 15)),
        ("15-NOV-19", date(2119, 11, 15)),
        ("15-NOV-26", date(2026, 11, 15)),
    ],
)
def test_a_maturity_of_two_digits_lies_ahead(maturity: str, day: date) -> None:
    """Not where Python's rule puts it, which ends in 2068."""
    data = file(
        flex(SecuritiesInfo=[{"conid": "1", "maturity": maturity}], OpenPositions=[lot(openDateTime="05-MAY-49")])
    )
    batches = {batch.element: batch.columns for batch in read(data)[1]}
    assert batches["SecurityInfo"]["maturity"].to_pylist() == [day]
    assert batches["OpenPosition"]["open_datetime"].to_pylist() == [datetime(1949, 5, 5, 4)]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (file(flex(EquitySummaryInBase=[nav()]))[:-40], "broken or cut off"),
        (file(flex()).replace(b"</FlexStatement>", b""), "broken or cut off"),
        # libxml2 mends it: the total would be read out of "sub:total".
        (file(flex(EquitySummaryInBase=[nav()])).replace(b"total=", b"sub:total="), "broken or cut off"),
        (file(flex("M\u00fcller")).decode().encode("latin-1"), "bytes that are not of the encoding"),
        (b'<?xml version="1.0" encoding="nonsense"?>' + file(flex()), "bytes that are not of the encoding"),
        (file(flex("M&#1;")).replace(b"M&amp;#1;", b"M&#1;"), "holds a character that XML forbids"),
        (file(flex("M\x01")), "holds a character that XML forbids"),
        (file(flex(), root='queryName="\x01"'), "holds a character that XML forbids"),
        (file(flex(), root='queryName="\u00dc"').decode().encode("cp1252"), "bytes that are not of the encoding"),
        (file(flex(), root='type="TCF"'), "type 'TCF'"),
        (b"<FlexStatementResponse><Status>Fail</Status></FlexStatementResponse>", "error reply"),
        (b"<html><body/></html>", "XML of another kind (<html>)"),
        (b"<FlexStatement/>", "XML of another kind (<FlexStatement>)"),
        (b"<" + b"a" * 5000 + b"/>", f"XML of another kind (<{'a' * 40}>)"),
        (file(), "holds no FlexStatement"),
        (file(f"{flex()[:-16]}{flex()}</FlexStatement>"), "holds another one"),
        (file(flex(), "<Trade/>"), "A row of Trade stands outside of a FlexStatement"),
        (LAUGHS.encode() + file(flex()), "document type"),
        (LAUGHS.encode() + file(flex(), root='queryName="&j;" type="AF"'), "document type"),
        ((LAUGHS + file(flex()).decode()).encode("utf-16"), "document type"),
    ],
)
def test_what_is_no_whole_activity_statement_is_refused(data: bytes, told: str) -> None:
    """Each with a sentence of its own."""
    assert told in refusal(data)


@pytest.mark.parametrize(
    ("data", "root"),
    [
        (file(flex()), "FlexQueryResponse"),
        (b'<?xml version="1.0"?>\n<!-- x -->' + file(flex()), "FlexQueryResponse"),
        (file(flex()).decode().encode("utf-16"), "FlexQueryResponse"),
        (LAUGHS.encode() + file(flex()), "FlexQueryResponse"),
        (b"\xef\xbb\xbf" + file(flex()), "FlexQueryResponse"),
        (b"\xef\xbb\xbf\r\n" + file(flex()), "FlexQueryResponse"),
        (b"\n \n" + file(flex()), "FlexQueryResponse"),
        (b"<FlexStatementResponse timestamp='x'>", "FlexStatementResponse"),
        (file(flex(), root='queryName="\u00dcbersicht"').decode().encode("cp1252"), "FlexQueryResponse"),
        (b'<?xml version="1.0" encoding="foo-8"?>\n' + file(flex()), "FlexQueryResponse"),
        (file(flex(), root='queryName="\x01"'), "FlexQueryResponse"),
        (b"<!-- \xdc --><html><body>", "html"),
        (b"\x00\x01\x02", None),
        (b"account,date\nU1,20250101", None),
        (b"", None),
    ],
)
def test_the_root_element_is_told_from_the_first_bytes(data: bytes, root: str | None) -> None:
    """Only a statement is archived; IBKR's errors come with HTTP status 200."""
    assert root_name(data) == root


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\n \n"])
def test_what_stands_before_the_xml_declaration_is_read_over(before: bytes) -> None:
    """As some servers send it, and as the client takes it."""
    reader, _ = read(before + b'<?xml version="1.0" encoding="UTF-8"?>\n' + file(flex()))
    assert len(reader.statements) == 1


def test_unknown_attributes_are_noted_with_a_sample() -> None:
    """IBKR adds attributes without notice; a parser that stops or forgets is no use. A text may be personal."""
    rows = [position(newField="7.5", newText="Jane Doe"), position(newField="8", newText="")]
    reader, _ = read(file(flex(OpenPositions=rows)))
    assert reader.notes.counts["unknown_attribute", "OpenPosition.newField"] == 2
    assert reader.notes.counts["unknown_attribute", "OpenPosition.newText"] == 2
    assert reader.notes.samples == {("unknown_attribute", "OpenPosition.newField"): "7.5"}


def test_known_attributes_without_a_column_are_noted_as_not_loaded() -> None:
    """So that the notes name every attribute that is no column."""
    reader, _ = read(file(flex(OpenPositions=[position(percentOfNAV="10")])))
    assert reader.notes.counts["attribute_not_loaded", "OpenPosition.percentOfNAV"] == 1


def test_personal_attributes_are_listed_without_values() -> None:
    """Names, addresses and e-mail don't enter the database, those that IBKR may add one day included."""
    person = {"name": "Jane Doe", "street": "Elm 1", "primaryEmail": "j@x.org", "secondEmail": "k@x.org"}
    reader, _ = read(file(flex(AccountInformation={"accountId": "U1", **person})))
    assert {name for kind, name in reader.notes.counts if kind == "personal_attribute"} == {
        f"AccountInformation.{attribute}" for attribute in person
    }
    assert reader.notes.samples == {}


def test_unknown_sections_are_told_from_known_ones_that_are_not_loaded() -> None:
    """The first is news, the second a fact."""
    reader, _ = read(file(flex(Brand="<Brand><Row a='1'/></Brand>", StmtFunds="<StmtFunds/>")))
    assert reader.notes.counts["unknown_section", "Brand"] == 1
    assert reader.notes.counts["section_not_loaded", "StmtFunds"] == 1
    assert reader.notes.counts["row_not_loaded", "Brand/Row"] == 1


def test_siblings_of_trade_are_noted_and_not_read() -> None:
    """Order, Lot, WashSale and the summaries all describe the same trades."""
    siblings = "".join(
        f"<{tag} quantity='1'/>" for tag in ("Order", "Lot", "WashSale", "SymbolSummary", "AssetSummary")
    )
    reader, batches = read(file(flex(Trades=f"<Trades>{siblings}</Trades>")))
    assert batches == []
    assert sum(count for (kind, _), count in reader.notes.counts.items() if kind == "row_not_loaded") == 5


def test_an_unknown_amount_in_the_nav_becomes_a_component_and_is_noted() -> None:
    """A new kind of asset must not hide in a difference."""
    data = file(flex(EquitySummaryInBase=[nav(moonRocks="7.5", moonRocksLong="7.5", mood="good")]))
    assert amounts(data) == {"cash": Decimal(100), "total": Decimal(100), "moonRocks": Decimal("7.5")}
    counts = read(data)[0].notes.counts
    assert counts["unknown_attribute", "EquitySummaryByReportDateInBase.moonRocks"] == 1
    assert counts["unknown_attribute", "EquitySummaryByReportDateInBase.mood"] == 1


@pytest.mark.parametrize("whole", ["", "-", "N/A"])
def test_the_sides_of_a_component_without_a_value_are_components_in_its_place(whole: str) -> None:
    """Row by row: an amount must not hide behind an empty one."""
    empty = nav(bonds=whole, bondsLong="7", bondsShort="-2", moonRocks=whole or "none", moonRocksLong="1")
    stated = nav(bonds="5", bondsLong="7", bondsShort="-2", moonRocks="1", moonRocksLong="1")
    reader, batches = read(file(flex(EquitySummaryInBase=[empty, stated])))
    tables = [batch.amounts for batch in batches if batch.amounts is not None]
    rows = [(row["row"], row["component"], row["amount"]) for table in tables for row in table.to_pylist()]
    assert sorted(row for row in rows if row[1] not in ("cash", "total")) == [
        (1, "bondsLong", 7), (1, "bondsShort", -2), (1, "moonRocksLong", 1), (2, "bonds", 5), (2, "moonRocks", 1),
    ]  # fmt: skip
    assert reader.notes.counts["attribute_not_loaded", "EquitySummaryByReportDateInBase.bondsLong"] == 1
    assert reader.notes.counts["unknown_attribute", "EquitySummaryByReportDateInBase.moonRocksLong"] == 2


def test_an_unknown_amount_in_the_change_of_nav_becomes_a_component() -> None:
    """The bridge would fail without it."""
    assert amounts(file(flex(ChangeInNAV={"startingValue": "1", "newFee": "-2"})))["newFee"] == Decimal(-2)


def test_a_known_amount_that_is_no_number_is_refused() -> None:
    """Only of an unknown attribute it may be a text. The NAV doesn't rest on what changed it."""
    assert "bonds='none'" in refusal(file(flex(EquitySummaryInBase=[nav(bonds="none")])))
    reader, batches = read(file(flex(ChangeInNAV={"brokerFees": "none"})))
    assert [(row.element, row.reason) for row in reader.set_aside] == [
        ("ChangeInNAV", "brokerFees='none' is not a number")
    ]
    assert [len(batch.columns) for batch in batches] == [0]


def test_parts_of_a_cash_figure_are_not_components() -> None:
    """By segment, custodian and period: the unsuffixed attribute is their whole."""
    suffixed = {f"dividends{suffix}": "1" for suffix in ("Sec", "Com", "Paxos", "IBUKL", "MTD", "YTD")}
    found = amounts(file(flex(CashReport=[cash(dividends="1", dividendsLong="2", **suffixed)])))
    assert not suffixed.keys() & found.keys()
    # Sides are the NAV's; here this would be a figure of its own.
    assert (found["dividends"], found["dividendsLong"]) == (Decimal(1), Decimal(2))


def test_sections_that_are_absent_or_empty_are_told_apart() -> None:
    """Absent is a query without it, empty is no activity."""
    reader, _ = read(file(flex(Trades=[], ConversionRates=[rate("EUR", "1.1")])))
    assert reader.statements[0].sections == ("Trades", "ConversionRates")


def test_rows_are_numbered_through_batches_of_any_size() -> None:
    """Batches bound the memory; an error must still name the right row."""
    data = file(flex(OpenPositions=[position(conid=i) for i in range(30_000)]))
    _, batches = read(data, batch_texts=10_000)
    assert len(batches) > 3
    assert [n for b in batches for n in b.columns["row"].to_pylist()] == list(range(1, 30_001))


def test_attributes_may_come_in_any_order_and_number() -> None:
    """Each combination is a layout of its own; the columns are the same."""
    one, two = position(), dict(reversed(position().items()))
    two.pop("markPrice")
    _, batches = read(file(flex(OpenPositions=[one, two])))
    assert [b.columns["quantity"].to_pylist() for b in batches] == [[Decimal(10)], [Decimal(10)]]


def test_a_text_comes_as_it_was_meant_whatever_is_escaped_in_it() -> None:
    """IBKR's own "Deposits & Withdrawals" holds an ampersand."""
    symbol = "A&B <C> \"D\" 'E' é日\n"
    for encoding in ("utf-8", "utf-16"):
        _, batches = read(file(flex(OpenPositions=[position(symbol=symbol)])).decode().encode(encoding))
        assert batches[0].columns["symbol"].to_pylist() == [symbol]
