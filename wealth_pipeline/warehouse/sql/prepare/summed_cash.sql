-- Cash transactions and transfers that sum up others. IBKR: with Summary ticked besides Detail, every cash transaction
-- comes twice; the second has no id, and the account and alias "-". The query may tick none of the fields that say so.
-- In: stage_cash_transaction, stage_transfer. Out: both without these rows; dropped.
CREATE OR REPLACE TEMP TABLE summed_cash AS
    SELECT row FROM stage_cash_transaction
    WHERE level_of_detail = 'SUMMARY' OR alias = '-' OR (level_of_detail IS NULL AND transaction_id IS NULL
        AND ordinal IN (SELECT ordinal FROM stage_cash_transaction WHERE transaction_id IS NOT NULL));
INSERT INTO dropped
    SELECT 'summary_row_dropped', 'CashTransaction', count(*) FROM summed_cash HAVING count(*) > 0
    UNION ALL
    SELECT 'summary_row_dropped', 'Transfer', count(*) FROM stage_transfer
    WHERE level_of_detail = 'SUMMARY' HAVING count(*) > 0;
DELETE FROM stage_cash_transaction WHERE row IN (FROM summed_cash);
DELETE FROM stage_transfer WHERE level_of_detail = 'SUMMARY';
