-- Days that IBKR restated: consecutive versions where a figure that both state differs, or a position that only one
-- has. A field that is new in the query, a text that changed, and a profit or loss that was not ready restate nothing.
-- In: versions (every column), nav_components_versions (component, amount, counted), nav_versions (total),
--     positions_versions (every figure that IBKR states), cash_balances_versions and cash_totals_versions
--     (ending_cash, ending_settled_cash), each with account_id, report_date, content, known_from.
-- Out: table_name, account_id, report_date, known_from, changed, old_total, new_total, old_sha256, new_sha256.

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
    AND o.content = p.old_content AND o.known_from = p.old_known_from
