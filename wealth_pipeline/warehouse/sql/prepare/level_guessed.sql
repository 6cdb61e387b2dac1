-- Which rows are positions and which are lots. IBKR: positions come as SUMMARY and as LOT rows, the same quantity
-- twice. A row with a level is what it says. Without that field a row that says how it was opened is a lot; among
-- several others of one contract, the one that equals the rest together in every figure is the summary, and a single
-- one is it in any case.
-- In: stage_open_position. Out: the same with a level in every row; dropped.
CREATE OR REPLACE TEMP TABLE guessed AS
WITH unleveled AS (
    SELECT *, coalesce(conid, security_id, symbol) AS contract, coalesce(CAST(open_datetime AS VARCHAR),
        CAST(holding_period_datetime AS VARCHAR), originating_order_id, originating_transaction_id) AS opened
    FROM stage_open_position WHERE level_of_detail IS NULL OR level_of_detail NOT IN ('SUMMARY', 'LOT')
),
summed AS (
    SELECT *, count(*) OVER contract_rows AS alike,
        quantity * 2 = sum(quantity) OVER contract_rows
            AND coalesce(position_value * 2 = sum(position_value) OVER contract_rows, true)
            AND coalesce(cost_basis * 2 = sum(cost_basis) OVER contract_rows, true)
            AND coalesce(unrealized_pnl * 2 = sum(unrealized_pnl) OVER contract_rows, true) AS is_sum
    FROM unleveled WHERE opened IS NULL
    WINDOW contract_rows AS (PARTITION BY ordinal, account_id, model, report_date, contract)
)
SELECT row, 'LOT' AS level, 1 AS alike FROM unleveled WHERE opened IS NOT NULL
UNION ALL
SELECT row, CASE WHEN alike = 1 OR (is_sum AND row_number() OVER (
    PARTITION BY ordinal, account_id, model, report_date, contract ORDER BY is_sum DESC, row) = 1)
    THEN 'SUMMARY' ELSE 'LOT' END, alike
FROM summed;

-- Rows whose level nothing shows: lots of 3, 1 and 2 look like a summary of 3 and its lots.
INSERT INTO dropped
    SELECT 'level_guessed', 'OpenPosition', count(*)
    FROM guessed JOIN stage_open_position USING (row)
    WHERE alike > 1 AND level_of_detail IS NULL HAVING count(*) > 0;

UPDATE stage_open_position s SET level_of_detail = g.level FROM guessed g WHERE g.row = s.row;
