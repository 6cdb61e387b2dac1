-- The Change in NAV of exactly one step: it begins after the row before and ends on the day. Its flows are the step's
-- where it starts with the NAV before; its return has to be ours in any case. What is stated of an account's first NAV
-- counts as well: no step leads there, but the household asks what came in.
-- In: return_steps, nav_changes, flow_components.
-- Out: account_id, report_date, sha256, known_since, twr, goes_on (it starts with the NAV before), whole (the five
--     flows are stated, or nothing is lacking), is_exact (both, and no newer statement covers the day without its
--     flows), flows (component, kind, amount; not 0), undecided (component, amount; not 0).
CREATE OR REPLACE TEMP TABLE exact_changes AS
WITH exact AS (
    SELECT c.account_id, c.to_date AS report_date, c.from_date, c.component, c.amount, c.statement_sha256,
        c.known_since, s.previous_date, s.start_value, k.kind, k.counts,
        c.known_since >= s.covered_at OR NOT (
            list_contains(s.sections, 'ChangeInNAV') OR list_contains(s.sections, 'CashTransactions')) AS is_newest
    FROM nav_changes c JOIN return_steps s ON s.account_id = c.account_id AND s.report_date = c.to_date
        AND (c.from_date > s.previous_date OR s.previous_date IS NULL)
    LEFT JOIN flow_components k USING (component)
)
SELECT account_id, report_date, any_value(statement_sha256) AS sha256, max(known_since) AS known_since,
    max(amount) FILTER (component = 'twr') AS twr,
    coalesce(max(amount) FILTER (component = 'startingValue') = any_value(start_value), false)
        OR any_value(previous_date) IS NULL AS goes_on,
    count(*) FILTER (counts = 'always') = 5
        OR sum(CASE component WHEN 'twr' THEN 0 WHEN 'endingValue' THEN -amount ELSE amount END) = 0 AS whole,
    goes_on AND whole AND bool_or(is_newest) AS is_exact,
    coalesce(list({component: component, kind: kind, amount: amount} ORDER BY component)
        FILTER (counts = 'always' AND amount <> 0), []) AS flows,
    coalesce(list({component: component, amount: amount} ORDER BY component)
        FILTER (counts IS NULL AND amount <> 0), []) AS undecided
FROM exact GROUP BY account_id, report_date, from_date
QUALIFY row_number() OVER (PARTITION BY account_id, report_date
    ORDER BY max(exact.known_since) DESC, from_date DESC) = 1;
