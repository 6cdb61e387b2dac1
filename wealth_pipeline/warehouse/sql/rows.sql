-- The rows of each table as this statement states them: `new_<table>`, with the ordinal of the FlexStatement and the
-- element's number in the file.

CREATE OR REPLACE TEMP TABLE new_nav AS
SELECT * EXCLUDE (level_of_detail, model) FROM stage_equity_summary_by_report_date_in_base;

-- IBKR: each component is the sum of its Long and its Short, which are read only where it has no value itself.
CREATE OR REPLACE TEMP TABLE new_nav_components AS
SELECT n.ordinal, n.row, n.account_id, n.report_date, a.component, a.amount, p.component IS NOT NULL AS counted
FROM stage_equity_summary_by_report_date_in_base n
JOIN stage_equity_summary_by_report_date_in_base_amounts a USING (row)
LEFT JOIN nav_parts p ON p.component = regexp_replace(a.component, '(Long|Short)$', '');

CREATE OR REPLACE TEMP TABLE new_nav_changes AS
SELECT c.ordinal, c.row, c.account_id, c.from_date, c.to_date, a.component, a.amount
FROM stage_change_in_n_a_v c JOIN stage_change_in_n_a_v_amounts a USING (row);

CREATE OR REPLACE TEMP TABLE new_positions AS
SELECT * EXCLUDE (level_of_detail), false AS from_lots FROM stage_open_position WHERE level_of_detail = 'SUMMARY';

-- A view: it is read a few times, and copying half a hundred columns costs more.
CREATE OR REPLACE TEMP VIEW new_position_lots AS
SELECT * EXCLUDE (level_of_detail) FROM stage_open_position WHERE level_of_detail = 'LOT';

-- IBKR: a query with lots only has no SUMMARY row; the lots' sum is the position then, where all of them state it. What
-- else it shows is its first lot's, joined: first() of half a hundred columns keeps them all in memory (200,000 lots
-- took more than 128 MB).
CREATE OR REPLACE TEMP TABLE summed_lots AS
SELECT min(row) AS row,
    CAST(CASE WHEN count(quantity) = count(*) THEN sum(quantity) END AS DECIMAL(28,12)) AS quantity,
    CAST(CASE WHEN count(position_value) = count(*) THEN sum(position_value) END AS DECIMAL(28,12)) AS position_value,
    CAST(CASE WHEN count(cost_basis) = count(*) THEN sum(cost_basis) END AS DECIMAL(28,12)) AS cost_basis,
    CAST(CASE WHEN count(unrealized_pnl) = count(*) THEN sum(unrealized_pnl) END AS DECIMAL(28,12)) AS unrealized_pnl,
    CAST(CASE WHEN count(stated_value_base) = count(*) THEN sum(stated_value_base) END AS DECIMAL(28,12))
        AS stated_value_base,
    CAST(CASE WHEN count(unrealized_capital_gains_pnl) = count(*) THEN sum(unrealized_capital_gains_pnl) END
        AS DECIMAL(28,12)) AS unrealized_capital_gains_pnl,
    CAST(CASE WHEN count(unrealized_fx_pnl) = count(*) THEN sum(unrealized_fx_pnl) END AS DECIMAL(28,12))
        AS unrealized_fx_pnl,
    CASE WHEN count(cost_basis_price) = count(*) AND min(cost_basis_price) = max(cost_basis_price)
        THEN min(cost_basis_price) END AS cost_basis_price
FROM (
    -- First of all, as nearly no lot is left to be summed.
    SELECT l.* FROM new_position_lots l ANTI JOIN new_positions s
        ON s.ordinal = l.ordinal AND s.account_id = l.account_id AND s.report_date = l.report_date
        AND s.model IS NOT DISTINCT FROM l.model AND coalesce(s.conid, s.security_id, s.symbol)
            IS NOT DISTINCT FROM coalesce(l.conid, l.security_id, l.symbol)
)
GROUP BY ordinal, account_id, model, report_date, coalesce(conid, security_id, symbol);

