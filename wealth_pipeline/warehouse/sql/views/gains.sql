-- What each security earned, held or sold: unrealised, realised, dividends, and all of it.
-- In: the macros gains_held, gains_sold, gains_summed, gains_paid and gains_known.
-- Out: the columns of gains.

WITH named AS (
    SELECT 1 AS nth, account_id, security, conid, symbol, asset_class, currency FROM gains_held()
    UNION ALL SELECT 2, account_id, security, conid, symbol, asset_class, currency FROM gains_sold()
    UNION ALL SELECT 3, account_id, security, conid, symbol, asset_class, NULL FROM gains_summed()
    UNION ALL SELECT 4, account_id, security, conid, symbol, NULL, currency FROM gains_paid()
),
listed AS (
    SELECT account_id, security, arg_min(conid, nth) AS conid, arg_min(symbol, nth) AS symbol,
        arg_min(asset_class, nth) AS asset_class, arg_min(currency, nth) AS currency
    FROM named GROUP BY ALL
),
joined AS (
    SELECT n.*, amount_of(k.positions, h.security, h.quantity) AS quantity, h.value, h.cost_basis, h.value_base,
        h.cost_basis_base, h.unrealized_price_base, h.unrealized_fx_base,
        amount_of(k.positions, h.security, h.unrealized_pnl) AS unrealized_pnl,
        amount_of(k.positions, h.security, h.unrealized_pnl_base) AS unrealized_pnl_base,
        amount_of(k.trades, s.security, s.realized_pnl) AS realized_pnl,
        amount_of(k.trades, s.security, s.realized_this_year) AS realized_this_year,
        amount_of(k.sums, f.security, f.realized_base) AS realized_pnl_base,
        amount_of(k.sums_this_year, f.security, f.realized_this_year_base) AS realized_this_year_base,
        amount_of(k.sums_this_year, f.security, f.short_term_this_year_base) AS short_term_this_year_base,
        amount_of(k.sums_this_year, f.security, f.long_term_this_year_base) AS long_term_this_year_base,
        amount_of(k.bookings, p.security, p.dividends) AS dividends,
        amount_of(k.bookings, p.security, p.tax) AS withholding_tax,
        amount_of(k.bookings, p.security, p.dividends_base) AS dividends_base,
        amount_of(k.bookings, p.security, p.tax_base) AS withholding_tax_base,
        amount_of(k.trades, s.security, s.costs) AS costs, amount_of(k.trades, s.security, s.costs_base) AS costs_base,
        -- Sums in several currencies have none of their own.
        if(s.security IS NULL OR s.currency = n.currency, true, NULL)
            AND if(p.security IS NULL OR p.currency = n.currency, true, NULL) AS alike,
        k.positions, k.trades, k.bookings, k.sums
    FROM listed n LEFT JOIN gains_known() k USING (account_id)
    LEFT JOIN gains_held() h USING (account_id, security) LEFT JOIN gains_sold() s USING (account_id, security)
    LEFT JOIN gains_summed() f USING (account_id, security) LEFT JOIN gains_paid() p USING (account_id, security)
)
SELECT account_id, conid, symbol, asset_class, currency, quantity, value, cost_basis, unrealized_pnl, realized_pnl,
    realized_this_year, dividends, withholding_tax, costs,
    CASE WHEN alike THEN unrealized_pnl + realized_pnl + dividends + withholding_tax END AS total,
    value_base, cost_basis_base, unrealized_pnl_base, unrealized_price_base, unrealized_fx_base, realized_pnl_base,
    realized_this_year_base, short_term_this_year_base, long_term_this_year_base, dividends_base, withholding_tax_base,
    costs_base, unrealized_pnl_base + realized_pnl_base + dividends_base + withholding_tax_base AS total_base,
    nullif(concat_ws('; ',
        CASE WHEN positions IS DISTINCT FROM true THEN 'the positions of the newest day are not there'
             WHEN unrealized_pnl_base IS NULL THEN 'its unrealised result is not known' END,
        CASE WHEN trades IS DISTINCT FROM true THEN 'Trades are not there for every day'
             WHEN realized_pnl IS NULL THEN 'a trade states no realised result' END,
        CASE WHEN sums IS DISTINCT FROM true THEN 'the FIFO Performance Summary does not cover every year whole'
             WHEN realized_pnl_base IS NULL THEN 'its FIFO Performance Summary states no realised result' END,
        CASE WHEN bookings IS DISTINCT FROM true THEN 'Cash Transactions are not there for every day'
             WHEN dividends_base IS NULL THEN 'a payment has no rate' END), '') AS reason
FROM joined
