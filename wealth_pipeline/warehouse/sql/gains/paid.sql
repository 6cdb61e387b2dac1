-- What each security paid, and the tax withheld from it.
-- In: income_calendar.
-- Out: account_id, security (conid, else symbol, which is the ISIN where there is none), conid, symbol, currency (NULL:
--     paid in several), dividends, tax, dividends_base, tax_base.
CREATE MACRO gains_paid() AS TABLE
SELECT account_id, coalesce(conid, symbol) AS security, any_value(conid) AS conid, any_value(symbol) AS symbol,
    CASE WHEN count(DISTINCT currency) = 1 THEN any_value(currency) END AS currency,
    sum(gross) AS dividends, sum(tax) AS tax, sum_of_all(gross_base) AS dividends_base, sum_of_all(tax_base) AS tax_base
FROM income_calendar WHERE state = 'paid' AND coalesce(conid, symbol) IS NOT NULL
GROUP BY ALL;
