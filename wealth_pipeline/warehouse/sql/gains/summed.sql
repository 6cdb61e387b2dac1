-- What sales gained in base currency, security by security, in years that the FIFO Performance Summary covers whole.
-- In: fifo_performance, the macros covered_sections and whole_periods.
-- Out: account_id, security (conid, else symbol, else ISIN), conid, symbol, asset_class, realized_base, and of the year
--     of the account's newest NAV realized_this_year_base, short_term_this_year_base, long_term_this_year_base.
CREATE MACRO gains_summed() AS TABLE
WITH periods AS (
    SELECT f.*, p.year = max(c.year) OVER (PARTITION BY account_id) AS this_year
    FROM fifo_performance f JOIN whole_periods('fifo_performance') p USING (account_id, from_date, to_date)
    JOIN (SELECT account_id, max(year) AS year FROM covered_sections() GROUP BY ALL) c USING (account_id)
)
SELECT account_id, coalesce(conid, symbol, isin) AS security, any_value(conid) AS conid,
    arg_max(symbol, to_date) AS symbol, any_value(asset_class) AS asset_class,
    sum_of_all(realized_pnl) AS realized_base,
    sum_of_all(CASE WHEN this_year THEN realized_pnl ELSE 0 END) AS realized_this_year_base,
    sum_of_all(CASE WHEN this_year THEN realized_short_term_profit + realized_short_term_loss ELSE 0 END)
        AS short_term_this_year_base,
    sum_of_all(CASE WHEN this_year THEN realized_long_term_profit + realized_long_term_loss ELSE 0 END)
        AS long_term_this_year_base
FROM periods GROUP BY ALL;
