-- Cash by currency. IBKR: the BASE_SUMMARY row is the total of the others in base currency; adding it to them counts
-- cash twice.
-- In: stage_cash_report_currency. Out: ordinal, row, the stated columns of cash_balances.
CREATE OR REPLACE TEMP TABLE new_cash_balances AS
SELECT * EXCLUDE (level_of_detail, model, from_date) RENAME (to_date AS report_date)
FROM stage_cash_report_currency WHERE currency IS DISTINCT FROM 'BASE_SUMMARY';
