-- The days over which a held security's closing prices cannot be compared. A split changes the price, and shows in a
-- quantity that neither trades nor transfers explain; while the security is not held it does not show at all.
-- In: benchmark (a name); benchmark_levels, positions, versions (family, account_id, report_date), trades, transfers.
-- Out: report_date, reason.

WITH contract AS MATERIALIZED (
    SELECT DISTINCT conid FROM positions
    WHERE symbol = benchmark AND benchmark NOT IN (SELECT name FROM benchmark_levels)
),
held AS MATERIALIZED (
    SELECT account_id, report_date, sum(quantity) AS quantity FROM positions SEMI JOIN contract USING (conid)
    GROUP BY ALL
),
observed AS MATERIALIZED (SELECT DISTINCT account_id, report_date FROM versions WHERE family = 'positions'),
steps AS (
    SELECT account_id, report_date, coalesce(quantity, 0) AS after, lag(report_date) OVER days AS previous_date,
        lag(coalesce(quantity, 0)) OVER days AS before
    FROM observed LEFT JOIN held USING (account_id, report_date)
    WINDOW days AS (PARTITION BY account_id ORDER BY report_date)
),
moved AS (
    SELECT account_id, report_date, quantity FROM trades SEMI JOIN contract USING (conid)
    UNION ALL SELECT account_id, report_date, quantity FROM transfers SEMI JOIN contract USING (conid)
),
explained AS (
    SELECT s.account_id, s.report_date, any_value(after - before) AS change, coalesce(sum(quantity), 0) AS moves
    FROM steps s LEFT JOIN moved m ON m.account_id = s.account_id AND m.report_date > s.previous_date
        AND m.report_date <= s.report_date
    WHERE previous_date IS NOT NULL GROUP BY s.account_id, s.report_date
)
SELECT report_date, 'its quantity changed by more or less than trades and transfers say, as in a split' AS reason
FROM explained WHERE change <> moves
UNION
SELECT report_date, 'it was not held' FROM observed ANTI JOIN held USING (report_date)
WHERE EXISTS (FROM contract)
