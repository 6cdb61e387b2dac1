-- What is declared and not paid yet: the open dividend accruals of the newest day on which an account's are known.
-- Where that is not the account's newest day, those that are due by then may have been paid.
-- In: dividend_accruals_versions, versions, nav_history, fx_rates.
-- Out: account_id, conid, symbol (else the ISIN), currency, pay_date, ex_date, report_date, gross, tax (negative: taken
--     off), net (after fees too), net_base; gross_base and tax_base as far as all rows have a rate.
CREATE MACRO income_declared() AS TABLE
WITH newest AS (
    SELECT account_id, today, report_date, base_currency
    FROM (SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'dividends' GROUP BY ALL)
    JOIN (SELECT account_id, max(report_date) AS today, arg_max(base_currency, report_date) AS base_currency
        FROM nav_history GROUP BY ALL) USING (account_id)
),
accrued AS (
    SELECT d.account_id, d.conid, coalesce(d.symbol, d.isin) AS symbol, d.currency, d.pay_date, d.ex_date,
        d.report_date, d.gross_amount AS gross, coalesce(-d.tax, d.net_amount - d.gross_amount) AS tax,
        d.net_amount AS net, coalesce(d.fx_rate_to_base,
            CASE WHEN d.currency = n.base_currency THEN CAST(1 AS DECIMAL(18,10)) END, r.rate) AS rate
    FROM dividend_accruals_versions d JOIN newest n USING (account_id, report_date)
    LEFT JOIN fx_rates r ON r.report_date = d.report_date AND r.from_currency = d.currency
        AND r.to_currency = n.base_currency
    WHERE d.known_to IS NULL AND (d.report_date = n.today OR d.pay_date > n.today)
)
SELECT account_id, conid, max(symbol) AS symbol, currency, pay_date, max(ex_date) AS ex_date, report_date,
    CASE WHEN count(gross) = count(*) THEN sum(gross) END AS gross,
    CASE WHEN count(tax) = count(*) THEN sum(tax) END AS tax, CASE WHEN count(net) = count(*) THEN sum(net) END AS net,
    CASE WHEN count(gross * rate) = count(*) THEN sum(TRY(in_base(gross, rate))) END AS gross_base,
    CASE WHEN count(tax * rate) = count(*) THEN sum(TRY(in_base(tax, rate))) END AS tax_base,
    CASE WHEN count(net * rate) = count(*) THEN sum(TRY(in_base(net, rate))) END AS net_base
FROM accrued GROUP BY account_id, conid, CASE WHEN conid IS NULL THEN symbol END, currency, pay_date, report_date;
