"""The days that are to be reported to Dagster: the table `days_to_report`."""

from __future__ import annotations

import contextlib
import logging

import duckdb

from wealth_pipeline.warehouse.folder import DataFolder

log = logging.getLogger(__name__)


def forget_reported(con: duckdb.DuckDBPyConnection, folder: DataFolder) -> None:
    """Empty `days_to_report` if Dagster was given all of it."""
    (load_id,) = con.execute("SELECT load_id FROM warehouse_info").fetchone() or (None,)
    with contextlib.suppress(OSError):
        if folder.reported("days").read_text(encoding="utf-8") == load_id:
            con.execute("DELETE FROM days_to_report")


def keep_unreported(con: duckdb.DuckDBPyConnection, folder: DataFolder) -> None:
    """Leave in the `days_to_report` of a replayed database those that are not as the published one shows them.

    And those that wait in that one. Where it cannot be read, all days stay.
    """
    shown = "SELECT account_id, report_date, total, day_change, proof, statement_sha256"
    name = str(folder.published).replace("'", "''")
    try:
        con.execute(f"ATTACH '{name}' AS published (READ_ONLY)")
        (load_id,) = con.execute("SELECT load_id FROM published.warehouse_info").fetchone() or (None,)
        reported = folder.reported("days")
        waits = not reported.exists() or reported.read_text(encoding="utf-8") != load_id
        con.execute(
            "CREATE OR REPLACE TEMP TABLE unreported AS SELECT DISTINCT account_id, report_date FROM ("
            f" ({shown} FROM nav_history EXCEPT {shown} FROM published.nav_history)"
            f" UNION ALL ({shown} FROM published.nav_history EXCEPT {shown} FROM nav_history))"
            + (" UNION FROM published.days_to_report" if waits else "")
        )
        con.execute("DELETE FROM days_to_report")
        con.execute("INSERT INTO days_to_report FROM unreported")
    except (duckdb.Error, OSError):
        log.debug("The published database cannot be compared with: every day is reported.")
    finally:
        con.execute("DETACH DATABASE IF EXISTS published")
