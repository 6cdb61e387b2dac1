-- The account-days to prove: those that changed, and those whose proof rests on them.
-- In: days_changed, nav, nav_changes, dividend_accruals, bases, rate_changes, rebased, seen_<family>, reconciliation.
-- Out: account_id, report_date.
CREATE OR REPLACE TEMP TABLE days_to_prove AS
    WITH later AS (
        SELECT account_id, report_date FROM nav WHERE report_date > (SELECT min(report_date) FROM days_changed)
    )
    FROM days_changed
    UNION
    SELECT t.account_id, n.report_date FROM days_changed t
    ASOF JOIN later n
        ON n.account_id = t.account_id AND n.report_date > t.report_date
    UNION
    -- A bridge rests on the newest NAV before its period.
    SELECT t.account_id, c.to_date
    FROM (
        SELECT t.account_id, t.report_date, n.report_date AS next_date FROM days_changed t
        ASOF LEFT JOIN later n
            ON n.account_id = t.account_id AND n.report_date > t.report_date
    ) t JOIN nav_changes c ON c.account_id = t.account_id AND c.from_date > t.report_date
        AND (t.next_date IS NULL OR c.from_date <= t.next_date)
    UNION
    -- Accrued dividends may need a conversion rate.
    SELECT d.account_id, d.report_date FROM dividend_accruals d JOIN bases a USING (account_id) JOIN rate_changes r
        ON r.from_currency = d.currency AND r.to_currency = a.base_currency
        AND d.report_date BETWEEN r.report_date AND r.report_date + 5
    WHERE d.fx_rate_to_base IS NULL
    UNION
    SELECT d.account_id, d.report_date FROM dividend_accruals d SEMI JOIN rebased USING (account_id)
    UNION
    -- Shown again as they were, after the NAV was restated: nothing changed, but they can be compared now.
    SELECT s.account_id, s.report_date FROM (
        SELECT 'positions' AS check_name, account_id, report_date FROM seen_positions
        UNION ALL SELECT 'cash', account_id, report_date FROM seen_cash
        UNION ALL SELECT 'dividends', account_id, report_date FROM seen_dividends
    ) s SEMI JOIN (FROM reconciliation WHERE status = 'not_evaluable') USING (check_name, account_id, report_date);
