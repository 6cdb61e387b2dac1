-- What is declared, and what is expected, in the days after each account's newest one.
-- Parameters: accounts, days (how many).
-- Columns: those of IncomeToCome.
-- Why: shown with the newest day of `income`. What is expected is an estimate.
SELECT account_id, pay_date, coalesce(symbol, 'no symbol') AS symbol, state, net, currency, net_base,
    coalesce(base_currency, 'base currency') AS base_currency
FROM income_calendar JOIN (SELECT account_id, report_date AS today, base_currency FROM nav_latest) USING (account_id)
WHERE account_id IN (SELECT unnest($accounts)) AND state <> 'paid' AND coalesce(pay_date <= today + $days, true)
ORDER BY account_id, pay_date, symbol, state, currency, conid
