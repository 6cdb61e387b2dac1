"""Facts and observations: how NAV, positions and cash keep their history.

A statement S that was generated at T shows content H for (family of tables, account, report date): an observation.
The versions of a key follow from its observations alone, so the order in which statements arrive does not matter,
and loading one twice changes nothing. All this is SQL made from the declarations.
"""

from __future__ import annotations

import duckdb

from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.warehouse.ddl import FAMILIES, stage_name, texts

_KEY = "account_id, report_date"
#: Columns that a table derives from stated ones: cleared before they are derived again.
_DERIVED_FLAGS = {"fx_rate_to_base": "fx_rate_derived", "cost_basis": "cost_basis_derived"}
#: Columns that no attribute states, but the rows of the statement show.
_MADE_OF_ROWS = ("component", "amount", "counted", "from_lots")
#: IBKR: a ticked section without data is an empty container, or holds another account's rows alone. Here that says
#: "there were none" of the FlexStatement's account, by section and stage.
_EMPTY_SECTIONS = {
    family: (table.section.name, stage_name(table.element))
    for family, tables in FAMILIES.items()
    for table in tables
    if table.section.empty
}
#: The families whose derived figures rest on conversion rates, by the table that has the currencies.
_RATED = {"positions": "positions", "cash": "cash_balances"}


def merge(con: duckdb.DuckDBPyConnection, sha256: str) -> None:
    """Merge the rows in `new_<table>` into all families; leaves the changed keys in `changed_<family>`.

    Needs the temporary tables of sql/prepare/ and sql/rows/, `rate_changes` (conversion rates that this statement
    brought or changed), `bases` (the accounts' base currencies) and `rebased` (accounts whose base currency it
    changed). Leaves `pool_<table>` with the rows to derive from; `ready()` and `store()` end the work.
    """
    for family in FAMILIES:
        con.execute(_seen(family))
        con.execute(_observed(family), {"sha256": sha256})
        for sql in _changes(family):
            con.execute(sql)


def ready(con: duckdb.DuckDBPyConnection, table: TableSpec, source: str) -> None:
    """Make `ready_<table>`: the pool's rows, once for each version that shows them."""
    con.execute(_ready(table, source))


def store(con: duckdb.DuckDBPyConnection, family: str) -> None:
    """Replace the changed keys' rows by those in `ready_<table>`, version by version."""
    for sql in _replacing(family):
        con.execute(sql)


def statements(family: str) -> list[str]:
    """All SQL that is made for a family, in the order in which it runs."""
    made_ready = [_ready(table, f"pool_{table.name}") for table in FAMILIES[family]]
    return [_seen(family), _observed(family), *_changes(family), *made_ready, *_replacing(family)]


def _seen(family: str) -> str:
    """Hash what each FlexStatement shows for a key, and choose one a file.

    Within one file the FlexStatement that ends on the report date wins: the next day's shows the row as well.
    """
    shown = [
        f"SELECT ordinal, {_KEY},\n    md5_number(concat_ws('|', '{table.name}', {_stated(table)})) AS line\n"
        f"FROM new_{table.name}"
        for table in FAMILIES[family]
    ]
    if family in _EMPTY_SECTIONS:
        section, stage = _EMPTY_SECTIONS[family]
        shown.append(
            "SELECT ordinal, account_id, to_date, md5_number('none') FROM stage_statement\n"
            f"WHERE list_contains(sections, '{section}')"
            f" AND (ordinal, account_id) NOT IN (SELECT (ordinal, account_id) FROM {stage})"
        )
    lines = "\nUNION ALL\n".join(shown)
    return f"""CREATE OR REPLACE TEMP TABLE seen_{family} AS
WITH contents AS (
SELECT ordinal, {_KEY}, hash_of_all(line) AS content
FROM (
{lines}
) GROUP BY ALL
)
SELECT c.*, f.when_generated FROM contents c JOIN stage_statement f USING (ordinal)
QUALIFY row_number() OVER (PARTITION BY c.account_id, c.report_date
    ORDER BY (f.to_date = c.report_date) DESC, f.when_generated DESC, ordinal DESC) = 1"""


def _observed(family: str) -> str:
    return f"""INSERT INTO observations BY NAME
SELECT '{family}' AS family, {_KEY}, when_generated, $sha256 AS sha256, content FROM seen_{family}"""


def _changes(family: str) -> list[str]:
    """The versions of the seen keys as they should be, the keys where that is not what is stored, and their pools."""
    return [
        _timeline(family),
        _changed(family),
        *(_rerated(family) if family in _RATED else ()),
        f"""DELETE FROM timeline_{family} t
USING (SELECT {_KEY} FROM timeline_{family} EXCEPT SELECT {_KEY} FROM changed_{family}) k
WHERE k.account_id = t.account_id AND k.report_date = t.report_date""",
        *(_pool(family, table) for table in FAMILIES[family]),
    ]


