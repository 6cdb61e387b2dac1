-- Levels of detail that IBKR was not seen to write.
-- In: stage_open_position, stage_cash_transaction, stage_trade. Out: dropped.
INSERT INTO dropped
    SELECT 'unknown_value', element || '.levelOfDetail=' || shown_value(level), count(*) FROM (
        SELECT 'OpenPosition' AS element, level_of_detail AS level FROM stage_open_position
        WHERE level_of_detail NOT IN ('SUMMARY', 'LOT')
        UNION ALL SELECT 'CashTransaction', level_of_detail FROM stage_cash_transaction
        WHERE level_of_detail <> 'DETAIL'
        UNION ALL SELECT 'Trade', level_of_detail FROM stage_trade WHERE level_of_detail <> 'EXECUTION'
    ) GROUP BY element, level;
