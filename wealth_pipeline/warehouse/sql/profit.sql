-- Profit and loss that is not ready. IBKR says so in a message and writes 0 into all such fields: these are no figures.
-- In: said_not_ready: ordinal of the FlexStatements that hold the message, 0 where it stands outside of them; then it
--     is meant for those of them whose profits and losses are all 0, for others of the file are filled. profits:
--     ordinal, amount of the stated profits and losses. stage_change_in_n_a_v_amounts.
-- Out: stage_statement with pnl_ready; stage_change_in_n_a_v_amounts without these zeros.
CREATE OR REPLACE TEMP VIEW market_results AS
    SELECT ordinal, amount FROM stage_change_in_n_a_v_amounts
    WHERE component IN ('mtm', 'realized', 'changeInUnrealized');

UPDATE stage_statement SET pnl_ready = false WHERE ordinal IN (
    SELECT ordinal FROM profits GROUP BY ordinal
    HAVING count(amount) > 0 AND (ordinal IN (FROM said_not_ready)
        OR (0 IN (FROM said_not_ready) AND (bool_and(amount = 0) OR (SELECT count(*) FROM stage_statement) = 1))));

-- Where a market result is stated in any of its forms, the zeros of the others are what they are.
DELETE FROM stage_change_in_n_a_v_amounts
WHERE component IN ('mtm', 'realized', 'changeInUnrealized')
    AND ordinal IN (SELECT ordinal FROM stage_statement WHERE NOT pnl_ready)
    AND ordinal NOT IN (SELECT ordinal FROM market_results WHERE amount <> 0);