INSERT INTO new_positions BY NAME
SELECT l.* REPLACE (s.quantity AS quantity, s.position_value AS position_value, s.cost_basis AS cost_basis,
    s.unrealized_pnl AS unrealized_pnl, s.stated_value_base AS stated_value_base,
    s.unrealized_capital_gains_pnl AS unrealized_capital_gains_pnl, s.unrealized_fx_pnl AS unrealized_fx_pnl,
    s.cost_basis_price AS cost_basis_price), true AS from_lots
FROM new_position_lots l JOIN summed_lots s USING (row);

-- IBKR: the BASE_SUMMARY row is the total of the others in base currency; adding it to them counts cash twice.
CREATE OR REPLACE TEMP TABLE new_cash_balances AS
SELECT * EXCLUDE (level_of_detail, model, from_date) RENAME (to_date AS report_date)
FROM stage_cash_report_currency WHERE currency IS DISTINCT FROM 'BASE_SUMMARY';

CREATE OR REPLACE TEMP TABLE new_cash_totals AS
SELECT * EXCLUDE (level_of_detail, model, from_date) RENAME (to_date AS report_date)
FROM stage_cash_report_currency WHERE currency = 'BASE_SUMMARY';

CREATE OR REPLACE TEMP TABLE new_cash_flows AS
SELECT c.ordinal, c.row, c.account_id, c.from_date, c.to_date, c.currency, a.component, a.amount
FROM stage_cash_report_currency c JOIN stage_cash_report_currency_amounts a USING (row);

CREATE OR REPLACE TEMP TABLE new_fx_rates AS SELECT * EXCLUDE (level_of_detail, account_id) FROM stage_conversion_rate;

CREATE OR REPLACE TEMP TABLE new_interest_accruals AS
SELECT * EXCLUDE (level_of_detail, model) FROM stage_interest_accruals_currency;
CREATE OR REPLACE TEMP TABLE new_securities AS SELECT * EXCLUDE (level_of_detail, account_id) FROM stage_security_info;
CREATE OR REPLACE TEMP TABLE new_dividend_accruals AS
SELECT * EXCLUDE (level_of_detail) FROM stage_open_dividend_accrual;

-- Positions whose cost cannot be told in base currency, by what this file states alone: noted, and NULL.
CREATE OR REPLACE TEMP VIEW stated_positions AS
SELECT n.* REPLACE (coalesce(n.fx_rate_to_base, CASE WHEN n.currency = b.base_currency
        THEN CAST(1 AS DECIMAL(18,10)) END, r.rate) AS fx_rate_to_base,
        coalesce(n.cost_basis, priced_cost(n.asset_class, n.cost_basis_price, n.quantity, n.multiplier)) AS cost_basis),
    n.cost_basis IS NULL AS cost_basis_derived, concat_ws('|', n.ordinal, n.account_id, n.report_date) AS form_key
FROM new_positions n LEFT JOIN stage_base b ON b.ordinal = n.ordinal AND b.account_id = n.account_id
LEFT JOIN (SELECT ordinal, from_currency, to_currency, report_date, any_value(rate) AS rate FROM new_fx_rates GROUP BY ALL) r
    ON r.ordinal = n.ordinal AND r.report_date = n.report_date AND r.from_currency = n.currency
    AND r.to_currency = b.base_currency;
CREATE OR REPLACE TEMP VIEW stated_foreign_positions AS
SELECT * FROM stated_positions WHERE form_key IN (SELECT form_key FROM stated_positions WHERE fx_rate_to_base <> 1);
INSERT INTO dropped
SELECT 'cost_currency_unknown', 'OpenPosition.costBasisMoney', count(*)
FROM stated_foreign_positions JOIN cost_forms('stated_foreign_positions') USING (form_key)
WHERE cost_currency IS NULL AND fx_rate_to_base <> 1 AND coalesce(cost_basis, unrealized_pnl) IS NOT NULL
HAVING count(*) > 0;
