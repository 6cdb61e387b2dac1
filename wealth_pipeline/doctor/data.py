"""The data folder's content: the published database, the request ledger, the newest archived statement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from wealth_pipeline.calendar import CLOCK, FURTHEST
from wealth_pipeline.doctor import statement
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.errors import MEANINGS
from wealth_pipeline.flex.ledger import RequestLedger, token_key
from wealth_pipeline.gateway import store
from wealth_pipeline.published import standing
from wealth_pipeline.published.freshness import freshness
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import terminal
from wealth_pipeline.ui import heartbeat
from wealth_pipeline.warehouse import version
from wealth_pipeline.warehouse.archive import Entry
from wealth_pipeline.warehouse.folder import DataFolder


def newest_time(folder: DataFolder) -> datetime | None:
    """When IBKR generated the newest statement (UTC), by its own clock; None if there is none, or none can be read."""
    try:
        generated = Published(folder.published).overview().generated
    except (WealthError, duckdb.Error):
        return None
    return generated and generated.replace(tzinfo=UTC)


def database(folder: DataFolder) -> Finding:
    """Whether what people query is there, readable, and of this software's version."""
    archived = bool(folder.archive.sha256s())
    if not folder.published.exists():
        if archived:
            return Finding.problem(
                "database", f"{folder.published} is gone. Run `wealth replay`: it is rebuilt from the archive."
            )
        return Finding.advice(
            "database", "There is no database yet. Run `wealth pull`, `wealth import` or `wealth demo`."
        )
    try:
        found = Published(folder.published).overview()
    except (WealthError, duckdb.Error) as error:
        says = str(error) if isinstance(error, WealthError) else f"It cannot be read ({type(error).__name__})."
        return Finding.problem("database", says if "replay" in says else f"{says} Run `wealth replay`.")
    if found.origin.newer:
        return Finding.problem(
            "database",
            f"It was written by a newer wealth_pipeline ({found.origin.written_by}, this is {version.program()})."
            " Update wealth_pipeline; or, to stay with this version, run `wealth replay`.",
        )
    if not found.origin.ours:
        return Finding.problem(
            "database",
            "It was written by an older wealth_pipeline. The next load rebuilds it; or run `wealth replay` now.",
        )
    return Finding.fine(
        "database", f"{found.days} days of NAV" + (f", the newest {found.newest}" if found.newest else "")
    )


def up_to_date(folder: DataFolder, settings: Settings, now: datetime) -> Finding:
    """Whether each account has the newest session that should be there; the daemon may be dead that would say so."""
    found = freshness(Published(folder.published), settings, now)
    if found.fine or found.due is None:
        return Finding.fine("figures", found.sentence)
    grade = Finding.problem if found.stale and settings.connections else Finding.advice
    advice = "`wealth pull` asks for what is missing." if settings.connections else "Import newer statements."
    return grade("figures", " ".join([found.sentence, advice, *filter(None, [heartbeat.seen(folder)])]))


def set_aside(folder: DataFolder) -> Iterator[Finding]:
    """The rows of side sections that were set aside; nothing where there are none."""
    if line := standing.set_aside(Published(folder.published)):
        yield Finding.advice("rows", line)


def costs(folder: DataFolder) -> Iterator[Finding]:
    """Positions of the newest day whose cost in base currency is unknown."""
    with suppress(WealthError, duckdb.Error):
        for account, count, day in Published(folder.published).unknown_costs():
            yield Finding.advice(
                f"cost {account}",
                f"Nothing says whether the cost basis of {count} position{'s' * (count > 1)} of {day} is in the"
                " position's currency or in base, so that it is not shown in base. Tick every field of Open Positions,"
                " Position Value in Base above all.",
            )


def returns(folder: DataFolder) -> Iterator[Finding]:
    """How each account's returns stand, and what was measured of how IBKR counts its flows."""
    for one in Published(folder.published).return_rules():
        about = f"returns {one['account_id']}"
        known = f"{one['shown']} shown, {one['ibkr']} IBKR's own, {one['withheld']} withheld; {_measured(one)}"
        if one["withheld"]:
            yield Finding.advice(
                about, f"{known}. The newest, of {one['newest_withheld']}: {one['reason']} (docs/returns.md)."
            )
        else:
            yield Finding.fine(about, known)


def _measured(one: Mapping[str, Any]) -> str:
    """How IBKR counts an account's flows in its own return, as its days showed it."""
    components = one["components"]
    named = "a flow" if len(components) == 1 else "flows"
    counted = f", and {', '.join(components)} as {named}" if components else ""
    if one["timing"]:
        shown = "1 day shows" if one["seen"] == 1 else f"{one['seen']} days show"
        return f"IBKR counts what goes out at the {one['timing']} of its day{counted}, as {shown}"
    return f"no day shows yet whether IBKR counts what goes out at the start or the end of its day{counted}"


