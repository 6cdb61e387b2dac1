-- What the lots gained, security by security. IBKR: a row without a symbol, "Total (All Assets)", adds all of them up.
-- In: stage_f_i_f_o_performance_summary_underlying.
-- Out: ordinal, row, the stated columns of fifo_performance; dropped.
INSERT INTO dropped
    SELECT 'summary_row_dropped', 'FIFOPerformanceSummaryUnderlying', count(*)
    FROM stage_f_i_f_o_performance_summary_underlying WHERE conid IS NULL AND symbol IS NULL HAVING count(*) > 0;
CREATE OR REPLACE TEMP TABLE new_fifo_performance AS
SELECT * EXCLUDE (level_of_detail) FROM stage_f_i_f_o_performance_summary_underlying
WHERE conid IS NOT NULL OR symbol IS NOT NULL;
