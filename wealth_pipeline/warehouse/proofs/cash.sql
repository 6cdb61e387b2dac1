-- The cash report's total is the NAV's cash, and the currencies at IBKR's conversion rates are that total.
-- In: days_to_prove, nav_to_prove, cash_totals, cash_balances, older_rates, last_seen, fineness.
-- Out: the columns of a proof (proofs.py); expected and actual are the total's, or the currencies' where they differ.
WITH currencies AS (
    SELECT account_id, report_date, sum(ending_cash_base) AS total, count(*) AS terms,
        max(decimals_of(ending_cash_base)) AS decimals,
        named(list(DISTINCT reason) FILTER (reason IS NOT NULL)) AS rate_reason,
        concat_ws(', ', 'no ending cash in ' || named(list(currency) FILTER (ending_cash IS NULL)),
            'no conversion rate for ' || named(list(currency)
                FILTER (ending_cash IS NOT NULL AND ending_cash_base IS NULL))) AS unrated_reason
    FROM cash_balances SEMI JOIN days_to_prove USING (account_id, report_date)
    LEFT JOIN older_rates USING (account_id, report_date, currency) GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.cash, s.ending_cash, c.* EXCLUDE (account_id, report_date),
        n.account_id IS NULL AS no_nav, s.account_id IS NULL AS no_cash, s.ending_cash IS NULL AS no_total,
        n.known_since > l.seen AS older,
        unit_of(greatest(f.finest, decimals_of(s.ending_cash))) * 2 AS total_tolerance,
        unit_of(greatest(f.finest, c.decimals, decimals_of(s.ending_cash))) * (c.terms + 1) AS currencies_tolerance
    FROM days_to_prove t LEFT JOIN nav_to_prove n USING (account_id, report_date)
    LEFT JOIN cash_totals s USING (account_id, report_date)
    LEFT JOIN (FROM last_seen WHERE family = 'cash') l USING (account_id, report_date)
    LEFT JOIN currencies c USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date,
    CASE WHEN by_currency THEN ending_cash ELSE cash END AS expected,
    CASE WHEN by_currency THEN total ELSE ending_cash END AS actual,
    CASE WHEN by_currency THEN currencies_tolerance ELSE total_tolerance END AS tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN no_cash AND terms IS NOT NULL THEN 'the cash report has no BASE_SUMMARY row'
         WHEN no_cash THEN 'no cash report for this day: not broken out by day, or no Cash Report in the query'
         WHEN no_total THEN 'the cash report has no ending cash'
         WHEN cash IS NULL THEN 'the NAV row has no cash'
         WHEN by_currency THEN rate_reason
         WHEN total_differs AND older THEN 'the cash is known only from an older statement than the NAV'
         END AS not_evaluable_reason,
    CASE WHEN by_currency THEN 'the currencies at IBKR''s conversion rates'
         WHEN total_differs THEN 'the cash report''s total'
         WHEN unrated_reason <> '' THEN 'currencies not checked: ' || unrated_reason
         WHEN terms IS NULL THEN 'currencies not checked: no currency breakout' END AS reason
FROM (SELECT *, abs(cash - ending_cash) > total_tolerance AS total_differs, NOT total_differs AND unrated_reason = ''
        AND coalesce(abs(ending_cash - total) > currencies_tolerance, false) AS by_currency FROM compared)
