-- The income that was paid in each of an account's last 12 months, by pay date.
-- Parameters: accounts.
-- Columns: those of IncomeMonth.
-- Why: shown with the newest day of `income`.
SELECT account_id, CAST(date_trunc('month', pay_date) AS DATE) AS month,
    coalesce(any_value(base_currency), 'base currency') AS currency,
    sum(gross_base) AS gross, sum(tax_base) AS tax, sum(net_base) AS net, count(*) - count(net_base) AS unrated
FROM income_calendar JOIN (SELECT account_id, report_date AS today, base_currency FROM nav_latest) USING (account_id)
WHERE account_id IN (SELECT unnest($accounts)) AND state = 'paid'
    AND pay_date >= date_trunc('month', today) - INTERVAL 11 MONTHS
GROUP BY account_id, month
ORDER BY account_id, month DESC
