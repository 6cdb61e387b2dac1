-- The days of a NAV, but for an account's first, and which sections cover them.
-- In: nav_history, statement_accounts. Out: account_id, report_date, year, sections.
CREATE MACRO covered_sections() AS TABLE
WITH days AS (
    SELECT account_id, report_date, year(report_date) AS year FROM nav_history
    QUALIFY report_date > min(report_date) OVER (PARTITION BY account_id)
),
covered AS (
    SELECT account_id, CAST(day AS DATE) AS report_date, list(DISTINCT section) AS sections FROM (
        SELECT account_id, section, unnest(generate_series(from_date, to_date, INTERVAL 1 DAY)) AS day FROM (
            SELECT DISTINCT account_id, from_date, to_date, unnest(sections) AS section FROM statement_accounts
        ) WHERE section IN ('CashTransactions', 'Trades')
    ) GROUP BY ALL
)
SELECT account_id, report_date, year, coalesce(sections, []) AS sections
FROM days LEFT JOIN covered USING (account_id, report_date);
