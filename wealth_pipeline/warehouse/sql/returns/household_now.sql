-- The accounts of the household as they stand now. One that goes on for another begins on the day after that one's end,
-- so that a day between the two is a day without its NAV. It counts from its first NAV that is not 0: the row of the
-- day before its first statement is 0 where it was opened.
-- In: accounts, account_settings, nav, warehouse_info. Out: the columns of household_members.
CREATE OR REPLACE TEMP TABLE household_now AS
WITH counted AS (
    SELECT a.account_id, a.base_currency, a.first_date, a.last_date, a.successor,
        CASE WHEN n.total = 0 THEN least(a.last_date, s.ended) ELSE a.ended END AS ended
    FROM accounts a JOIN nav n ON n.account_id = a.account_id AND n.report_date = a.last_date
    LEFT JOIN account_settings s ON s.account_id = a.account_id WHERE a.left_out IS NULL
),
funded AS (
    SELECT account_id, min(report_date) AS day FROM nav
    WHERE total <> 0 AND account_id IN (SELECT successor FROM counted) GROUP BY account_id
),
-- With a NAV of zero there is nothing to go on with.
handed AS (
    SELECT c.account_id, c.ended, h.account_id AS heir, max_by(n.total, n.report_date) AS total,
        h.base_currency = c.base_currency AS alike, coalesce(f.day, h.first_date) AS first_date
    FROM counted c JOIN counted h ON h.account_id = c.successor LEFT JOIN funded f ON f.account_id = h.account_id
    JOIN nav n ON n.account_id = c.account_id AND n.report_date <= c.ended
    WHERE coalesce(f.day, h.first_date) > c.ended GROUP BY ALL HAVING max_by(n.total, n.report_date) <> 0
),
inherited AS (
    SELECT heir AS account_id, min(ended) + 1 AS begins, CASE WHEN bool_and(alike) THEN sum(total) END AS inherited,
        string_agg(account_id, ', ' ORDER BY account_id) AS predecessors, any_value(first_date) AS first_date
    FROM handed GROUP BY heir
)
SELECT c.account_id, c.base_currency, least(coalesce(i.first_date, c.first_date), i.begins) AS begins,
    coalesce(i.first_date, c.first_date) AS first_date, c.last_date, c.ended,
    h.heir, i.predecessors, CAST(i.inherited AS DECIMAL(28,12)) AS inherited,
    coalesce((SELECT reporting_currency FROM warehouse_info),
        CASE WHEN count(DISTINCT c.base_currency) OVER () = 1 THEN c.base_currency END) AS reporting_currency
FROM counted c LEFT JOIN handed h USING (account_id) LEFT JOIN inherited i USING (account_id);
