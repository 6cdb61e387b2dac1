-- What returns can be compared with: the owner's files, and the closing prices of what is held. A file's name goes before
-- a symbol. Of a symbol that several contracts have, nobody could say whose price it is on a day.
-- In: benchmark_levels, positions (conid, symbol, report_date, mark_price, currency).
-- Out: name, report_date, level, currency.

SELECT name, report_date, level, currency FROM benchmark_levels
UNION ALL
SELECT p.symbol, p.report_date, any_value(p.mark_price), any_value(p.currency)
FROM positions p JOIN (
    SELECT symbol FROM positions WHERE symbol <> '' AND symbol NOT IN (SELECT name FROM benchmark_levels)
    GROUP BY symbol HAVING count(DISTINCT conid) = 1 AND count(conid) = count(*) AND count(DISTINCT currency) = 1
) s USING (symbol)
WHERE p.mark_price > 0 AND p.currency IS NOT NULL
GROUP BY p.symbol, p.report_date HAVING count(DISTINCT p.mark_price) = 1
