-- What the trades say of each security: what sales gained, in its currency, and what trading cost.
-- In: trades, the macro covered_sections.
-- Out: account_id, security (conid, else symbol, else ISIN), conid, symbol, asset_class, currency (NULL: traded in
--     several), realized_pnl, realized_this_year (in it; the year of the account's newest NAV), costs, costs_base.
CREATE MACRO gains_sold() AS TABLE
SELECT account_id, coalesce(conid, symbol, isin) AS security, any_value(conid) AS conid,
    arg_max(symbol, event_date) AS symbol, any_value(asset_class) AS asset_class,
    CASE WHEN count(DISTINCT currency) = 1 THEN any_value(currency) END AS currency,
    sum_of_all(realized_pnl) AS realized_pnl,
    sum_of_all(CASE WHEN year(event_date) = year THEN realized_pnl ELSE 0 END) AS realized_this_year,
    sum_of_all(CASE WHEN commission_currency = currency OR commission = 0 THEN commission + taxes END) AS costs,
    sum_of_all(commission_base + taxes_base) AS costs_base
FROM trades LEFT JOIN (SELECT account_id, max(year) AS year FROM covered_sections() GROUP BY ALL) USING (account_id)
WHERE asset_class IS DISTINCT FROM 'CASH'
GROUP BY ALL;
