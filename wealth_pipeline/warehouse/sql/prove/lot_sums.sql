-- The lots of each position, added up. A figure that one of them lacks has no sum.
-- In: position_lots, days_to_prove.
-- Out: account_id, report_date, model, contract, terms, quantity, position_value, cost_basis, unrealized_pnl,
--     cost_basis_derived (of one of them at least), decimals.
CREATE OR REPLACE TEMP VIEW lot_sums AS
    SELECT account_id, report_date, model, coalesce(conid, security_id, symbol) AS contract, count(*) AS terms,
        sum(quantity) AS quantity, sum(position_value) AS position_value,
        CASE WHEN count(cost_basis) = count(*) THEN sum(cost_basis) END AS cost_basis,
        CASE WHEN count(unrealized_pnl) = count(*) THEN sum(unrealized_pnl) END AS unrealized_pnl,
        bool_or(cost_basis_derived) AS cost_basis_derived,
        max(greatest(decimals_of(quantity), coalesce(decimals_of(position_value), 0),
            coalesce(decimals_of(cost_basis), 0), coalesce(decimals_of(unrealized_pnl), 0))) AS decimals
    FROM position_lots SEMI JOIN days_to_prove USING (account_id, report_date) GROUP BY ALL;
