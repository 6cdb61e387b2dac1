-- What came in and went out on each step, and which section says so. The Change in NAV of exactly the step counts
-- first, unless a newer statement covers the day; then the rows of Cash Transactions and Transfers that agree with a
-- period.
-- In: return_steps, exact_changes, agreed_windows, event_flows.
-- Out: account_id, report_date, source (NULL: the flows are not known), flows (kind, amount, counterparty, sha256,
--     source), undecided (component, amount), lacking (why they are not known).
CREATE OR REPLACE TEMP TABLE day_flows AS
WITH booked AS (
    SELECT account_id, report_date, list({kind: kind, amount: amount_base, counterparty: counterparty_account,
        sha256: statement_sha256, source: source} ORDER BY kind, amount_base, row_id) AS flows,
        bool_or(amount_base IS NULL) AS unrated
    FROM event_flows SEMI JOIN return_steps USING (account_id, report_date) GROUP BY ALL
),
sources AS (
    SELECT s.account_id, s.report_date, x.undecided, b.flows AS booked, w.account_id IS NOT NULL
            AND (coalesce(w.sees_positions, false) OR list_contains(s.sections, 'Transfers'))
            AND w.undecided IS NULL AND b.unrated IS NOT TRUE AS agrees,
        list_transform(x.flows, lambda f: {kind: CASE WHEN f.kind = 'deposit' AND f.amount < 0 THEN 'withdrawal'
            ELSE f.kind END, amount: f.amount, counterparty: CAST(NULL AS VARCHAR), sha256: x.sha256,
            source: 'nav_changes'}) AS exact,
        x.is_exact, NOT coalesce(x.goes_on, false) AS no_changes, x.whole, w.undecided AS unclear
    FROM return_steps s LEFT JOIN exact_changes x USING (account_id, report_date)
    LEFT JOIN booked b USING (account_id, report_date) LEFT JOIN agreed_windows w USING (account_id, report_date)
)
SELECT account_id, report_date,
    CASE WHEN is_exact THEN 'nav_changes' WHEN agrees THEN 'cash_transactions' END AS source,
    CASE WHEN is_exact THEN exact WHEN agrees THEN coalesce(booked, []) END AS flows,
    CASE WHEN is_exact THEN undecided ELSE [] END AS undecided,
    CASE WHEN is_exact OR agrees THEN NULL
         WHEN unclear IS NOT NULL THEN 'it is not known whether ' || unclear || ' is a flow'
         WHEN no_changes THEN 'no Change in NAV states the flows of exactly this day, and no period''s Change in NAV or'
            || ' Cash Report agrees with the Cash Transactions and Transfers'
         WHEN NOT whole THEN 'the Change in NAV lacks fields of the flows'
         ELSE 'a newer statement covers the day without its flows' END AS lacking
FROM sources;
