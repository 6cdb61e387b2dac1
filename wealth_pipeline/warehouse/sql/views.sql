-- What people query, made from the tables. Names and columns are described in docs/.

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
        arg_max(sha256, (when_generated, sha256)) AS statement_sha256
    FROM account_descriptions GROUP BY account_id
),
days AS (SELECT account_id, min(report_date) AS first_date, max(report_date) AS last_date FROM nav GROUP BY account_id),
brought AS (
    SELECT d.account_id, arg_max(s.connection, (d.when_generated, d.sha256)) AS connection
    FROM account_descriptions d JOIN statements s USING (sha256) GROUP BY d.account_id
)
SELECT d.* EXCLUDE (statement_sha256), first_date, last_date, connection, statement_sha256
FROM described d LEFT JOIN days USING (account_id) LEFT JOIN brought USING (account_id);

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
-- at most five weekdays; beyond that the total is unknown, not smaller.
CREATE VIEW net_worth AS
WITH currency AS (
    SELECT coalesce((SELECT reporting_currency FROM warehouse_info),
        (SELECT CASE WHEN count(DISTINCT base_currency) = 1 THEN max(base_currency) END FROM accounts)) AS reporting_currency
),
days AS (SELECT DISTINCT report_date FROM nav),
carried AS (
    SELECT d.report_date, a.account_id, n.report_date AS stated_on, n.total, a.base_currency
    FROM days d JOIN accounts a ON a.first_date <= d.report_date
        AND (a.date_closed IS NULL OR d.report_date <= greatest(a.date_closed, a.last_date))
    ASOF JOIN nav n ON n.account_id = a.account_id AND n.report_date <= d.report_date
),
aged AS (
    SELECT c.*, reporting_currency,
        (report_date - stated_on) - 2 * datediff('week', stated_on, report_date) AS weekdays_old
    FROM carried c CROSS JOIN currency
),
rated AS (
    SELECT g.*, CASE WHEN base_currency = reporting_currency THEN CAST(1 AS DECIMAL(18,10))
                     WHEN r.report_date >= g.report_date - 5 THEN r.rate END AS rate
    FROM aged g ASOF LEFT JOIN fx_rates r
        ON r.from_currency = g.base_currency AND r.to_currency = g.reporting_currency AND r.report_date <= g.report_date
)
SELECT report_date, any_value(reporting_currency) AS reporting_currency,
    CASE WHEN bool_and(rate IS NOT NULL AND total IS NOT NULL AND weekdays_old <= 5)
        THEN CAST(sum(in_base(total, rate)) AS DECIMAL(28,12)) END AS total,
    count(*) AS accounts,
    count(*) FILTER (weekdays_old > 0) AS stale_accounts,
    bool_and(weekdays_old = 0 AND rate IS NOT NULL AND total IS NOT NULL) AS complete
FROM rated GROUP BY report_date;
