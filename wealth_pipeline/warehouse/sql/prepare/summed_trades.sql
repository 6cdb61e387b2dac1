-- Trades that sum up others. IBKR: Order, SymbolSummary and the like are elements of their own; a Trade of their level
-- would be one more copy.
-- In: stage_trade. Out: the same without these rows; dropped.
CREATE OR REPLACE TEMP TABLE summed_trades AS
    SELECT row FROM stage_trade
    WHERE level_of_detail IN ('ORDER', 'CLOSED_LOT', 'WASH_SALE', 'SYMBOL_SUMMARY', 'ASSET_SUMMARY', 'SUMMARY');
INSERT INTO dropped SELECT 'summary_row_dropped', 'Trade', count(*) FROM summed_trades HAVING count(*) > 0;
DELETE FROM stage_trade WHERE row IN (FROM summed_trades);
