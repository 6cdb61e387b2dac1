-- What is held on the day of the newest NAV, security by security: what it cost, what it is worth and what it gained.
-- In: positions, accounts (base_currency, last_date).
-- Out: account_id, security (conid, else symbol, else ISIN), conid, symbol, description, asset_class, currency,
--     quantity, value, cost_basis, unrealized_pnl (in its currency; NULL where IBKR states cost in base currency), and
--     value_base, cost_basis_base, unrealized_pnl_base, unrealized_price_base, unrealized_fx_base.
CREATE MACRO gains_held() AS TABLE
WITH lines AS (
    SELECT p.*, coalesce(p.conid, p.symbol, p.isin) AS security, p.currency = a.base_currency AS at_home,
        -- In the base currency both forms of cost are the same.
        at_home OR p.cost_currency = 'position' AS in_its_own
    FROM positions p JOIN accounts a ON a.account_id = p.account_id AND a.last_date = p.report_date
)
SELECT account_id, security, any_value(conid) AS conid, any_value(symbol) AS symbol,
    any_value(description) AS description, any_value(asset_class) AS asset_class,
    any_value(currency) AS currency, sum(quantity) AS quantity,
    sum_of_all(position_value) AS value,
    sum_of_all(CASE WHEN in_its_own THEN cost_basis END) AS cost_basis,
    sum_of_all(CASE WHEN in_its_own THEN unrealized_pnl END) AS unrealized_pnl,
    sum_of_all(position_value_base) AS value_base,
    sum_of_all(cost_basis_base) AS cost_basis_base,
    sum_of_all(unrealized_pnl_base) AS unrealized_pnl_base,
    sum_of_all(CASE WHEN at_home THEN unrealized_pnl_base
        WHEN cost_currency = 'base' THEN unrealized_capital_gains_pnl END) AS unrealized_price_base,
    sum_of_all(CASE WHEN at_home AND unrealized_pnl_base IS NOT NULL THEN 0
        WHEN cost_currency = 'base' THEN unrealized_fx_pnl END) AS unrealized_fx_base
FROM lines GROUP BY account_id, security;
