-- The household's value at the close of each day, its members' NAVs and what is in transit, before anyone leaves it.
-- In: household_values, household_transit, household_pairs.
-- Out: report_date, accounts (how many), reporting_currency, value (NULL: not known), joined, gone (NAVs of those that
--     join and leave), missing (names), unrated (currencies), pending (the first transfer whose other side is awaited).
CREATE OR REPLACE TEMP TABLE household_closings AS
WITH sums AS (
    SELECT report_date, count(*) AS accounts, any_value(reporting_currency) AS reporting_currency,
        CASE WHEN count(value) = count(*) THEN sum(value) END AS value,
        coalesce(sum(value) FILTER (mode = 'joined'), 0) AS joined, coalesce(sum(value) FILTER (leaves), 0) AS gone,
        coalesce(list(DISTINCT account_id ORDER BY account_id) FILTER (total IS NULL), []) AS missing,
        coalesce(list(DISTINCT base_currency) FILTER (value IS NULL AND total IS NOT NULL), []) AS unrated
    FROM household_values GROUP BY report_date
),
pending AS (
    SELECT report_date, 'the other side of the transfer of ' || trim_decimal(abs(amount)) || ' ' || currency
        || CASE WHEN amount < 0 THEN ' from ' ELSE ' to ' END || account_id || ' on ' || report_date
        || ' is not there yet' AS pending
    FROM household_pairs WHERE verdict = 'pending' ORDER BY report_date, account_id, amount LIMIT 1
)
SELECT s.report_date, s.accounts, s.reporting_currency, s.joined, s.gone, s.missing, p.pending,
    CASE WHEN t.report_date IS NULL THEN s.value ELSE s.value + t.amount END AS value,
    list_sort(list_distinct(s.unrated || coalesce(t.unrated, []))) AS unrated
FROM sums s LEFT JOIN household_transit t USING (report_date) LEFT JOIN pending p ON p.report_date <= s.report_date;
