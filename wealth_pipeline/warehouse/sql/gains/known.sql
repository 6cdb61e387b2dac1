-- Of which accounts all sales and payments are known.
-- In: the macros covered_sections and whole_periods, versions, accounts (last_date).
-- Out: account_id, positions (whether those of the newest NAV's day are there), trades, bookings (whether these
--     sections cover every day), sums, sums_this_year (whether the FIFO Performance Summary covers every year whole,
--     and that of the newest NAV).
CREATE MACRO gains_known() AS TABLE
WITH days AS (
    SELECT account_id, year, bool_and(list_contains(sections, 'Trades')) AS trades,
        bool_and(list_contains(sections, 'CashTransactions')) AS bookings
    FROM covered_sections() GROUP BY ALL
),
whole AS (SELECT DISTINCT account_id, year, true AS sums FROM whole_periods('fifo_performance')),
held AS (
    SELECT account_id FROM versions JOIN accounts USING (account_id)
    WHERE family = 'positions' AND report_date = last_date AND known_to IS NULL
)
SELECT account_id, account_id IN (FROM held) AS positions, bool_and(trades) AS trades, bool_and(bookings) AS bookings,
    bool_and(coalesce(sums, false)) AS sums, arg_max(coalesce(sums, false), year) AS sums_this_year
FROM days LEFT JOIN whole USING (account_id, year) GROUP BY ALL;