def _timeline(family: str) -> str:
    return f"""CREATE OR REPLACE TEMP TABLE timeline_{family} AS
WITH observed AS (
    -- Of several files of one second one counts: a version that lasted no time is none.
    SELECT {_KEY}, when_generated, max(sha256) AS sha256, arg_max(content, sha256) AS content
    FROM observations o SEMI JOIN seen_{family} s USING ({_KEY}) WHERE o.family = '{family}' GROUP BY ALL
),
runs AS (
    SELECT *, content IS DISTINCT FROM lag(content) OVER by_time AS starts FROM observed
    WINDOW by_time AS (PARTITION BY {_KEY} ORDER BY when_generated)
)
SELECT {_KEY}, content, sha256 AS statement_sha256, when_generated AS known_from,
    lead(when_generated) OVER (PARTITION BY {_KEY} ORDER BY when_generated) AS known_to
FROM runs WHERE starts"""


def _changed(family: str) -> str:
    columns = f"{_KEY}, content, statement_sha256, known_from, known_to"
    stored_versions = (
        f"SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_{family} s USING ({_KEY})"
        f" WHERE v.family = '{family}'"
    )
    return f"""CREATE OR REPLACE TEMP TABLE changed_{family} AS
SELECT DISTINCT {_KEY} FROM (
    (SELECT {columns} FROM timeline_{family}
        EXCEPT SELECT {columns} FROM ({stored_versions}))
    UNION ALL
    (SELECT {columns} FROM ({stored_versions})
        EXCEPT SELECT {columns} FROM timeline_{family})
)"""


def _rerated(family: str) -> tuple[str, ...]:
    """Count as changed the stored keys whose derived figures rest on a rate or a base currency that changed."""
    rated = f"{_RATED[family]}_versions"
    return (
        f"""CREATE OR REPLACE TEMP TABLE rerated AS
SELECT DISTINCT p.account_id, p.report_date
FROM {rated} p JOIN bases a USING (account_id) JOIN rate_changes r
    ON r.from_currency = p.currency AND r.to_currency = a.base_currency
    AND p.report_date BETWEEN r.report_date AND r.report_date + 5
UNION
SELECT p.account_id, p.report_date FROM {rated} p SEMI JOIN rebased USING (account_id)""",
        f"""INSERT INTO timeline_{family} BY NAME
SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN rerated USING ({_KEY}) ANTI JOIN seen_{family} USING ({_KEY})
WHERE v.family = '{family}'""",
        f"INSERT INTO changed_{family} FROM rerated EXCEPT FROM changed_{family}",
    )


def _pool(family: str, table: TableSpec) -> str:
    """Each distinct content of the changed keys, as stated: from the store where it is there, else from the file.

    A view: it is read for the rates that are needed and for the rows themselves, and copying it takes longer. The
    version that showed a content first is looked up in `versions`: a window over the rows holds them in memory.
    """
    stated = ", ".join(f"n.{name}" for name in _stated_names(table))
    return f"""CREATE OR REPLACE TEMP VIEW pool_{table.name} AS
(
    SELECT {_as_stated(table)},
        content, CAST(NULL AS BIGINT) AS row
    FROM {table.stored} SEMI JOIN (
        SELECT {_KEY}, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_{family} USING ({_KEY}) WHERE family = '{family}' GROUP BY ALL
    ) USING ({_KEY}, content, known_from)
)
UNION ALL BY NAME
SELECT {stated},
    s.content, n.row
FROM new_{table.name} n JOIN seen_{family} s USING (ordinal, {_KEY}) SEMI JOIN changed_{family} USING ({_KEY})
WHERE NOT EXISTS (FROM versions v WHERE v.family = '{family}' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content)"""


def _ready(table: TableSpec, source: str) -> str:
    return f"""CREATE OR REPLACE TEMP TABLE ready_{table.name} AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM {source} p JOIN timeline_{table.family} t USING (account_id, report_date, content)"""


def _replacing(family: str) -> list[str]:
    """What replaces the stored versions of the changed keys, and their rows."""
    tables = FAMILIES[family]
    made = []
    for name, source in {
        "versions": f"SELECT '{family}' AS family, * FROM timeline_{family}",
        **{table.stored: f"SELECT * EXCLUDE (row) FROM ready_{table.name}" for table in tables},
    }.items():
        only = f"\n    AND v.family = '{family}'" if name == "versions" else ""
        made += [
            f"DELETE FROM {name} v USING changed_{family} k\n"
            f"WHERE v.account_id = k.account_id AND v.report_date = k.report_date{only}",
            f"INSERT INTO {name} BY NAME {source}",
        ]
    return made


def _stated_names(table: TableSpec) -> list[str]:
    """The columns that come from the statement alone, as against those that need rates or the account's currency."""
    return [c.name for c in table.columns if c.attribute or c.name in _MADE_OF_ROWS]


def _stated(table: TableSpec) -> str:
    """The stated columns as one list of texts for hashing: NULL differs from empty."""
    return texts(_stated_names(table))


def _as_stated(table: TableSpec) -> str:
    """A stored table's stated columns; what was derived into one of them is NULL again."""
    own = {c.name for c in table.columns}
    return ", ".join(
        f"CASE WHEN NOT {flag} THEN {name} END AS {name}" if (flag := _DERIVED_FLAGS.get(name)) in own else name
        for name in _stated_names(table)
    )
