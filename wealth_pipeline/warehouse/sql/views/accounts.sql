-- What is known of each account: the newest of each field that a statement says of it, its life by its NAV, and how
-- that goes on: as accounts.toml says, else as the figures suggest.
-- In: account_descriptions (every column), statements (sha256, connection), nav (account_id, report_date, total),
--     account_settings (every column), foreign_statements (accounts), warehouse_info (day_change_share).
-- Out: what `_table("accounts")` declares: the fields of a statement, then what is made of them here.

WITH described AS (
    SELECT account_id,
        arg_max(COLUMNS(* EXCLUDE (account_id, sha256, when_generated)), (when_generated, sha256)),
        arg_max(sha256, (when_generated, sha256)) AS statement_sha256,
        count(DISTINCT sha256) AS statements
    FROM account_descriptions GROUP BY account_id
),
brought AS (
    SELECT d.account_id, arg_max(s.connection, (d.when_generated, d.sha256)) AS connection
    FROM account_descriptions d JOIN statements s USING (sha256) GROUP BY d.account_id
),
-- A total of zero is no life: it may stand before an account is funded, and after it was emptied.
days AS (
    SELECT account_id, min(report_date) AS first_date, max(report_date) AS last_date,
        arg_max(total, report_date) AS last_total,
        min(report_date) FILTER (total IS DISTINCT FROM 0) AS funded_from,
        max(report_date) FILTER (total IS DISTINCT FROM 0) AS funded_to,
        arg_min(total, report_date) FILTER (total <> 0) AS funded_with,
        arg_max(total, report_date) FILTER (total <> 0) AS left_with
    FROM nav GROUP BY account_id
),
lives AS (
    SELECT d.*, coalesce(s.exclude, false) AS exclude, s.ended AS stated_end, nullif(s.successor, '') AS stated_successor,
        s.ended IS NOT NULL OR s.successor IS NOT NULL AS is_stated, b.base_currency
    FROM days d JOIN described b USING (account_id) LEFT JOIN account_settings s USING (account_id)
),
-- IBKR moves accounts between its companies, and they go on under another number from the next weekday on. One that
-- begins alone on the weekday after another's last day, with much the same total, is taken for its successor.
presumed AS (
    SELECT o.account_id, n.account_id AS successor
    FROM lives o JOIN (
        FROM lives WHERE NOT exclude QUALIFY count(*) OVER (PARTITION BY funded_from) = 1
    ) n ON n.account_id <> o.account_id AND n.base_currency = o.base_currency AND n.funded_from > o.funded_to
        AND isodow(n.funded_from) < 6
        -- The old one's last row may be the zero that is left of it.
        AND (weekday_number(n.funded_from) - weekday_number(o.funded_to) = 1
            OR (weekday_number(n.funded_from) - weekday_number(o.last_date) = 1
                AND weekday_number(n.funded_from) - weekday_number(o.funded_to) <= 5))
        AND abs(n.funded_with - o.left_with) <= abs(o.left_with) * (SELECT day_change_share FROM warehouse_info)
    WHERE NOT o.exclude AND NOT o.is_stated
        AND n.account_id NOT IN (SELECT stated_successor FROM lives WHERE stated_successor IS NOT NULL)
    -- Of several that it may follow, none can be chosen.
    QUALIFY count(*) OVER (PARTITION BY n.account_id) = 1
        AND row_number() OVER (PARTITION BY o.account_id ORDER BY n.funded_from) = 1
),
succession AS (
    SELECT account_id, stated_successor AS successor, false AS successor_presumed FROM lives
    WHERE stated_successor IS NOT NULL
    UNION ALL SELECT account_id, successor, true FROM presumed
)
SELECT d.* EXCLUDE (statement_sha256, statements), l.first_date, l.last_date, connection,
    t.name,
    CASE WHEN l.stated_end IS NOT NULL THEN l.stated_end
         WHEN d.date_closed IS NOT NULL THEN greatest(d.date_closed, l.last_date)
         WHEN n.funded_from IS NOT NULL OR l.last_total = 0 THEN l.last_date END AS ended,
    s.successor,
    coalesce(s.successor_presumed, false) AS successor_presumed,
    CASE WHEN t.exclude THEN 'excluded'
         WHEN d.statements = 1 AND t.account_id IS NULL
             AND d.account_id IN (SELECT unnest(accounts) FROM foreign_statements)
             AND d.account_id NOT IN (SELECT successor FROM succession) THEN 'unconfirmed' END AS left_out,
    statement_sha256
FROM described d LEFT JOIN brought USING (account_id) LEFT JOIN lives l USING (account_id)
LEFT JOIN account_settings t USING (account_id) LEFT JOIN succession s USING (account_id)
LEFT JOIN days n ON n.account_id = s.successor
