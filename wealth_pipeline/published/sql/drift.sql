-- The last live NAV of each New York day beside the statement's NAV of that day, newest first.
-- Databases: live (live.duckdb), official (wealth.duckdb).
-- Columns: those of Drift.
SELECT l.account_id, l.report_date, l.captured_at, l.base_currency, l.net_liquidation AS live, o.total AS official,
    o.total - l.net_liquidation AS drift
FROM live.live_nav l
JOIN official.nav_history o USING (account_id, report_date)
QUALIFY row_number() OVER (PARTITION BY l.account_id, l.report_date ORDER BY l.captured_at DESC) = 1
ORDER BY l.report_date DESC, l.account_id
