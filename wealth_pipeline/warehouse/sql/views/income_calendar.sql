-- Income that was paid, is declared, or is expected. A booking counts on its pay date, so that a reversal and what was
-- booked instead leave what stayed; one that was reported in another year counts on its report date: the corrections of
-- a year that is over are this year's.
-- In: the macros income_booked, income_declared and income_expected, accounts (account_id, ended).
-- Out: account_id, conid, symbol, currency, pay_date, state, ex_date, report_date, gross, tax, net, gross_base,
--     tax_base, net_base.

WITH booked AS (
    SELECT *, CASE WHEN year(paid_on) = year(report_date) THEN paid_on ELSE report_date END AS pay_date,
        CASE WHEN conid IS NULL THEN symbol END AS unnumbered
    FROM income_booked()
),
paid AS (
    SELECT account_id, conid, arg_max(symbol, (report_date, symbol)) AS symbol, currency, pay_date,
        max(ex_date) AS ex_date, max(report_date) AS report_date,
        coalesce(sum(amount) FILTER (kind = 'income'), 0) AS gross,
        coalesce(sum(amount) FILTER (kind = 'tax'), 0) AS tax,
        CASE WHEN count(amount_base) = count(*)
            THEN coalesce(sum(amount_base) FILTER (kind = 'income'), 0) END AS gross_base,
        CASE WHEN count(amount_base) = count(*) THEN coalesce(sum(amount_base) FILTER (kind = 'tax'), 0) END AS tax_base
    FROM booked GROUP BY account_id, conid, unnumbered, currency, pay_date
    HAVING gross <> 0 OR tax <> 0
)
SELECT account_id, conid, symbol, currency, pay_date, 'paid' AS state, ex_date, report_date, gross, tax,
    gross + tax AS net, gross_base, tax_base, gross_base + tax_base AS net_base
FROM paid
UNION ALL BY NAME
-- What an account that has ended was still to get, the account that goes on for it gets.
SELECT * FROM (
    SELECT *, 'declared' AS state FROM income_declared()
    UNION ALL BY NAME SELECT *, 'expected' AS state FROM income_expected()
) ANTI JOIN (FROM accounts WHERE ended IS NOT NULL) USING (account_id)
