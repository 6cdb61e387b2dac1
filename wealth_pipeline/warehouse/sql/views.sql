-- What people query, made from the tables. Names and columns are described in docs/.

-- Statements of somebody else: what one holds are accounts that its connection never had, and none of those it had.
-- In the order in which they were fetched, whatever the order in which they are loaded.
CREATE VIEW foreign_statements AS
WITH brought AS (
    SELECT s.connection, s.fetched_at, s.sha256, d.account_id
    FROM account_descriptions d JOIN statements s USING (sha256) WHERE s.connection IS NOT NULL
),
first_brought AS (
    SELECT connection, account_id, min(struct_pack(fetched_at, sha256)) AS first FROM brought GROUP BY ALL
)
SELECT b.sha256, b.connection, list(DISTINCT b.account_id ORDER BY b.account_id) AS accounts,
    list(DISTINCT o.account_id ORDER BY o.account_id) AS expected
FROM brought b JOIN first_brought f USING (connection, account_id)
JOIN first_brought o ON o.connection = b.connection AND o.first < struct_pack(b.fetched_at, b.sha256)
GROUP BY b.sha256, b.connection, b.fetched_at
HAVING bool_and(f.first = struct_pack(b.fetched_at, b.sha256));

CREATE VIEW accounts AS
WITH described AS (
    SELECT account_id,
        arg_max(alias, (when_generated, sha256)) AS alias,
        arg_max(base_currency, (when_generated, sha256)) AS base_currency,
        arg_max(account_type, (when_generated, sha256)) AS account_type,
        arg_max(customer_type, (when_generated, sha256)) AS customer_type,
        arg_max(account_capabilities, (when_generated, sha256)) AS account_capabilities,
        arg_max(trading_permissions, (when_generated, sha256)) AS trading_permissions,
        arg_max(ib_entity, (when_generated, sha256)) AS ib_entity,
        arg_max(date_opened, (when_generated, sha256)) AS date_opened,
        arg_max(date_funded, (when_generated, sha256)) AS date_funded,
        arg_max(date_closed, (when_generated, sha256)) AS date_closed,
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
LEFT JOIN days n ON n.account_id = s.successor;

-- What counts as a part of the total on all days of an account: seen as one on three of them.
CREATE VIEW nav_parts_learned AS
SELECT account_id, component FROM nav_parts_seen GROUP BY ALL HAVING count(*) >= 3;

CREATE VIEW nav_latest AS
SELECT n.* FROM nav_history n JOIN (SELECT account_id, max(report_date) AS report_date FROM nav GROUP BY account_id)
    USING (account_id, report_date);

-- The newest day on which positions are known: an observation without rows says that there were none.
CREATE VIEW positions_latest AS
SELECT p.* FROM positions p
JOIN (SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'positions' GROUP BY account_id)
    USING (account_id, report_date);

CREATE VIEW cash_latest AS
SELECT c.* FROM cash_balances c
JOIN (SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'cash' GROUP BY account_id)
    USING (account_id, report_date);

CREATE VIEW cash_versions AS FROM cash_balances_versions;

-- Days that IBKR restated: consecutive versions where a figure that both state differs, or a position that only one
-- has. A field that is new in the query, a text that changed, and a profit or loss that was not ready restate nothing.
CREATE VIEW restatements AS
WITH pairs AS (
    SELECT family, account_id, report_date, content, known_from, statement_sha256,
        lag(content) OVER by_time AS old_content, lag(known_from) OVER by_time AS old_known_from,
        lag(statement_sha256) OVER by_time AS old_sha256
    FROM versions SEMI JOIN (SELECT family, account_id, report_date FROM versions
        WHERE family IN ('nav', 'positions', 'cash') GROUP BY ALL HAVING count(*) > 1) USING (family, account_id, report_date)
    WINDOW by_time AS (PARTITION BY family, account_id, report_date ORDER BY known_from)
    QUALIFY old_content IS NOT NULL
),
-- Of millions of rows only those of restated days are looked at.
days AS (SELECT DISTINCT account_id, report_date FROM pairs),
figures AS (
    SELECT 'nav' AS family, account_id, report_date, content, known_from, '' AS thing,
        -- By the column of `nav`; what is none has IBKR's name.
        CASE WHEN counted OR component = 'total' THEN lower(regexp_replace(component, '([A-Z])', '_\1', 'g'))
            ELSE component END AS name, amount
    FROM nav_components_versions SEMI JOIN days USING (account_id, report_date)
    UNION ALL
    SELECT 'positions', account_id, report_date, content, known_from,
        concat_ws('|', coalesce(model, ''), coalesce(conid, security_id, symbol)), name, amount
    FROM (FROM positions_versions SEMI JOIN days USING (account_id, report_date)), LATERAL (VALUES
        ('quantity', quantity), ('mark_price', mark_price), ('position_value', position_value),
        ('stated_value_base', stated_value_base), ('unrealized_pnl', unrealized_pnl),
        ('unrealized_capital_gains_pnl', unrealized_capital_gains_pnl), ('unrealized_fx_pnl', unrealized_fx_pnl),
        ('cost_basis_price', cost_basis_price),
        ('cost_basis', CASE WHEN NOT cost_basis_derived THEN cost_basis END)) f(name, amount)
    UNION ALL
    SELECT 'cash', account_id, report_date, content, known_from, currency, name, amount
    FROM (FROM cash_balances_versions SEMI JOIN days USING (account_id, report_date)), LATERAL (VALUES
        ('ending_cash', ending_cash), ('ending_settled_cash', ending_settled_cash)) f(name, amount)
    UNION ALL
    SELECT 'cash', account_id, report_date, content, known_from, 'BASE_SUMMARY', name, amount
    FROM (FROM cash_totals_versions SEMI JOIN days USING (account_id, report_date)), LATERAL (VALUES
        ('ending_cash', ending_cash), ('ending_settled_cash', ending_settled_cash)) f(name, amount)
),
older AS (
    SELECT p.family, p.account_id, p.report_date, p.known_from, p.content, f.thing, f.name, f.amount
    FROM pairs p JOIN figures f ON f.family = p.family AND f.account_id = p.account_id
        AND f.report_date = p.report_date AND f.content = p.old_content AND f.known_from = p.old_known_from
    WHERE f.amount IS NOT NULL
),
newer AS (
    SELECT p.family, p.account_id, p.report_date, p.known_from, p.content, f.thing, f.name, f.amount
    FROM pairs p JOIN figures f USING (family, account_id, report_date, content, known_from)
    WHERE f.amount IS NOT NULL
),
differing AS (
    SELECT family, account_id, report_date, known_from, content, list_sort(list(DISTINCT name)) AS changed
    FROM older o FULL JOIN newer n USING (family, account_id, report_date, known_from, content, thing, name)
    WHERE o.amount <> n.amount OR (name = 'quantity' AND (o.amount IS NULL OR n.amount IS NULL))
    GROUP BY ALL
),
totals AS (
    SELECT 'nav' AS family, account_id, report_date, content, known_from, total
    FROM nav_versions SEMI JOIN days USING (account_id, report_date)
    UNION ALL
    SELECT 'positions', account_id, report_date, content, known_from, CAST(sum(position_value_base) AS DECIMAL(28,12))
    FROM positions_versions SEMI JOIN days USING (account_id, report_date) GROUP BY ALL
    UNION ALL
    SELECT 'cash', account_id, report_date, content, known_from, ending_cash
    FROM cash_totals_versions SEMI JOIN days USING (account_id, report_date)
)
SELECT p.family AS table_name, p.account_id, p.report_date, p.known_from, d.changed,
    CASE WHEN o.total IS DISTINCT FROM n.total THEN o.total END AS old_total,
    CASE WHEN o.total IS DISTINCT FROM n.total THEN n.total END AS new_total,
    p.old_sha256, p.statement_sha256 AS new_sha256
FROM pairs p JOIN differing d USING (family, account_id, report_date, known_from, content)
LEFT JOIN totals n USING (family, account_id, report_date, content, known_from)
LEFT JOIN totals o ON o.family = p.family AND o.account_id = p.account_id AND o.report_date = p.report_date
    AND o.content = p.old_content AND o.known_from = p.old_known_from;

CREATE MACRO nav_asof(t) AS TABLE
    SELECT * EXCLUDE (content) FROM nav_versions
    WHERE known_from <= CAST(t AS TIMESTAMP) AND (known_to IS NULL OR known_to > CAST(t AS TIMESTAMP));

CREATE MACRO positions_asof(t) AS TABLE
    SELECT * EXCLUDE (content) FROM positions_versions
    WHERE known_from <= CAST(t AS TIMESTAMP) AND (known_to IS NULL OR known_to > CAST(t AS TIMESTAMP));

-- Days whose profit and loss IBKR has not filled: the newest FlexStatement that ends on the day says so. IBKR: positions
-- are those of its last day, so that a longer one fills no other day.
CREATE VIEW profit_not_ready AS
SELECT account_id, to_date AS report_date, arg_max(from_date, newest) AS from_date,
    arg_max(when_generated, newest) AS when_generated, arg_max(sha256, newest) AS statement_sha256
FROM (SELECT *, (when_generated, sha256, ordinal) AS newest FROM statement_accounts WHERE pnl_ready IS NOT NULL)
GROUP BY account_id, to_date HAVING NOT arg_max(pnl_ready, newest);

-- A weekday that a statement with the NAV section covers without a NAV row for it.
CREATE VIEW days_without_row AS
SELECT DISTINCT account_id, CAST(day AS DATE) AS report_date
FROM (
    SELECT account_id, unnest(generate_series(from_date, to_date, INTERVAL 1 DAY)) AS day
    FROM (SELECT DISTINCT account_id, from_date, to_date FROM statement_accounts
          WHERE list_contains(sections, 'EquitySummaryInBase'))
) d
WHERE isodow(day) < 6 AND NOT EXISTS (FROM nav n WHERE n.account_id = d.account_id AND n.report_date = CAST(d.day AS DATE));

-- Net worth of all accounts in the reporting currency. An account without a row of its own is carried forward for
-- at most five weekdays; beyond that the total is unknown, not smaller. It is carried no further than its end: the day
-- that accounts.toml says, the day it was closed, its last total of zero, or the day before its successor begins.
CREATE VIEW net_worth AS
WITH counted AS (
    SELECT a.account_id, a.base_currency, a.first_date, s.ended AS stated_end,
        least(CASE WHEN a.date_closed IS NOT NULL THEN greatest(a.date_closed, a.last_date) END, n.funded_from - 1)
            AS carried_to
    FROM accounts a LEFT JOIN account_settings s USING (account_id)
    LEFT JOIN (SELECT account_id, min(report_date) AS funded_from FROM nav WHERE total IS DISTINCT FROM 0 GROUP BY ALL) n
        ON n.account_id = a.successor
    WHERE a.left_out IS NULL
),
currency AS (
    SELECT coalesce((SELECT reporting_currency FROM warehouse_info),
        (SELECT CASE WHEN count(DISTINCT base_currency) = 1 THEN max(base_currency) END FROM counted)) AS reporting_currency
),
days AS (SELECT DISTINCT report_date FROM nav SEMI JOIN counted USING (account_id)),
carried AS (
    SELECT d.report_date, a.account_id, n.report_date AS stated_on, n.total, a.base_currency, reporting_currency,
        weekday_number(d.report_date) - weekday_number(n.report_date) AS weekdays_old
    FROM days d JOIN counted a ON a.first_date <= d.report_date
        AND (a.stated_end IS NULL OR d.report_date <= a.stated_end)
    ASOF JOIN nav n ON n.account_id = a.account_id AND n.report_date <= d.report_date
    CROSS JOIN currency
    WHERE n.report_date = d.report_date
        OR (n.total IS DISTINCT FROM 0 AND (a.carried_to IS NULL OR d.report_date <= a.carried_to))
),
rated AS (
    SELECT g.*, CASE WHEN base_currency = reporting_currency THEN CAST(1 AS DECIMAL(18,10))
                     WHEN r.report_date >= g.report_date - 5 THEN r.rate END AS rate
    FROM carried g ASOF LEFT JOIN fx_rates r
        ON r.from_currency = g.base_currency AND r.to_currency = g.reporting_currency AND r.report_date <= g.report_date
)
SELECT report_date, any_value(reporting_currency) AS reporting_currency,
    CASE WHEN bool_and(rate IS NOT NULL AND total IS NOT NULL AND weekdays_old <= 5)
        THEN CAST(sum(in_base(total, rate)) AS DECIMAL(28,12)) END AS total,
    count(*) AS accounts,
    count(*) FILTER (weekdays_old > 0) AS stale_accounts,
    bool_and(weekdays_old = 0 AND rate IS NOT NULL AND total IS NOT NULL) AS complete
FROM rated GROUP BY report_date;