def profits(folder: DataFolder, settings: Settings) -> Iterator[Finding]:
    """Days whose profit and loss IBKR has not filled: while they are asked for again, and after."""
    with suppress(WealthError, duckdb.Error), Published(folder.published) as published:
        unfilled, newest = published.unfilled(), published.newest_day()
        for account in sorted({u.account_id for u in unfilled}):
            days = [u.report_date for u in unfilled if u.account_id == account]
            young = [day for day in days if newest and day >= newest - timedelta(days=settings.overlap_days)]
            if young:
                yield Finding.advice(
                    f"profit {account}",
                    f"Profit and loss of {_listed(young)} were not ready at IBKR."
                    " The next days' pulls ask for them again.",
                )
            if old := [day for day in days if day not in young]:
                yield Finding.advice(
                    f"profit {account}",
                    f"IBKR never filled the profit and loss of {_listed(old)}: they stay unknown. To ask for one of"
                    f" them once more: `wealth pull --from {old[-1]} --to {old[-1]} --force`.",
                )


def _listed(days: list[date]) -> str:
    """Up to five days, and how many more."""
    more = f" and {len(days) - 5} more" if len(days) > 5 else ""
    return ", ".join(map(str, days[:5])) + more


def failures(folder: DataFolder) -> Iterator[Finding]:
    """Proofs that failed, and statements that could not be loaded."""
    for line in standing.failures(Published(folder.published)):
        yield Finding.problem("proof", line)
    for line in standing.rejections(Published(folder.published)):
        yield Finding.advice("statement", line)


def accounts(folder: DataFolder) -> Iterator[Finding]:
    """What keeps the net worth from being known, or is presumed of an account; nothing if all is as it should be."""
    for notice in standing.notices(Published(folder.published), folder.root):
        grade = Finding.problem if notice.urgent else Finding.advice
        yield grade("accounts", notice.sentence, notice.lines)


def damaged_state(folder: DataFolder) -> Finding | None:
    """The finding that the request ledger cannot be read, None if it can, or is not there yet."""
    if not folder.state.exists():
        return None
    try:
        RequestLedger(folder.state).all()
    except WealthError as error:
        return Finding.problem(
            "requests",
            f"{error.what}. If neither permissions nor space are lacking, move the file away: a new one is made, and no"
            " figure is lost; only that IBKR may want to be left alone is forgotten, so wait a day after a lockout.",
        )
    return None


def requests(folder: DataFolder, settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What IBKR answered last, and whether it wants to be left alone; from the ledger, no request is made."""
    if not folder.state.exists():
        return
    ledger = RequestLedger(folder.state)
    made = ledger.all()
    for connection in settings.connections:
        about = f"requests {connection.name}"
        embargo = ledger.embargo(token_key(environ.get(connection.token_env, "")))
        last = next((r for r in reversed(made) if r.connection == connection.name), None)
        if embargo:
            yield Finding.problem(
                about,
                f"IBKR answered {embargo.code}: no request is sent before {embargo.until:%Y-%m-%d %H:%M} UTC."
                f" {MEANINGS[embargo.code].advice}",
            )
        elif last and last.outcome == "failed":
            code = re.search(r"\(code (\d+)\)", last.message or "")
            meaning = MEANINGS.get(int(code[1])) if code else None
            yield Finding.problem(
                about,
                f"The last one, of {last.requested_at:%Y-%m-%d %H:%M} UTC, failed: {(last.message or '').rstrip('.')}."
                f" {meaning.advice if meaning else 'Run `wealth pull` to try again.'}",
            )
        elif last:
            yield Finding.fine(about, f"the last of {last.requested_at:%Y-%m-%d %H:%M} UTC, {last.outcome}")


def foreign_files(folder: DataFolder) -> Finding | None:
    """The finding that something lies in the archive that does not belong there; None if nothing does."""
    snapshots = (path for path, ours in store.archived(folder.root) if not ours)
    foreign = [str(path) for path in (*folder.archive.foreign(), *sorted(snapshots))]
    if not foreign:
        return None
    shown = ", ".join(terminal(path) for path in foreign[:3])
    more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
    return Finding.advice(
        "archive", f"{shown}{more}: not of the archive, so nothing reads it. Move it away, unless you know what it is."
    )


def _fetched(entry: Entry) -> tuple[bool, datetime, str]:
    """The order in which statements came; one that was archived under a clock that was far ahead counts as old."""
    furthest = (CLOCK.now() + FURTHEST).replace(tzinfo=None)
    return entry.fetched_at <= furthest, entry.fetched_at, entry.sha256


def newest_statements(folder: DataFolder, settings: Settings) -> Iterator[Finding]:
    """What the newest archived statement of each connection says of its query; without any, of the newest file."""
    try:
        entries = sorted(folder.archive.entries(), key=_fetched)
    except WealthError as error:
        yield Finding.problem("archive", str(error))
        return
    newest: dict[str, Entry] = {entry.connection: entry for entry in entries if entry.connection}
    found = [newest[c.name] for c in settings.connections if c.name in newest] or entries[-1:]
    if not found:
        yield Finding.advice("query", "No statement has come yet, so the query cannot be judged. Run `wealth pull`.")
    for entry in found:
        about = f"query {entry.connection}" if entry.connection else "query"
        try:
            with folder.archive.open(entry.sha256) as stream:
                survey = statement.survey(stream, settings.date_format)
        except WealthError as error:
            # Damage reads like a malformed statement, which IBKR did not send.
            whole = folder.archive.is_whole(entry.sha256)
            damage = error if whole else folder.archive.damaged(entry.sha256)
            yield Finding.problem(about, f"The newest statement ({entry.sha256[:12]}): {damage}")
            continue
        asked = (entry.asked_from, entry.asked_to) if entry.asked_from and entry.asked_to else None
        yield from statement.judged(about, survey, asked)
